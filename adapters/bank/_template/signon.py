"""Sign on only: is the front-end alive, are the credentials right?

Source: none; invented.
"""

from __future__ import annotations

from adapters.bank._template.envelope import (
    HTTP_OK,
    message,
    opened,
    refused_sign_on,
    status_of,
)
from gateway.domain.ids import Serial
from gateway.domain.message import WireMessage, WireReply
from gateway.domain.outcome import Outcome, Stage, Verdict
from gateway.ports.bank import SignOn, SignOnQuestion


def encode(_question: SignOnQuestion, signon: SignOn, serial: Serial) -> WireMessage:
    """A request without a body."""
    return message(None, signon, serial)


def decode(_question: SignOnQuestion, serial: Serial, reply: WireReply) -> Outcome:
    """ACKNOWLEDGED when signed on, REJECTED for a known refusal, else UNCONFIRMED.

    Raises WireError for bytes that are no answer to this message.
    """
    if reply.status != HTTP_OK:
        return Outcome.unconfirmed(f"http_{reply.status}")
    status = status_of(opened(reply, serial).one("SignOn"))
    if not status.ok:
        return refused_sign_on(status)
    return Outcome(
        verdict=Verdict.ACKNOWLEDGED, stage=Stage.SIGNON, code=status.code, text=status.text
    )
