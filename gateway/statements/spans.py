"""Statements by the days and balances they lie between, and how a new one stands to kept ones.

Rule kept here: banks send a busy day in several statements, and the same statement again. Which
of the two it is follows from where balances begin and end, never from a statement's number, which
banks use again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

END_OF_DAY: Final = ("camt.053", "MT940", "MT950", "BAI2")
"""Formats whose statements tell all of the days they speak of."""
Stated = dict[date, dict[str, int]]
"""By day and by who states it, a balance in minor units."""


class Standing(StrEnum):
    """How a statement stands to those that are kept."""

    SAME = "same"
    """It is one of them: none of its lines is new."""
    ANEW = "anew"
    """It goes on where one of them ends, or ends where one begins: all of its lines are new."""
    OPEN = "open"
    """It may tell lines that are known, beside new ones."""
    APART = "apart"
    """Nothing says how it lies to others of its day: what is known may be a repeat or a twin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One statement of an import: balances are minor units, None where it states none.

    ``entries`` are the booked ones.
    """

    account: str
    first: date
    last: date
    statement_id: str
    entries: int
    opening: int | None = None
    closing: int | None = None

    @property
    def of_one_day(self) -> bool:
        """Whether it says where its balance begins and ends, within one day."""
        return self.bounded and self.first == self.last

    @property
    def bounded(self) -> bool:
        """Whether it says where its balance begins and ends."""
        return self.opening is not None and self.closing is not None


Places = dict[int, tuple[int, int]]
"""By balance, which statements hang together (a number of theirs), and after how many lines of
them the balance stands."""


def laid(spans: Iterable[Span]) -> Places | None:
    """How bounded statements of one day lie to each other, by balances and numbers of lines.

    None where no order of lines gives that: then the same balance stands at several places.
    """
    steps: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for it in spans:
        if it.opening is not None and it.closing is not None:
            steps[it.opening].append((it.closing, it.entries))
            steps[it.closing].append((it.opening, -it.entries))
    found: Places = {}
    for begin in steps:
        if begin in found:
            continue
        found[begin] = (begin, 0)
        ahead = [begin]
        while ahead:
            balance = ahead.pop()
            whose, place = found[balance]
            for other, lines in steps[balance]:
                if other not in found:
                    found[other] = (whose, place + lines)
                    ahead.append(other)
                elif found[other] != (whose, place + lines):
                    return None
    return found


def borders(spans: Iterable[tuple[str, Span]], lines: Mapping[date, int]) -> tuple[Stated, Stated]:
    """The balances that days begin and end with, by day and by who states them.

    Where one statement of a day ends and the next begins, or inside a longer one of that day,
    the day does neither. ``lines`` are the numbers of kept ones by day.
    """
    bounded = [(source, it) for source, it in spans if it.bounded]
    of_day: defaultdict[tuple[str, date], list[Span]] = defaultdict(list)
    for source, it in bounded:
        if it.first == it.last:
            of_day[source, it.first].append(it)
    inner = {key: _inner(some, lines.get(key[1], 0)) for key, some in of_day.items()}
    nothing: tuple[set[int], set[int]] = (set(), set())
    openings: Stated = {}
    closings: Stated = {}
    for source, it in bounded:
        if it.opening is not None and it.opening not in inner.get((source, it.first), nothing)[0]:
            openings.setdefault(it.first, {})[f"{source}:{it.opening}"] = it.opening
        if it.closing is not None and it.closing not in inner.get((source, it.last), nothing)[1]:
            closings.setdefault(it.last, {})[f"{source}:{it.closing}"] = it.closing
    return openings, closings


def _inner(of_day: Sequence[Span], lines: int) -> tuple[set[int], set[int]]:
    """Balances that are no opening of a day, and those that are no closing, by its statements."""
    places = laid(of_day)
    if places is None:
        return _met(of_day)
    ends: dict[int, tuple[int, int]] = {}
    for whose, place in places.values():
        low, high = ends.get(whose, (place, place))
        ends[whose] = (min(low, place), max(high, place))
    # Those that tell all of the day's lines have any other one among them.
    whole = [whose for whose, (low, high) in ends.items() if high - low == lines]
    alone = whole if len(whole) == 1 else list(ends)
    begin = {it for it, (whose, at) in places.items() if whose in alone and at == ends[whose][0]}
    end = {it for it, (whose, at) in places.items() if whose in alone and at == ends[whose][1]}
    return places.keys() - begin, places.keys() - end


def _met(of_day: Sequence[Span]) -> tuple[set[int], set[int]]:
    """The same where a balance stands at several places: only where statements meet."""
    begun = Counter(it.opening for it in of_day)
    ended = Counter(it.closing for it in of_day)
    # A statement that moves nothing ends where it begins itself: that hides no border.
    still = Counter(it.opening for it in of_day if it.opening == it.closing)
    return (
        {it for it in begun if it is not None and ended[it] > min(still[it], 1)},
        {it for it in ended if it is not None and begun[it] > min(still[it], 1)},
    )
