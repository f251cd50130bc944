"""Notices of bookings (动账通知): kept, and today's statement of that account is fetched at once.

Rules kept here: a notice is a hint and books nothing; it is durable before it is answered; the
same one again does nothing. Only the statement says what was booked: while it does not show the
line yet, it is fetched again a few times, and then somebody is told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, Protocol

from sqlalchemy import Connection as Db

from gateway.domain.errors import GatewayError, NotFound
from gateway.domain.message import WireReply
from gateway.ports.bank_confirm import BalanceNotice
from gateway.ports.events import NOTICE_UNSEEN
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Connection, Directory, OwnAccount, Tenant
from gateway.schedule import work
from gateway.schedule.work import Queue, Work, WorkKind
from gateway.statements import notice_rows as rows
from gateway.statements.collecting import Collecting
from gateway.store.instants import span_us, to_us
from gateway.store.journal import Record
from gateway.store.store import Store
from gateway.store.tenancy import acting_for
from gateway.store.uow import Uow

LANE: Final = "notices"
GATHER: Final = timedelta(milliseconds=300)
"""How long after a notice its account is visited: those of one booking run come together."""
RESTS: Final = (
    timedelta(seconds=5),
    timedelta(seconds=20),
    timedelta(minutes=1),
    timedelta(minutes=3),
    timedelta(minutes=10),
)
"""How long a statement rests that does not show the line yet; afterwards its round finds it."""
_AT_ONCE: Final = 20
_KEY_MAX: Final = 64
_ACCOUNT_MAX: Final = 40
_SHOWN: Final = 4


class NoticeSource(Protocol):
    """Reads and archives notices of a connection's bank."""

    def read_notice(self, tenant: str, connection: str, posted: WireReply) -> BalanceNotice:
        """What the bank tells. Raises NotOffered where it tells nothing by itself, WireError."""
        ...

    def archive_notice(self, uow: Uow, tenant: str, connection: str, posted: WireReply) -> str:
        """Keep the exact bytes; the id of where they are."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An account of which the bank told something. ``tries`` counts visits before this one."""

    tenant: Tenant
    account: OwnAccount
    tries: int


class BankNotices:
    """Takes notices in."""

    def __init__(self, store: Store, runtime: Runtime, source: NoticeSource) -> None:
        self._store = store
        self._runtime = runtime
        self._source = source

    async def take(self, tenant: Tenant, connection: Connection, posted: WireReply) -> bool:
        """Keep a notice and have its account visited; False when it came before.

        Raises NotOffered, WireError, or NotFound for an account that this connection does not
        reach: the notice is kept all the same, and says so.
        """
        told = self._source.read_notice(tenant.id, connection.id, posted)
        account = tenant.accounts.get(told.account)
        reached = account is not None and account.connection == connection.id

        def job(uow: Uow) -> bool:
            return self._keep(uow, connection, posted, told, reached=reached)

        new = await self._store.write(job, at_once=True)
        if not reached:
            masked = "*" * _SHOWN + told.account[-_SHOWN:]
            raise NotFound(
                f"this connection reaches no account {masked}", f"该连接没有账户 {masked}"
            )
        return new

    def _keep(
        self,
        uow: Uow,
        connection: Connection,
        posted: WireReply,
        told: BalanceNotice,
        *,
        reached: bool,
    ) -> bool:
        tenant, key = connection.tenant, _key(told, posted)
        account = told.account[:_ACCOUNT_MAX]
        uow.guard(f"notice:{tenant}:{connection.id}")
        if rows.known(uow, tenant, connection.id, (account, key)):
            return False
        now_us = to_us(self._runtime.clock.now())
        outcome = rows.TAKEN if reached else rows.ACCOUNT_UNKNOWN
        wire = self._source.archive_notice(uow, tenant, connection.id, posted)
        available = told.available
        rows.add(
            uow,
            {
                "tenant": tenant,
                "connection": connection.id,
                "key": key,
                "account": account,
                "outcome": outcome,
                "amount_minor": told.amount.minor,
                "currency": told.amount.currency.code,
                "booked_at": told.at.isoformat(timespec="seconds"),
                "available_minor": None if available is None else available.minor,
                "wire": wire,
                "at_us": now_us,
            },
        )
        content = {"connection": connection.id, "account": account, "key": key, "wire": wire}
        kind = "notice_taken" if reached else "notice_unknown"
        uow.journal(Record(tenant=tenant, kind=kind, subject=wire, at_us=now_us, content=content))
        if reached:
            work.put(uow, _work(tenant, account, now_us + span_us(GATHER), 0))
            uow.rouse(tenant, LANE)
        return True


class Noticing:
    """Visits accounts of which a bank told something."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        collecting: Collecting,
        directory: Directory,
        poll_s: float,
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._collecting = collecting
        self._poll_s = poll_s
        self._wake = runtime.tasks.signal()
        self._tenants = tuple(
            tenant
            for tenant in directory.tenants.values()
            if any(it.notices is not None for it in tenant.connections.values())
        )

    def rouse(self, keys: Sequence[tuple[str, str]] | None) -> None:
        """Something may have come. May be called from the writer's thread."""
        if keys is None or any(lane == LANE for _, lane in keys):
            self._wake.set()

    async def run(self) -> None:
        """Visit whatever is due, for ever; where no bank may post notices, there is nothing."""
        if not self._tenants:
            return
        while True:
            if not await self.look():
                await self._wake.wait(self._poll_s)

    async def look(self) -> int:
        """Visit every account that is due; how many there were."""
        count = 0
        for tenant in self._tenants:
            with acting_for((tenant.id,)):
                now_us = to_us(self._runtime.clock.now())
                earliest = await self._store.look(partial(_earliest, tenant=tenant.id))
                if earliest is None or earliest > now_us:
                    continue
                for due in await self._store.write(partial(self._claim, tenant=tenant)):
                    count += 1
                    await self._visit(due)
        return count

    def _claim(self, uow: Uow, tenant: Tenant) -> list[Due]:
        now_us = to_us(self._runtime.clock.now())
        found = work.claim(uow, _queue(tenant.id), self._store.lane.id, now_us, _AT_ONCE)
        return [
            Due(tenant=tenant, account=tenant.accounts[it.subject], tries=it.tries)
            for it in found
            if it.subject in tenant.accounts
        ]

    async def _visit(self, due: Due) -> None:
        """Fetch today; a bank that does not answer now is asked again like one without the line."""
        today = self._runtime.clock.now().date()
        answered = True
        try:
            await self._collecting.visit(due.tenant, due.account, (today, today))
        except GatewayError:
            answered = False
        left = await self._store.write(partial(self._after, due=due, answered=answered))
        if left:
            self._runtime.log.tell(NOTICE_UNSEEN, tenant=due.tenant.id, count=left)

    def _after(self, uow: Uow, due: Due, *, answered: bool) -> int:
        """Plan the next visit, or none; returns how many notices are given up."""
        tenant, account, now = due.tenant.id, due.account.number, self._runtime.clock.now()
        uow.guard(f"notice:{tenant}:{due.account.connection}")
        left = rows.see(uow, (tenant, account), now.date(), to_us(now)) if answered else 1
        if left and due.tries < len(RESTS):
            at_us = to_us(now + RESTS[due.tries])
            work.put(uow, _work(tenant, account, at_us, due.tries + 1))
            work.release(uow, tenant, WorkKind.NOTICED, self._store.lane.id, [account])
            return 0
        work.done(uow, tenant, WorkKind.NOTICED, [account])
        return left


def _key(told: BalanceNotice, posted: WireReply) -> str:
    """What a notice is known by: the bank's key of the line, else its own bytes."""
    if told.key and len(told.key) <= _KEY_MAX:
        return told.key
    return (rows.UNKEYED + hashlib.sha256(posted.body).hexdigest())[:_KEY_MAX]


def _queue(tenant: str) -> Queue:
    return Queue(tenant=tenant, lane=LANE, kind=WorkKind.NOTICED)


def _earliest(db: Db, tenant: str) -> int | None:
    return work.next_due(db, _queue(tenant))


def _work(tenant: str, account: str, due_us: int, tries: int) -> Work:
    return Work(
        tenant=tenant,
        kind=WorkKind.NOTICED,
        subject=account,
        lane=LANE,
        due_us=due_us,
        tries=tries,
    )
