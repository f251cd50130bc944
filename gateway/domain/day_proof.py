"""What proves an account's days complete: balances that agree with what was booked between them.

Rule kept here: a day is proven only between two balances that somebody stated; a balance that we
added up ourselves proves nothing. Where a proof fails, every day it spans is in doubt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from gateway.domain.day import days_between

_DAY = timedelta(days=1)


class DayState(StrEnum):
    """How complete a day is known to be. The strings are stored: for ever."""

    OPEN = "open"
    """Not over yet."""
    PROVEN = "proven"
    """Opening balance + entries = closing balance, as stated by the bank."""
    QUIET = "quiet"
    """Nothing was read of it, and the balances around it agree: nothing moved."""
    UNPROVEN = "unproven"
    """Read, and no stated balance confirms or denies it."""
    MISSING = "missing"
    """Nothing was read of it."""
    BROKEN = "broken"
    """The balances deny it: entries are missing, doubled or wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFacts:
    """What is known of one day. Amounts are minor units; ``moved`` is the sum of what was booked.

    ``openings`` and ``closings`` are the balances stated for its begin and end, by whom.
    """

    moved: int = 0
    entries: int = 0
    read: bool = False
    """All of the day was read at least once, after it was over."""
    openings: Mapping[str, int] = field(default_factory=dict)
    closings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayProof:
    """The judgement of one day. Balances are None where nothing states or confirms them.

    ``why`` is '' or ``opening`` (it does not follow from the day before), ``sum`` (entries do
    not lead from opening to closing), ``claims`` (two sources state different balances).
    """

    day: date
    state: DayState
    opening: int | None = None
    closing: int | None = None
    why: str = ""


@dataclass(slots=True)
class _Run:
    """Days since the last stated balance, waiting for the next one."""

    days: list[date] = field(default_factory=list)
    balance: int | None = None
    """What the days add up to so far; None before any balance was stated."""


def prove(facts: Mapping[date, DayFacts], today: date) -> list[DayProof]:
    """Judge every day from the first known to the last, or to ``today`` if that is earlier."""
    if not facts:
        return []
    found: dict[date, DayProof] = {}
    run = _Run()
    for day in days_between(min(facts), max(facts)):
        it = facts.get(day, DayFacts())
        if day >= today:
            found[day] = DayProof(day=day, state=DayState.OPEN)
            continue
        _step(found, facts, run, day, it)
    return [found[day] for day in sorted(found)]


def _step(
    found: dict[date, DayProof],
    facts: Mapping[date, DayFacts],
    run: _Run,
    day: date,
    it: DayFacts,
) -> None:
    openings, closings = set(it.openings.values()), set(it.closings.values())
    if len(openings) > 1 or len(closings) > 1:
        _settle(found, facts, run, state=None)
        found[day] = DayProof(day=day, state=DayState.BROKEN, why="claims")
        run.balance = None
        return
    why = ""
    if openings:
        (opening,) = openings
        if run.balance is not None and run.balance != opening:
            # Whatever is missing lies at or before this border: the days since the last stated
            # balance are in doubt; where there are none, this one is.
            why = "" if run.days else "opening"
            _settle(found, facts, run, state=DayState.BROKEN, why="sum")
        elif run.days:
            proven = DayState.PROVEN if run.balance is not None else None
            _settle(found, facts, run, state=proven)
        run.balance = opening
    run.days.append(day)
    before = run.balance
    run.balance = None if before is None else before + it.moved
    found[day] = DayProof(day=day, state=_unproven(it), opening=before, why=why)
    if why:
        found[day] = DayProof(day=day, state=DayState.BROKEN, opening=before, why=why)
    if closings:
        (closing,) = closings
        if run.balance is None:
            _settle(found, facts, run, state=None)
        elif run.balance == closing:
            _settle(found, facts, run, state=DayState.PROVEN)
        else:
            _settle(found, facts, run, state=DayState.BROKEN, why="sum")
        run.balance = closing


def _settle(
    found: dict[date, DayProof],
    facts: Mapping[date, DayFacts],
    run: _Run,
    *,
    state: DayState | None,
    why: str = "",
) -> None:
    """Judge the days of a run that has come to a stated balance; None leaves them unproven."""
    for day in run.days:
        it, before = facts.get(day, DayFacts()), found[day]
        if state is None or before.state is DayState.BROKEN:
            continue
        told = state
        if state is DayState.PROVEN and not it.read:
            told = DayState.QUIET if not it.entries else DayState.PROVEN
        closing = before.opening + it.moved if before.opening is not None else None
        found[day] = DayProof(
            day=day,
            state=told,
            opening=before.opening,
            closing=closing if told is not DayState.BROKEN else None,
            why=why,
        )
    run.days.clear()


def _unproven(it: DayFacts) -> DayState:
    return DayState.UNPROVEN if it.read or it.entries else DayState.MISSING
