"""An extract of Oracle Payments: read exactly, refused where it contradicts itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.erp.oracle import DIALECT
from adapters.erp.oracle.places import OPTIONS, PLACES
from gateway.domain.errors import Refused, WireError
from gateway.ports.erp import Draft
from tests.unit.iso20022 import samples as standard

DATA = Path(__file__).resolve().parents[2] / "data" / "erp" / "oracle"
SAMPLE = (DATA / "own-oracle-iby-extract.xml").read_text(encoding="utf-8")


def payment(number=1, *, value="10.00", currency="CNY", more="", account="6222000012345678"):
    return (
        "<OutboundPayment><PaymentNumber>"
        f"<PaymentReferenceNumber>7{number:04}</PaymentReferenceNumber></PaymentNumber>"
        f"<PaymentAmount><Value>{value}</Value><Currency><Code>{currency}</Code></Currency>"
        f"</PaymentAmount><PayeeBankAccount><BankAccountNumber>{account}</BankAccountNumber>"
        f"</PayeeBankAccount>{more}</OutboundPayment>"
    )


def extract(*payments, reference="300100", count=None, total=None):
    totals = ""
    if count is not None or total is not None:
        totals = (
            f"<InstructionTotals><PaymentCount>{count or len(payments)}</PaymentCount>"
            f"<TotalPaymentAmount><Value>{total or '10.00'}</Value></TotalPaymentAmount>"
            "</InstructionTotals>"
        )
    return (
        "<OutboundPaymentInstruction><PaymentInstructionInfo><InstructionReferenceNumber>"
        f"{reference}</InstructionReferenceNumber></PaymentInstructionInfo>{totals}"
        f"{''.join(payments)}</OutboundPaymentInstruction>"
    ).encode()


def parts(data, dialect=DIALECT):
    head, *drafts, end = dialect.read([data])
    assert all(isinstance(it, Draft) for it in drafts)
    return head, drafts, end


def test_a_whole_extract():
    head, [draft], end = parts(SAMPLE.encode())
    assert (head.format, head.message_id) == ("IBY OutboundPaymentInstruction", "300100")
    assert draft.erp_reference == "300100/70001"
    assert (draft.amount, draft.currency) == ("3734.56", "CNY")
    assert draft.debtor_account == "117010100100000001"
    assert draft.creditor_name == "上海测试贸易有限公司"
    assert draft.creditor_agent_cnaps == "102290002916"
    assert draft.creditor_agent_name == "上海某支行"
    assert draft.purpose == "INV-2026-001"
    assert draft.execution_date == "2026-11-22"
    assert draft.line
    assert draft.at["amount"].endswith("/OutboundPayment[1]/PaymentAmount/Value")
    assert draft.source["end_to_end_id"] == "70001"
    assert (end.count, end.faults) == (1, ())


def test_a_pain_001_of_a_template_is_read_too():
    head, drafts, end = parts(standard.file(standard.line(1), standard.line(2)))
    assert head.format == "pain.001.001.03"
    assert len(drafts) == end.count == 2


def test_sniffing():
    assert DIALECT.sniff(SAMPLE.encode()[:4096])
    assert DIALECT.sniff(b"\xef\xbb\xbf <?xml?><x:OutboundPaymentInstruction xmlns:x='u'>")
    assert not DIALECT.sniff(standard.file(standard.line(1)))
    assert not DIALECT.sniff(b"OutboundPaymentInstruction>")


@pytest.mark.parametrize(
    ("other", "path"),
    [
        ({"count": 3, "total": "20.00"}, "PaymentCount"),
        ({"count": 2, "total": "20.01"}, "TotalPaymentAmount/Value"),
        ({"count": 2, "total": "2e1"}, "TotalPaymentAmount/Value"),
    ],
)
def test_totals_that_differ_are_faults_of_the_file(other, path):
    _, _, end = parts(extract(payment(1), payment(2), **other))
    [fault] = end.faults
    assert fault.path == f"/OutboundPaymentInstruction/InstructionTotals/{path}"
    assert fault.zh
    assert fault.en


def test_totals_that_agree_are_none():
    assert parts(extract(payment(1), payment(2), count=2, total="20.00"))[2].faults == ()
    assert parts(extract(payment(1)))[2].faults == ()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<Other/>", "root"),
        (extract(), "missing"),
        (extract(payment(), reference=""), "missing"),
        (
            extract(payment()).replace(b"<PaymentAmount>", b"<PaymentAmount/><PaymentAmount>"),
            "surplus",
        ),
        (b"<!DOCTYPE a><OutboundPaymentInstruction/>", "doctype"),
        (extract(payment())[:-10], "malformed"),
        ("<?xml version='1.0' encoding='UTF-8'?><a>汉</a>".encode("gbk"), "encoding"),
        (
            extract(payment())
            .replace(b"<PaymentInstructionInfo>", b"<A><PaymentInstructionInfo>")
            .replace(b"</PaymentInstructionInfo>", b"</PaymentInstructionInfo></A>"),
            "order",
        ),
        (extract(payment()) + b"<", "malformed"),
    ],
)
def test_a_broken_extract_is_refused_with_its_place(data, reason):
    with pytest.raises(WireError) as error:
        list(DIALECT.read([data]))
    assert error.value.reason == reason


def test_a_second_header_is_refused():
    twice = extract(payment()).replace(
        b"</PaymentInstructionInfo>",
        b"</PaymentInstructionInfo><PaymentInstructionInfo/>",
    )
    with pytest.raises(WireError):
        list(DIALECT.read([twice]))


def test_nothing_comes_out_before_the_header():
    text = f"<OutboundPaymentInstruction>{payment()}</OutboundPaymentInstruction>"
    parts = DIALECT.read([text.encode()])
    with pytest.raises(WireError) as error:
        next(parts)
    assert error.value.reason == "missing"


def test_a_reference_that_no_reply_could_echo_is_a_fault_of_the_file():
    _, _, end = parts(extract(payment(), reference="9" * 36))
    assert [fault.code for fault in end.faults] == ["identification"]


@pytest.mark.parametrize("value", ["", "1" * 19, "1e3", "NaN", "-1.00", "１０"])
def test_amounts_stay_as_they_were_written(value):
    _, [draft], _ = parts(extract(payment(value=value)))
    assert draft.amount == value


@pytest.mark.parametrize(
    ("more", "field", "expected"),
    [
        ("<SettlementPriority><Code>EXPRESS</Code></SettlementPriority>", "urgency", "urgent"),
        ("<SettlementPriority><Code>NORMAL</Code></SettlementPriority>", "urgency", "normal"),
        ("<PaymentReason><Code>SALA</Code></PaymentReason>", "business_type", "payroll"),
        ("<PaymentReason><Code>SALA</Code></PaymentReason>", "payroll_purpose", "salary"),
        ("<PaymentDate>2026-11-22T23:59:59+08:00</PaymentDate>", "execution_date", "2026-11-22"),
        ("<PaymentDetails>货款</PaymentDetails>", "purpose", "货款"),
    ],
)
def test_fields(more, field, expected):
    _, [draft], _ = parts(extract(payment(more=more)))
    assert getattr(draft, field) == expected


def test_many_documents_of_a_payment():
    number = "<DocumentNumber><ReferenceNumber>I{}</ReferenceNumber></DocumentNumber>"
    document = f"<DocumentPayable>{number}</DocumentPayable>"
    _, [few], _ = parts(extract(payment(more="".join(map(document.format, range(3))))))
    assert few.purpose == "I0 I1 I2"
    _, [many], _ = parts(extract(payment(more="".join(map(document.format, range(30))))))
    assert many.purpose.startswith("I0 I1 ")
    assert many.purpose.endswith("等30笔")


def test_a_bank_number_of_another_length_is_no_cnaps_number():
    text = SAMPLE.replace("<BranchNumber>102290002916<", "<BranchNumber>10229000291<")
    assert parts(text.encode())[1][0].creditor_agent_cnaps == ""


def test_settings_replace_paths():
    more = "<Extend><Value>用途在此</Value></Extend><Note><Deep>X1</Deep></Note>"
    shaped = DIALECT.with_options(
        {"at_purpose": "Extend/Value", "at_creditor_agent_name": "Missing|Note/Deep"}
    )
    _, [draft], _ = parts(extract(payment(more=more)), shaped)
    assert draft.purpose == "用途在此"
    assert draft.creditor_agent_name == "X1"
    assert draft.at["purpose"].endswith("/OutboundPayment[1]/Extend/Value")


@pytest.mark.parametrize("name", sorted(PLACES))
def test_every_path_is_an_option(name):
    assert f"at_{name}" in OPTIONS <= DIALECT.options
    shaped = DIALECT.with_options({f"at_{name}": "Somewhere/Else"})
    data = extract(payment(more="<Somewhere><Else>20</Else></Somewhere>"))
    assert parts(data, shaped)[1][0].at[name].endswith("/Somewhere/Else")


@pytest.mark.parametrize("path", ["/a", "a//b", "a[1]", "*", "a|", "a b", "a" * 501, "汉", "a:b"])
def test_what_is_no_path_is_a_fault_of_the_settings(path):
    with pytest.raises(Refused) as refused:
        DIALECT.with_options({"at_purpose": path})
    assert [fault.path for fault in refused.value.faults] == ["at_purpose"]


def test_a_path_above_another_is_a_fault_of_the_settings():
    with pytest.raises(Refused) as refused:
        DIALECT.with_options({"at_purpose": "PaymentAmount"})
    assert [fault.path for fault in refused.value.faults] == ["at_purpose"]


def test_memory_stays_flat_over_pieces():
    def pieces():
        yield extract()[: -len(b"</OutboundPaymentInstruction>")]
        for number in range(10_001):
            yield payment(number).encode()
        yield b"</OutboundPaymentInstruction>"

    count = 0
    for part in DIALECT.read(pieces()):
        count += isinstance(part, Draft)
    assert count == 10_001
    assert part.count == 10_001
