"""Monthly confirmation of balances (BATCHCHECKTRNRQ, BATCHCHECKQUERYTRNRQ), 银企对账回签.

Rules kept here: the account is always named, because a request without one confirms every account
of the customer; the same serial again asks for the state of the order; words that stand in no
table prove nothing.

Source: CIB interface document V4.0.4, §BATCHCHECK and §BATCHCHECKQUERY.
"""

from __future__ import annotations

import re
from datetime import date
from types import MappingProxyType
from typing import Final

from adapters.bank.cib import codes
from adapters.bank.cib.amounts import amount, unit
from adapters.bank.cib.codes import CodeClass, Layer
from adapters.bank.cib.envelope import (
    PasswordForm,
    Status,
    envelope,
    message,
    plain_password,
    query,
)
from gateway.domain.errors import BankRefused
from gateway.domain.ids import Serial
from gateway.domain.message import WireMessage, WireReply
from gateway.ports.bank import SignOn
from gateway.ports.bank_confirm import (
    ConfirmOrder,
    ConfirmOutcome,
    ConfirmQuestion,
    ConfirmResult,
    OrderVerdict,
    ResultVerdict,
)
from gateway.wire.write import element, leaf
from gateway.wire.xml import Node

REPLY: Final = "BATCHCHECKTRNRS"
RESULT_REPLY: Final = "BATCHCHECKQUERYTRNRS"
ORDERS: Final = MappingProxyType(
    {
        "处理中": OrderVerdict.RUNNING,
        "处理成功": OrderVerdict.DONE,
        "处理失败": OrderVerdict.FAILED,
    }
)
"""RECONCILERESULT of an order."""
LINES: Final = MappingProxyType(
    {
        "处理成功": ResultVerdict.AGREED,
        "对账相符": ResultVerdict.AGREED,
        "相符": ResultVerdict.AGREED,
        "无账期": ResultVerdict.NOTHING_DUE,
        "处理失败": ResultVerdict.FAILED,
    }
)
"""RECONCILERESULT of a line: the document prints 无账期 only, the others are an inference."""
TOO_EARLY: Final = re.compile("后查询")
"""Of a result that is not there yet; its code is that of every business refusal."""
_PAGES: Final = ("", "N", "Y")
_PERIODS: Final = ("RECONCILEDATE", "EXCUTETIME")
"""Where the period stands: in the table's element, or (so the sample) in the time of execution."""
_MONTH: Final = re.compile("[0-9]{6}", re.ASCII)


def encode(
    question: ConfirmOrder,
    signon: SignOn,
    serial: Serial,
    *,
    password: PasswordForm = plain_password,
) -> WireMessage:
    """Confirm one account's month. Raises ValueError without an account: that means all of them."""
    if not question.account.strip():
        raise ValueError("a confirmation without an account would confirm every account")
    transaction = element(
        "BATCHCHECKTRNRQ",
        leaf("TRNUID", serial),
        element(
            "RQBODY",
            leaf("RECONCILEDATE", month_text(question.month)),
            leaf("RECONCILEACCOUNT", question.account),
            PAGE="1",
        ),
    )
    return message(envelope(transaction, signon), password(signon.password))


def decode(question: ConfirmOrder, serial: Serial, reply: WireReply) -> ConfirmOutcome:
    """Read what became of the order; a period other than ours is the answer to another.

    Raises OperatorRefused where the sign-on was refused, WireError for what is no such answer.
    """
    answer = query(reply, REPLY, serial)
    if not answer.status.ok:
        return _refused(answer.status)
    body = answer.transaction.maybe("RSBODY")
    if body is None:
        return ConfirmOutcome(verdict=OrderVerdict.UNCLEAR, code=answer.status.code)
    _same_month(body, "PAYMENTDAYS", question.month)
    text = body.child_text("RECONCILERESULT")
    verdict = ORDERS.get(text, OrderVerdict.UNCLEAR)
    return ConfirmOutcome(verdict=verdict, code=answer.status.code, text=text)


def encode_result(
    question: ConfirmQuestion,
    signon: SignOn,
    serial: Serial,
    *,
    password: PasswordForm = plain_password,
) -> WireMessage:
    """Ask for the result of an order, by the order's serial."""
    transaction = element(
        "BATCHCHECKQUERYTRNRQ",
        leaf("TRNUID", serial),
        element("RQBODY", leaf("CLT_REF_NO", question.original), PAGE="1"),
    )
    return message(envelope(transaction, signon), password(signon.password))


def decode_result(question: ConfirmQuestion, serial: Serial, reply: WireReply) -> ConfirmResult:
    """Read the account's line. An order of ours names one account: there is one page.

    Raises BankRefused where the bank says no, WireError for another period, two lines of the
    account, or what is no such answer.
    """
    # The document's table prints the order's tag here, its sample this one.
    tag = RESULT_REPLY if RESULT_REPLY.encode() in reply.body else REPLY
    answer = query(reply, tag, serial)
    if not answer.status.ok:
        if answer.status.code == codes.NOT_READY and TOO_EARLY.search(answer.status.text):
            return ConfirmResult(verdict=ResultVerdict.NOT_READY, text=answer.status.text)
        raise BankRefused(answer.status.code, answer.status.text)
    body = answer.transaction.one("RSBODY")
    if body.attr("MORE") not in _PAGES:
        raise body.fault("more")
    for name in _PERIODS:
        _same_month(body, name, question.month)
    lines = [
        line
        for line in body.each("CONTENT")
        if line.one("RECONCILEACCT").need() == question.account
    ]
    if len(lines) > 1:
        raise lines[1].fault("surplus")
    if not lines:
        told = body.child_text("EXCUTERESULT")
        running = ORDERS.get(told) is OrderVerdict.RUNNING
        verdict = ResultVerdict.NOT_READY if running else ResultVerdict.ABSENT
        return ConfirmResult(verdict=verdict, text=told)
    return _line(lines[0])


def _line(line: Node) -> ConfirmResult:
    text = line.child_text("RECONCILERESULT")
    stated = line.maybe("ACCTBALANCE")
    currency = unit(line, "CURRENCYTYPE")
    return ConfirmResult(
        verdict=LINES.get(text, ResultVerdict.OTHER),
        text=text,
        balance=amount(stated, currency) if stated is not None and stated.text() else None,
    )


def month_text(month: date) -> str:
    """A month as the bank writes it: yyyyMM."""
    return f"{month:%Y%m}"


def _same_month(body: Node, name: str, month: date) -> None:
    """What is told about another month is no answer to our order.

    A text of another form than yyyyMM says nothing of it.
    """
    told = body.child_text(name)
    if _MONTH.fullmatch(told) and told != month_text(month):
        raise body.one(name).fault("period")


def _refused(status: Status) -> ConfirmOutcome:
    known = codes.meaning(Layer.PAYMENT, status.code, status.text)
    refused = known is not None and known.kind is CodeClass.REJECT
    verdict = OrderVerdict.REFUSED if refused else OrderVerdict.UNCLEAR
    return ConfirmOutcome(verdict=verdict, code=status.code, text=status.text)
