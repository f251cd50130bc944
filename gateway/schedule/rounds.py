"""Something that is to be done again and again, by one process at a time.

Rule kept here: the next time is an appointment in the work table, so neither a restart nor a
second process changes when it comes; a round that fails does not end the process, and one whose
database goes away is done again as soon as it is back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from gateway.domain.errors import DatabaseAway
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
    """Appointments of one kind, ``every`` so often on the shared clock; 0 is never.

    ``tenant`` and ``subject`` make them the appointments of one thing of one tenant.
    """

    def __init__(  # noqa: PLR0913 - the last two by keyword
        self,
        store: Store,
        runtime: Runtime,
        kind: WorkKind,
        every: timedelta,
        *,
        tenant: str = "",
        subject: str = "",
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._every = every
        self._acting = (tenant,) if tenant else EVERYONE
        self._subject = subject or kind.value
        lane = f"{kind.value}:{subject}" if subject else kind.value
        self._queue = Queue(tenant=tenant, lane=lane, kind=kind)
        self._rest_s = min(_LOOK_S, every.total_seconds())

    async def keep(self, look: Callable[[], Awaitable[object]]) -> None:
        """Do it whenever its time has come, for ever; acting for its tenant, or for every one."""
        if not self._every:
            return
        with acting_for(self._acting):
            while True:
                earliest = await self._store.look(lambda db: work.next_due(db, self._queue))
                if earliest is None:
                    await self._store.write(self._plan)
                elif earliest > self._now_us() or not await self._store.write(self.claim):
                    await self._runtime.tasks.sleep(self._rest_s)
                else:
                    whole = await self._kept(look)
                    await self._store.write(self._next if whole else self._release)

    async def _kept(self, look: Callable[[], Awaitable[object]]) -> bool:
        """Do it; False when it is to be done again because the database was away."""
        try:
            await look()
        except (SQLAlchemyError, DatabaseAway) as error:
            why = self._queue.lane
            self._runtime.log.tell(FAILED, error=type(error).__name__, why=why)
            return not isinstance(error, DatabaseAway)
        return True

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
        self._release(uow)

    def _release(self, uow: Uow) -> None:
        """Let it be taken again, by this process or another: it is due as before."""
        work.release(
            uow, self._queue.tenant, self._queue.kind, self._store.lane.id, [self._subject]
        )

    def _appointment(self) -> Work:
        return Work(
            tenant=self._queue.tenant,
            kind=self._queue.kind,
            subject=self._subject,
            lane=self._queue.lane,
            due_us=self._now_us() + span_us(self._every),
        )
