"""The digest of a payment's content: the bytes under it are those of the standard library's JSON.

Digests are stored and sent: whatever writes them, they stay what they always were.
"""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.instruction import (
    BusinessType,
    Instruction,
    PayrollPurpose,
    Urgency,
    content_digest,
)
from gateway.domain.money import CNY, Money
from gateway.domain.party import Account, Agent, Party

TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)


def canonical(content: dict[str, str]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@given(st.dictionaries(TEXTS, TEXTS, max_size=8))
@example({})
@example({chr(code): chr(code) for code in (*range(0x20), 0x22, 0x2F, 0x5C, 0x7F, 0x80, 0x9F)})
@example({"line": "\u2028\u2029", "bom": "\ufeff", "none": "\ufffe\uffff"})
@example({"\uffff": "after in bytes", "\U0001f600": "and in characters", "%s": "%", "é": "e\u0301"})
def test_it_is_that_of_sorted_json_without_spaces(content):
    assert content_digest(content) == canonical(content)


@given(TEXTS, st.characters(categories=["Cs"]), TEXTS)
def test_a_lone_surrogate_has_no_digest(before, surrogate, after):
    for content in ({"memo": before + surrogate + after}, {before + surrogate: after}):
        with pytest.raises(UnicodeEncodeError):
            canonical(content)
        with pytest.raises(UnicodeEncodeError):
            content_digest(content)


PARTIES = st.builds(
    Party,
    name=TEXTS,
    account=st.builds(
        Account,
        number=TEXTS,
        agent=st.builds(
            Agent, name=TEXTS, cnaps=st.sampled_from(["", "309290000107"]), bic=TEXTS, city=TEXTS
        ),
    ),
)
INSTRUCTIONS = st.builds(
    Instruction,
    tenant=TEXTS,
    id=TEXTS,
    erp=TEXTS,
    erp_reference=TEXTS,
    company=TEXTS,
    debtor=PARTIES,
    creditor=PARTIES,
    amount=st.integers(1, 10**17 - 1).map(lambda minor: Money(minor, CNY)),
    purpose=TEXTS,
    memo=TEXTS,
    own_bank=st.booleans(),
    local=st.booleans(),
    business_type=st.sampled_from(BusinessType),
    urgency=st.sampled_from(Urgency),
    execution_date=st.none() | st.dates(),
    end_to_end_id=TEXTS,
    reconciliation_code=TEXTS,
    payroll_purpose=st.sampled_from(["", *PayrollPurpose]),
    budget_item=TEXTS,
)


@given(INSTRUCTIONS)
def test_an_instruction_is_digested_by_its_content(instruction):
    content = instruction.content()
    assert {type(value) for value in content.values()} <= {str, PayrollPurpose}
    assert content["business_type"] == instruction.business_type.value
    assert content["urgency"] == instruction.urgency.value
    assert instruction.digest() == canonical(content)
    assert ("budget_item" in content) == bool(instruction.budget_item)
