"""Sign on only: is the front-end alive, are the credentials right?

Source: CIB interface document V4.0.4, sign-on.
"""

from __future__ import annotations

from adapters.bank.cib import judgement
from adapters.bank.cib.envelope import (
    HTTP_OK,
    PasswordForm,
    SignOnRefused,
    envelope,
    message,
    plain_password,
    root,
    sign_on_status,
)
from gateway.domain.ids import Serial
from gateway.domain.message import WireMessage, WireReply
from gateway.domain.outcome import Outcome, Stage, Verdict
from gateway.ports.bank import SignOn, SignOnQuestion


def encode(
    _question: SignOnQuestion,
    signon: SignOn,
    _serial: Serial,
    *,
    password: PasswordForm = plain_password,
) -> WireMessage:
    """A FOX message without a transaction; a serial has no place in it."""
    return message(envelope(None, signon), password(signon.password))


def decode(_question: SignOnQuestion, _serial: Serial, reply: WireReply) -> Outcome:
    """ACKNOWLEDGED when signed on, REJECTED for a known refusal, else UNCONFIRMED.

    Raises WireError for bytes that are no sign-on answer.
    """
    if reply.status != HTTP_OK:
        return Outcome.unconfirmed(f"http_{reply.status}")
    fox = root(reply.body, reply.content_type)
    status = sign_on_status(fox)
    if status.ok:
        return Outcome(
            verdict=Verdict.ACKNOWLEDGED, stage=Stage.SIGNON, code=status.code, text=status.text
        )
    return judgement.sign_on_refused(
        SignOnRefused(status=status, alone=not fox.has("SECURITIES_MSGSRSV1"))
    )
