"""Whether every instruction came to where it stands by steps of the one table, with evidence.

I6: history is gapless, every step is in the table, the standing is its end, so a final state is
final. I5: a final state that the bank spoke for has evidence that says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, case, func, literal, select

from gateway.audit.breach import Breach
from gateway.audit.rows import stream
from gateway.domain.evidence import target_of
from gateway.domain.instruction import FINAL, TRANSITIONS, Cause
from gateway.domain.outcome import Verdict
from gateway.lifecycle.history import all_steps
from gateway.store import tables

_i, _e = tables.instruction, tables.evidence
_h = all_steps("every_step")
_STEPS: Final = [
    f"{before}>{after}>{cause}"
    for before, exits in TRANSITIONS.items()
    for after, causes in exits.items()
    for cause in causes
]
_SPOKEN: Final = [
    cause.value for cause in (Cause.BANK_ANSWER, Cause.ENQUIRY, Cause.STATEMENT, Cause.RECEIPT)
]
"""Causes behind which stands somebody outside: what they said must be kept."""


def count(db: Connection) -> int:
    """How many steps there are, over all instructions."""
    return db.execute(select(func.count()).select_from(_h)).scalar() or 0


def breaches(db: Connection) -> Iterator[Breach]:
    """Every step and standing that cannot be."""
    yield from _jumps(db)
    yield from _forbidden(db)
    yield from _standing(db)
    yield from _unproven(db)


def _jumps(db: Connection) -> Iterator[Breach]:
    """A step that does not start where the one before it ended."""
    ended = func.lag(_h.c.after).over(
        partition_by=(_h.c.tenant, _h.c.instruction), order_by=_h.c.seq
    )
    steps = select(
        _h.c.tenant, _h.c.instruction, _h.c.seq, _h.c.before, _h.c.after, ended.label("ended")
    ).subquery()
    statement = (
        select(steps)
        .where(func.coalesce(steps.c.ended, "") != steps.c.before)
        .order_by(steps.c.tenant, steps.c.instruction, steps.c.seq)
    )
    for row in stream(db, statement):
        yield Breach(
            kind="jump", subject=row.instruction, detail=f"{row.ended or ''} to {row.after}"
        )


def _forbidden(db: Connection) -> Iterator[Breach]:
    """A step that the table does not allow for its cause."""
    taken = _h.c.before + literal(">") + _h.c.after + literal(">") + _h.c.cause
    statement = select(_h.c.instruction, _h.c.before, _h.c.after, _h.c.cause).where(
        _h.c.before != "", taken.not_in(_STEPS)
    )
    for row in stream(db, statement):
        detail = f"{row.before} to {row.after} because of {row.cause}"
        yield Breach(kind="step", subject=row.instruction, detail=detail)


def _standing(db: Connection) -> Iterator[Breach]:
    """A state that is not where the history ends."""
    place = func.row_number().over(
        partition_by=(_h.c.tenant, _h.c.instruction), order_by=_h.c.seq.desc()
    )
    ranked = select(_h.c.tenant, _h.c.instruction, _h.c.after, place.label("place")).subquery()
    stands = select(_i.c.tenant, _i.c.id, _i.c.state)
    ended = select(ranked.c.tenant, ranked.c.instruction, ranked.c.after).where(ranked.c.place == 1)
    for row in stream(db, stands.except_(ended)):
        yield Breach(kind="standing", subject=row.id, detail=row.state)


def _unproven(db: Connection) -> Iterator[Breach]:
    """A final state without the evidence behind it, or with evidence that says something else."""
    said = case(
        *((_e.c.verdict == verdict.value, target_of(verdict).value) for verdict in Verdict),
        else_="",
    )
    statement = (
        select(_h.c.instruction, _h.c.after)
        .outerjoin(_e, (_e.c.tenant == _h.c.tenant) & (_e.c.id == _h.c.evidence))
        .where(
            _h.c.after.in_([state.value for state in FINAL]),
            _h.c.cause.in_(_SPOKEN),
            func.coalesce(said, "") != _h.c.after,
        )
    )
    for row in stream(db, statement):
        yield Breach(kind="no_evidence", subject=row.instruction, detail=row.after)
