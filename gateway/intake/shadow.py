"""A new mapping beside the old one on live files: what it would read otherwise, never acted on.

Rule kept here: the shadow reads the same bytes after the old mapping was answered. Nothing of it
becomes an instruction, its faults refuse nothing, and of its differences only places and digests
are kept, never a value.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import IO, Final

from sqlalchemy import Connection, desc, insert, select

from gateway.domain.errors import Corrupt, Fault, GatewayError, NotOffered, Refused, WireError
from gateway.intake.taking import guarded
from gateway.ports.erp import Draft, ErpDialect, FileEnd, FileHead, FilePart
from gateway.ports.erp_draft import FaultyDraft
from gateway.ports.erp_systems import ErpSystem
from gateway.ports.events import ERP_SHADOW
from gateway.ports.runtime import Runtime
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.store import Store
from gateway.store.tenancy import acting_for

KEPT_MAX: Final = 100
"""Differences of one file that are kept; the rest is counted."""
FIELDS: Final = tuple(it for it in Draft.__struct_fields__ if it not in {"at", "line", "source"})
_DIGITS: Final = 16
_CHUNK: Final = 1 << 16
_ABSENT: Final = "-"
_e = tables.erp_shadow

Pieces = Callable[[], Iterable[bytes]]
"""The bytes once more; each call gives them from the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field of one line that two mappings read differently, as salted digests.

    ``line`` counts payments from 1; 0 is the file itself. '-' stands for "not there".
    """

    line: int
    field: str
    before: str
    after: str


@dataclass(slots=True)
class Compared:
    """How much two readings of a file differ. ``different`` counts lines."""

    lines: int = 0
    different: int = 0
    differences: list[Difference] = field(default_factory=list)

    def add(self, line: int, found: Iterable[Difference]) -> None:
        """Remember what one line differs in."""
        several = list(found)
        self.lines = max(self.lines, line)
        self.different += bool(several)
        self.differences += several[: KEPT_MAX - len(self.differences)]


def compare(before: Iterable[FilePart], after: Iterable[FilePart], salt: str) -> Compared:
    """Two readings of the same bytes, payment by payment, in flat memory.

    A reading that breaks off counts as a difference of the file where it breaks off.
    """
    compared = Compared()
    pairs = zip_longest(_read(before), _read(after))
    number = 0
    for old, new in pairs:
        if isinstance(old, Draft) or isinstance(new, Draft):
            number += 1
            compared.add(number, _fields(number, old, new, salt))
        else:
            compared.add(0, _whole(old, new, salt))
    return compared


def _read(parts: Iterable[FilePart]) -> Iterator[FilePart | str]:
    """The parts, and the code of what ended the reading too early."""
    try:
        yield from parts
    except WireError as error:
        yield f"{error.reason} {error.path}"
    except Refused as error:
        yield error.code


def _fields(
    number: int, old: FilePart | str | None, new: FilePart | str | None, salt: str
) -> Iterator[Difference]:
    if not isinstance(old, Draft) or not isinstance(new, Draft):
        yield _difference(number, "line", _said(old), _said(new), salt)
        return
    for name in FIELDS:
        was, becomes = getattr(old, name), getattr(new, name)
        if was != becomes:
            yield _difference(number, name, was, becomes, salt)
    faults, others = _faults(old), _faults(new)
    if faults != others:
        yield _difference(number, "faults", faults, others, salt)


def _whole(
    old: FilePart | str | None, new: FilePart | str | None, salt: str
) -> Iterator[Difference]:
    was, becomes = _said(old), _said(new)
    if was != becomes:
        name = "head" if isinstance(old, FileHead) or isinstance(new, FileHead) else "end"
        yield _difference(0, name, was, becomes, salt)


def _said(part: FilePart | str | None) -> str:
    """What a part says that two mappings should agree on; how they call the format is not."""
    match part:
        case None:
            return ""
        case str():
            return part
        case Draft():
            return part.erp_reference or "line"
        case FileHead():
            return f"{part.message_id}\n{part.count}\n{part.control_sum}"
        case FileEnd():
            return "\n".join((str(part.count), *(_code(it) for it in part.faults)))


def _faults(draft: Draft) -> str:
    found = draft.faults if isinstance(draft, FaultyDraft) else ()
    return "\n".join(_code(it) for it in found)


def _code(one: Fault) -> str:
    return f"{one.code} {one.line}"


def _difference(line: int, name: str, was: str, becomes: str, salt: str) -> Difference:
    return Difference(
        line=line, field=name, before=_digest(was, salt), after=_digest(becomes, salt)
    )


def _digest(text: str, salt: str) -> str:
    if not text:
        return _ABSENT
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()[:_DIGITS]


# ── on live files ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """Whose file is read again, by which two languages. ``new`` reads beside ``old``."""

    system: ErpSystem
    old: ErpDialect
    new: ErpDialect


class Shadows:
    """Reads files again with the new mapping and keeps what differs."""

    def __init__(self, store: Store, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime

    def cast(self, shadow: Shadow, file: Path | bytes, batch: str = "") -> None:
        """Compare in a task of its own: whoever handed the file over does not wait.

        A file is opened before this returns: it may be removed at once. Raises OSError.
        """
        with ExitStack() as until:
            if isinstance(file, bytes):
                pieces: Pieces = partial(iter, (file,))
            else:
                pieces = _Opened([until.enter_context(file.open("rb")) for _ in range(2)]).pieces
            with acting_for((shadow.system.tenant,)):
                looking = self._look_and_close(shadow, pieces, batch, until.pop_all())
                self._runtime.tasks.spawn("shadow", looking)

    async def _look_and_close(
        self, shadow: Shadow, pieces: Pieces, batch: str, until: ExitStack
    ) -> None:
        with until:
            await self.look(shadow, pieces, batch)

    async def look(self, shadow: Shadow, pieces: Pieces, batch: str = "") -> None:
        """Compare both readings and store what differs.

        What goes wrong with the file or the way to the database is told, not raised; Corrupt is.
        """
        number, system = self._runtime.ids.new("shd"), shadow.system
        reader = self._runtime.tasks.reader("shadow")  # libxml2: one parser, one thread
        try:
            compared = await reader.read(lambda: self._compared(shadow, pieces, number))
            at_us = to_us(self._runtime.clock.now())
            row = {
                "tenant": system.tenant,
                "id": number,
                "system": system.id,
                "dialect": shadow.new.name,
                "batch": batch,
                "lines": compared.lines,
                "different": compared.different,
                "differences": json.dumps(
                    [[it.line, it.field, it.before, it.after] for it in compared.differences]
                ),
                "at_us": at_us,
            }
            await self._store.write(lambda uow: uow.change(insert(_e).values(row)))
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

    def _compared(self, shadow: Shadow, pieces: Pieces, salt: str) -> Compared:
        readings = []
        for dialect in (shadow.old, shadow.new):
            read = dialect.read
            if read is None:
                raise NotOffered(f"{dialect.name} reads no files", f"{dialect.name} 不读取文件")
            make = partial(read, pieces())
            readings.append(guarded(make, self._runtime, shadow.system, "erp shadow"))
        return compare(readings[0], readings[1], salt)

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
            "differences": [
                dict(zip(("line", "field", "before", "after"), one, strict=True))
                for one in json.loads(row.differences)
            ],
            "at_us": row.at_us,
        }
        for row in rows
    ]
