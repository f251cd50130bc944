"""Imports of reference data as rows, and their history.

Rule kept here: a file is taken in one transaction, whole or not at all, with a record in the
journal; a file that is imported again while it still stands changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from itertools import islice
from types import MappingProxyType
from typing import BinaryIO, Final

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, select

from gateway.controls.reference.calendars import FILE_BYTES_MAX, read_calendar
from gateway.controls.reference.channels import read_channels
from gateway.controls.reference.faults import FAULTS_TOLD, fault, refused, whole
from gateway.controls.reference.kinds import REFERENCE_LANE, Kind
from gateway.controls.reference.name_lists import read_names
from gateway.controls.reference.offices import office_row, read_offices
from gateway.domain.bank_office import BankOffice
from gateway.domain.errors import Fault, Refused
from gateway.domain.name_list import ListedName
from gateway.ports.runtime import Runtime
from gateway.store import tables
from gateway.store.instants import from_us, to_us
from gateway.store.journal import Record
from gateway.store.prepared import among, prepare
from gateway.store.store import Store
from gateway.store.tenancy import EVERYONE, acting_for
from gateway.store.uow import Uow

OFFICES_AT_ONCE: Final = 500
_PIECE: Final = 1 << 16
_CALENDAR_MAX: Final = 64
_LIST_MAX: Final = 64
_ENTRY_MAX: Final = 128
_i, _o, _n = tables.reference_import, tables.bank_office, tables.listed_name


AT_ONCE: Final = frozenset({Kind.OFFICES, Kind.NAMES})
"""What replaces its rows when it is imported, so that it cannot begin on a later day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants imported. ``tenant`` '' is for all; only name lists know another."""

    kind: Kind
    source: str
    holds_from: date
    by: str
    tenant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One import, as its history tells it."""

    id: str
    kind: Kind
    digest: str
    source: str
    holds_from: date
    imported_at: datetime
    imported_by: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import brought. ``new`` is False where the same file stands already.

    ``left_out`` counts the lines that were faulty and ``faults`` tells the first of them.
    """

    id: str
    rows: int
    new: bool = True
    left_out: int = 0
    faults: tuple[Fault, ...] = ()


@dataclass(slots=True)
class _Taken:
    """What was taken of a file. ``body`` is kept for kinds that are read from it again."""

    rows: int = 0
    body: bytes | None = None
    left_out: int = 0
    faults: list[Fault] = field(default_factory=list)


Opened = Callable[[], BinaryIO]
"""Opens the file from its beginning. A transaction that lost a race reads it once more."""


class Imports:
    """The use case: a file becomes the reference data of a deployment."""

    def __init__(self, store: Store, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime

    async def take(self, wish: Wish, opened: Opened) -> Imported:
        """Import a file. Raises Refused with its faults; then nothing of it was taken."""
        self._check(wish)
        with acting_for(EVERYONE):
            return await self._store.write(lambda uow: self._take(uow, wish, opened), at_once=True)

    def _check(self, wish: Wish) -> None:
        if not wish.source.strip():
            raise Refused("say where the file is from", "请注明文件来源")
        if wish.tenant and wish.kind is not Kind.NAMES:
            raise Refused(
                "only a list of names can belong to one tenant; this holds for all",
                "只有名单可以限于一个租户，此类资料对全部租户有效",
            )
        if wish.kind in AT_ONCE and wish.holds_from > self._runtime.clock.now().date():
            raise Refused(
                "offices and name lists hold as soon as they are imported: import the file on its"
                " day",
                "行名行号和名单导入即生效，请在生效当日导入",
            )

    def _take(self, uow: Uow, wish: Wish, opened: Opened) -> Imported:
        uow.guard(f"reference/{wish.kind}")
        with opened() as file:
            digest = _digest(file)
        standing = _standing(uow, wish, digest)
        if standing is not None:
            return Imported(id=standing.id, rows=standing.rows, new=False)
        made = self._runtime.ids.new("imp")
        with opened() as file:
            taken = _TAKE[wish.kind](uow, wish, made, file)
        at_us = to_us(self._runtime.clock.now())
        row = {
            "id": made,
            "kind": wish.kind.value,
            "digest": digest,
            "source": wish.source,
            "holds_from": wish.holds_from.isoformat(),
            "imported_us": at_us,
            "imported_by": wish.by,
            "rows": taken.rows,
        }
        uow.add(_i, {**row, "body": taken.body})
        told = {name: row[name] for name in ("digest", "source", "holds_from", "rows")}
        uow.journal(
            Record(
                tenant=wish.tenant,
                kind="reference_imported",
                subject=made,
                at_us=at_us,
                content={**told, "of": wish.kind.value, "by": wish.by, "left_out": taken.left_out},
            )
        )
        uow.rouse("", REFERENCE_LANE)
        return Imported(
            id=made, rows=taken.rows, left_out=taken.left_out, faults=tuple(taken.faults)
        )


def history(db: Connection, *, limit: int = 1000) -> list[Import]:
    """Imports of every kind, the newest first."""
    order = (_i.c.imported_us.desc(), _i.c.id.desc())
    columns = [it for it in _i.columns if it is not _i.c.body]
    return [
        Import(
            id=row.id,
            kind=Kind(row.kind),
            digest=row.digest,
            source=row.source,
            holds_from=date.fromisoformat(row.holds_from),
            imported_at=from_us(row.imported_us),
            imported_by=row.imported_by,
            rows=row.rows,
        )
        for row in db.execute(select(*columns).order_by(*order).limit(limit))
    ]


# ── whether it stands already ───────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Standing:
    id: str
    rows: int


_LAST: Final = prepare(
    select(_i.c.id, _i.c.digest, _i.c.holds_from, _i.c.rows)
    .where(_i.c.kind == bindparam("of_kind"))
    .order_by(_i.c.imported_us.desc(), _i.c.id.desc())
    .limit(1)
)
_SAME: Final = prepare(
    select(_i.c.id, _i.c.rows).where(
        _i.c.kind == Kind.NAMES.value, _i.c.digest == bindparam("of_digest")
    )
)
_LISTED: Final = prepare(
    select(func.count().label("rows")).where(
        _n.c.tenant == bindparam("of_tenant"), _n.c.import_id == bindparam("of_import")
    )
)


def _standing(uow: Uow, wish: Wish, digest: str) -> _Standing | None:
    """The import of the same file, if nothing came over it since."""
    if wish.kind is not Kind.NAMES:
        last = uow.first(_LAST, {"of_kind": wish.kind.value})
        same = last is not None and (last.digest, last.holds_from) == (
            digest,
            wish.holds_from.isoformat(),
        )
        return _Standing(last.id, last.rows) if same and last is not None else None
    for row in uow.rows(_SAME, {"of_digest": digest}):
        of_it = {"of_tenant": wish.tenant, "of_import": row.id}
        if uow.rows(_LISTED, of_it)[0].rows == row.rows:
            return _Standing(row.id, row.rows)
    return None


def _digest(file: BinaryIO) -> str:
    found = sha256()
    while piece := file.read(_PIECE):
        found.update(piece)
    return found.hexdigest()


# ── each kind ───────────────────────────────────────────────────────────────────────────────

_FORGET_OFFICES: Final = prepare(delete(_o).where(among(_o.c.number, "of_numbers")))
_FORGET_NAMES: Final = prepare(
    delete(_n).where(_n.c.tenant == bindparam("of_tenant"), among(_n.c.list_id, "of_lists"))
)


def _take_offices(uow: Uow, wish: Wish, made: str, file: BinaryIO) -> _Taken:
    """Lay a directory over what stands; a faulty line leaves the office as it was known."""
    del wish
    taken = _Taken()
    offices = _good(read_offices(file), taken)
    while some := list(islice(offices, OFFICES_AT_ONCE)):  # memory does not grow with the file
        uow.change(_FORGET_OFFICES, {"of_numbers": [it.number for it in some]})
        uow.add(_o, *(_office_row(it, made) for it in some))
        taken.rows += len(some)
    return taken


def _good(found: Iterator[BankOffice | Fault], taken: _Taken) -> Iterator[BankOffice]:
    for one in found:
        if isinstance(one, BankOffice):
            yield one
            continue
        taken.left_out += 1
        if taken.left_out <= FAULTS_TOLD:
            taken.faults.append(one)


def _office_row(office: BankOffice, made: str) -> dict[str, object]:
    row = {name: cell or "" for name, cell in office_row(office).items()}
    return {**row, "import_id": made}


def _take_names(uow: Uow, wish: Wish, made: str, file: BinaryIO) -> _Taken:
    """Replace the lists that the file names by what it says of them: an entry may be dropped."""
    entries = whole(_fitting(it) for it in read_names(file))
    lists = sorted({it.list_id for it in entries})
    uow.change(_FORGET_NAMES, {"of_tenant": wish.tenant, "of_lists": lists})
    uow.add(
        _n,
        *(
            {
                "tenant": wish.tenant,
                "list_id": it.list_id,
                "entry_id": it.entry_id,
                "body": msgspec.json.encode(it).decode(),
                "import_id": made,
            }
            for it in entries
        ),
    )
    return _Taken(rows=len(entries))


def _fitting(one: ListedName | Fault) -> ListedName | Fault:
    if isinstance(one, Fault):
        return one
    for field_, text, longest in (
        ("list", one.list_id, _LIST_MAX),
        ("entry", one.entry_id, _ENTRY_MAX),
    ):
        if len(text) > longest:
            return fault("too_long", field_, detail=str(longest))
    return one


def _take_calendar(uow: Uow, wish: Wish, made: str, file: BinaryIO) -> _Taken:
    del wish
    taken = _Taken()
    for edition in read_calendar(file):
        of_it = {"import_id": made, "calendar": edition.calendar}
        if len(edition.calendar) > _CALENDAR_MAX:
            raise refused(fault("too_long", "calendar", detail=str(_CALENDAR_MAX)))
        uow.add(
            tables.calendar_day,
            *(
                {
                    **of_it,
                    "day": mark.day.isoformat(),
                    "kind": mark.kind.value,
                    "name": mark.name,
                    "source": mark.source,
                    "published_on": mark.published_on.isoformat() if mark.published_on else "",
                }
                for mark in edition.marks
            ),
        )
        uow.add(tables.calendar_year, *({**of_it, "year": year} for year in sorted(edition.years)))
        taken.rows += len(edition.marks)
    return taken


def _take_channels(uow: Uow, wish: Wish, made: str, file: BinaryIO) -> _Taken:
    """Terms are kept as the file that told them, and read from it when they are asked for."""
    del uow, wish, made
    body = file.read(FILE_BYTES_MAX + 1)
    return _Taken(rows=len(read_channels(body)), body=body)


_TAKE: Final = MappingProxyType(
    {
        Kind.CALENDAR: _take_calendar,
        Kind.CHANNELS: _take_channels,
        Kind.OFFICES: _take_offices,
        Kind.NAMES: _take_names,
    }
)
