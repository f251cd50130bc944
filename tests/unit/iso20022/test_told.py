"""What the standard's dialects tell by files, and that they say no more than is known."""

from __future__ import annotations

import io
from zipfile import ZipFile

import pytest
from lxml import etree

from adapters.erp.iso20022 import DIALECT, DIALECTS, describe
from gateway.domain.errors import Corrupt, Refused
from gateway.domain.instruction import State
from gateway.ports.erp_told import StatusTold, ToldKind
from tests.unit.formats import samples
from tests.unit.formats.samples import FACTS, NOW, valid
from tests.unit.iso20022.samples import assert_valid, status_line, status_of

TRYTON, ODOO = DIALECTS["tryton"], DIALECTS["odoo"]


def told(number: int = 1, state: str = "SETTLED", **other) -> StatusTold:
    values = {
        "instruction": f"ins_{number}",
        "version": 2,
        "state": state,
        "erp": "sap",
        "erp_reference": f"M-1/P-1/E-{number}",
        "at": NOW,
        "amount": "12.30",
        "currency": "CNY",
        "final": state in {"SETTLED", "REJECTED", "RETURNED"},
        "line": number,
        "batch_format": "pain.001.001.03",
        "source": {
            "message_id": "M-1",
            "payment_info_id": "P-1",
            "instruction_id": f"I-{number}",
            "end_to_end_id": f"E-{number}",
            "debtor_account": "117010100100000001",
        },
    }
    return StatusTold(**(values | other))


def written(*records, dialect=DIALECT, kind=ToldKind.STATUS):
    return b"".join(dialect.files[kind].write(records, FACTS))


def report(*records, dialect=DIALECT):
    document = written(*records, dialect=dialect)
    assert_valid(document, "pain001", "pain002/schemas/pain.002.001.03.xsd")
    [found] = describe([document])
    return found


def test_a_status_file_judges_lines_and_nothing_else():
    found = report(told(1), told(2, "REJECTED", code="AC04"))
    assert found["original_message_id"] == "M-1"
    assert found["group_status"] is None
    assert [it["status"] for it in found["payment_infos"]] == [None]
    assert [(it["status"], it["reason"]) for it in found["transactions"]] == [
        ("ACSC", None),
        ("RJCT", "AC04"),
    ]


def test_a_whole_report_still_judges_its_group():
    root = etree.fromstring(written(told()))
    assert root.find(".//{*}OrgnlNbOfTxs") is None
    assert root.find(".//{*}NbOfTxsPerSts") is not None


def test_an_open_outcome_is_never_a_rejection():
    found = report(told(1, "UNCONFIRMED", reason="UNCONFIRMED", code="E1", text="超时"))
    [line] = found["transactions"]
    assert (line["status"], line["reason"]) == ("PDNG", "UNCONFIRMED")


def test_a_line_that_was_refused_says_so():
    [line] = report(told(1, "REFUSED", code="amount", text="金额有误"))["transactions"]
    assert (line["status"], line["reason"]) == ("RJCT", "amount")
    assert "金额有误" in line["text"]


def test_only_the_newest_version_is_told_and_blocks_stand_together():
    elsewhere = {"payment_info_id": "P-2", "end_to_end_id": "X"}
    records = (
        told(3, version=2, state="PROCESSING"),
        told(2, source=elsewhere),
        told(1),
        told(3, version=3),
    )
    found = report(*records)
    assert [it["original_payment_info_id"] for it in found["payment_infos"]] == ["P-1", "P-2"]
    ends = [it["original_end_to_end_id"] for it in found["transactions"]]
    assert ends == ["E-1", "E-3", "X"]
    assert [it["status"] for it in found["transactions"]] == ["ACSC"] * 3


def test_what_came_by_another_way_is_named_by_its_reference():
    found = report(told(source={}, erp_reference="FK-0001", batch_format="", batch_reference=""))
    assert found["original_message_id"] == "NOTPROVIDED"
    assert found["transactions"][0]["original_end_to_end_id"] == "FK-0001"


@pytest.mark.parametrize("state", State)
def test_tryton_is_told_final_outcomes_only(state):
    document = written(told(1, state.value), dialect=TRYTON)
    meaning = TRYTON.codes["camt.054.001.04"][state.value]
    if meaning not in {"succeeded", "failed"}:
        assert document == b""
        return
    root = valid(document, "camt.054.001.04")
    [entry] = root.iter("{*}Ntry")
    assert entry.findtext("{*}CdtDbtInd") == "CRDT"
    assert entry.findtext(".//{*}InstrId") == "I-1"
    assert (entry.find(".//{*}RtrInf") is not None) == (meaning == "failed")


def test_tryton_never_hears_failed_for_money_that_was_paid_or_may_move():
    meaning = TRYTON.codes["camt.054.001.04"]
    assert meaning["PAID_ELSEWHERE"] == meaning["SETTLED"] == "succeeded"
    failed = {state for state, said in meaning.items() if said == "failed"}
    assert failed == {"REJECTED", "CANCELLED", "EXPIRED", "RETURNED"}


def test_tryton_is_told_reasons_that_it_shows():
    record = told(1, "REJECTED", code="2002", text="收款账号不存在")
    root = valid(written(record, dialect=TRYTON), "camt.054.001.04")
    assert root.findtext(".//{*}RtrInf/{*}Rsn/{*}Cd") == "NARR"
    assert root.findtext(".//{*}RtrInf/{*}AddtlInf") == "2002 收款账号不存在"
    record = told(1, "REJECTED", code="AC04")
    root = valid(written(record, dialect=TRYTON), "camt.054.001.04")
    assert root.findtext(".//{*}RtrInf/{*}Rsn/{*}Cd") == "AC04"


def test_money_that_came_back_is_shown_in_tryton_too():
    line = status_line("RETURNED", 2, reason_code="退汇", text="账号不符")
    status = status_of(status_line("SETTLED", 1), line)
    root = valid(b"".join(TRYTON.returns(status)), "camt.054.001.04")
    assert [it.text for it in root.iter("{*}InstrId")] == ["I-2"]
    assert root.findtext(".//{*}RtrInf/{*}AddtlInf") == "退汇 账号不符"
    assert b"".join(TRYTON.returns(status_of(status_line("SETTLED", 1)))) == b""
    valid(b"".join(DIALECT.returns(status)), "camt.054.001.04")


def test_tryton_is_told_of_a_refused_line_without_an_amount():
    document = written(told(1, "REFUSED", amount="", currency=""), dialect=TRYTON)
    assert valid(document, "camt.054.001.04").find(".//{*}RtrInf") is not None


def test_odoo_reads_one_version_whatever_it_wrote():
    assert b"pain.002.001.10" in written(told(batch_format="pain.001.001.09"))
    found = written(told(batch_format="pain.001.001.09"), dialect=ODOO)
    assert_valid(found, "pain001", "pain002/schemas/pain.002.001.03.xsd")


@pytest.mark.parametrize("dialect", [DIALECT, TRYTON, ODOO], ids=lambda it: it.name)
def test_everything_else_is_told_by_the_public_formats(dialect):
    def file(kind, record):
        return written(record, dialect=dialect, kind=kind)

    valid(file(ToldKind.STATEMENT, samples.statement(*samples.ODD)), "camt.053.001.02")
    valid(file(ToldKind.BALANCE, samples.balance()), "camt.052.001.02")
    valid(file(ToldKind.CREDIT, samples.credit()), "camt.054.001.02")
    archive = ZipFile(io.BytesIO(file(ToldKind.RECEIPT, samples.receipt())))
    assert "0001-r1.pdf" in archive.namelist()
    with pytest.raises(Corrupt):
        file(ToldKind.STATUS, samples.receipt())


@pytest.mark.parametrize(
    ("options", "kind", "suffix", "start"),
    [
        ({"statement": "mt940"}, ToldKind.STATEMENT, "sta", b":20:"),
        ({"statement": "mt940-gbk"}, ToldKind.STATEMENT, "sta", b":20:"),
        ({"statement": "bai2", "sender": "CIB"}, ToldKind.STATEMENT, "bai", b"01,CIB,ERP,"),
        ({"statement": "camt.053.001.08"}, ToldKind.STATEMENT, "xml", b"<?xml"),
        ({"status": "pain.002.001.10"}, ToldKind.STATUS, "xml", b"<?xml"),
        ({"credit": "camt.054.001.08"}, ToldKind.CREDIT, "xml", b"<?xml"),
        ({"balance": "camt.052.001.08"}, ToldKind.BALANCE, "xml", b"<?xml"),
    ],
)
def test_options_choose_the_format(options, kind, suffix, start):
    shaped = DIALECT.with_options(options)
    records = {
        ToldKind.STATEMENT: samples.statement(samples.entry()),
        ToldKind.STATUS: told(),
        ToldKind.CREDIT: samples.credit(),
        ToldKind.BALANCE: samples.balance(),
    }
    assert shaped.files[kind].suffix == suffix
    document = written(records[kind], dialect=shaped, kind=kind)
    assert document.startswith(start)
    for wanted in options.values():
        assert suffix != "xml" or wanted.encode() in document
    assert shaped.name == DIALECT.name
    assert DIALECT.with_options({}).files == DIALECT.files


def test_the_chosen_status_also_answers_files():
    shaped = DIALECT.with_options({"status": "pain.002.001.10"})
    assert shaped.report is not DIALECT.report
    assert shaped.refuse is not DIALECT.refuse


def test_every_wrong_option_is_told_at_once():
    with pytest.raises(Refused) as refused:
        DIALECT.with_options({"statement": "mt950", "status": "pain.002.001.99"})
    assert {fault.path for fault in refused.value.faults} == {"statement", "status"}
    assert all(fault.zh and "mt940" in fault.en for fault in refused.value.faults[1:])
