"""Releasing large accepted batches, chunk by chunk, while everything else goes on."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from gateway.domain.instruction import State
from gateway.intake.accept import Intake, Received
from gateway.intake.bulk import RELEASE_LANE
from gateway.lifecycle.rows import standing
from gateway.ports.runtime import Signal
from gateway.ports.tenancy import Directory, Tenant
from gateway.schedule import work
from gateway.schedule.work import Queue, WorkKind
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.uow import Uow

_CHUNK: Final = 500
_i = tables.instruction


class Releasing:
    """A task that hands staged and accepted lines to the release check."""

    def __init__(self, intake: Intake, directory: Directory, wake: Signal, poll_s: float) -> None:
        self._intake = intake
        self._directory = directory
        self._wake = wake
        self._poll_s = poll_s

    async def run(self) -> None:
        """Release whatever is waiting, for ever."""
        while True:
            waiting = await self._intake.store.read(self._waiting)
            for tenant in waiting:
                await self._intake.store.write(partial(self._step, tenant=tenant))
            if not waiting:
                await self._wake.wait(self._poll_s)

    def _waiting(self, db: Connection) -> list[Tenant]:
        """Tenants with a batch to release (a look without a commit)."""
        return [
            tenant
            for tenant in self._directory.tenants.values()
            if work.next_due(db, _queue(tenant)) is not None
        ]

    def _step(self, uow: Uow, tenant: Tenant) -> None:
        """One chunk of the oldest waiting batch."""
        now_us = to_us(self._intake.runtime.clock.now())
        due = work.due(uow, _queue(tenant), now_us, 1)
        if not due:
            return
        rows = uow.rows(
            select(_i)
            .where(
                _i.c.tenant == tenant.id,
                _i.c.batch == due[0].subject,
                _i.c.state == State.RECEIVED.value,
            )
            .order_by(_i.c.line)
            .limit(_CHUNK)
        )
        if not rows:
            work.done(uow, tenant.id, WorkKind.RELEASE, [due[0].subject])
            return
        self._intake.release(uow, tenant, [received(row) for row in rows])


def _queue(tenant: Tenant) -> Queue:
    return Queue(tenant=tenant.id, lane=RELEASE_LANE, kind=WorkKind.RELEASE)


def received(row: Row[Any]) -> Received:
    """A stored instruction as the release check sees it."""
    return Received(
        standing=standing(row),
        erp_reference=row.erp_reference,
        connection=row.connection,
        creditor_account=row.creditor_account,
        amount_minor=row.amount_minor,
        pay_day=date.fromisoformat(row.pay_day),
        execution_date=date.fromisoformat(row.execution_date) if row.execution_date else None,
    )
