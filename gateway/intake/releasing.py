"""Releasing large accepted batches, chunk by chunk, while everything else goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, Integer, bindparam, select

from gateway.domain.instruction import State
from gateway.intake.staged import is_left_behind, sweep
from gateway.lifecycle.release import CANDIDATE, Candidate, ReleaseCheck, candidate_at, release
from gateway.lifecycle.rows import STANDING, standing_at
from gateway.ports.runtime import Runtime, Signal
from gateway.ports.tenancy import Directory, Tenant
from gateway.schedule import work
from gateway.schedule.work import Queue, WorkKind
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.prepared import prepare
from gateway.store.store import Store
from gateway.store.tenancy import EVERYONE, acting_for
from gateway.store.uow import Uow

RELEASE_LANE: Final = "release"
_CHUNK: Final = 1_000
_SWEEP_S: Final = 10.0
_i = tables.instruction
_LINE: Final = len(STANDING)
"""Where in a row of ``_LINES`` its number stands."""
_LINES: Final = prepare(
    select(
        *STANDING,
        _i.c.line,
        *CANDIDATE,
    )
    .where(
        _i.c.tenant == bindparam("of_tenant"),
        _i.c.batch == bindparam("of_batch"),
        _i.c.line > bindparam("after_line", type_=Integer()),
        _i.c.state == State.RECEIVED.value,
    )
    .order_by(_i.c.line)
    .limit(_CHUNK)
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a batch is released."""

    batch: str
    line: int


class Releasing:
    """A task that hands staged and accepted lines to the release check.

    Several processes may do this for one batch: whoever takes a chunk has its work row locked
    until the chunk is released.
    """

    def __init__(  # noqa: PLR0913 - the last two by keyword
        self,
        store: Store,
        runtime: Runtime,
        check: ReleaseCheck,
        directory: Directory,
        *,
        wake: Signal,
        poll_s: float,
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._check = check
        self._directory = directory
        self._wake = wake
        self._poll_s = poll_s
        self._sweep_s = self._runtime.clock.monotonic() + _SWEEP_S
        self._reached: dict[str, _Place] = {}
        """By tenant, where this process stands, so that it need not look at a batch's beginning
        again and again. No line becomes RECEIVED again, so nothing is passed over."""

    async def run(self) -> None:
        """Release whatever is waiting, for ever; now and then, remove what others left behind."""
        while True:
            await self._sweep()
            with acting_for(self._directory.tenants):
                waiting = await self._store.look(self._waiting)
            progress = False
            for tenant in waiting:
                with acting_for((tenant.id,)):
                    place = await self._store.write(partial(self._step, tenant=tenant))
                if place is not None:
                    self._reached[tenant.id] = place
                    progress = True
            if not progress:
                await self._wake.wait(self._poll_s)

    async def _sweep(self) -> None:
        """Remove what a process that has ended since read in and never accepted."""
        now_s = self._runtime.clock.monotonic()
        if now_s < self._sweep_s:
            return
        self._sweep_s = now_s + _SWEEP_S
        with acting_for(EVERYONE):
            if await self._store.look(is_left_behind):
                await self._store.write(sweep)

    def _waiting(self, db: Connection) -> list[Tenant]:
        """Tenants with a batch to release (a look without a commit)."""
        return [
            tenant
            for tenant in self._directory.tenants.values()
            if work.next_due(db, _queue(tenant)) is not None
        ]

    def _step(self, uow: Uow, tenant: Tenant) -> _Place | None:
        """One chunk of the oldest batch that nobody else is at; None when there is none."""
        now_us = to_us(self._runtime.clock.now())
        due = work.due(uow, _queue(tenant), now_us, 1)
        if not due:
            return None
        batch = due[0].subject
        reached = self._reached.get(tenant.id)
        after = reached.line if reached is not None and reached.batch == batch else 0
        rows = uow.tuples(_LINES, {"of_tenant": tenant.id, "of_batch": batch, "after_line": after})
        if len(rows) < _CHUNK:
            work.done(uow, tenant.id, WorkKind.RELEASE, [batch])
        if rows:
            release(self._check, uow, tenant, _received(rows))
        return _Place(batch, rows[-1][_LINE] if rows else after)


def _queue(tenant: Tenant) -> Queue:
    return Queue(tenant=tenant.id, lane=RELEASE_LANE, kind=WorkKind.RELEASE)


def _received(rows: Sequence[Sequence[Any]]) -> list[Candidate]:
    """Stored lines (rows of ``_LINES``) as the release check sees them."""
    return [candidate_at(standing_at(row), row[_LINE + 1 :]) for row in rows]
