"""Core result (INQSTATETRNRQ): what the bank's core system knows of a transfer.

Source: CIB interface document V4.0.4, §INQSTATE.
"""

from __future__ import annotations

from typing import Final

from adapters.bank.cib import codes, judgement
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

REPLY: Final = "INQSTATETRNRS"


def encode(
    question: StatusQuestion,
    signon: SignOn,
    serial: Serial,
    *,
    password: PasswordForm = plain_password,
) -> WireMessage:
    """Ask the core by our original serial (the other key, the bank's number, is not sent)."""
    transaction = element(
        "INQSTATETRNRQ",
        leaf("TRNUID", serial),
        element("INQSTATECOND", leaf("CLIENTREF", question.original)),
    )
    return message(envelope(transaction, signon), password(signon.password))


def decode(question: StatusQuestion, serial: Serial, reply: WireReply) -> Outcome:
    """Read the core's word. It never says NOT_FOUND: "none" is UNCONFIRMED with ``core_none``.

    Raises WireError for bytes that are no reply to this enquiry.
    """
    if reply.status != HTTP_OK:
        return Outcome.unconfirmed(f"http_{reply.status}")
    answer = read(reply, REPLY, serial)
    if isinstance(answer, SignOnRefused):
        return judgement.sign_on_refused(answer)
    judged = judge(
        answer.transaction,
        answer.status,
        original=question.original,
        own_bank=question.order.own_bank,
    )
    return checked(question.order, judged, needed=True)


def judge(
    transaction: Node, status: Status, *, original: str = "", own_bank: bool | None = None
) -> Judged:
    """What an INQSTATETRNRS says; the bank's own INTERBANK overrules what was sent."""
    if not status.ok:
        refused = judgement.enquiry_refused(status)
        if refused.verdict is Verdict.NOT_FOUND:
            refused = Outcome.unconfirmed("core_none", code=status.code, text=status.text)
        return Judged(outcome=refused)
    body = transaction.maybe("TXNSTATERS")
    if body is None:
        return Judged(outcome=Outcome.unconfirmed("no_result", code=status.code, text=status.text))
    if original:
        judgement.same_reference(body, original)
    echo = body.maybe("XFERINFO")
    verdict, reason, code = _verdict(body, at_cib=_at_cib(echo, sent=own_bank))
    return Judged(
        outcome=Outcome(
            verdict=verdict,
            stage=Stage.EXECUTION,
            code=code,
            text=status.text,
            reason=reason,
            # The table and the samples put it in different places.
            bank_reference=judgement.server_id(body, echo),
        ),
        echo=echo,
    )


def _at_cib(echo: Node | None, *, sent: bool | None) -> bool:
    payee = echo.maybe("ACCTTO") if echo is not None else None
    told = payee.attr("INTERBANK") if payee is not None else ""
    return told == "Y" if told else bool(sent)


def _verdict(body: Node, *, at_cib: bool) -> tuple[Verdict, str, str]:
    """(verdict, reason, code) by core result, and by clearing status for another bank's payee."""
    core = body.child_text("CORERESULT")
    clearing = body.child_text("CORESTATUS")
    if core == codes.CORE_INVALID:
        return Verdict.REJECTED, "", core
    if core == codes.CORE_NONE:
        return Verdict.UNCONFIRMED, "core_none", core
    if core != codes.CORE_VALID:
        return Verdict.UNCONFIRMED, "unknown_result", core
    if at_cib and not clearing:
        return Verdict.SETTLED, "", core
    code = core + clearing
    if clearing == codes.CORE_SUSPENDED and body.child_text("CORECLM") == codes.CORE_WRITTEN_OFF:
        return Verdict.REJECTED, "", code
    verdict = codes.CLEARING.get(clearing)
    if verdict is None:
        return Verdict.UNCONFIRMED, "unknown_result", code
    return verdict, "", code
