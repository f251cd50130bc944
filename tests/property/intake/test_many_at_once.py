"""Many drafts judged together get what each would get alone; a fast reading says the same."""

from __future__ import annotations

import json
from itertools import count
from unittest.mock import patch

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gateway.controls.reference.office_book import OfficeBook
from gateway.domain.errors import Refused
from gateway.domain.ids import InstructionId
from gateway.domain.instruction import Instruction
from gateway.intake import json_body
from gateway.intake.draft import FaultyDraft
from gateway.intake.examine import Examiner
from gateway.intake.faults import Faults, fault
from gateway.intake.fields import OWN_TEXTS, TEXT_MAX, read_fields, stand_as_written
from gateway.intake.json_body import FIELDS, parse_batch
from gateway.ports.erp import Draft
from gateway.ports.tenancy import Policy
from tests.property.intake.test_drafts import BROKEN, DRAFTS
from tests.records import replace
from tests.unit.intake.sample import DRAFT, FAKE, TENANT, TODAY, judged
from tests.unit.intake.test_payee_bank import BOOK

ODD_TEXTS = (
    "",
    " ",
    "\u3000甲",
    "甲 ",
    "e\u0301",
    "\u0301",
    "é",
    "x|y",
    "\u200b",
    "x" * 141,
    "a\nb",
)
OTHERS = {
    **dict.fromkeys(TEXT_MAX, ODD_TEXTS),
    "debtor_account": ("117010100100000026", "117010100100000034", "0"),
    "creditor_agent_cnaps": ("309290000001", "102290000012", "1"),
    "creditor_agent_bic": ("OWNBCNBA", "ABCDCNBJ"),
    "creditor_agent_name": ("本行福州分行", "江湖银行", ""),
    "creditor_account": ("117010100100000018", "6217", "a b", ""),
    "creditor_city": ("上海", ""),
    "amount": ("0", "0.00", "1", "1.001", "01", "9" * 15),
    "currency": ("", "USD", "RMB"),
    "business_type": ("internal", "payroll"),
    "payroll_purpose": ("salary",),
    "urgency": ("urgent", "?"),
    "execution_date": ("2026-09-15", "2026-09-14", "2026-09-16", "2026-10-16", "2028-01-01"),
    "company": ("c1", "c2"),
    "debtor_name": ("示例集团(上海)有限公司", "别人"),
}
CHANGES = st.sampled_from(sorted(OTHERS)).flatmap(
    lambda field: st.tuples(
        st.just(field), st.sampled_from((*OTHERS[field], *BROKEN.get(field, ())))
    )
)
"""One field as another sender, or a careless one, writes it."""
LINES = (
    st.lists(CHANGES, max_size=2).map(lambda changes: replace(DRAFT, **dict(changes)))
    | DRAFTS
    | st.just(
        FaultyDraft(
            **{name: getattr(DRAFT, name) for name in FIELDS if name != "amount"},
            faults=(fault("number_not_text", "/amount"),),
        )
    )
)


def unnamed(found):
    """What was found, but for the id, which is new each time."""
    return replace(found, id=InstructionId("")) if isinstance(found, Instruction) else found


def examiner(default_local, offices=None) -> Examiner:
    ids = count(1)
    return Examiner(
        tenant=replace(TENANT, policy=Policy(default_local=default_local)),
        erp="sap",
        dialect_of=lambda _: FAKE,
        today=TODAY,
        new_id=lambda: InstructionId(f"ins_{next(ids)}"),
        offices=offices,
    )


@given(
    st.lists(LINES, min_size=1, max_size=12),
    st.sampled_from([None, True, False]),
    st.sampled_from([None, OfficeBook(()), BOOK]),
)
def test_each_of_many_gets_what_it_would_get_alone(drafts, default_local, offices):
    examine = examiner(default_local, offices).examine
    found = [examine(draft) for draft in (DRAFT, *drafts, *drafts)]
    alone = [
        judged(draft, default_local=default_local, offices=offices)
        for draft in (DRAFT, *drafts, *drafts)
    ]
    assert list(map(unnamed, found)) == list(map(unnamed, alone))
    ids = [it.id for it in found if isinstance(it, Instruction)]
    assert len(set(ids)) == len(ids)


def test_what_repeats_is_judged_once_and_every_line_gets_its_own_id():
    examine = examiner(None).examine
    first = examine(DRAFT)
    with patch("gateway.intake.examine.validate", side_effect=AssertionError):
        second = examine(replace(DRAFT, erp_reference="B", amount="2.00", creditor_name="丙"))
    assert isinstance(first, Instruction)
    assert isinstance(second, Instruction)
    assert (first.id, second.id) == ("ins_1", "ins_2")
    assert (second.erp_reference, second.amount.minor, second.creditor.name) == ("B", 200, "丙")


@given(st.tuples(*(st.sampled_from(("甲", *ODD_TEXTS)) | st.text(max_size=150) for _ in OWN_TEXTS)))
def test_texts_stand_as_written_only_if_the_check_of_form_takes_them_so(texts):
    draft = replace(DRAFT, **dict(zip(OWN_TEXTS, texts, strict=True)))
    faults = Faults(draft)
    read = read_fields(draft, faults).texts
    kept = not faults.found and tuple(read[name] for name in OWN_TEXTS) == texts
    assert stand_as_written(texts) == kept


# ── the fast reading ────────────────────────────────────────────────────────────────────────

NAMES = st.sampled_from(["erp_reference", "amount", "memo", "amount2", "\u0061mount", ""])
TEXTS = st.text(max_size=8) | st.sampled_from(['"', "\\", '\\"', "\ud83d\ude00", "乙", "\x7f"])
PLAIN = TEXTS.map(lambda it: json.dumps(it, ensure_ascii=False)) | TEXTS.map(json.dumps)
VALUES = (
    PLAIN | PLAIN | PLAIN | st.sampled_from(["null", "1", "1.5", "NaN", "[]", '"\\ud800"', '"\n"'])
)


def objects(names, values):
    """JSON objects as text, with names that may stand more than once."""
    member = st.tuples(names.map(json.dumps), values).map(":".join)
    return st.lists(member, max_size=5).map(lambda it: "{" + " ,".join(it) + "}")


BATCHES = st.tuples(
    st.sampled_from(['"batch_reference":"B"', '"batch_reference":"B","batch_reference":"C"', ""]),
    st.lists(objects(NAMES, VALUES), max_size=3).map(lambda it: f'"instructions":[{",".join(it)}]'),
    st.sampled_from(
        ["", '"on_refused":"all"', '"on_refused":null', '"other":"x"', '"instructions":[]']
    ),
).map(lambda parts: "{" + ",\t".join(part for part in parts if part) + "}")


def said(body: bytes):
    """Everything a batch was read as, or why it was refused."""
    try:
        head, drafts = parse_batch(body)
    except Refused as error:
        return error.faults
    return head, [(type(it), msgspec.structs.asdict(it) | {"at": dict(it.at)}) for it in drafts]


@given(BATCHES, st.sampled_from([b"", b" \n", b"x", b"\xff", "\ufeff".encode()]))
def test_a_batch_read_fast_is_the_batch_that_was_read_with_care(text, after):
    body = text.encode(errors="surrogatepass") + after
    fast = said(body)
    with patch.object(json_body, "_plain", return_value=None):
        assert said(body) == fast


def test_a_batch_of_texts_is_read_fast_and_one_that_repeats_a_name_is_not():
    line = {name: getattr(DRAFT, name) for name in FIELDS}
    good = json.dumps({"batch_reference": "B", "instructions": [line, {}]}).encode()
    with patch.object(json_body, "_document", side_effect=AssertionError):
        assert [type(it) for it in parse_batch(good)[1]] == [Draft, Draft]
    assert json_body._plain(good.replace(b'"amount"', b'"amount": "1", "amount"', 1)) is None
