"""From the three result layers to an Outcome.

Rule kept here: a payment succeeded only if sign-on = 0, message = 0 and the instruction's own
result is PAYOUT. It failed only if the bank says so in words that stand in a table.

Source: CIB interface document V4.0.4, instruction state and return codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from adapters.bank.cib import codes
from adapters.bank.cib.codes import CodeClass, Layer
from adapters.bank.cib.envelope import SignOnRefused, Status
from gateway.domain.errors import WireError
from gateway.domain.ids import Serial
from gateway.domain.outcome import Outcome, Stage, Verdict
from gateway.wire.xml import Node

_SERVER_IDS: Final = ("SRVRID", "SRVRTID", "ACCEPTNO")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An outcome, and the echo of the instruction it speaks about (None: no echo came)."""

    outcome: Outcome
    echo: Node | None = None


def sign_on_refused(refused: SignOnRefused) -> Outcome:
    """The sign-on of THIS message was refused: proof of non-execution only for codes in the table.

    Of an enquiry it says nothing about the payment asked about; the stage tells.
    """
    status = refused.status
    known = codes.meaning(Layer.SIGN_ON, status.code, status.text)
    if known is None or not refused.alone:
        return _doubt("signon_unclear", status, Stage.SIGNON)
    return Outcome(
        verdict=Verdict.REJECTED,
        stage=Stage.SIGNON,
        code=status.code,
        text=status.text,
        reason="signon_refused",
        known_reject=True,
    )


def refused(status: Status, layer: Layer = Layer.PAYMENT) -> Outcome:
    """A paying message refused by the second layer, with no result of its own."""
    known = codes.meaning(layer, status.code, status.text)
    if known is not None and known.kind is CodeClass.REJECT:
        return Outcome(
            verdict=Verdict.REJECTED,
            stage=Stage.VALIDATION,
            code=status.code,
            text=status.text,
            known_reject=True,
        )
    return _doubt(known.reason if known is not None else "unknown_code", status)


def enquiry_refused(status: Status) -> Outcome:
    """An enquiry answered by a code: "not found" where the table says so, else no proof."""
    known = codes.meaning(Layer.ENQUIRY, status.code, status.text)
    if known is not None and known.kind is CodeClass.INFO:
        return Outcome(
            verdict=Verdict.NOT_FOUND,
            stage=Stage.VALIDATION,
            code=status.code,
            text=status.text,
        )
    return _doubt(known.reason if known is not None else "enquiry_refused", status)


def result(status: Status, process: Node | None, bank_reference: str) -> Outcome:
    """The instruction's own result (XFERPRCSTS) under the second layer's word."""
    code = process.child_text("XFERPRCCODE") if process is not None else ""
    if process is None or not code:
        return _doubt("no_result", status)
    text = process.child_text("MESSAGE")
    verdict, reason = codes.RESULTS.get(code, codes.UNKNOWN_RESULT)
    if not status.ok and code != codes.FAIL:
        # Refused and yet alive: the two layers contradict each other.
        verdict, reason = Verdict.UNCONFIRMED, "contradiction"
    return Outcome(
        verdict=verdict,
        stage=Stage.EXECUTION,
        code=code,
        text=text or status.text,
        reason=reason,
        bank_reference=bank_reference,
    )


def server_id(*places: Node | None) -> str:
    """The bank's number of an instruction, whichever of its names and places it has."""
    for place in places:
        if place is not None:
            for name in _SERVER_IDS:
                if found := place.child_text(name):
                    return found
    return ""


def same_reference(place: Node, serial: Serial | str) -> None:
    """Raise WireError("serial") when a CLIENTREF stands here that names another instruction."""
    named = place.child_text("CLIENTREF")
    if named and named != serial:
        raise WireError("serial", f"{place.path}/CLIENTREF", line=place.line)


def _doubt(reason: str, status: Status, stage: Stage = Stage.VALIDATION) -> Outcome:
    return Outcome(
        verdict=Verdict.UNCONFIRMED,
        stage=stage,
        reason=reason,
        code=status.code,
        text=status.text,
    )
