"""The bank's own half: reads requests strictly, writes answers. The sandbox speaks through it.

Rule kept here: an answer echoes what the bank has stored, not what the request asked for.

Source: none; invented.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from adapters.bank._template import codes
from adapters.bank._template.envelope import (
    BEIJING,
    CALL,
    CONTENT_TYPE,
    ENCODING,
    HTTP_OK,
    REPLY,
    VERSION,
    instant,
    optional,
    validate_request,
)
from gateway.domain.errors import WireError
from gateway.domain.instruction import Urgency
from gateway.domain.message import WireReply
from gateway.domain.money import CNY
from gateway.domain.party import Account, Agent, Party
from gateway.domain.statement import Balance
from gateway.ports.bank import (
    BalanceRequest,
    BankAnswer,
    BankBody,
    BankRequest,
    BankSide,
    PayOrder,
    PayRequest,
    Reason,
    SignOn,
    SignOnRequest,
    StatusRequest,
    StoredPayment,
)
from gateway.wire.write import Element, document, element, leaf
from gateway.wire.xml import Node, Profile, parse

# ── requests ──────────────────────────────────────────────────────────────────────────────


def decode(body: bytes) -> BankRequest:
    """Read a request.

    What breaks the bank's form is named in ``malformed``. Raises WireError for bytes in which
    not even the caller can be read.
    """
    call = parse(body, Profile.MESSAGE)
    if call.name != CALL:
        raise call.fault("root")
    malformed = _malformed(call)
    asked = next((it for it in call.children() if it.name in codes.REQUESTS), None)
    return BankRequest(
        signon=_sign_on(call.one("Caller")),
        serial=call.one("Serial").need(),
        operation=codes.SIGN_ON if asked is None else codes.REQUESTS[asked.name],
        # What is not of the right form is not looked into any further.
        body=SignOnRequest() if asked is None or malformed else _body(asked),
        malformed=malformed,
    )


def _malformed(call: Node) -> str:
    try:
        validate_request(call)
    except WireError as error:
        return error.path
    return ""


def _sign_on(caller: Node) -> SignOn:
    at = caller.one("Time")
    moment = instant(at.text())
    if moment is None:
        raise at.fault("time")
    return SignOn(
        customer=caller.one("Customer").need(),
        operator=caller.one("Operator").need(),
        password=caller.one("Secret").raw(),
        at=moment,
    )


def _body(asked: Node) -> BankBody:
    match asked.name:
        case "Pay":
            return PayRequest(order=_order(asked))
        case "Status":
            return StatusRequest(original=asked.one("Original").need())
        case _:
            return BalanceRequest(account=asked.one("Account").need())


def _order(pay: Node) -> PayOrder:
    payer, payee = pay.one("Payer"), pay.one("Payee")
    due = pay.maybe("Due")
    return PayOrder(
        debtor=_party(payer),
        creditor=_party(payee),
        amount=pay.one("Amount").money(CNY),
        purpose=pay.child_text("Purpose"),
        memo=pay.child_text("Memo"),
        own_bank=payee.attr("own") == "Y",
        local=payee.attr("local") == "Y",
        urgency=Urgency(pay.one("Speed").need()),
        due=None if due is None else due.day(),
    )


def _party(party: Node) -> Party:
    agent = Agent(
        name=party.child_text("Bank"),
        cnaps=party.child_text("BankNumber"),
        city=party.child_text("City"),
    )
    return Party(
        name=party.child_text("Name"),
        account=Account(number=party.one("Account").need(), agent=agent),
    )


# ── answers ───────────────────────────────────────────────────────────────────────────────


def encode(request: BankRequest, answer: BankAnswer) -> WireReply:
    """Write the reply."""
    refusal = codes.SIGN_ON_REFUSALS.get(answer.signon, codes.REFUSALS[Reason.SYSTEM_FAILURE])
    code, text = codes.REFUSALS[Reason.OK] if answer.signon is Reason.OK else refusal
    reply = element(
        REPLY,
        leaf("Time", _time(answer.at)),
        leaf("Serial", request.serial),
        element("SignOn", leaf("Code", code), leaf("Text", text)),
        _answer(request, answer),
        version=VERSION,
    )
    return WireReply(
        status=HTTP_OK, content_type=CONTENT_TYPE, body=document(reply, encoding=ENCODING)
    )


def _answer(request: BankRequest, answer: BankAnswer) -> Element | None:
    if answer.signon is not Reason.OK or request.operation == codes.SIGN_ON:
        return None
    code, text = codes.REFUSALS.get(answer.message, codes.REFUSALS[Reason.SYSTEM_FAILURE])
    if answer.unknown_code:
        code, text = codes.UNKNOWN, "未知"
    return element(
        codes.ANSWERS[request.operation],
        leaf("Code", code),
        leaf("Text", f"{text}：{answer.detail}" if answer.detail else text),
        *_contents(answer),
    )


def _contents(answer: BankAnswer) -> list[Element | None]:
    if answer.unknown_code:
        return []
    if answer.payment is not None:
        return [_payment(answer.payment)]
    return [] if answer.balance is None else _balance(answer.balance)


def _payment(payment: StoredPayment) -> Element:
    order = payment.order
    _, text = codes.REFUSALS.get(payment.reason, codes.REFUSALS[Reason.SYSTEM_FAILURE])
    return element(
        "Payment",
        leaf("Serial", payment.serial),
        leaf("Reference", payment.bank_reference),
        leaf("State", codes.STATES[payment.state]),
        optional("Text", "" if payment.reason is Reason.OK else text),
        leaf("Payer", order.debtor.account.number),
        leaf("Payee", order.creditor.account.number),
        leaf("Amount", order.amount.text()),
        leaf("Currency", order.amount.currency.code),
    )


def _balance(balance: Balance) -> list[Element | None]:
    available = balance.available
    return [
        leaf("Account", balance.account),
        optional("Name", balance.account_name),
        leaf("Currency", balance.ledger.currency.code),
        leaf("Ledger", balance.ledger.text()),
        None if available is None else leaf("Available", available.text()),
    ]


def _time(moment: datetime) -> str:
    return moment.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M:%S")


BANK_SIDE: Final = BankSide(decode=decode, encode=encode)
