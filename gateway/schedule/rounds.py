"""Something that is to be done again and again, by one process at a time.

Rule kept here: the next time is an appointment in the work table, so neither a restart nor a
second process changes when it comes; a round that fails does not end the process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from gateway.ports.events import FAILED
from gateway.ports.runtime import Runtime
from gateway.schedule import work
from gateway.schedule.work import Queue, Work, WorkKind
from gateway.store.instants import span_us, to_us
from gateway.store.store import Store
from gateway.store.tenancy import EVERYONE, acting_for
from gateway.store.uow import Uow

_LOOK_S: Final = 5


class Rounds:
    """Appointments of one kind, ``every`` so often on the shared clock; 0 is never."""

    def __init__(self, store: Store, runtime: Runtime, kind: WorkKind, every: timedelta) -> None:
        self._store = store
        self._runtime = runtime
        self._every = every
        self._queue = Queue(tenant="", lane=kind.value, kind=kind)

    async def keep(self, look: Callable[[], Awaitable[object]]) -> None:
        """Do it whenever its time has come, for ever; acting for every tenant."""
        if not self._every:
            return
        with acting_for(EVERYONE):
            while True:
                earliest = await self._store.read(lambda db: work.next_due(db, self._queue))
                if earliest is None:
                    await self._store.write(self._plan)
                elif earliest > self._now_us() or not await self._store.write(self.claim):
                    await self._runtime.tasks.sleep(_LOOK_S)
                else:
                    await self._kept(look)
                    await self._store.write(self._next)

    async def _kept(self, look: Callable[[], Awaitable[object]]) -> None:
        try:
            await look()
        except SQLAlchemyError as error:
            why = self._queue.lane
            self._runtime.log.tell(FAILED, error=type(error).__name__, why=why)

    def _now_us(self) -> int:
        return to_us(self._runtime.clock.now())

    def _plan(self, uow: Uow) -> None:
        """The first appointment, unless another process made it meanwhile."""
        uow.guard(self._queue.lane)
        work.put(uow, self._appointment())

    def claim(self, uow: Uow) -> bool:
        """Take the appointment that is due; False when another process is at it."""
        return bool(work.claim(uow, self._queue, self._store.lane.id, self._now_us(), 1))

    def _next(self, uow: Uow) -> None:
        work.put(uow, self._appointment())
        work.release(uow, "", self._queue.kind, self._store.lane.id, [self._queue.lane])

    def _appointment(self) -> Work:
        return Work(
            tenant="",
            kind=self._queue.kind,
            subject=self._queue.lane,
            lane=self._queue.lane,
            due_us=self._now_us() + span_us(self._every),
        )
