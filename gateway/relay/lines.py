"""What an answer about a message means for each of its lines. Pure; a single payment is one line.

A whole batch refused at validation executed nothing: the lines the bank names are rejected,
the others are innocent and free to leave again. A line an answer does not mention is not
known.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from gateway.domain.instruction import Cause, State
from gateway.domain.outcome import Grade, LineOutcome, Outcome, Stage, Verdict
from gateway.relay.answer import Reading, first_answer, later_answer
from gateway.relay.batching import ALONE


class LineReading(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The reading for one line, with the outcome that stands behind it.

    ``rounds`` says what an innocent line's round count becomes (None: it does not leave again).
    """

    reading: Reading
    outcome: Outcome
    rounds: int | None = None


_INNOCENT = Reading(target=State.QUEUED, cause=Cause.REFUSED_UNEXECUTED, grade=Grade.NONE)


def read_lines(outcome: Outcome, rounds: Sequence[int], *, first: bool) -> tuple[LineReading, ...]:
    """Read an answer for every line of a message, in line order.

    ``rounds`` has one entry per line: in how many refused batches it was before. ``first``
    is whether this is the direct answer to a first send that is still ours.
    """
    whole = first_answer(outcome) if first else later_answer(outcome)
    if len(rounds) == 1 and not outcome.lines:
        again = rounds[0] if whole.cause is Cause.REFUSED_UNEXECUTED else None
        return (LineReading(reading=whole, outcome=outcome, rounds=again),)
    if whole.cause is Cause.REFUSED_UNEXECUTED:  # sign-on refused: nobody's fault
        return tuple(LineReading(reading=whole, outcome=outcome, rounds=it) for it in rounds)
    named = {line.line: line for line in outcome.lines}
    if _refused_whole(outcome):
        return _refusal(outcome, named, rounds) if first else _nothing(outcome, len(rounds))
    if not named:
        return tuple(LineReading(reading=whole, outcome=outcome) for _ in rounds)
    # Most lines of a batch are told the same: what stands for one stands for all of them.
    known: dict[tuple[Verdict, str, str] | None, LineReading] = {}
    readings: list[LineReading] = []
    for number in range(1, len(rounds) + 1):
        line = named.get(number)
        told = None if line is None else (line.verdict, line.code, line.text)
        if told not in known:
            known[told] = _line(outcome, line, first=first)
        readings.append(known[told])
    return tuple(readings)


def _refused_whole(outcome: Outcome) -> bool:
    return (
        outcome.verdict is Verdict.REJECTED
        and outcome.stage is Stage.VALIDATION
        and outcome.known_reject
    )


def _refusal(
    outcome: Outcome, named: dict[int, LineOutcome], rounds: Sequence[int]
) -> tuple[LineReading, ...]:
    """Nothing was executed: named lines are at fault, the others go again (alone if none is)."""
    readings: list[LineReading] = []
    for number, count in enumerate(rounds, start=1):
        line = named.get(number)
        if line is not None:
            blamed = _of_line(outcome, line)
            readings.append(LineReading(reading=first_answer(blamed), outcome=blamed))
        else:
            again = count + 1 if named else ALONE
            readings.append(LineReading(reading=_INNOCENT, outcome=outcome, rounds=again))
    return tuple(readings)


def _nothing(outcome: Outcome, count: int) -> tuple[LineReading, ...]:
    """A refusal of a resend proves nothing about the first send."""
    return tuple(LineReading(reading=later_answer(outcome), outcome=outcome) for _ in range(count))


def _line(outcome: Outcome, line: LineOutcome | None, *, first: bool) -> LineReading:
    """The bank's word about one line of a batch it has taken."""
    if line is None:
        unknown = Outcome.unconfirmed("line_missing", code=outcome.code, text=outcome.text)
        return LineReading(
            reading=first_answer(unknown) if first else later_answer(unknown), outcome=unknown
        )
    told = _of_line(outcome, line)
    return LineReading(reading=first_answer(told) if first else later_answer(told), outcome=told)


def _of_line(outcome: Outcome, line: LineOutcome) -> Outcome:
    """A line's own outcome: its verdict, code and text, the message's stage and reference."""
    return replace(
        outcome,
        verdict=line.verdict,
        code=line.code or outcome.code,
        text=line.text or outcome.text,
        lines=(),
    )
