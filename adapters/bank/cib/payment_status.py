"""Transfer status (XFERINQTRNRQ): what became of an earlier transfer?

Rule kept here: a refused enquiry proves nothing about the payment. The bank says "no such
instruction" in three forms; only they give NOT_FOUND.

Source: CIB interface document V4.0.4, §XFERINQ.
"""

from __future__ import annotations

from typing import Final

from adapters.bank.cib import judgement
from adapters.bank.cib.envelope import (
    HTTP_OK,
    PasswordForm,
    SignOnRefused,
    Status,
    envelope,
    message,
    plain_password,
    read,
)
from adapters.bank.cib.judgement import Judged
from adapters.bank.cib.transfer import checked
from gateway.domain.ids import Serial
from gateway.domain.message import WireMessage, WireReply
from gateway.domain.outcome import Outcome, Stage, Verdict
from gateway.ports.bank import SignOn, StatusQuestion
from gateway.wire.write import element, leaf
from gateway.wire.xml import Node

REPLY: Final = "XFERINQTRNRS"
_NONE: Final = "-1"


def encode(
    question: StatusQuestion,
    signon: SignOn,
    serial: Serial,
    *,
    password: PasswordForm = plain_password,
) -> WireMessage:
    """Ask by the original serial, under a serial of the enquiry's own."""
    transaction = element(
        "XFERINQTRNRQ",
        leaf("TRNUID", serial),
        element("XFERINQRQ", leaf("CLIENTREF", question.original)),
    )
    return message(envelope(transaction, signon), password(signon.password))


def decode(question: StatusQuestion, serial: Serial, reply: WireReply) -> Outcome:
    """Read the status reply: the original's outcome, NOT_FOUND, or UNCONFIRMED.

    Raises WireError for bytes that are no reply to this enquiry.
    """
    if reply.status != HTTP_OK:
        return Outcome.unconfirmed(f"http_{reply.status}")
    answer = read(reply, REPLY, serial)
    if isinstance(answer, SignOnRefused):
        return judgement.sign_on_refused(answer)
    judged = judge(answer.transaction, answer.status, question.original)
    # Nothing but the echo ties the answer to the original: the answer's TRNUID is the enquiry's.
    return checked(question.order, judged, needed=True)


def judge(transaction: Node, status: Status, original: str = "") -> Judged:
    """What an XFERINQTRNRS says, before it is compared with what was sent."""
    listed = transaction.find("XFERINQRS/XFERLIST")
    found = list(listed.each("XFER")) if listed is not None else []
    if listed is None or not found:
        if not status.ok:
            return Judged(outcome=judgement.enquiry_refused(status))
        return Judged(outcome=_empty(listed, status))
    nothing = listed.child_text("FROM") == _NONE or listed.child_text("TO") == _NONE
    if len(found) > 1 or nothing:
        reason = "contradiction" if nothing else "several_records"
        return Judged(outcome=Outcome.unconfirmed(reason, code=status.code, text=status.text))
    transfer = found[0]
    if original:
        judgement.same_reference(transfer, original)
    echo = transfer.maybe("XFERINFO")
    return Judged(
        outcome=judgement.result(
            status, transfer.maybe("XFERPRCSTS"), judgement.server_id(transfer, echo)
        ),
        echo=echo,
    )


def _empty(listed: Node | None, status: Status) -> Outcome:
    """Code 0 without an instruction: "not found" only if the list says so by FROM = TO = -1."""
    if (
        listed is not None
        and listed.child_text("FROM") == _NONE
        and listed.child_text("TO") == _NONE
    ):
        return Outcome(
            verdict=Verdict.NOT_FOUND, stage=Stage.VALIDATION, code=status.code, text=status.text
        )
    return Outcome.unconfirmed("no_result", code=status.code, text=status.text)
