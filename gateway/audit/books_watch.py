"""Checking the books while the gateway works: by one process at a time, every so often.

Rule kept here: only what costs little and holds at any moment is checked; the whole is for
``gateway verify-books``, and so is the bank's side.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.ports.events import BOOKS_BROKEN, BOOKS_CHECKED
from gateway.ports.runtime import Runtime
from gateway.schedule.rounds import Rounds
from gateway.schedule.work import WorkKind
from gateway.store.instants import to_us
from gateway.store.store import Store
from gateway.store.tenancy import EVERYONE, acting_for

if TYPE_CHECKING:
    from gateway.audit.books import Report

WATCHED: Final = ("I2", "I4", "I12", "I19")
"""One serial one message, no blind resend, no reference twice, nothing forgotten."""
_TOLD_MAX: Final = 20
"""So many breaches are logged one by one; the figures count them all."""


class BooksWatch:
    """A task that checks the books whenever ``every`` has passed on the shared clock."""

    def __init__(self, store: Store, runtime: Runtime, every: timedelta) -> None:
        self._store = store
        self._runtime = runtime
        self.rounds = Rounds(store, runtime, WorkKind.BOOKS, every)

    async def run(self) -> None:
        """Keep the appointment for ever; with ``every`` 0 there is none."""
        await self.rounds.keep(self.look)

    async def look(self) -> Report:
        """Check now, and tell operators."""
        now_us = to_us(self._runtime.clock.now())
        from gateway.audit.books import Question, check  # noqa: PLC0415 - costs a start

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
