"""A payment: asked for, and what the answer proves.

Rule kept here: an answer must carry our serial and echo payer, payee and amount as they
were sent; a serial that came before is answered with the OLD instruction.

Source: none; invented.
"""

from __future__ import annotations

from adapters.bank._template import codes
from adapters.bank._template.envelope import (
    HTTP_OK,
    Status,
    answered,
    message,
    opened,
    optional,
    refused_sign_on,
    status_of,
)
from gateway.domain.errors import WireError
from gateway.domain.ids import Serial
from gateway.domain.message import WireMessage, WireReply
from gateway.domain.outcome import Outcome, Stage, Verdict
from gateway.ports.bank import PayOrder, SignOn
from gateway.wire.write import Element, element, leaf
from gateway.wire.xml import Node


def encode(order: PayOrder, signon: SignOn, serial: Serial) -> WireMessage:
    """The order in the bank's form; fields without a value are left out."""
    return message(order_element(order), signon, serial)


def order_element(order: PayOrder) -> Element:
    """``Pay``, in the order of elements that the bank enforces."""
    debtor, creditor = order.debtor.account, order.creditor.account
    return element(
        "Pay",
        element(
            "Payer",
            leaf("Account", debtor.number),
            optional("Name", order.debtor.name),
            optional("City", debtor.agent.city),
        ),
        element(
            "Payee",
            leaf("Account", creditor.number),
            leaf("Name", order.creditor.name),
            optional("Bank", creditor.agent.name),
            optional("BankNumber", creditor.agent.cnaps),
            optional("City", creditor.agent.city),
            own="Y" if order.own_bank else "N",
            local="Y" if order.local else "N",
        ),
        leaf("Amount", order.amount.text()),
        leaf("Currency", order.amount.currency.code),
        leaf("Purpose", order.purpose),
        optional("Memo", order.memo),
        optional("Due", order.due.isoformat() if order.due is not None else ""),
        leaf("Speed", order.urgency.value),
    )


def decode(order: PayOrder, serial: Serial, reply: WireReply) -> Outcome:
    """Read the answer to a payment.

    Raises WireError for bytes that are no answer to this message.
    """
    if reply.status != HTTP_OK:
        return Outcome.unconfirmed(f"http_{reply.status}")
    found = opened(reply, serial)
    signed_on = status_of(found.one("SignOn"))
    if not signed_on.ok:
        return refused_sign_on(signed_on)
    answer = answered(found, codes.PAY)
    payment = answer.body.maybe("Payment")
    if not answer.status.ok:
        return refused(answer.status, payment)
    return checked(order, serial, answer.status, payment)


def refused(status: Status, payment: Node | None) -> Outcome:
    """A payment message refused: by the table, or no proof of anything."""
    known = status.code in codes.NOT_EXECUTED and payment is None
    return Outcome(
        verdict=Verdict.REJECTED if known else Verdict.UNCONFIRMED,
        stage=Stage.VALIDATION,
        code=status.code,
        text=status.text,
        reason="" if known else "unknown_code",
        known_reject=known,
    )


def checked(order: PayOrder, original: Serial, status: Status, payment: Node | None) -> Outcome:
    """The instruction's own result, if it speaks about what was sent; else UNCONFIRMED."""
    if payment is None:
        return Outcome.unconfirmed("no_result", code=status.code, text=status.text)
    if not _echoes(order, original, payment):
        return Outcome.unconfirmed("echo_mismatch", code=status.code, text=status.text)
    return result(payment)


def result(payment: Node) -> Outcome:
    """What the bank's state of an instruction means. Raises WireError when there is none."""
    state = payment.one("State").need()
    verdict, reason = codes.RESULTS.get(state, (Verdict.UNCONFIRMED, "unknown_state"))
    return Outcome(
        verdict=verdict,
        stage=Stage.EXECUTION,
        code=state,
        text=payment.child_text("Text"),
        reason=reason,
        bank_reference=payment.child_text("Reference"),
    )


def _echoes(order: PayOrder, original: Serial, payment: Node) -> bool:
    unit = order.amount.currency
    if payment.one("Serial").need() != original:
        raise WireError("serial", f"{payment.path}/Serial", line=payment.line)
    return (
        payment.one("Payer").need() == order.debtor.account.number
        and payment.one("Payee").need() == order.creditor.account.number
        and payment.one("Currency").need() == unit.code
        and payment.one("Amount").money(unit) == order.amount
    )
