"""退汇 after success: the bank paid, and days later the money came back.

Every account is asked once per interval: each closed day once, today again and again. A refund
that carries the bank's reference of a settled payment makes it RETURNED. Payee and amount
alone prove nothing: such a refund opens a case for people, and so does one that fits nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, bindparam, select

from gateway.domain.errors import GatewayError
from gateway.domain.instruction import State
from gateway.domain.statement import Entry
from gateway.ports.runtime import Runtime
from gateway.ports.statements import RefundSource
from gateway.ports.tenancy import Directory, OwnAccount, Tenant
from gateway.schedule import work
from gateway.schedule.work import Queue, Work, WorkKind
from gateway.statements import returned
from gateway.statements.returned import Return
from gateway.store import tables
from gateway.store.instants import span_us, to_us
from gateway.store.prepared import prepare
from gateway.store.store import Store
from gateway.store.tenancy import acting_for
from gateway.store.uow import Uow

LANE: Final = "refunds"
EVERY: Final = timedelta(hours=1)
"""How often an account is asked, on the shared clock."""
BACK_MAX: Final = timedelta(days=15)
"""How far back a first look goes; returns come within days."""
_PAID: Final = (State.SETTLED.value, State.RETURNED.value)
_AT_ONCE: Final = 20
"""Accounts of one tenant that are claimed together; other processes may take the others."""
_i, _w = tables.instruction, tables.work
_CANDIDATES: Final = prepare(
    select(_i)
    .where(
        _i.c.tenant == bindparam("of_tenant"),
        _i.c.creditor_account == bindparam("of_account"),
        _i.c.amount_minor == bindparam("of_amount", type_=BigInteger()),
        _i.c.debtor_account == bindparam("of_debtor"),
        _i.c.state.in_(_PAID),
    )
    .order_by(_i.c.id)
    .with_for_update()
)
_KNOWN: Final = prepare(
    select(_w.c.subject).where(
        _w.c.tenant == bindparam("of_tenant"), _w.c.kind == WorkKind.REFUNDS.value
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Visit:
    """One account's turn: the days still to ask for."""

    tenant: Tenant
    account: OwnAccount
    closed: date
    """The last closed day that was asked for already."""
    today: date

    def spans(self) -> Iterator[tuple[date, date]]:
        """Closed days not yet seen in one go, then today alone."""
        first = max(self.closed + timedelta(days=1), self.today - BACK_MAX)
        if first < self.today:
            yield first, self.today - timedelta(days=1)
        yield self.today, self.today


class Refunds:
    """Asks for returned payments and links them to ours."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        source: RefundSource,
        directory: Directory,
        poll_s: float,
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._source = source
        self._directory = directory
        self._poll_s = poll_s

    async def run(self) -> None:
        """Visit every account when its hour has come, for ever."""
        with acting_for(self._directory.tenants):
            await self._store.write(self._plan)
        while True:
            with acting_for(self._directory.tenants):
                visits = await self._store.write(self._claim)
            for visit in visits:
                with acting_for((visit.tenant.id,)):
                    await self.visit(visit)
            if not visits:
                await self._runtime.tasks.sleep(self._poll_s)

    def _plan(self, uow: Uow) -> None:
        """Give every account its row; the first look is one hour away, at the last 15 days."""
        now = self._runtime.clock.now()
        for tenant in self._directory.tenants.values():
            known = {row.subject for row in uow.rows(_KNOWN, {"of_tenant": tenant.id})}
            for number in tenant.accounts:
                if number not in known:
                    work.add(uow, _next(tenant.id, number, now, (now.date() - BACK_MAX)))

    def _claim(self, uow: Uow) -> list[_Visit]:
        """Take accounts whose hour has come and that no other process is at.

        Their rows stay due until the visit has ended: whoever takes over finds them. What this
        process does not know (settings differ while they are rolled out) waits until it ends.
        """
        now = self._runtime.clock.now()
        visits: list[_Visit] = []
        for tenant in self._directory.tenants.values():
            queue = Queue(tenant=tenant.id, lane=LANE, kind=WorkKind.REFUNDS)
            items = work.claim(uow, queue, self._store.lane.id, to_us(now), _AT_ONCE)
            visits += [
                _Visit(
                    tenant=tenant,
                    account=tenant.accounts[it.subject],
                    closed=date.fromordinal(it.tries),
                    today=now.date(),
                )
                for it in items
                if it.subject in tenant.accounts
            ]
        return visits

    async def visit(self, visit: _Visit) -> None:
        """Ask for one account's refunds; what cannot be asked now is asked for next time."""
        closed = visit.closed
        for start, end in visit.spans():
            try:
                pages = await self._source.refunds(visit.tenant.id, visit.account, start, end)
            except GatewayError:
                break  # archived where anything came back; the days stay to be asked for
            entries = [entry for page in pages for entry in page.entries]
            await self._store.write(
                lambda uow, entries=entries: self._link(uow, visit, entries)  # type: ignore[misc]
            )
            if end < visit.today:
                closed = end
        number = visit.account.number
        following = _next(visit.tenant.id, number, self._runtime.clock.now(), closed)
        await self._store.write(lambda uow: self._end(uow, following))

    def _end(self, uow: Uow, following: Work) -> None:
        """The next turn, for whoever takes it."""
        work.put(uow, following)
        holder = self._store.lane.id
        work.release(uow, following.tenant, WorkKind.REFUNDS, holder, [following.subject])

    def _link(self, uow: Uow, visit: _Visit, entries: Sequence[Entry]) -> None:
        """Hold each refund against the payments it could belong to."""
        for entry in entries:
            if entry.amount.minor > 0:
                self._judge(uow, visit, entry)

    def _judge(self, uow: Uow, visit: _Visit, entry: Entry) -> None:
        rows = uow.rows(
            _CANDIDATES,
            {
                "of_tenant": visit.tenant.id,
                "of_account": entry.counterparty_account,
                "of_amount": entry.amount.minor,
                "of_debtor": visit.account.number,
            },
        )
        proven = [
            row for row in rows if row.bank_reference and row.bank_reference == entry.reference
        ]
        at, ids, told = self._runtime.clock.now(), self._runtime.ids, _return(entry)
        if len(proven) == 1:
            returned.give_back(uow, ids, proven[0], told, at)
            return
        detail = f"a refund of {told.amount} from this payee may be this payment's"
        for row in rows:
            if row.state == State.SETTLED.value:
                returned.call(uow, ids, row, (returned.SUSPECTED, detail), at)
        if not rows:
            why = "it fits no payment of ours"
            returned.call_for_none(uow, ids, visit.tenant.id, (told, why), at)


def _return(entry: Entry) -> Return:
    return Return(
        amount=entry.amount.text(),
        day=entry.booking_date.isoformat() if entry.booking_date else "",
        bank_key=entry.bank_key,
        reference=entry.reference,
        text=entry.remittance,
    )


def _next(tenant: str, number: str, now: datetime, closed: date) -> Work:
    """An account's next turn; the last closed day asked for rides along."""
    return Work(
        tenant=tenant,
        kind=WorkKind.REFUNDS,
        subject=number,
        lane=LANE,
        due_us=to_us(now) + span_us(EVERY),
        tries=closed.toordinal(),
    )
