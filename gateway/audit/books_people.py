"""Whether people decided where people must (I10): maker and checker differ, two are two."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, func, select

from gateway.audit.breach import Breach
from gateway.audit.rows import stream
from gateway.domain.decision import Action
from gateway.domain.instruction import Cause, State
from gateway.lifecycle.history import all_steps
from gateway.store import tables

_i, _v = tables.instruction, tables.vote
_h = all_steps("every_step")
_RESOLVED: Final = [Action.RESOLVE_SETTLED.value, Action.RESOLVE_REJECTED.value]
_OF_VOTE: Final = (_i.c.tenant == _v.c.tenant) & (_i.c.id == _v.c.instruction)
_GOOD: Final = (_v.c.content_hash == _i.c.digest, _v.c.actor != _i.c.maker)
"""A vote counts for the content it was given on, and never when it is the maker's own."""


def breaches(db: Connection) -> Iterator[Breach]:
    """What a person released, or two resolved, without the votes for it."""
    yield from _missing(db, Cause.PERSON, [State.APPROVED], [Action.APPROVE.value], 1)
    yield from _missing(db, Cause.TWO_PEOPLE, list(State), _RESOLVED, 2)


def _missing(
    db: Connection, cause: Cause, after: list[State], actions: list[str], needed: int
) -> Iterator[Breach]:
    decided = select(_h.c.tenant, _h.c.instruction).where(
        _h.c.cause == cause.value, _h.c.after.in_([it.value for it in after])
    )
    voted = (
        select(_v.c.tenant, _v.c.instruction)
        .join(_i, _OF_VOTE)
        .where(*_GOOD, _v.c.action.in_(actions))
        .group_by(_v.c.tenant, _v.c.instruction)
        .having(func.count(_v.c.actor.distinct()) >= needed)
    )
    for row in stream(db, decided.except_(voted)):
        yield Breach(kind="unapproved", subject=row.instruction, detail=cause.value)
