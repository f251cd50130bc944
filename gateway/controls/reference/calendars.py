"""Calendars from a well-kept package and from imported files.

Rule kept here: a calendar file is taken whole or not at all, and a year is complete only where
its file says so: a few days alone make nothing certain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

import msgspec

from gateway.controls.reference.faults import fault, refused, whole
from gateway.controls.reference.sheet import Readable, Rejoined, Row, json_fault, printable, rows
from gateway.domain.calendar import (
    CN_STATE_COUNCIL,
    CalendarEdition,
    DayKind,
    DayMark,
    WorkCalendar,
)
from gateway.domain.errors import Fault

FILE_BYTES_MAX: Final = 4 << 20
TEXT_MAX: Final = 200
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "day": ("日期", "date"),
    "kind": ("类型", "性质"),
    "name": ("名称", "节假日", "说明"),
    "source": ("来源", "依据"),
    "published_on": ("发布日期", "published"),
    "calendar": ("日历",),
}
_YEAR: Final = "year"
_KINDS: Final = {
    **dict.fromkeys(("holiday", "节假日", "放假", "休"), DayKind.HOLIDAY.value),
    **dict.fromkeys(("workday", "上班", "调休上班", "班"), DayKind.WORKDAY.value),
    **dict.fromkeys((_YEAR, "全年"), _YEAR),
}
"""``year`` says that the list of the year of its day is complete."""
_NAMES_ZH: Final = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利七十周年纪念日",
}


def state_council() -> WorkCalendar:
    """China's public holidays and make-up days, from 2004 to the last year that is published.

    Source: the State Council's yearly notices, as kept by the package ``chinesecalendar``.
    """
    # Read here: a process that asks no calendar does not load the package.
    from chinese_calendar.constants import (  # type: ignore[import-untyped]  # noqa: PLC0415
        holidays,
        workdays,
    )

    source = "国务院办公厅节假日安排通知（chinesecalendar）"
    marks: dict[date, DayMark] = {}
    tables = ((DayKind.HOLIDAY, holidays, ""), (DayKind.WORKDAY, workdays, "调休上班"))
    for kind, table, suffix in tables:
        listed: dict[date, str] = table
        for day, name in listed.items():
            text = _NAMES_ZH.get(name, name) + suffix
            marks[day] = DayMark(day=day, kind=kind, name=text, source=source)
    years = frozenset(day.year for day, mark in marks.items() if _fixed_holiday(mark))
    return WorkCalendar(id=CN_STATE_COUNCIL, marks=MappingProxyType(marks), years=years)


class Calendars:
    """All calendars by id: a built-in one, read when first asked for, and imported editions.

    Editions are laid over each other in the order given: the later import wins.
    """

    __slots__ = ("_built_in", "_editions", "_ready")

    def __init__(
        self,
        editions: Iterable[CalendarEdition] = (),
        built_in: Mapping[str, Callable[[], WorkCalendar]] | None = None,
    ) -> None:
        self._editions = tuple(editions)
        self._built_in = {CN_STATE_COUNCIL: state_council} if built_in is None else built_in
        self._ready: dict[str, WorkCalendar] = {}

    def __contains__(self, id_: object) -> bool:
        """Whether somebody published a calendar of this id."""
        return id_ in self._built_in or any(it.calendar == id_ for it in self._editions)

    def calendar(self, id_: str = CN_STATE_COUNCIL) -> WorkCalendar:
        """The calendar called ``id_``; one that nobody published knows weekends only."""
        ready = self._ready.get(id_)
        if ready is None:
            first = self._built_in.get(id_)
            ready = first() if first else WorkCalendar(id=id_)
            for edition in self._editions:
                if edition.calendar == id_:
                    ready = ready.extended(edition.marks, edition.years)
            self._ready[id_] = ready
        return ready


def read_calendar(source: Readable) -> tuple[CalendarEdition, ...]:
    """The calendars of a file, as CSV (or text with ``|`` or tabs) or JSON, told by its first byte.

    CSV columns: day, kind (holiday, workday, year), name, source, published_on, calendar
    (``cn-state-council`` where not told). JSON: one object ``calendar``, ``source``,
    ``published_on``, ``years`` (complete ones), ``days`` (objects ``day``, ``kind``, ``name``).
    Raises Refused with every fault found; then nothing of the file is taken.
    """
    head = source.read(1)
    if head == b"{":
        return (_read_json(head + source.read(FILE_BYTES_MAX)),)
    return _editions(whole(_read_rows(Rejoined(head, source))))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    calendar: str
    kind: str
    mark: DayMark
    line: int | None


def _read_rows(source: Readable) -> Iterable[_Line | Fault]:
    for row in rows(source, COLUMNS, ("day", "kind")):
        yield row if isinstance(row, Fault) else _line(row)


def _line(row: Row) -> _Line | Fault:
    day, published = row.day("day"), row.day("published_on")
    texts = {field: row.text(field, longest=TEXT_MAX) for field in ("name", "source", "calendar")}
    for one in (day, published, *texts.values()):
        if isinstance(one, Fault):
            return one
    if not isinstance(day, date):
        return row.fault("required", "day")
    kind = _KINDS.get(row.cells["kind"].casefold())
    if kind is None:
        return row.fault("word", "kind", ", ".join((*DayKind, _YEAR)))
    return _Line(
        calendar=str(texts["calendar"]) or CN_STATE_COUNCIL,
        kind=kind,
        line=row.line,
        mark=DayMark(
            day=day,
            kind=DayKind.HOLIDAY if kind == _YEAR else DayKind(kind),
            name=str(texts["name"]),
            source=str(texts["source"]),
            published_on=published if isinstance(published, date) else None,
        ),
    )


class _JsonDay(msgspec.Struct, forbid_unknown_fields=True):
    day: date
    kind: DayKind
    name: str = ""


class _JsonCalendar(msgspec.Struct, forbid_unknown_fields=True):
    days: list[_JsonDay]
    calendar: str = CN_STATE_COUNCIL
    source: str = ""
    published_on: date | None = None
    years: list[int] = []


def _read_json(body: bytes) -> CalendarEdition:
    if len(body) > FILE_BYTES_MAX:
        raise refused(fault("line_too_long", "", detail=str(FILE_BYTES_MAX)))
    try:
        told = msgspec.json.decode(body, type=_JsonCalendar)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refused(json_fault(error)) from None
    lines = [
        _Line(
            calendar=told.calendar,
            kind=it.kind,
            line=None,
            mark=DayMark(
                day=it.day,
                kind=it.kind,
                name=it.name,
                source=told.source,
                published_on=told.published_on,
            ),
        )
        for it in told.days
    ]
    if not all(printable(it) for it in (told.calendar, told.source, *(d.name for d in told.days))):
        raise refused(fault("forbidden_character", ""))
    if not lines:
        raise refused(fault("empty", "days"))
    (edition,) = _editions(lines, years={told.calendar: set(told.years)})
    return edition


def _editions(
    lines: Iterable[_Line], years: Mapping[str, set[int]] | None = None
) -> tuple[CalendarEdition, ...]:
    """Lines by calendar. Raises Refused for contradictions and for complete years without days."""
    complete = {id_: set(told) for id_, told in (years or {}).items()}
    marks: dict[str, dict[date, _Line]] = {}
    for one in lines:
        days = marks.setdefault(one.calendar, {})
        if one.kind == _YEAR:
            complete.setdefault(one.calendar, set()).add(one.mark.day.year)
            continue
        earlier = days.setdefault(one.mark.day, one)
        if earlier.mark.kind is not one.mark.kind:
            detail = str(earlier.line or one.mark.day)
            raise refused(fault("contradiction", "day", detail=detail, line=one.line))
    if not marks:
        raise refused(fault("empty", ""))
    editions = []
    for id_, days in marks.items():
        told = complete.get(id_, set())
        for year in sorted(told):
            if not any(
                _fixed_holiday(it.mark) and it.mark.day.year == year for it in days.values()
            ):
                raise refused(fault("year_empty", "years", detail=str(year)))
        found = tuple(it.mark for _, it in sorted(days.items()))
        editions.append(CalendarEdition(calendar=id_, marks=found, years=frozenset(told)))
    return tuple(editions)


def _fixed_holiday(mark: DayMark) -> bool:
    """Whether this is a holiday: what a complete year has at least one of."""
    return mark.kind is DayKind.HOLIDAY
