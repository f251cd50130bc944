"""What an answer to an enquiry proves about the payment, and what the core system knows."""

from __future__ import annotations

import pytest

from adapters.bank.cib import DIALECT
from gateway.domain.outcome import Verdict
from gateway.ports.bank import StatusQuestion
from tests.golden.cib.cases import OTHER, OWN, P1
from tests.unit.cib.foxes import reply, status, transfer

ASKED = StatusQuestion(original=P1, order=OWN)
ENQUIRY = "20260302Q0009"


def paid(told, body="", **changes):
    return DIALECT.pay.decode(OWN, P1, reply("XFERTRNRS", P1, told, body, **changes))


def body(code, **changes):
    return f"<XFERRS>{transfer(code, **changes)}</XFERRS>"


def enquired(told, inner=""):
    return DIALECT.payment_status.decode(
        ASKED, ENQUIRY, reply("XFERINQTRNRS", ENQUIRY, told, inner)
    )


def listed(content, start="1", end="1"):
    return (
        f'<XFERINQRS><XFERLIST MORE="N"><FROM>{start}</FROM><TO>{end}</TO>{content}'
        "</XFERLIST></XFERINQRS>"
    )


@pytest.mark.parametrize(
    ("told", "inner"),
    [
        (status("2020", "指令不存在"), ""),
        (status("2020"), ""),
        (status("2000", "查无记录"), ""),
        (status("2000", "支付指令不存在"), ""),
        (status("2000"), ""),
        (status(severity="INFO"), listed("", "-1", "-1")),
    ],
)
def test_not_found_has_three_forms(told, inner):
    outcome = enquired(told, inner)
    assert outcome.verdict is Verdict.NOT_FOUND
    assert not outcome.known_reject


@pytest.mark.parametrize(
    ("told", "inner", "reason"),
    [
        (status("2000", "付款账户不存在"), "", "enquiry_refused"),
        (status("2000", "权限不足"), "", "enquiry_refused"),
        (status("2005"), "", "enquiry_refused"),
        (status("2002", "户名不符"), "", "enquiry_refused"),
        (status("1740"), "", "bank_timeout"),
        (status("6000"), "", "bank_doubt"),
        (status("2002", "系统存在多条记录"), "", "several_records"),
        (status(), "", "no_result"),
        (status(), "<XFERINQRS/>", "no_result"),
        (status(), listed("", "1", "-1"), "no_result"),
        (status(), listed("<XFER/>"), "no_result"),
        (status(), listed(f"<XFER>{transfer('PAYOUT')}</XFER>", "-1", "-1"), "contradiction"),
        (status(), listed(f"<XFER>{transfer('PAYOUT')}</XFER>" * 2), "several_records"),
        (status("2005"), listed(f"<XFER>{transfer('PAYOUT')}</XFER>"), "contradiction"),
    ],
)
def test_every_other_answer_to_an_enquiry_proves_nothing(told, inner, reason):
    outcome = enquired(told, inner)
    assert (outcome.verdict, outcome.reason) == (Verdict.UNCONFIRMED, reason)
    assert not outcome.known_reject


def core(order, inner):
    question = StatusQuestion(original=P1, order=order)
    return DIALECT.core_result.decode(
        question, ENQUIRY, reply("INQSTATETRNRS", ENQUIRY, status(), inner)
    )


def known(order, result, interbank):
    payee = order.creditor.account.number
    return (
        f'<TXNSTATERS><XFERINFO><ACCTTO{interbank} LOCAL="Y"><ACCTID>{payee}</ACCTID></ACCTTO>'
        f"<TRNAMT>{order.amount.text()}</TRNAMT></XFERINFO>{result}</TXNSTATERS>"
    )


@pytest.mark.parametrize(
    ("own_bank", "result", "clearing", "verdict"),
    [
        (True, "1", "", Verdict.SETTLED),
        (True, "2", "", Verdict.REJECTED),
        (True, "0", "", Verdict.UNCONFIRMED),
        (True, "7", "", Verdict.UNCONFIRMED),
        (True, "", "", Verdict.UNCONFIRMED),
        (False, "1", "", Verdict.PROCESSING),
        (False, "1", "1", Verdict.PROCESSING),
        (False, "1", "2", Verdict.PROCESSING),
        (False, "1", "5", Verdict.PROCESSING),
        (False, "1", "G", Verdict.PROCESSING),
        (False, "1", "Y", Verdict.SETTLED),
        (False, "1", "F", Verdict.REJECTED),
        (False, "1", "Z", Verdict.UNCONFIRMED),
        (False, "2", "", Verdict.REJECTED),
        (False, "0", "", Verdict.UNCONFIRMED),
    ],
)
def test_the_core_systems_word(own_bank, result, clearing, verdict):
    order = OWN if own_bank else OTHER
    told = f"<CORERESULT>{result}</CORERESULT>"
    told += f"<CORESTATUS>{clearing}</CORESTATUS>" if clearing else ""
    flag = "Y" if own_bank else "N"
    assert core(order, known(order, told, f' INTERBANK="{flag}"')).verdict is verdict
    assert core(order, known(order, told, "")).verdict is verdict


def test_the_bank_knows_better_than_we_whose_account_it_is():
    told = "<CORERESULT>1</CORERESULT>"
    assert core(OTHER, known(OTHER, told, ' INTERBANK="Y"')).verdict is Verdict.SETTLED
    assert core(OWN, known(OWN, told, ' INTERBANK="N"')).verdict is Verdict.PROCESSING
