"""What a bank's answer means for an instruction. Pure; the honesty of the product stands here.

The first answer may refuse for good only where the refusal is known to execute nothing.
Any later answer (to an enquiry or a resend) that refuses the *message* proves nothing about
the first send and changes nothing.
"""

from __future__ import annotations

import msgspec

from gateway.domain.evidence import target_of
from gateway.domain.instruction import Cause, State
from gateway.domain.outcome import Grade, Outcome, Stage, Verdict


class Reading(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An answer read: the state it speaks for (None: nothing learnt), its cause and grade."""

    target: State | None
    cause: Cause
    grade: Grade
    blocks: bool = False
    """The connection must stop: the bank refused our sign-on."""


def first_answer(outcome: Outcome) -> Reading:
    """Read the bank's direct answer to the first send of a message."""
    refused = outcome.verdict is Verdict.REJECTED
    if refused and outcome.stage is Stage.SIGNON and outcome.known_reject:
        return Reading(
            target=State.QUEUED, cause=Cause.REFUSED_UNEXECUTED, grade=Grade.NONE, blocks=True
        )
    certain = outcome.stage is Stage.EXECUTION or outcome.known_reject
    target = State.UNCONFIRMED if refused and not certain else target_of(outcome.verdict)
    return Reading(target=target, cause=Cause.BANK_ANSWER, grade=Grade.ACKNOWLEDGEMENT)


def later_answer(outcome: Outcome) -> Reading:
    """Read the answer to an enquiry, or to the resend of a message that may have been executed."""
    blocks = (
        outcome.verdict is Verdict.REJECTED
        and outcome.stage is Stage.SIGNON
        and outcome.known_reject
    )
    speaks = outcome.stage is Stage.EXECUTION and outcome.verdict is not Verdict.NOT_FOUND
    return Reading(
        target=target_of(outcome.verdict) if speaks else None,
        cause=Cause.ENQUIRY,
        grade=Grade.ENQUIRY,
        blocks=blocks,
    )
