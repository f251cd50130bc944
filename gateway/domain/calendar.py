"""Working days: what published lists say of single days, and the weekend rule for all others.

Rule kept here: an answer says whether it is published. A day beyond the published lists follows
the weekend rule and is told as provisional, never as certain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

CN_STATE_COUNCIL: Final = "cn-state-council"
"""The calendar of the State Council's yearly notice on public holidays."""

_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5
_UNSETTLED: Final = (12, 25)
"""From here to the end of December the NEXT year's notice may still move days: those for 2007,
2008, 2012 and 2019 made days from 29 December on working days or holidays."""
_STEPS_MAX: Final = 3 * 366


class DayKind(StrEnum):
    """What a published list says of one day. The strings are stored and imported."""

    HOLIDAY = "holiday"
    WORKDAY = "workday"
    """A make-up working day (调休上班), mostly a Saturday or Sunday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayMark:
    """One line of a published list. ``source`` names who published it, ``published_on`` when."""

    day: date
    kind: DayKind
    name: str = ""
    source: str = ""
    published_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayStanding:
    """What holds for a day. ``provisional``: no published list covers it (or the way to it)."""

    day: date
    working: bool
    provisional: bool
    name: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCalendar:
    """Working days by published marks; Saturday and Sunday are free where nothing is marked.

    ``years`` are those whose list is complete: only their days are certain.
    """

    id: str
    marks: Mapping[date, DayMark] = field(default_factory=lambda: MappingProxyType({}))
    years: frozenset[int] = frozenset()

    def day(self, day: date) -> DayStanding:
        """What holds for ``day``. A day that is marked itself is never provisional."""
        mark = self.marks.get(day)
        if mark is None:
            return DayStanding(
                day=day, working=day.weekday() < _SATURDAY, provisional=not self._settled(day)
            )
        return DayStanding(
            day=day,
            working=mark.kind is DayKind.WORKDAY,
            provisional=False,
            name=mark.name,
            source=mark.source,
        )

    def is_working_day(self, day: date) -> bool:
        """Whether ``day`` is a working day, as far as is known."""
        return self.day(day).working

    def next_working_day(self, day: date) -> DayStanding:
        """The first working day after ``day``.

        It is provisional when it or any day on the way is: that day might be a working day.
        Raises ValueError when there is none within three years.
        """
        return self.nth_working_day(day, 1)

    def working_day_from(self, day: date) -> DayStanding:
        """``day`` itself when it is a working day, else the next one. Raises ValueError."""
        return self.nth_working_day(day - _DAY, 1)

    def nth_working_day(self, day: date, count: int) -> DayStanding:
        """The ``count``-th working day after ``day`` (T+n); before it where negative.

        Provisional when any day passed is. Raises ValueError for 0, which the caller must
        decide (``working_day_from``), and when three years do not hold so many.
        """
        if count == 0:
            raise ValueError("the 0th working day is not defined")
        step = _DAY if count > 0 else -_DAY
        left, provisional = abs(count), False
        for _ in range(_STEPS_MAX):
            day += step
            found = self.day(day)
            provisional = provisional or found.provisional
            left -= found.working
            if not left:
                return DayStanding(
                    day=day,
                    working=True,
                    provisional=provisional,
                    name=found.name,
                    source=found.source,
                )
        raise ValueError("no such working day within three years")

    def extended(self, marks: Iterable[DayMark], years: Iterable[int] = ()) -> WorkCalendar:
        """This calendar with further marks, which win over its own day by day.

        ``years`` are those that the new marks make complete.
        """
        merged = {**self.marks, **{mark.day: mark for mark in marks}}
        return WorkCalendar(
            id=self.id, marks=MappingProxyType(merged), years=self.years | frozenset(years)
        )

    def _settled(self, day: date) -> bool:
        if day.year not in self.years:
            return False
        return (day.month, day.day) < _UNSETTLED or day.year + 1 in self.years


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEdition:
    """An imported list: which calendar it belongs to, its marks, and the years it completes."""

    calendar: str
    marks: tuple[DayMark, ...]
    years: frozenset[int] = frozenset()
