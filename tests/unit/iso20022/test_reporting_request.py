"""camt.060: what is asked becomes questions; what cannot be answered is named by its place."""

from __future__ import annotations

import pytest

from adapters.erp.iso20022 import DIALECT, sniff
from adapters.erp.iso20022.reporting_request import asks, questions
from gateway.domain.errors import WireError
from gateway.ports.erp_questions import QuestionKind

ACCOUNT = "<Acct><Id><Othr><Id>900010101000000011</Id></Othr></Id></Acct>"
DAYS = "<FrToDt><FrDt>2026-09-01</FrDt><ToDt>2026-09-14</ToDt></FrToDt>"
PERIOD = f"<RptgPrd>{DAYS}<Tp>ALLL</Tp></RptgPrd>"
ENTRIES = "<ReqdTxTp><Sts>BOOK</Sts><CdtDbtInd>CRDT</CdtDbtInd></ReqdTxTp>"
BALANCE = "<ReqdBalTp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></ReqdBalTp>"


def request(*, name="camt.053.001.08", account=ACCOUNT, rest=PERIOD, number="R1") -> str:
    return (
        f"<RptgReq><Id>{number}</Id><ReqdMsgNmId>{name}</ReqdMsgNmId>{account}"
        f"<AcctOwnr><Pty><Nm>示例</Nm></Pty></AcctOwnr>{rest}</RptgReq>"
    )


def message(*requests: str, head: str = "<GrpHdr><MsgId>M1</MsgId></GrpHdr>") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.060.001.05">\n<AcctRptgReq>'
        f"{head}{''.join(requests)}</AcctRptgReq></Document>"
    ).encode()


def test_a_statement_is_asked_for():
    (it,) = questions(message(request(rest=PERIOD + ENTRIES)))
    assert (it.kind, it.id, it.account) == ("statement", "R1", "900010101000000011")
    assert (it.start, it.end) == ("2026-09-01", "2026-09-14")
    assert it.source == {"message_id": "M1", "request_id": "R1", "requested": "camt.053.001.08"}
    here = "/Document/AcctRptgReq/RptgReq[1]"
    assert it.at == {
        "kind": f"{here}/ReqdMsgNmId",
        "account": f"{here}/Acct/Id/Othr/Id",
        "start": f"{here}/RptgPrd/FrToDt/FrDt",
        "end": f"{here}/RptgPrd/FrToDt/ToDt",
    }


@pytest.mark.parametrize(
    ("name", "rest", "kind"),
    [
        ("camt.052.001.08", "", QuestionKind.STATEMENT),
        ("camt.052.001.08", BALANCE, QuestionKind.BALANCE),
        ("camt.053.001.02", PERIOD + BALANCE, QuestionKind.HISTORY),
        ("camt.053.001.02", PERIOD + ENTRIES + BALANCE, QuestionKind.STATEMENT),
    ],
)
def test_what_is_named_decides_the_question(name, rest, kind):
    (it,) = questions(message(request(name=name, rest=rest)))
    assert it.kind == kind.value


def test_several_come_in_order_and_an_iban_is_an_account_too():
    iban = "<Acct><Id><IBAN>BE71096123456769</IBAN></Id></Acct>"
    found = questions(message(request(number="A"), request(number="B", account=iban)))
    assert [(it.id, it.account[:4]) for it in found] == [("A", "9000"), ("B", "BE71")]
    assert found[1].at["account"].startswith("/Document/AcctRptgReq/RptgReq[2]/Acct/Id/IBAN")
    (all_accounts,) = questions(message(request(account="")))
    assert all_accounts.account == ""  # which the use case tells as a fault of its place


@pytest.mark.parametrize(
    ("body", "reason", "where"),
    [
        (message(request(name="camt.054.001.08")), "unsupported", "ReqdMsgNmId"),
        (message(request(rest=PERIOD.replace("ALLL", "CHNG"))), "unsupported", "RptgPrd/Tp"),
        (message(), "missing", "RptgReq"),
        (message(request(), head=""), "missing", "GrpHdr"),
        (message(request(name="")), "empty", "ReqdMsgNmId"),
        (message(request())[:-30], "malformed", ""),
        (message(request()).replace(b"camt.060.001.05", b""), "unsupported", "Document"),
        (message(request()).decode().encode("gbk"), "encoding", ""),
        (message(request()).replace(b"<Document", b"<!DOCTYPE a><Document"), "doctype", ""),
    ],
)
def test_what_cannot_be_answered_is_named(body, reason, where):
    if reason == "unsupported" and where == "Document":
        body = body.replace(b"AcctRptgReq", b"AcctOpngInstr")
    with pytest.raises(WireError) as caught:
        questions(body)
    assert caught.value.reason == reason
    assert where in caught.value.path


def test_the_dialect_knows_it_from_a_payment_file():
    body = message(request())
    assert DIALECT.questions is questions
    assert DIALECT.asks is asks
    assert asks(body[:200])
    assert not sniff(body[:200])
    assert not asks(b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">')
