"""What became of an earlier payment? (查证)

Rule kept here: a refused enquiry proves nothing about the payment; only the code that says so
gives NOT_FOUND.

Source: none; invented.
"""

from __future__ import annotations

from adapters.bank._template import codes
from adapters.bank._template.envelope import (
    HTTP_OK,
    answered,
    message,
    opened,
    refused_sign_on,
    status_of,
)
from adapters.bank._template.payment import checked
from gateway.domain.ids import Serial
from gateway.domain.message import WireMessage, WireReply
from gateway.domain.outcome import Outcome, Stage, Verdict
from gateway.ports.bank import SignOn, StatusQuestion
from gateway.wire.write import element, leaf


def encode(question: StatusQuestion, signon: SignOn, serial: Serial) -> WireMessage:
    """Ask by the original serial, under a serial of the enquiry's own."""
    return message(element("Status", leaf("Original", question.original)), signon, serial)


def decode(question: StatusQuestion, serial: Serial, reply: WireReply) -> Outcome:
    """The original's outcome, NOT_FOUND, or UNCONFIRMED.

    Raises WireError for bytes that are no answer to this enquiry.
    """
    if reply.status != HTTP_OK:
        return Outcome.unconfirmed(f"http_{reply.status}")
    found = opened(reply, serial)
    signed_on = status_of(found.one("SignOn"))
    if not signed_on.ok:
        return refused_sign_on(signed_on)
    answer = answered(found, codes.STATUS)
    status, payment = answer.status, answer.body.maybe("Payment")
    if status.code == codes.NOT_FOUND and payment is None:
        return Outcome(
            verdict=Verdict.NOT_FOUND, stage=Stage.VALIDATION, code=status.code, text=status.text
        )
    if not status.ok:
        return Outcome.unconfirmed("enquiry_refused", code=status.code, text=status.text)
    return checked(question.order, question.original, status, payment)
