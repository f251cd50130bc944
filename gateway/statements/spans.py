"""Statements by the days and balances they lie between, and how a new one stands to kept ones.

Rule kept here: banks send a busy day in several statements, and the same statement again. Which
of the two it is follows from where balances begin and end, never from a statement's number, which
banks use again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_Border = tuple[str, date, int | None]
Stated = dict[date, dict[str, int]]
"""By day and by who states it, a balance in minor units."""


class Standing(StrEnum):
    """How a statement stands to those that are kept."""

    SAME = "same"
    """It is one of them: none of its lines is new."""
    ANEW = "anew"
    """It goes on where one of them ends, or ends where one begins: all of its lines are new."""
    OPEN = "open"
    """Neither: it may tell lines that are known, beside new ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One statement of an import: balances are minor units, None where it states none."""

    account: str
    first: date
    last: date
    statement_id: str
    entries: int
    opening: int | None = None
    closing: int | None = None

    @property
    def bounded(self) -> bool:
        """Whether it says where its balance begins and ends."""
        return self.opening is not None and self.closing is not None


def standing(it: Span, kept: Sequence[Span]) -> Standing:
    """How a statement stands to kept ones of its account with the same last day.

    A statement over several days is never taken for all new: kept ones may lie inside it.
    """
    if not it.bounded:
        return Standing.OPEN
    bounded = [one for one in kept if one.bounded]
    if any(_frame(one) == _frame(it) for one in bounded):
        return Standing.SAME
    of_day = [one for one in bounded if one.first == it.first == it.last]
    if any(one.opening == it.opening or one.closing == it.closing for one in of_day):
        return Standing.OPEN
    touches = any(one.closing == it.opening or one.opening == it.closing for one in of_day)
    return Standing.ANEW if touches else Standing.OPEN


def _frame(it: Span) -> tuple[object, ...]:
    return it.first, it.last, it.opening, it.closing, it.entries


def borders(spans: Iterable[tuple[str, Span]]) -> tuple[Stated, Stated]:
    """The balances that days begin and end with, by day and by who states them.

    Where one statement of a day ends and the next begins, the day does neither.
    """
    bounded = [(source, it) for source, it in spans if it.bounded]
    begun, ended = Counter[_Border](), Counter[_Border]()
    for source, it in bounded:
        if it.first == it.last:
            begun[source, it.first, it.opening] += 1
            ended[source, it.last, it.closing] += 1
    openings: Stated = {}
    closings: Stated = {}
    for source, it in bounded:
        # A statement that moves nothing ends where it begins itself: that hides no border.
        still = int(it.first == it.last and it.opening == it.closing)
        if it.opening is not None and ended[source, it.first, it.opening] <= still:
            openings.setdefault(it.first, {})[f"{source}:{it.opening}"] = it.opening
        if it.closing is not None and begun[source, it.last, it.closing] <= still:
            closings.setdefault(it.last, {})[f"{source}:{it.closing}"] = it.closing
    return openings, closings
