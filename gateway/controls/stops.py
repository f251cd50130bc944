"""The emergency stop (紧急停付): one person pulls it, two different people lift it.

Rule kept here: a stop holds from the commit that stores it until its second vote; every vote is
kept. Whoever pulled it may be one of the two, because the second person is what matters. What a
stop holds back is decided in ``gateway.lifecycle.stops``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotFound, NotPermitted, Refused
from gateway.lifecycle.stops import StopScope, stop_guard
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.instants import from_us, to_us
from gateway.store.journal import Record
from gateway.store.store import Store
from gateway.store.uow import Uow

_s, _v = tables.stop, tables.stop_vote
PEOPLE_TO_LIFT: Final = 2
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What a person wants stopped, its subject known to exist."""

    scope: StopScope
    subject: str
    reason: str


class EmergencyStops:
    """The use cases behind ``/v1/stops``."""

    def __init__(self, store: Store, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime

    async def pull(
        self, tenant: Tenant, actor: Actor, scope: StopScope, subject: str, reason: str
    ) -> Stop:
        """Stop a tenant, an account or a connection; it holds once this returns.

        Repeated by the same person before anybody voted to lift it, it is the same stop; any
        other pull is a stop of its own, which must be lifted as well. ``subject`` is an account
        number or a connection's id; for the tenant it is '' or the tenant's id. Raises
        NotPermitted for a machine key, NotFound for what the tenant does not have, Refused
        without a reason.
        """
        _require_person(actor, reason)
        named = _subject(tenant, scope, subject)
        return await self._store.write(
            lambda uow: self._pull(
                uow, tenant, actor, _Wanted(scope=scope, subject=named, reason=reason)
            ),
            at_once=True,
        )

    async def lift(self, tenant: Tenant, actor: Actor, stop: str, reason: str) -> Stop:
        """Take one person's vote to lift a stop; the second person's vote ends it.

        A person's second vote, and one on a stop that has ended, change nothing. Raises
        NotFound, NotPermitted for a machine key, Refused without a reason.
        """
        _require_person(actor, reason)
        return await self._store.write(
            lambda uow: self._lift(uow, tenant, actor, stop, reason), at_once=True
        )

    async def listed(self, tenant: str) -> list[Stop]:
        """Stops that hold first, then lifted ones, newest first; at most LISTED_MAX."""
        return await self._store.read(lambda db: _listed(db, tenant))

    def _pull(self, uow: Uow, tenant: Tenant, actor: Actor, wanted: _Wanted) -> Stop:
        # Who plans a message is inside this guard together with others: a plan that has not
        # seen the stop is committed before it, and no later plan can miss it.
        uow.guard(stop_guard(tenant.id))
        for row in uow.rows(
            select(_s).where(
                _s.c.tenant == tenant.id,
                _s.c.scope == wanted.scope.value,
                _s.c.subject == wanted.subject,
                _s.c.pulled_by == actor.label(),
                _s.c.lifted_us.is_(None),
            )
        ):
            known = _stop(row, _votes(uow, tenant.id, row.id))
            if not known.votes:
                return known
        at_us = to_us(self._runtime.clock.now())
        made = Stop(
            id=self._runtime.ids.new("stp"),
            scope=wanted.scope,
            subject=wanted.subject,
            reason=wanted.reason,
            pulled_by=actor.label(),
            pulled_at=from_us(at_us),
            lifted_at=None,
            votes=(),
        )
        uow.add(
            _s,
            {
                "tenant": tenant.id,
                "id": made.id,
                "scope": made.scope.value,
                "subject": made.subject,
                "reason": made.reason,
                "pulled_by": made.pulled_by,
                "pulled_us": at_us,
                "lifted_us": None,
            },
        )
        content = {"scope": made.scope.value, "subject": made.subject, "reason": made.reason}
        uow.journal(
            _record(tenant.id, made.id, "stop_pulled", at_us, content | {"actor": made.pulled_by})
        )
        return made

    def _lift(self, uow: Uow, tenant: Tenant, actor: Actor, stop: str, reason: str) -> Stop:
        # Two votes at a time would each be the first.
        uow.guard(stop_guard(tenant.id))
        row = uow.first(select(_s).where(_s.c.tenant == tenant.id, _s.c.id == stop))
        if row is None:
            raise NotFound("no such stop", "没有该停付记录")
        known = _stop(row, _votes(uow, tenant.id, stop))
        if known.lifted_at or any(vote.actor == actor.label() for vote in known.votes):
            return known
        at_us = to_us(self._runtime.clock.now())
        vote = LiftVote(actor=actor.label(), reason=reason, at=from_us(at_us))
        uow.add(
            _v,
            {
                "tenant": tenant.id,
                "stop": stop,
                "seq": len(known.votes) + 1,
                "actor": vote.actor,
                "reason": reason,
                "at_us": at_us,
            },
        )
        content = {"actor": vote.actor, "reason": reason}
        uow.journal(_record(tenant.id, known.id, "stop_vote", at_us, content))
        voted = replace(known, votes=(*known.votes, vote))
        return self._end(uow, tenant, voted, at_us) if _enough(voted.votes) else voted

    def _end(self, uow: Uow, tenant: Tenant, stop: Stop, at_us: int) -> Stop:
        """The last vote is in: what was held back is due again with this commit."""
        uow.change(
            update(_s).where(_s.c.tenant == tenant.id, _s.c.id == stop.id).values(lifted_us=at_us)
        )
        content = {"people": [vote.actor for vote in stop.votes]}
        uow.journal(_record(tenant.id, stop.id, "stop_lifted", at_us, content))
        for connection in tenant.connections:
            uow.rouse(tenant.id, connection)
        return replace(stop, lifted_at=from_us(at_us))


def _require_person(actor: Actor, reason: str) -> None:
    if actor.kind is not ActorKind.PERSON:
        raise NotPermitted(
            "only a named person may pull or lift a stop", "只有实名人员可以拉起或解除停付"
        )
    if not reason.strip():
        raise Refused("a reason is required", "必须填写原因")


def _subject(tenant: Tenant, scope: StopScope, subject: str) -> str:
    """The subject's own name. Raises NotFound: a stop of nothing would hold back nothing."""
    known = {
        StopScope.TENANT: ("", tenant.id),
        StopScope.ACCOUNT: tenant.accounts,
        StopScope.CONNECTION: tenant.connections,
    }[scope]
    if subject not in known:
        raise NotFound(
            f"no such {scope.value}; nothing was stopped", "停付对象不存在，未拉起任何停付"
        )
    return subject or tenant.id


def _enough(votes: Sequence[LiftVote]) -> bool:
    return len({vote.actor for vote in votes}) >= PEOPLE_TO_LIFT


def _votes(uow: Uow, tenant: str, stop: str) -> list[LiftVote]:
    rows = uow.rows(select(_v).where(_v.c.tenant == tenant, _v.c.stop == stop).order_by(_v.c.seq))
    return [_vote(row) for row in rows]


def _listed(db: Connection, tenant: str) -> list[Stop]:
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
    return [_stop(row, votes[row.id]) for row in rows]


def _vote(row: Row[Any]) -> LiftVote:
    return LiftVote(actor=row.actor, reason=row.reason, at=from_us(row.at_us))


def _stop(row: Row[Any], votes: Sequence[LiftVote]) -> Stop:
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


def _record(tenant: str, stop: str, kind: str, at_us: int, content: Mapping[str, object]) -> Record:
    return Record(tenant=tenant, kind=kind, subject=stop, at_us=at_us, content=content)
