"""One clear error per fault, in every ERP's language: its own field, its line, both languages."""

from __future__ import annotations

import re
from html import unescape

import pytest
from msgspec.structs import replace

from gateway.cli.erp_echo import refusal
from gateway.cli.erp_trial import Ground, ground_of, judged
from gateway.ports.erp import Draft, FileEnd, FileHead
from tests.conformance.erps import DIALECTS, READERS, drafts_of, is_text, payment_files
from tests.conformance.test_erp_replies import text
from tests.sandbox_json import MAIN, OTHER_NAME, OTHER_PAYEE

GOOD = {
    "company": "",
    "debtor_account": MAIN,
    "debtor_name": "",
    "creditor_name": OTHER_NAME,
    "creditor_account": OTHER_PAYEE,
    "creditor_agent_name": "示例商业银行上海分行",
    "creditor_agent_cnaps": "",
    "creditor_agent_bic": "",
    "creditor_city": "上海",
    "amount": "1234.50",
    "currency": "CNY",
    "purpose": "货款",
    "memo": "",
    "business_type": "",
    "payroll_purpose": "",
    "urgency": "",
    "execution_date": "",
    "end_to_end_id": "",
    "reconciliation_code": "",
    "budget_item": "",
}
FAULTS = {
    "19 digits": ("amount", {"amount": "1234567890123456789.00"}),
    "an exponent": ("amount", {"amount": "1e3"}),
    "full-width digits": ("amount", {"amount": "１２００"}),
    "nothing": ("amount", {"amount": "0.00"}),
    "three decimals": ("amount", {"amount": "1.005"}),
    "an unknown currency": ("currency", {"currency": "ZZZ"}),
    "no bank of the payee": ("creditor_agent_name", {"creditor_agent_name": ""}),
    "a CNAPS number cut off": ("creditor_agent_cnaps", {"creditor_agent_cnaps": "1022900"}),
    "an over-long name": ("creditor_name", {"creditor_name": "甲" * 200}),
    "no name": ("creditor_name", {"creditor_name": ""}),
    "no account": ("creditor_account", {"creditor_account": ""}),
    "an unknown debtor": ("debtor_account", {"debtor_account": "999"}),
    "no reference": ("erp_reference", {"erp_reference": ""}),
    "a day that is none": ("execution_date", {"execution_date": "2026-02-30"}),
    "an over-long purpose": ("purpose", {"purpose": "款" * 200}),
}


@pytest.fixture(scope="module")
def ground() -> Ground:
    return ground_of(None, "")


def sample(name) -> Draft:
    """The dialect's first sample payment, with contents that would be accepted."""
    for path in payment_files(name):
        for draft in drafts_of(name, path):
            return replace(draft, **GOOD, erp_reference="FK-0001")
    raise AssertionError("no sample")


def tried(name, ground, *drafts):
    parts = (FileHead(format="x", message_id="M-1"), *drafts, FileEnd(count=len(drafts)))
    return judged(DIALECTS[name], parts, ground)


@pytest.mark.parametrize("name", READERS)
def test_what_is_changed_into_faults_below_is_right_before(name, ground):
    [line] = tried(name, ground, sample(name)).lines
    assert line.faults == ()


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_told_once_at_the_senders_own_field(name, fault, ground):
    field, changes = FAULTS[fault]
    draft = replace(sample(name), **changes)
    trial = tried(name, ground, draft, replace(sample(name), erp_reference="FK-0002"))
    found = trial.lines[0].faults
    mine = [it for it in found if it.path == draft.at.get(field, f"/{field}")]
    assert len(mine) == 1, [it.path for it in found]
    assert mine[0].line == draft.line
    assert mine[0].zh
    assert mine[0].en
    # The fate of the rest: the good line beside it is taken.
    assert trial.lines[1].faults == ()
    assert trial.good == 1


@pytest.mark.parametrize("name", READERS)
def test_a_document_number_that_comes_twice_is_refused_the_second_time(name, ground):
    other = replace(sample(name), amount="99.00")
    trial = tried(name, ground, sample(name), other)
    assert [it.code for it in trial.lines[1].faults] == ["repeated_reference"]
    assert trial.good == 1


def _chinese(path) -> bool:
    return is_text(path) and any(byte > 0x7F for byte in path.read_bytes())


def letters(words) -> str:
    """A text without what forms escape or wrap: marks, tags, line ends."""
    return re.sub(r"</?[\w:]+/?>|[\W_]|(?<=\\)[nu]", "", unescape(words))


@pytest.mark.parametrize("name", READERS)
def test_the_answer_to_a_refused_file_repeats_each_fault_in_its_own_form(name, ground):
    trial = tried(name, ground, replace(sample(name), amount="1e3", creditor_name=""))
    reply = refusal(DIALECTS[name], trial, ground.now)
    assert reply is not None
    if reply["text"] == "(xlsx)":
        return  # compressed: its own tests open it
    said = letters(reply["text"])
    for fault in trial.lines[0].faults:
        assert letters(fault.zh) in said
        assert letters(fault.en) in said


CHINESE = [name for name in READERS if _chinese(payment_files(name)[0])]


@pytest.mark.parametrize("name", CHINESE)
def test_a_broken_line_of_a_broken_file_is_named(name):
    """A file that ends in the middle of a Chinese character."""
    path = payment_files(name)[0]
    data = path.read_bytes()
    place = max(at for at, byte in enumerate(data) if byte > 0x7F)
    dialect = DIALECTS[name]
    cut = b"".join(dialect.refuse(_refused(dialect, data[:place])))
    assert text(cut)


def _refused(dialect, data):
    from gateway.domain.errors import Fault, WireError
    from gateway.wire.reasons import words
    from tests.conformance.erps import refusal as made

    with pytest.raises(WireError) as error:
        list(dialect.read([data]))
    zh, en = words(error.value.reason)
    assert "not of the promised form" not in en, error.value.reason
    fault = Fault(path=error.value.path, code="x", zh=zh, en=en, line=error.value.line)
    return made(faults=(fault,))
