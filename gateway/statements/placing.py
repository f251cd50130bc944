"""Where a new statement lies among kept ones of its day, and which of its lines they told.

Rule kept here: banks send a busy day in parts, overlapping or not, in any order. Balances and
numbers of lines place them; where nothing does, equal lines may be repeats or twins, and nobody
guesses which: the part waits for the one between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.bank_file import EntryRead, Finding, Gravity, StatementStart
from gateway.domain.money import MoneyFormatError, currency
from gateway.domain.statement import EntryStatus
from gateway.ports.statement_formats import Part
from gateway.statements.spans import Places, Span, Standing, laid
from gateway.statements.survey import Survey

PART_APART: Final = "part_apart"
Marks = Mapping[int, Sequence[int]]
"""By balance, after how many booked lines of a statement it stands."""
Range = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How a statement stands to kept ones.

    ``told`` are ranges of its booked lines, counted from 0, that kept ones told; ``new`` is how
    many are left, None where that cannot be said. ``asks`` are balances whose places in the
    statement would say more.
    """

    standing: Standing
    told: tuple[Range, ...] = ()
    new: int | None = None
    asks: frozenset[int] = frozenset()


OPEN: Final = Place(standing=Standing.OPEN)


def place(it: Span, kept: Sequence[Span], marks: Marks, lines: int = 0) -> Place:
    """How a statement stands to kept ones of its account and source that touch its last day.

    ``lines`` is how many booked ones of that day are kept. A statement over several days is never
    taken for all new, nor is a part of a day that such a one tells of.
    """
    if not it.bounded:
        return OPEN
    if any(_frame(one) == _frame(it) for one in kept if one.bounded):
        return Place(standing=Standing.SAME)
    of_day = [one for one in kept if one.of_one_day and one.last == it.last]
    if not it.of_one_day or not of_day or any(one.first < one.last for one in kept):
        return OPEN
    places = laid([*of_day, it])
    if places is None:
        return Place(standing=_touching(it, of_day))
    return _placed(it, of_day, places, marks, lines)


def _placed(it: Span, of_day: Sequence[Span], places: Places, marks: Marks, lines: int) -> Place:
    located: list[Range] = []
    asks: set[int] = set()
    apart = 0
    for group in {places[_opening(one)][0] for one in of_day}:
        members = [one for one in of_day if places[_opening(one)][0] == group]
        offset = _offset(it, members, places, marks)
        if offset is None:
            asks.update(balance for balance, (whose, _) in places.items() if whose == group)
            apart += _length(_range(one, places, 0) for one in members)
        else:
            located += [_range(one, places, offset) for one in members]
    known = _length(located)
    if located and known == lines:
        asks.clear()  # whatever else was told that day lies among these
    told = _merged((max(low, 0), min(high, it.entries)) for low, high in located)
    new = it.entries - _length(told)
    if not told and located and (not asks or known + apart == lines):
        # It goes on where some that are kept end. Where those that hang together tell different
        # lines each, it cannot lie inside another one: that would tell lines of those as well.
        standing = Standing.ANEW
    elif asks:
        standing = Standing.APART
    else:
        standing = Standing.OPEN if told else Standing.ANEW
    return Place(standing=standing, told=told, new=new, asks=frozenset(asks - marks.keys()))


def _offset(it: Span, members: Sequence[Span], places: Places, marks: Marks) -> int | None:
    """Where the statement begins on the scale of some that hang together; None: nobody knows."""
    group, begin = places[_opening(it)]
    if places[_opening(members[0])][0] == group:
        return begin
    for one in members:
        for low in marks.get(_opening(one), ()):
            if one.closing is not None and low + one.entries in marks.get(one.closing, ()):
                return places[_opening(one)][1] - low
    return None


def _range(it: Span, places: Places, offset: int) -> Range:
    begin = places[_opening(it)][1] - offset
    return begin, begin + it.entries


def _length(ranges: Iterable[Range]) -> int:
    return sum(high - low for low, high in _merged(ranges))


def _opening(it: Span) -> int:
    return it.opening if it.opening is not None else 0


def _merged(ranges: Iterable[Range]) -> tuple[Range, ...]:
    found: list[Range] = []
    for low, high in sorted(it for it in ranges if it[0] < it[1]):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)


def _touching(it: Span, of_day: Sequence[Span]) -> Standing:
    """The best that can be said where one balance stands at several places."""
    if any(one.opening == it.opening or one.closing == it.closing for one in of_day):
        return Standing.OPEN
    touches = any(one.closing == it.opening or one.opening == it.closing for one in of_day)
    return Standing.ANEW if touches else Standing.OPEN


def _frame(it: Span) -> tuple[object, ...]:
    return it.first, it.last, it.opening, it.closing, it.entries


def marked(
    parts: Iterable[Part], of: Survey, asks: Mapping[int, tuple[Span, str, frozenset[int]]]
) -> dict[int, dict[int, list[int]]]:
    """Where balances stand in the statements that ask: by place in the file, then by balance.

    ``asks`` gives for each its span, currency and balances. Raises WireError as the reader does.
    """
    found: dict[int, dict[int, list[int]]] = {at: {} for at in asks}
    places = iter(of.places)
    at, running, lines = -1, dict.fromkeys(asks, 0), dict.fromkeys(asks, 0)
    for part in parts:
        if isinstance(part, StatementStart):
            at = next(places)
            if at in asks and not lines[at]:
                running[at] = _opening(asks[at][0])
                _mark(found[at], asks[at][2], running[at], 0)
        elif at in asks and isinstance(part, EntryRead) and part.status is EntryStatus.BOOKED:
            try:
                running[at] += part.amount.at(currency(asks[at][1]).digits)
            except MoneyFormatError:
                continue
            lines[at] += 1
            _mark(found[at], asks[at][2], running[at], lines[at])
    return found


def _mark(found: dict[int, list[int]], asks: frozenset[int], balance: int, lines: int) -> None:
    if balance in asks:
        found.setdefault(balance, []).append(lines)


def apart(line: int) -> Finding:
    """Why a part of a day has to wait."""
    return Finding(
        code=PART_APART,
        zh="同日另一份对账单尚缺，本份中与已入库相同的明细无法判定是重复还是另一笔；"
        "请先导入中间的一份，再重发本份",
        en="another statement of this day is missing: lines of this one that equal known ones may "
        "be repeats or further ones; import the one between first, then send this one again",
        line=line,
        gravity=Gravity.CONTRADICTION,
    )
