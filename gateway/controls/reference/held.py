"""Reference data as a running process holds it: read when first asked, anew after an import.

Rule kept here: a start costs nothing, not even the code that reads; a payment is never judged by a
directory that is half read, and without an import nothing is judged by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from gateway.controls.reference.kinds import REFERENCE_LANE, Kind, newest

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from gateway.controls.reference.look_up import Dated
    from gateway.controls.reference.office_book import OfficeBook
    from gateway.ports.runtime import Runtime
    from gateway.store.store import Store
    from gateway.store.uow import Uow


class Reference:
    """The directory of offices, the calendars and the channels of a deployment."""

    def __init__(self, store: Store, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime
        self._gate = runtime.tasks.gate(1)
        self._told = 1
        """How often it was said that something may have been imported; the start says so once."""
        self._read = 0
        """Which of these the book is of."""
        self._edition = ""
        self._book: OfficeBook | None = None
        self._dated: tuple[int, date, Dated] | None = None

    def rouse(self, keys: Sequence[tuple[str, str]] | None) -> None:
        """Some process may have imported something. May be called from the writer's thread."""
        if keys is None or ("", REFERENCE_LANE) in keys:
            self._told += 1

    @property
    def now(self) -> OfficeBook | None:
        """The directory as it was ready last; None where none was imported."""
        return self._book

    async def ready(self) -> OfficeBook | None:
        """The directory as it was imported last; None where none was imported."""
        if self._read != self._told:
            async with self._gate:  # who comes meanwhile waits: it must not be judged without
                if self._read != self._told:
                    await self._load()
        return self._book

    async def _load(self) -> None:
        told = self._told

        def read(db: Connection) -> tuple[str, OfficeBook | None]:
            edition = newest(db, Kind.OFFICES)
            if edition == self._edition:
                return edition, self._book
            from gateway.controls.reference.look_up import office_book  # noqa: PLC0415 - as above

            return edition, office_book(db)

        self._edition, self._book = await self._store.read(read)
        self._read = told

    async def dated(self) -> Dated:
        """Calendars and channels as they stand today."""
        today = self._runtime.clock.now().date()
        kept = self._dated
        if kept is None or kept[:2] != (self._told, today):
            from gateway.controls.reference.look_up import dated  # noqa: PLC0415 - see above

            told = self._told
            found = await self._store.read(lambda db: dated(db, today))
            kept = self._dated = (told, today, found)
        return kept[2]

    def dated_in(self, uow: Uow) -> Dated:
        """The same for whoever has to know within a unit of work; read at most once a day."""
        told, today = self._told, self._runtime.clock.now().date()
        kept = self._dated
        if kept is None or kept[:2] != (told, today):
            from gateway.controls.reference.look_up import dated_by  # noqa: PLC0415 - see above

            kept = self._dated = (told, today, dated_by(uow.rows, today))
        return kept[2]
