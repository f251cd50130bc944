"""A new mapping beside the old one on live traffic: what it would read otherwise, never acted on.

Rule kept here: the shadow reads the same bytes after the old mapping was answered. Nothing of it
becomes an instruction, its faults refuse nothing, and of its differences only places and digests
are kept, never a value. One comparison is made at a time, and what does not fit is named.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO, Final

from sqlalchemy import Connection, delete, desc, insert, select

from gateway.domain.errors import Corrupt, GatewayError, NotOffered, WireError
from gateway.intake.comparing import Compared, Seen, compare
from gateway.intake.overheard import Ear, Overheard, Shadow, compare_overheard
from gateway.intake.taking import foreseen, guarded
from gateway.ports.erp_systems import ErpSystem
from gateway.ports.events import ERP_SHADOW
from gateway.ports.runtime import Runtime
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.store import Store
from gateway.store.tenancy import acting_for
from gateway.store.uow import Uow

__all__ = ["Shadow", "Shadows", "found"]

WAITING_MAX: Final = 64
"""Comparisons that wait for their turn; whatever comes beyond them is not compared, and named."""
BYTES_MAX: Final = 64 << 20
"""Most memory that waiting pages, rows and envelopes hold."""
STORED_MAX: Final = 1000
"""Comparisons of one system that are kept, the newest."""
_CHUNK: Final = 1 << 16
_COLUMNS: Final = ("line", "field", "before", "after", "reference")
_e = tables.erp_shadow

Pieces = Callable[[], Iterable[bytes]]
"""The bytes once more; each call gives them from the start."""
_Work = Callable[[str], Compared]
"""A comparison under a salt."""


class Shadows:
    """Reads again with the new mapping what came in, and keeps what differs.

    One for a process: comparisons of all systems take turns, so that they never hold up more
    than one thread.
    """

    def __init__(self, store: Store, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime
        self._turn = runtime.tasks.gate(1)
        self._seen = Seen()
        self._waiting = 0
        self._held = 0

    def cast(self, shadow: Shadow, file: Path | bytes, batch: str = "") -> None:
        """Compare a file or an envelope in a task of its own: whoever handed it over goes on.

        A file is opened before this returns: it may be removed at once.
        """
        size = len(file) if isinstance(file, bytes) else 0
        with ExitStack() as until:
            try:
                if isinstance(file, bytes):
                    pieces: Pieces = partial(iter, (file,))
                else:
                    opened: list[IO[bytes]] = [
                        until.enter_context(file.open("rb")) for _ in range(2)
                    ]
                    pieces = _Opened(opened).pieces
            except OSError:
                self._told(shadow.system, 0, batch, "unreadable")
                return
            work = partial(self._compared, shadow, pieces)
            self._later(shadow, work, size, batch=batch, until=until)

    def overhear(self, shadow: Shadow, heard: Overheard) -> None:
        """The same for a page of a vendor's API, or for rows of a shared table."""

        def work(salt: str) -> Compared:
            ear = Ear(shadow=shadow, runtime=self._runtime, seen=self._seen, salt=salt)
            return compare_overheard(heard, ear)

        with ExitStack() as until:
            self._later(shadow, work, heard.size, batch="", until=until)

    def _later(
        self, shadow: Shadow, work: _Work, size: int, *, batch: str, until: ExitStack
    ) -> None:
        if self._waiting >= WAITING_MAX or self._held + size > BYTES_MAX:
            self._told(shadow.system, 0, batch, "busy")
            return
        self._waiting += 1
        self._held += size
        until.callback(self._over, size)
        with acting_for((shadow.system.tenant,)):
            looking = self._in_turn(shadow, work, batch, until.pop_all())
            self._runtime.tasks.spawn("shadow", looking)

    def _over(self, size: int) -> None:
        self._waiting -= 1
        self._held -= size

    async def _in_turn(self, shadow: Shadow, work: _Work, batch: str, until: ExitStack) -> None:
        with until:
            async with self._turn:
                await self._look(shadow, work, batch)

    async def _look(self, shadow: Shadow, work: _Work, batch: str) -> None:
        """Compare both readings and store what differs.

        What goes wrong with them or the way to the database is told, not raised; Corrupt is.
        """
        number, system = self._runtime.ids.new("shd"), shadow.system
        reader = self._runtime.tasks.reader("shadow")  # libxml2: one parser, one thread
        try:
            compared = await reader.read(partial(self._guarded, system, work, number))
            if batch or compared.lines or compared.different:
                await self._stored(shadow, compared, number, batch)
            if compared.different:
                self._told(system, compared.different, batch, "different")
        except Corrupt:
            raise  # our own books, not the file: the line stops as it does everywhere
        except GatewayError as error:
            self._told(system, 0, batch, error.code)
        except OSError:
            self._told(system, 0, batch, "unreadable")
        finally:
            reader.close()

    def _guarded(self, system: ErpSystem, work: _Work, salt: str) -> Compared:
        """A comparison whose faults concern it alone: it touches none of our own books."""
        try:
            with foreseen(self._runtime, system, "erp shadow"):
                return work(salt)
        except Corrupt as error:
            raise WireError("unrecognised") from error

    def _compared(self, shadow: Shadow, pieces: Pieces, salt: str) -> Compared:
        readings = []
        for dialect in (shadow.old, shadow.new):
            read = dialect.read
            if read is None:
                raise NotOffered(f"{dialect.name} reads no files", f"{dialect.name} 不读取文件")
            make = partial(read, pieces())
            readings.append(guarded(make, self._runtime, shadow.system, "erp shadow"))
        return compare(readings[0], readings[1], salt)

    async def _stored(self, shadow: Shadow, compared: Compared, number: str, batch: str) -> None:
        system = shadow.system
        row = {
            "tenant": system.tenant,
            "id": number,
            "system": system.id,
            "dialect": shadow.new.name,
            "batch": batch,
            "lines": compared.lines,
            "different": compared.different,
            "differences": json.dumps(
                [[getattr(it, name) for name in _COLUMNS] for it in compared.differences],
                ensure_ascii=False,
            ),
            "at_us": to_us(self._runtime.clock.now()),
        }
        mine = (_e.c.tenant == system.tenant, _e.c.system == system.id)
        newest = select(_e.c.id).where(*mine).order_by(desc(_e.c.id))
        oldest = newest.offset(STORED_MAX).limit(1).scalar_subquery()

        def write(uow: Uow) -> None:
            uow.change(insert(_e).values(row))
            uow.change(delete(_e).where(*mine, _e.c.id <= oldest))

        await self._store.write(write)

    def _told(self, system: ErpSystem, different: int, batch: str, code: str) -> None:
        self._runtime.log.tell(
            ERP_SHADOW,
            tenant=system.tenant,
            endpoint=system.id,
            batch=batch,
            lines=different,
            code=code,
        )


class _Opened:
    """A file that was opened once for each of its readings."""

    def __init__(self, files: list[IO[bytes]]) -> None:
        self._files = files

    def pieces(self) -> Iterator[bytes]:
        """The bytes from the start, by a reader of its own."""
        file = self._files.pop()
        return iter(lambda: file.read(_CHUNK), b"")


def found(db: Connection, tenant: str, system: str, most: int) -> list[dict[str, object]]:
    """The newest comparisons of a system, newest first ('': of all of the tenant's)."""
    rows = db.execute(
        select(_e)
        .where(_e.c.tenant == tenant, *(() if not system else (_e.c.system == system,)))
        .order_by(desc(_e.c.at_us), desc(_e.c.id))
        .limit(most)
    )
    return [
        {
            "id": row.id,
            "system": row.system,
            "dialect": row.dialect,
            "batch": row.batch,
            "lines": row.lines,
            "different": row.different,
            "differences": [_named(one) for one in json.loads(row.differences)],
            "at_us": row.at_us,
        }
        for row in rows
    ]


def _named(one: list[object]) -> dict[str, object]:
    """A difference; one that was kept before documents had numbers here has none."""
    return dict(zip(_COLUMNS, [*one, ""], strict=False))
