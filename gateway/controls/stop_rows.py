"""Emergency stops as they are stored, with the votes to lift them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from gateway.lifecycle.stops import StopScope
from gateway.store import tables
from gateway.store.instants import from_us
from gateway.store.uow import Uow

_s, _v = tables.stop, tables.stop_vote
LISTED_MAX: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftVote:
    """One person's word that a stop may end."""

    actor: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A stop with every vote to lift it. ``lifted_at`` is None while it holds."""

    id: str
    scope: StopScope
    subject: str
    reason: str
    pulled_by: str
    pulled_at: datetime
    lifted_at: datetime | None
    votes: tuple[LiftVote, ...]


def votes_of(uow: Uow, tenant: str, stop: str) -> list[LiftVote]:
    """The votes to lift a stop, in their order."""
    rows = uow.rows(select(_v).where(_v.c.tenant == tenant, _v.c.stop == stop).order_by(_v.c.seq))
    return [_vote(row) for row in rows]


def listed_stops(db: Connection, tenant: str) -> list[Stop]:
    """Stops that hold first, then lifted ones, newest first; at most LISTED_MAX."""
    rows = db.execute(
        select(_s)
        .where(_s.c.tenant == tenant)
        .order_by(_s.c.lifted_us.is_not(None), _s.c.pulled_us.desc(), _s.c.id.desc())
        .limit(LISTED_MAX)
    ).all()
    votes: dict[str, list[LiftVote]] = {row.id: [] for row in rows}
    for row in db.execute(select(_v).where(_v.c.tenant == tenant).order_by(_v.c.stop, _v.c.seq)):
        if row.stop in votes:
            votes[row.stop].append(_vote(row))
    return [stop_of(row, votes[row.id]) for row in rows]


def _vote(row: Row[Any]) -> LiftVote:
    return LiftVote(actor=row.actor, reason=row.reason, at=from_us(row.at_us))


def stop_of(row: Row[Any], votes: Sequence[LiftVote]) -> Stop:
    """A stored stop with its votes."""
    return Stop(
        id=row.id,
        scope=StopScope(row.scope),
        subject=row.subject,
        reason=row.reason,
        pulled_by=row.pulled_by,
        pulled_at=from_us(row.pulled_us),
        lifted_at=None if row.lifted_us is None else from_us(row.lifted_us),
        votes=tuple(votes),
    )
