"""Whatever is right validates and keeps its meaning; whatever is broken is told where it is."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from unicodedata import normalize

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import Refused
from gateway.domain.instruction import Instruction
from gateway.domain.money import CNY, Money
from gateway.intake.json_body import FIELDS, parse_batch, parse_instruction
from gateway.ports.erp import Draft
from gateway.wire.charset import forbidden_characters
from tests.records import replace
from tests.unit.intake.sample import DRAFT, OWN_NUMBER, TODAY, codes, judged

CHARACTERS = st.characters(codec="utf-8").filter(lambda mark: not forbidden_characters(mark))


def text(most: int) -> st.SearchStrategy[str]:
    return st.text(CHARACTERS, min_size=1, max_size=most).filter(
        lambda found: found.strip(" \u3000") and len(normalize("NFC", found)) <= most
    )


MINOR = st.integers(1, 10**17 - 1)
REFERENCE = text(140).filter(lambda found: found.strip(" \u3000") == found)
DRAFTS = st.builds(
    Draft,
    erp_reference=REFERENCE,
    debtor_account=st.just(OWN_NUMBER),
    creditor_name=text(20),
    creditor_account=st.from_regex(r"\A[0-9A-Za-z-]{1,32}\Z").filter(lambda one: one != OWN_NUMBER),
    creditor_agent_name=text(18).filter(lambda one: "本行" not in one),
    creditor_agent_cnaps=st.sampled_from(["", "105305000001", "102290000012"]),
    creditor_city=text(60),
    amount=MINOR.map(lambda minor: Money(minor, CNY).text()),
    currency=st.sampled_from(["", "CNY"]),
    purpose=text(20),
    memo=st.just("") | text(140),
    urgency=st.sampled_from(["", "normal", "urgent"]),
    business_type=st.sampled_from(["", "payment", "internal"]),
    execution_date=st.just("")
    | st.integers(0, 366).map(lambda days: (TODAY + timedelta(days=days)).isoformat()),
    end_to_end_id=st.just("") | text(35),
    reconciliation_code=st.just("") | text(64),
    budget_item=st.just("") | text(64),
)

FORBIDDEN = st.sampled_from(["\n", "\x00", "<", "&", "\u202e", "\u200b", "\ue000", "\ud800"])
BROKEN = {
    "erp_reference": ["", " x", "x　", "x" * 141],
    "debtor_account": ["", "no such", "404"],
    "debtor_name": ["别人"],
    "company": ["c2", "?"],
    "creditor_name": ["", " ", "x" * 141, "甲" * 21],
    "creditor_account": ["", "a b", "x" * 33, OWN_NUMBER, "６"],
    "creditor_agent_cnaps": ["1", "1" * 13, "10530500000x"],
    "creditor_agent_bic": ["x", "ABCDCNBJ1"],
    "amount": ["", "0", "0.0", "-1", "1.001", "1,0", "1.", ".5", "01", "+1", "１", "1e1", "inf"],
    "currency": ["RMB", "USD", "cny", "¥"],
    "purpose": ["", "　", "x" * 141],
    "memo": ["x" * 141],
    "business_type": ["payroll", "PAYMENT"],
    "urgency": ["asap"],
    "execution_date": ["2026-9-15", "2026-13-01", "2026-02-29", "2020-01-01", "2099-01-01"],
    "end_to_end_id": ["x" * 36],
    "reconciliation_code": ["x" * 65],
    "budget_item": ["x" * 65],
}
FREE_TEXTS = ("erp_reference", "creditor_name", "creditor_agent_name", "purpose", "memo")


@given(DRAFTS)
def test_a_right_draft_validates_and_says_the_same_afterwards(draft):
    found = judged(draft)
    assert isinstance(found, Instruction), codes(found)
    again = judged(
        replace(
            draft,
            **{
                field: value
                for field, value in found.content().items()
                if field in FIELDS and field != "company"
            },
        )
    )
    assert isinstance(again, Instruction)
    assert again.digest() == found.digest()


@given(DRAFTS)
def test_a_right_draft_survives_json(draft):
    line = {field: getattr(draft, field) for field in FIELDS}
    single = parse_instruction(json.dumps(line).encode())
    _, (batched,) = parse_batch(
        json.dumps({"batch_reference": "B", "instructions": [line]}).encode()
    )
    expected = judged(draft)
    assert judged(single) == expected
    assert judged(batched) == expected


@given(MINOR)
def test_amounts_are_exact_to_the_fen(minor):
    written = f"{minor // 100}.{minor % 100:02d}"
    found = judged(amount=written)
    assert isinstance(found, Instruction)
    assert found.amount.minor == minor
    assert Decimal(found.amount.text()) * 100 == minor


@given(
    DRAFTS,
    st.sampled_from(sorted(BROKEN)).flatmap(
        lambda field: st.tuples(st.just(field), st.sampled_from(BROKEN[field]))
    ),
)
def test_one_broken_field_gives_one_fault_at_exactly_its_path(draft, broken):
    field, value = broken
    at = {field: f"/Sender/{field}[3]"}
    found = judged(replace(draft, at=at, line=3, **{field: value}))
    assert not isinstance(found, Instruction)
    assert [one.path for one in found] == [at[field]]
    assert found[0].line == 3


@given(DRAFTS, st.sampled_from(FREE_TEXTS), FORBIDDEN, st.integers(0, 5))
def test_a_forbidden_character_is_found_wherever_it_stands(draft, field, mark, place):
    value = getattr(draft, field)[:10]
    changed = value[:place] + mark + value[place:]
    assert codes(judged(replace(draft, **{field: changed}))) == [
        (f"/{field}", "forbidden_character")
    ]


@given(st.lists(st.sampled_from(sorted(BROKEN)), unique=True, min_size=1), st.data())
def test_every_broken_field_is_told(broken, data):
    changes = {field: data.draw(st.sampled_from(BROKEN[field])) for field in broken}
    found = {path for path, _ in codes(judged(DRAFT, **changes))}
    if "debtor_account" in broken:  # without the account its owner, currency and bank are unknown
        changes = {
            field: value
            for field, value in changes.items()
            if field not in {"debtor_name", "company"}
            and (field, value)
            not in {
                ("currency", "USD"),
                ("creditor_account", OWN_NUMBER),
                ("creditor_name", "甲" * 21),
                ("business_type", "payroll"),
            }
        }
        found -= {"/debtor_name", "/company"}
    assert found == {f"/{field}" for field in changes}


@given(st.binary(max_size=200) | st.text('{}[]":,\\u0dNa1 \n', max_size=60).map(str.encode))
def test_no_bytes_at_all_make_the_reader_fail_in_another_way(data):
    def found() -> list[tuple[str, str]]:
        try:
            return codes(judged(parse_instruction(data)))
        except Refused as error:
            return [(one.path, one.code) for one in error.faults]

    assert found()
