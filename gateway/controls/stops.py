"""The emergency stop (紧急停付): one person pulls it, two different people lift it, or more.

Rule kept here: a stop holds from the commit that stores it until its last vote; every vote is
kept. Whoever pulled it may be one of them, because the second person is what matters. Who may, and
how many it takes, is said by the document in force (``stop_rules``), or is two of anybody. What a
stop holds back is decided in ``gateway.lifecycle.stops``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlalchemy import Connection, select, update

from gateway.controls.in_force import SETTINGS, InForce, RulesInForce
from gateway.controls.rules.compiled import Rules
from gateway.controls.stop_rows import LiftVote, Stop, listed_stops, stop_of, votes_of
from gateway.controls.stop_rules import (
    Lifting,
    check_vote,
    lifting,
    place_of,
    require_stop,
    sees,
)
from gateway.controls.version_rows import day_of
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldStop:
    """A stop as people are told of it. ``held_s`` is for how long it has held, or did."""

    stop: Stop
    lifting: Lifting
    held_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What a person wants stopped, its subject known to exist."""

    scope: StopScope
    subject: str
    reason: str


class EmergencyStops:
    """The use cases behind ``/v1/stops``."""

    def __init__(
        self, store: Store, runtime: Runtime, controls: RulesInForce | None = None
    ) -> None:
        """Without ``controls`` no tenant has a document."""
        self._store = store
        self._runtime = runtime
        self._controls = controls

    async def pull(
        self, tenant: Tenant, actor: Actor, scope: StopScope, subject: str, reason: str
    ) -> Stop:
        """Stop a tenant, an account or a connection; it holds once this returns.

        Repeated by the same person before anybody voted to lift it, it is the same stop; any
        other pull is a stop of its own, which must be lifted as well. ``subject`` is an account
        number or a connection's id; for the tenant it is '' or the tenant's id. Raises
        NotPermitted for a machine key and for who has no right to stop it, NotFound for what
        the tenant does not have, Refused without a reason.
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
        """Take one person's vote to lift a stop; the last that it needs ends it.

        A person's second vote, and one on a stop that has ended, change nothing. Raises
        NotFound, NotPermitted for a machine key and for whose vote does not count, Refused
        without a reason.
        """
        _require_person(actor, reason)
        return await self._store.write(
            lambda uow: self._lift(uow, tenant, actor, stop, reason), at_once=True
        )

    async def listed(self, tenant: str) -> list[Stop]:
        """Stops that hold first, then lifted ones, newest first; at most LISTED_MAX."""
        return await self._store.read(lambda db: listed_stops(db, tenant))

    async def told(self, tenant: Tenant, actor: Actor) -> list[ToldStop]:
        """The stops of which somebody may be told, with who may lift them; as ``listed``."""

        def read(db: Connection) -> list[ToldStop]:
            found = None if self._controls is None else self._controls.seen(db, tenant)
            stops = listed_stops(db, tenant.id)
            if found is not None and found.version != SETTINGS:
                today = self._today()
                stops = [it for it in stops if sees(found.rules, tenant, actor, it, today)]
            return [self._told(tenant, it, found) for it in stops]

        return await self._store.read(read)

    async def told_of(self, tenant: Tenant, stop: Stop) -> ToldStop:
        """One stop with who may lift it."""
        if self._controls is None:
            return self._told(tenant, stop, None)
        controls = self._controls
        return await self._store.read(
            lambda db: self._told(tenant, stop, controls.seen(db, tenant))
        )

    def _told(self, tenant: Tenant, stop: Stop, found: InForce | None) -> ToldStop:
        ended = stop.lifted_at or self._runtime.clock.now()
        people = Lifting(
            needed=PEOPLE_TO_LIFT, counted=len({it.actor for it in stop.votes}), next_people=()
        )
        if found is not None:
            by_rules = lifting(found.rules, tenant, stop, self._today())
            settings = found.version == SETTINGS
            people = replace(people, next_people=by_rules.next_people) if settings else by_rules
        held_s = int((ended - stop.pulled_at).total_seconds())
        return ToldStop(stop=stop, lifting=people, held_s=max(held_s, 0))

    def _today(self) -> date:
        return day_of(self._runtime.clock.now())

    def _rules(self, uow: Uow, tenant: Tenant) -> Rules | None:
        """The rules of the document in force; None where there is none."""
        found = None if self._controls is None else self._controls.of(uow, tenant)
        return None if found is None or found.version == SETTINGS else found.rules

    def _pull(self, uow: Uow, tenant: Tenant, actor: Actor, wanted: _Wanted) -> Stop:
        # Who plans a message is inside this guard together with others: a plan that has not
        # seen the stop is committed before it, and no later plan can miss it.
        uow.guard(stop_guard(tenant.id))
        rules = self._rules(uow, tenant)
        if rules is not None:
            place = place_of(tenant, wanted.scope, wanted.subject)
            require_stop(rules, actor, place, self._today())
        for row in uow.rows(
            select(_s).where(
                _s.c.tenant == tenant.id,
                _s.c.scope == wanted.scope.value,
                _s.c.subject == wanted.subject,
                _s.c.pulled_by == actor.label(),
                _s.c.lifted_us.is_(None),
            )
        ):
            known = stop_of(row, votes_of(uow, tenant.id, row.id))
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
        known = stop_of(row, votes_of(uow, tenant.id, stop))
        rules, at_us = self._rules(uow, tenant), to_us(self._runtime.clock.now())
        if rules is not None and not sees(rules, tenant, actor, known, self._today()):
            raise NotFound("no such stop", "没有该停付记录")
        if known.lifted_at:
            return known
        if any(vote.actor == actor.label() for vote in known.votes):
            # It may have its people by now, under rules that ask for fewer.
            enough = rules is not None and lifting(rules, tenant, known, self._today()).complete
            return self._end(uow, tenant, known, at_us) if enough else known
        vote = LiftVote(actor=actor.label(), reason=reason, at=from_us(at_us))
        enough = (
            check_vote(rules, tenant, known, vote).complete
            if rules is not None
            else _enough((*known.votes, vote))
        )
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
        return self._end(uow, tenant, voted, at_us) if enough else voted

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


def _record(tenant: str, stop: str, kind: str, at_us: int, content: Mapping[str, object]) -> Record:
    return Record(tenant=tenant, kind=kind, subject=stop, at_us=at_us, content=content)
