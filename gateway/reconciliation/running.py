"""A reconciliation run of an account: what is open is matched, what fits is claimed, once.

Rule kept here: the engine works on what was read a moment ago; a match is stored only if nothing
of it was claimed meanwhile, so two runs at once match nothing twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from typing import Final

import msgspec
from sqlalchemy import BigInteger, Connection, String, bindparam, select
from sqlalchemy.exc import SQLAlchemyError

from gateway.domain.errors import DatabaseAway, GatewayError
from gateway.domain.money import currency
from gateway.ports.events import FAILED
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Directory, OwnAccount, Tenant
from gateway.reconciliation import match_rows as rows
from gateway.reconciliation.gathering import Planned, Suggested, gather, plan
from gateway.reconciliation.ledger_rows import has_items
from gateway.reconciliation.match_rows import AUTO, NOTHING, SUGGESTIONS_MAX, Match
from gateway.reconciliation.match_telling import MatchTelling
from gateway.reconciliation.rule_rows import STANDARD_RULES, InForce, version_in_force
from gateway.reconciliation.things import asking
from gateway.schedule import work
from gateway.schedule.rounds import Rounds
from gateway.schedule.soon import queue_of
from gateway.schedule.work import Work, WorkKind
from gateway.store import tables
from gateway.store.instants import span_us, to_us
from gateway.store.journal import Record
from gateway.store.prepared import prepare
from gateway.store.store import Store
from gateway.store.tenancy import acting_for
from gateway.store.uow import Uow

_CHUNK: Final = 2_000
"""Matches of one commit."""
_LATENESS: Final = timedelta(minutes=5)
"""How much later than its instant a row may have become visible."""
_SOON_S: Final = 5
"""How long after an import its accounts wait at most."""
_SCHEDULE: Final = "policy:schedule"
_l = tables.statement_line
_NEWER_LINES: Final = prepare(
    select(_l.c.key)
    .where(
        _l.c.tenant == bindparam("of_tenant", type_=String()),
        _l.c.account == bindparam("of_account", type_=String()),
        _l.c.first_seen_us >= bindparam("since", type_=BigInteger()),
    )
    .limit(1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run did. ``matched`` counts matches, ``passed`` those that were claimed meanwhile."""

    id: str
    account: str
    up_to: date
    matched: int
    passed: int
    suggested: int
    rules_version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A run under way."""

    id: str
    tenant: str
    account: str
    up_to: date
    actor: str
    begun_us: int
    rules: InForce = STANDARD_RULES

    @property
    def place(self) -> tuple[str, str]:
        """Tenant and number of the account."""
        return self.tenant, self.account


class Reconciling:
    """The use case and its appointment."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        directory: Directory,
        every: timedelta,
        *,
        telling: MatchTelling | None = None,
    ) -> None:
        self._store = store
        self._telling = telling
        self._runtime = runtime
        self._directory = directory
        self._every = every
        self._rounds = Rounds(store, runtime, WorkKind.RECONCILE, every)

    async def run(self) -> None:
        """Keep the appointment for ever, and those that imports make; 0 between two: neither."""
        if self._every:
            await self._runtime.tasks.gather([self._rounds.keep(self.look), self._soon()])

    async def _soon(self) -> None:
        while True:
            if not await self.look_soon():
                await self._runtime.tasks.sleep(_SOON_S)

    async def look_soon(self) -> bool:
        """Reconcile accounts of which lines were kept just now; whether there may be more."""
        tenants = self._directory.tenants
        now_us = to_us(self._runtime.clock.now())

        def waiting(db: Connection) -> list[Tenant]:
            due = ((it, work.next_due(db, queue_of(it.id))) for it in tenants.values())
            return [it for it, due_us in due if due_us is not None and due_us <= now_us]

        with acting_for(tenants):
            found = await self._store.look(waiting)
        done = False
        for tenant in found:
            with acting_for((tenant.id,)):
                for it in await self._store.write(partial(self._take, tenant=tenant)):
                    done |= await self._at_once(tenant, it)
        return done

    def _take(self, uow: Uow, tenant: Tenant) -> list[Work]:
        now_us = to_us(self._runtime.clock.now())
        return work.claim(uow, queue_of(tenant.id), self._store.lane.id, now_us, 1)

    async def _at_once(self, tenant: Tenant, wanted: Work) -> bool:
        """One account; False where it waits for the database to come back."""
        account, holder = tenant.accounts.get(wanted.subject), self._store.lane.id
        try:
            if account is not None:
                place = (tenant.id, account.number)
                if await self._store.look(lambda db: has_items(asking(db), place)):
                    await self._kept(tenant, account)
        except (SQLAlchemyError, DatabaseAway) as error:
            self._runtime.log.tell(FAILED, tenant=tenant.id, error=type(error).__name__)
            subjects = [wanted.subject]
            await self._store.write(
                lambda uow: work.release(uow, tenant.id, wanted.kind, holder, subjects)
            )
            return False
        await self._store.write(lambda uow: work.finish(uow, wanted, holder))
        return True

    async def look(self) -> None:
        """Reconcile every account of which something new came since its last run."""
        for tenant in self._directory.tenants.values():
            with acting_for((tenant.id,)):
                for account in tenant.accounts.values():
                    if await self._store.read(
                        partial(_is_due, account=(tenant.id, account.number))
                    ):
                        await self._kept(tenant, account)

    async def _kept(self, tenant: Tenant, account: OwnAccount) -> None:
        """One account that cannot be reconciled does not hold up the others."""
        try:
            await self.reconcile(tenant, account, self._runtime.clock.now().date(), _SCHEDULE)
        except DatabaseAway:
            raise  # none of the others could be either
        except GatewayError as error:
            self._runtime.log.tell(FAILED, tenant=tenant.id, error=type(error).__name__)

    async def reconcile(self, tenant: Tenant, account: OwnAccount, up_to: date, actor: str) -> Run:
        """Match what is open of an account up to a day, store it, and say how much it was."""
        head = Head(
            id=self._runtime.ids.new("rcn"),
            tenant=tenant.id,
            account=account.number,
            up_to=up_to,
            actor=actor,
            begun_us=to_us(self._runtime.clock.now()),
        )
        unit = currency(account.currency)
        gathered = await self._store.read(lambda db: gather(asking(db), head.place, unit, up_to))
        head = replace(head, rules=gathered.rules)
        planned: list[Planned] = []
        suggested: list[Suggested] = []
        if gathered.items:  # without a book side there is nothing to compare with
            planned, suggested = await self._runtime.tasks.read(lambda: plan(gathered))
        matched = 0
        for first in range(0, len(planned), _CHUNK):
            some = planned[first : first + _CHUNK]
            matched += await self._store.write(partial(self._store_some, head=head, some=some))
        kept = suggested[:SUGGESTIONS_MAX]
        await self._store.write(partial(self._end, head=head, matched=matched, told=kept))
        if self._telling is not None:
            await self._telling.settled(self._store, head.place)
        return Run(
            id=head.id,
            account=head.account,
            up_to=up_to,
            matched=matched,
            passed=len(planned) - matched,
            suggested=len(kept),
            rules_version=head.rules.version,
        )

    def _store_some(self, uow: Uow, head: Head, some: Sequence[Planned]) -> int:
        uow.guard(rows.guard_of(head.place))
        parts = [part for it in some for part in it.parts]
        known = rows.claims_of(uow, head.place, parts)
        at_us = to_us(self._runtime.clock.now())
        stored: list[Match] = []
        for it in some:
            if any(known.get((part.side, part.ref), NOTHING).claimed for part in it.parts):
                continue
            made = Match(
                id=self._runtime.ids.new("rcm"),
                kind=AUTO,
                rule=it.rule,
                reasons=it.reasons,
                parts=it.parts,
                run=head.id,
                rules_version=head.rules.version,
            )
            rows.put_match(uow, head.place, made, known, (head.actor, at_us))
            stored.append(made)
        if self._telling is not None:
            self._telling.changed(uow, head.place, [part for it in stored for part in it.parts])
        if stored:
            content = {
                "account": head.account,
                "matches": len(stored),
                "digest": _digest(stored),
                "rules_version": head.rules.version,
                "actor": head.actor,
            }
            uow.journal(
                Record(
                    tenant=head.tenant,
                    kind="reconciled",
                    subject=head.id,
                    at_us=at_us,
                    content=content,
                )
            )
        return len(stored)

    def _end(self, uow: Uow, head: Head, matched: int, told: Sequence[Suggested]) -> None:
        uow.guard(rows.guard_of(head.place))
        rows.put_run(
            uow,
            {
                "tenant": head.tenant,
                "id": head.id,
                "account": head.account,
                "up_to": head.up_to.isoformat(),
                "actor": head.actor,
                "rules": head.rules.digest,
                "matched": matched,
                "suggested": len(told),
                "begun_us": head.begun_us,
                "ended_us": to_us(self._runtime.clock.now()),
                "rules_version": head.rules.version,
            },
            [
                rows.suggestion_row(
                    head.place,
                    self._runtime.ids.new("rcs"),
                    (it.rule, it.reasons),
                    (it.entries, it.items),
                )
                for it in told
            ],
        )


def _is_due(db: Connection, account: tuple[str, str]) -> bool:
    """Whether there is a book side, and something came since the last run."""
    ask = asking(db)
    if not has_items(ask, account):
        return False
    last = rows.last_run(ask, account)
    if last is None or last.rules_version != version_in_force(ask, account[0]):
        return True
    since = last.begun_us - span_us(_LATENESS)
    if has_items(ask, account, since):
        return True
    values = {"of_tenant": account[0], "of_account": account[1], "since": since}
    return bool(ask(_NEWER_LINES, values))


def _digest(stored: Sequence[Match]) -> str:
    return hashlib.sha256(msgspec.json.encode([(it.rule, it.parts) for it in stored])).hexdigest()
