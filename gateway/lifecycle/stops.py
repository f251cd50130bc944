"""What an emergency stop holds back: read where payments are about to leave, never written here.

Rule kept here: whoever is about to let a payment leave asks in the very transaction that makes
it leave, so a stop holds from its commit on. Held work keeps its rows and is due again, with
nothing to repair, once the stop is lifted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, bindparam, func, select

from gateway.schedule import work
from gateway.schedule.work import Queue, Work
from gateway.store import tables
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_s, _w, _i = tables.stop, tables.work, tables.instruction


class StopScope(StrEnum):
    """What a stop holds back. The strings are stored and sent: they are forever."""

    TENANT = "tenant"
    ACCOUNT = "account"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """The stops of one tenant that hold now."""

    tenant: bool
    connections: frozenset[str]
    accounts: frozenset[str]

    def holds(self, connection: str) -> bool:
        """Whether nothing at all may leave by a connection."""
        return self.tenant or connection in self.connections


_STANDING: Final = prepare(
    select(_s.c.scope, _s.c.subject).where(
        _s.c.tenant == bindparam("of_tenant"), _s.c.lifted_us.is_(None)
    )
)
_NOT_HELD: Final = ~(
    select(_i.c.id)
    .where(
        _i.c.tenant == _w.c.tenant,
        _i.c.id == _w.c.subject,
        among(_i.c.debtor_account, "of_accounts"),
    )
    .exists()
)
_OF_QUEUE: Final = (
    _w.c.tenant == bindparam("of_tenant"),
    _w.c.lane == bindparam("of_lane"),
    _w.c.kind == bindparam("of_kind"),
)
_NEXT: Final = prepare(select(func.min(_w.c.due_us).label("earliest")).where(*_OF_QUEUE, _NOT_HELD))
_DUE: Final = prepare(
    select(_w.c.subject, _w.c.due_us, _w.c.tries)
    .where(*_OF_QUEUE, _w.c.due_us <= bindparam("now_us", type_=BigInteger()), _NOT_HELD)
    .order_by(_w.c.due_us, _w.c.subject)
    .limit(bindparam("most"))
    .with_for_update(of=_w, skip_locked=True)
)
_ACCOUNTS: Final = prepare(
    select(_i.c.debtor_account).where(
        _i.c.tenant == bindparam("of_tenant"), among(_i.c.id, "of_ids")
    )
)


def stop_guard(tenant: str) -> str:
    """The guard of a tenant's stops: whoever pulls or lifts one is in it alone, until the commit.

    Who lets payments leave is in it with others (``shared``) and then looks for stops, so that
    a stop pulled in one process holds for every other from its commit on.
    """
    return f"stop/{tenant}"


def standing_stops(uow: Uow, tenant: str) -> Stops:
    """The stops that hold in this transaction."""
    return _stops(uow.rows(_STANDING, {"of_tenant": tenant}))


def sendable(uow: Uow, queue: Queue, now_us: int, limit: int) -> list[Work]:
    """Due work of a sending queue that no stop holds back, oldest first.

    Its subjects are instructions. What is held back neither comes nor takes a place from others.
    Until the transaction ends no other process is given the same.
    """
    stops = standing_stops(uow, queue.tenant)
    if stops.holds(queue.lane):
        return []
    if not stops.accounts:
        return work.due(uow, queue, now_us, limit)
    values = _values(queue, stops) | {"now_us": now_us, "most": limit}
    return [
        Work(
            tenant=queue.tenant,
            kind=queue.kind,
            subject=row.subject,
            lane=queue.lane,
            due_us=row.due_us,
            tries=row.tries,
        )
        for row in uow.rows(_DUE, values)
    ]


def next_sendable(db: Connection, queue: Queue) -> int | None:
    """The earliest due instant of what no stop holds back; None when there is nothing.

    A sender that asks this rests while everything due is held back.
    """
    stops = _stops(_STANDING.rows(db, {"of_tenant": queue.tenant}))
    if stops.holds(queue.lane):
        return None
    if not stops.accounts:
        return work.next_due(db, queue)
    earliest: int | None = _NEXT.rows(db, _values(queue, stops))[0].earliest
    return earliest


def held_back(uow: Uow, tenant: str, connection: str, instructions: Sequence[str]) -> bool:
    """Whether a stop forbids that these instructions leave by a connection (again) now."""
    stops = standing_stops(uow, tenant)
    if stops.holds(connection):
        return True
    if not stops.accounts:
        return False
    rows = uow.rows(_ACCOUNTS, {"of_tenant": tenant, "of_ids": list(instructions)})
    return any(row.debtor_account in stops.accounts for row in rows)


def _stops(rows: Iterable[Any]) -> Stops:
    subjects: dict[StopScope, set[str]] = {scope: set() for scope in StopScope}
    for row in rows:
        subjects[StopScope(row.scope)].add(row.subject)
    return Stops(
        tenant=bool(subjects[StopScope.TENANT]),
        connections=frozenset(subjects[StopScope.CONNECTION]),
        accounts=frozenset(subjects[StopScope.ACCOUNT]),
    )


def _values(queue: Queue, stops: Stops) -> dict[str, object]:
    return {
        "of_tenant": queue.tenant,
        "of_lane": queue.lane,
        "of_kind": queue.kind.value,
        "of_accounts": sorted(stops.accounts),
    }
