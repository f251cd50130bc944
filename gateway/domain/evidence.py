"""Evidence about instructions, and the one judgement of what it changes.

A final state never changes silently: weaker or later contradicting evidence opens a case for
people instead.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from gateway.domain.instruction import FATE_OPEN, FINAL, Cause, State, allowed
from gateway.domain.outcome import Grade, Outcome, Verdict


class Evidence(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A fact that may move instructions. ``target`` None only records what was learnt."""

    cause: Cause
    target: State | None
    actor: str
    at: datetime
    grade: Grade = Grade.NONE
    outcome: Outcome | None = None
    message: str = ""
    wire: str = ""
    wire_digest: str = ""
    """Digest of the archived bytes behind it: with it in the journal they cannot be exchanged."""
    reason: str = ""


class Ruling(StrEnum):
    """What a piece of evidence does to one instruction."""

    MOVE = "move"
    CONFIRM = "confirm"
    KEEP = "keep"
    CONTRADICT = "contradict"


def judge(state: State, grade: Grade, evidence: Evidence) -> Ruling:
    """Decide what ``evidence`` does to an instruction in ``state`` proven to ``grade``."""
    target = evidence.target
    if target is None:
        return Ruling.KEEP
    if target is state:
        return Ruling.CONFIRM if evidence.grade > grade else Ruling.KEEP
    if allowed(state, target, evidence.cause):
        return Ruling.MOVE
    if target not in FINAL:
        return Ruling.KEEP  # an old interim answer that came late
    if state in FINAL or state not in FATE_OPEN:
        return Ruling.CONTRADICT
    return Ruling.KEEP


_TARGETS = {
    Verdict.SETTLED: State.SETTLED,
    Verdict.REJECTED: State.REJECTED,
    Verdict.ACKNOWLEDGED: State.ACKNOWLEDGED,
    Verdict.PROCESSING: State.PROCESSING,
    Verdict.BANK_APPROVAL: State.BANK_APPROVAL,
    Verdict.CANCELLED: State.CANCELLED,
    Verdict.EXPIRED: State.EXPIRED,
    Verdict.UNCONFIRMED: State.UNCONFIRMED,
    Verdict.NOT_FOUND: State.UNCONFIRMED,
    Verdict.RETURNED: State.RETURNED,
}


def target_of(verdict: Verdict) -> State:
    """The state a verdict speaks for. "Not found" is never a failure: it stays UNCONFIRMED."""
    return _TARGETS[verdict]
