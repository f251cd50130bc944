"""Checking the books while the gateway works: by one process at a time, every so often.

Rule kept here: only what costs little and holds at any moment is checked; the whole is for
``gateway verify-books``, and so is the bank's side.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from gateway.audit.books import Question, Report, check
from gateway.ports.events import BOOKS_BROKEN, BOOKS_CHECKED, FAILED
from gateway.ports.runtime import Runtime
from gateway.schedule import work
from gateway.schedule.work import Queue, Work, WorkKind
from gateway.store.instants import span_us, to_us
from gateway.store.store import Store
from gateway.store.tenancy import EVERYONE, acting_for
from gateway.store.uow import Uow

WATCHED: Final = ("I2", "I4", "I12", "I19")
"""One serial one message, no blind resend, no reference twice, nothing forgotten."""
_SUBJECT: Final = "books"
_QUEUE: Final = Queue(tenant="", lane=_SUBJECT, kind=WorkKind.BOOKS)
_LOOK_S: Final = 5
_TOLD_MAX: Final = 20
"""So many breaches are logged one by one; the figures count them all."""


class BooksWatch:
    """A task that checks the books whenever ``every`` has passed on the shared clock."""

    def __init__(self, store: Store, runtime: Runtime, every: timedelta) -> None:
        self._store = store
        self._runtime = runtime
        self._every = every

    async def run(self) -> None:
        """Keep the appointment for ever; with ``every`` 0 there is none."""
        if not self._every:
            return
        with acting_for(EVERYONE):
            while True:
                earliest = await self._store.read(lambda db: work.next_due(db, _QUEUE))
                if earliest is None:
                    await self._store.write(self._plan)
                elif earliest > self._now_us() or not await self._store.write(self._claim):
                    await self._runtime.tasks.sleep(_LOOK_S)
                else:
                    await self._kept()
                    await self._store.write(self._next)

    async def _kept(self) -> None:
        """Look; a check that fails must not end the process that sends."""
        try:
            await self.look()
        except SQLAlchemyError as error:
            self._runtime.log.tell(FAILED, error=type(error).__name__, why="books")

    async def look(self) -> Report:
        """Check now, and tell operators."""
        now_us = self._now_us()
        question = Question(now_us=now_us, only=WATCHED)
        began = self._runtime.clock.monotonic()
        with acting_for(EVERYONE):
            report = await self._store.read(lambda db: check(db, question))
        for breach in report.breaches[:_TOLD_MAX]:
            self._runtime.log.tell(
                BOOKS_BROKEN, code=breach.rule, kind=breach.kind, subject=breach.subject
            )
        self._runtime.log.tell(
            BOOKS_CHECKED,
            count=sum(report.counts.values()),
            seconds=self._runtime.clock.monotonic() - began,
        )
        return report

    def _now_us(self) -> int:
        return to_us(self._runtime.clock.now())

    def _plan(self, uow: Uow) -> None:
        """The first appointment, unless another process made it meanwhile."""
        uow.guard(_SUBJECT)
        work.put(uow, self._appointment())

    def _claim(self, uow: Uow) -> bool:
        return bool(work.claim(uow, _QUEUE, self._store.lane.id, self._now_us(), 1))

    def _next(self, uow: Uow) -> None:
        work.put(uow, self._appointment())
        work.release(uow, "", WorkKind.BOOKS, self._store.lane.id, [_SUBJECT])

    def _appointment(self) -> Work:
        return Work(
            tenant="",
            kind=WorkKind.BOOKS,
            subject=_SUBJECT,
            lane=_SUBJECT,
            due_us=self._now_us() + span_us(self._every),
        )
