"""Fetching statements of every connected account: today again and again, closed days until proven.

Rule kept here: a closed day is asked for alone, and again only while its proof is lacking, ever
more rarely; today is never asked for together with another day. What a bank refuses is left
alone for a while, and shows as days in doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final

from gateway.domain.day import days_between
from gateway.domain.day_proof import DayState
from gateway.domain.errors import (
    BankRefused,
    Corrupt,
    DatabaseAway,
    GatewayError,
    NotOffered,
)
from gateway.ports.events import STATEMENT_IN_DOUBT
from gateway.ports.runtime import Runtime
from gateway.ports.statements import QuestionSource
from gateway.ports.tenancy import Directory, OwnAccount, Tenant
from gateway.schedule.rounds import Rounds
from gateway.schedule.work import WorkKind
from gateway.statements.answered import DayAnswer, DayEnds, DayKept, keep_answer, keep_day_ends
from gateway.statements.day_rows import days_of
from gateway.statements.lines import LineNotKept
from gateway.statements.told_entries import OVER_AFTER
from gateway.store.instants import from_us
from gateway.store.store import Store
from gateway.store.tenancy import acting_for

BACK_MAX: Final = timedelta(days=15)
"""How far a look goes back at most, after a time of silence."""
PATIENCE: Final = timedelta(minutes=30)
"""How long a day that was asked for and not proven rests; twice as long after each time."""
_DOUBLINGS_MAX: Final = 5
_DAY: Final = timedelta(days=1)
_ACTOR: Final = "policy:schedule"
_SETTLED: Final = frozenset({DayState.PROVEN.value, DayState.QUIET.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What a look at one account brought."""

    added: int = 0
    changed: int = 0
    in_doubt: tuple[date, ...] = ()
    """Closed days of the look that are not proven."""


class Collecting:
    """The use case and its appointment."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        source: QuestionSource,
        directory: Directory,
        every: timedelta,
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._source = source
        self._directory = directory
        self._rounds = Rounds(store, runtime, WorkKind.STATEMENTS, every)

    async def run(self) -> None:
        """Keep the appointment for ever."""
        await self._rounds.keep(self.look)

    async def look(self) -> None:
        """Visit every account; one that gives no answer does not hold up the others.

        Raises Corrupt, and DatabaseAway: neither is the silence of a bank.
        """
        for tenant in self._directory.tenants.values():
            with acting_for((tenant.id,)):
                silent: set[str] = set()
                for account in tenant.accounts.values():
                    if account.connection in silent:
                        continue
                    try:
                        await self.visit(tenant, account)
                    except (BankRefused, NotOffered):
                        continue
                    except (Corrupt, DatabaseAway):
                        raise
                    except GatewayError:
                        # One that does not answer is not asked account by account.
                        silent.add(account.connection)

    async def visit(
        self, tenant: Tenant, account: OwnAccount, days: tuple[date, date] | None = None
    ) -> Collected:
        """Fetch what is due of one account, or the days that somebody asks for.

        Raises what asking the bank raises.
        """
        now = self._runtime.clock.now()
        last_over = (now - OVER_AFTER).date() - _DAY
        wanted = (
            days_between(*days)
            if days is not None
            else await self._due(tenant, account, now, last_over)
        )
        closed = [day for day in wanted if day <= last_over]
        brought = [await self._day(tenant, account, day) for day in closed]
        if closed:
            await self._day_ends(tenant, account, (min(closed), max(closed)))
        if days is None or days[1] > last_over:
            open_ = list(days_between(last_over + _DAY, now.date()))
            brought += [await self._day(tenant, account, day) for day in open_]
        doubt = await self._in_doubt(tenant, account, closed)
        if doubt:
            self._runtime.log.tell(STATEMENT_IN_DOUBT, tenant=tenant.id, count=len(doubt))
        return Collected(
            added=sum(it.added for it in brought),
            changed=sum(it.changed for it in brought),
            in_doubt=tuple(doubt),
        )

    async def _due(
        self, tenant: Tenant, account: OwnAccount, now: datetime, last_over: date
    ) -> list[date]:
        """Closed days never read whole, or not proven and rested; the first time, the last one."""
        rows = await self._rows(tenant, account, (last_over - BACK_MAX, last_over))
        if not rows:
            return [last_over]
        known = {date.fromisoformat(row.day): row for row in rows}
        return [
            day
            for day in days_between(min(known), last_over)
            if day not in known or _again(known[day], now)
        ]

    async def _day(self, tenant: Tenant, account: OwnAccount, day: date) -> DayKept:
        asked_at = self._runtime.clock.now()
        pages = await self._source.statement(tenant.id, account, day, day)
        answer = DayAnswer(
            tenant=tenant.id,
            account=account,
            day=day,
            asked_at=asked_at,
            pages=pages,
            import_id=self._runtime.ids.new("sti"),
            actor=_ACTOR,
        )
        now = self._runtime.clock.now()
        try:
            return await self._store.write(partial(keep_answer, answer=answer, now=now))
        except LineNotKept as not_kept:
            raise NotOffered(not_kept.finding.en, not_kept.finding.zh) from not_kept

    async def _day_ends(self, tenant: Tenant, account: OwnAccount, days: tuple[date, date]) -> None:
        """Day-end balances prove what no line says; a bank without them leaves days unproven."""
        with suppress(BankRefused, NotOffered):
            ends = await self._source.history(tenant.id, account, days[0] - _DAY, days[1])
            told = DayEnds(tenant=tenant.id, account=account, first=days[0], ends=ends)
            now = self._runtime.clock.now()
            await self._store.write(partial(keep_day_ends, answer=told, now=now))

    async def _in_doubt(
        self, tenant: Tenant, account: OwnAccount, days: Sequence[date]
    ) -> list[date]:
        if not days:
            return []
        rows = await self._rows(tenant, account, (min(days), max(days)))
        asked = frozenset(days)
        found = ((date.fromisoformat(row.day), row.state) for row in rows)
        return [day for day, state in found if day in asked and state not in _SETTLED]

    async def _rows(
        self, tenant: Tenant, account: OwnAccount, days: tuple[date, date]
    ) -> Sequence[Any]:
        return await self._store.read(
            partial(days_of, tenant=tenant.id, account=account.number, days=days)
        )


def _again(row: Any, now: datetime) -> bool:  # noqa: ANN401 - a row of days
    """Whether a day is to be asked for again."""
    if row.state in _SETTLED and row.whole:
        return False
    if row.asked_us is None or not row.whole:
        return True
    rest: timedelta = PATIENCE * 2 ** min(max(row.asked - 1, 0), _DOUBLINGS_MAX)
    return from_us(row.asked_us) + rest <= now
