"""Reference data as it was imported, read back: offices one by one or as a book, days, channels.

Rule kept here: an import counts from the day on from which it holds; of two the later one wins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, Executable, bindparam, func, select

from gateway.controls.reference.calendars import Calendars
from gateway.controls.reference.channels import ChannelRoutes, read_channels
from gateway.controls.reference.kinds import Kind
from gateway.controls.reference.office_book import CANDIDATES_MAX, OfficeBook
from gateway.controls.reference.offices import office_of
from gateway.domain.bank_office import BankOffice, OfficeMatch, in_city, ranked, same_office_name
from gateway.domain.calendar import CN_STATE_COUNCIL, CalendarEdition, DayKind, DayMark
from gateway.domain.channel import ChannelTerms
from gateway.domain.names import core
from gateway.store import tables
from gateway.store.prepared import prepare

_i, _o = tables.reference_import, tables.bank_office
_d, _y = tables.calendar_day, tables.calendar_year
_AT_ONCE: Final = 2_000
_COLUMNS: Final = (
    *(_o.c.number, _o.c.name, _o.c.clearing_number),
    *(_o.c.city, _o.c.status, _o.c.valid_from),
)
_OFFICES: Final = select(*_COLUMNS).order_by(_o.c.number)
_BY_NUMBER: Final = prepare(_OFFICES.where(_o.c.number == bindparam("of_number")))
_BY_CORE: Final = prepare(_OFFICES.where(_o.c.core == bindparam("of_core")))
_OF_BANK: Final = prepare(_OFFICES.where(_o.c.bank_code == bindparam("of_bank")))


class OfficeRows:
    """The directory, asked where it is stored: for the few look-ups of people."""

    __slots__ = ("_db",)

    def __init__(self, db: Connection) -> None:
        self._db = db

    def by_number(self, number: str) -> BankOffice | None:
        """The office with these 12 digits."""
        found = self._offices(_BY_NUMBER.rows(self._db, {"of_number": number}))
        return found[0] if found else None

    def by_exact_name(self, name: str) -> tuple[BankOffice, ...]:
        """The offices that bear this name, but for widths, punctuation and the legal form."""
        found = self._offices(_BY_CORE.rows(self._db, {"of_core": core(name)}))
        return tuple(it for it in found if same_office_name(name, it))

    def by_name(self, asked: str, *, limit: int, city: str = "") -> tuple[OfficeMatch, ...]:
        """At most ``limit`` offices whose name fits, best first."""
        wanted = core(asked)
        if not wanted:
            return ()
        statement = (
            select(*_COLUMNS)
            .where(_o.c.core.contains(wanted, autoescape=True))
            # What begins with it, and what is short, fits better: a bound must not cut that off.
            .order_by(
                _o.c.core.startswith(wanted, autoescape=True).desc(),
                func.length(_o.c.core),
                _o.c.number,
            )
            .limit(CANDIDATES_MAX)
        )
        return ranked(
            asked, self._offices(self._db.execute(statement).all()), limit=limit, city=city
        )

    def of_bank(self, bank_code: str, *, city: str, limit: int) -> tuple[BankOffice, ...]:
        """At most ``limit`` offices of a bank (three digits) in a city, by number."""
        found = self._offices(_OF_BANK.rows(self._db, {"of_bank": bank_code}))
        return tuple(it for it in found if in_city(it, city))[:limit]

    @staticmethod
    def _offices(rows: Sequence[Any]) -> list[BankOffice]:
        return [_office(row) for row in rows]


def office_book(db: Connection) -> OfficeBook:
    """The whole directory in memory. Rows are read as they come, never all at once."""
    return OfficeBook(_streamed(db))


def _streamed(db: Connection) -> Iterator[BankOffice]:
    with db.execute(_OFFICES, execution_options={"yield_per": _AT_ONCE}) as found:
        for row in found:
            yield _office(row)


def _office(row: Any) -> BankOffice:  # noqa: ANN401 - a row of _COLUMNS
    return office_of(
        {
            "number": row.number,
            "name": row.name,
            "clearing_number": row.clearing_number,
            "city": row.city,
            "status": row.status,
            "valid_from": row.valid_from,
        }
    )


# ── days and channels ───────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """Calendars and channels as they stand on one day."""

    calendars: Calendars
    routes: ChannelRoutes


Rows = Callable[[Executable], Sequence[Any]]
"""Runs a query: in a unit of work, or for those who only read."""


def dated(db: Connection, today: date) -> Dated:
    """What is built in, with all imports over it that hold by ``today``; read and ready."""
    return dated_by(lambda statement: db.execute(statement).all(), today)


def dated_by(rows: Rows, today: date) -> Dated:
    """The same, read by ``rows``."""
    held = rows(
        select(_i.c.id, _i.c.kind, _i.c.body)
        .where(
            _i.c.kind.in_([Kind.CALENDAR.value, Kind.CHANNELS.value]),
            _i.c.holds_from <= today.isoformat(),
        )
        .order_by(_i.c.imported_us, _i.c.id)
    )
    calendars = Calendars(
        edition
        for row in held
        if row.kind == Kind.CALENDAR.value
        for edition in _editions(rows, row.id)
    )
    terms: list[tuple[ChannelTerms, ...]] = [
        read_channels(row.body) for row in held if row.kind == Kind.CHANNELS.value
    ]
    routes = ChannelRoutes(calendars.calendar(CN_STATE_COUNCIL), terms)
    routes.terms()
    return Dated(calendars=calendars, routes=routes)


def _editions(rows: Rows, of_import: str) -> Iterator[CalendarEdition]:
    marks: defaultdict[str, list[DayMark]] = defaultdict(list)
    years: defaultdict[str, set[int]] = defaultdict(set)
    for row in rows(select(_d).where(_d.c.import_id == of_import).order_by(_d.c.day)):
        marks[row.calendar].append(
            DayMark(
                day=date.fromisoformat(row.day),
                kind=DayKind(row.kind),
                name=row.name,
                source=row.source,
                published_on=date.fromisoformat(row.published_on) if row.published_on else None,
            )
        )
    for row in rows(select(_y).where(_y.c.import_id == of_import)):
        years[row.calendar].add(row.year)
    for calendar in sorted({*marks, *years}):
        yield CalendarEdition(
            calendar=calendar, marks=tuple(marks[calendar]), years=frozenset(years[calendar])
        )
