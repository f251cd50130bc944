"""How the reconciliation of accounts stands, for people: what is matched, suggested, open, and why.

Rule kept here: nothing is settled before the bank's days are proven; what is open is told with
its age and its reason, and what was not looked at yet is told as just that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from gateway.domain.balance_sheet import OpenClass, Side
from gateway.domain.errors import NotFound
from gateway.ports.runtime import Runtime
from gateway.reconciliation import match_rows, sheet_rows
from gateway.reconciliation.ledger_rows import has_items
from gateway.reconciliation.match_rows import NOTHING, SUGGESTIONS_MAX, Part
from gateway.reconciliation.sheet_rows import DayRun
from gateway.reconciliation.things import (
    Ask,
    Sought,
    Thing,
    asking,
    found_things,
    named_things,
    open_sums,
    open_things,
)
from gateway.store.instants import BEIJING
from gateway.store.store import Store

AGES: Final = (7, 30, 90)
"""An open item of up to so many days stands in that column; older ones in the last."""
PAGE: Final = 500
SUGGESTIONS_SHOWN: Final = 1_000
"""Suggestions of one answer of the API."""
_DAY: Final = timedelta(days=1)
_NOT_LOOKED: Final = "上次对账之后到达，尚未比对 / came after the last run, not compared yet"
_NO_RUN: Final = "尚未对账 / not reconciled yet"
_NOTHING: Final = "没有相符的候选 / nothing fits"
_SUGGESTED: Final = "有建议待人工判断 / suggested: a person decides"
_REMAINDER: Final = "部分匹配后的余额 / what a match has left over"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSum:
    """How many are open and their sums in minor units, both positive."""

    received: int = 0
    received_minor: int = 0
    paid: int = 0
    paid_minor: int = 0

    def plus(self, row: Any) -> OpenSum:  # noqa: ANN401 - a row of sums
        """With one more day."""
        return OpenSum(
            received=self.received + int(row.ins),
            received_minor=self.received_minor + int(row.received),
            paid=self.paid + int(row.outs),
            paid_minor=self.paid_minor + int(row.paid),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSum:
    """How many stand in one class, and their sum as the class counts it: red letters negative."""

    count: int = 0
    minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSheet:
    """The sheet of the last month that is over. ``state`` is '' where none is kept."""

    day: date
    state: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """One account. ``ages`` are by side, a column per bound of AGES and one beyond."""

    has_ledger: bool
    run: Any
    suggested: int
    matched: Mapping[str, tuple[int, int]]
    ages: Mapping[Side, tuple[OpenSum, ...]]
    closed_until: date | None
    unproven: tuple[date, ...]
    """Closed days of the bank since the last close that are not proven complete."""
    classes: Mapping[OpenClass, tuple[ClassSum, ...]]
    """The four classes as a sheet has them, by age as ``ages``."""
    kept: tuple[date, date] | None
    """The first and the last kept day of the bank."""
    days: tuple[DayRun, ...]
    """Days over since the last close, by state and reason."""
    month: MonthSheet


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenThing:
    """One open thing with why it is open, who looks after it, and what was said of it."""

    side: Side
    thing: Thing
    age: int
    reason: str
    owner: str
    notes: tuple[Any, ...] = field(default=())
    suggestions: tuple[str, ...] = field(default=())


class Standing:
    """Answers how accounts stand; reads only."""

    def __init__(self, store: Store, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime

    async def of(self, account: tuple[str, str]) -> Stand:
        """How an account (tenant, number) stands now."""
        today = self.today()

        def read(db: Connection) -> Stand:
            return _stand(asking(db), account, today)

        return await self._store.read(read)

    async def open(
        self, account: tuple[str, str], side: Side, start: int, most: int = PAGE
    ) -> list[OpenThing]:
        """A page of what is open on a side, oldest first; one more than ``most`` says: more.

        Items of later days than today are open as well.
        """
        today = self.today()

        def read(db: Connection) -> list[OpenThing]:
            ask = asking(db)
            found = open_things(ask, account, side, date.max, page=(start, most + 1))
            return _explained(ask, account, side, (found, today))

        return await self._store.read(read)

    async def found(
        self, account: tuple[str, str], side: Side, wanted: Sought, page: tuple[int, int]
    ) -> list[OpenThing]:
        """A page (first place, how many at most) of what is open and answers a search."""
        today = self.today()

        def read(db: Connection) -> list[OpenThing]:
            ask = asking(db)
            return _explained(
                ask, account, side, (found_things(ask, account, side, wanted, page), today)
            )

        return await self._store.read(read)

    async def named(
        self, account: tuple[str, str], side: Side, refs: Sequence[str]
    ) -> list[OpenThing]:
        """The things of these names in their order, matched ones among them; others left out."""
        today = self.today()

        def read(db: Connection) -> list[OpenThing]:
            ask = asking(db)
            known = named_things(ask, account, side, refs)
            parts = [Part(side.value, ref, 0, "") for ref in known]
            claims = match_rows.claims_told(ask, account, parts)
            things = [
                msgspec.structs.replace(
                    known[ref], claimed=claims.get((side.value, ref), NOTHING).claimed
                )
                for ref in refs
                if ref in known
            ]
            return _explained(ask, account, side, (things, today))

        return await self._store.read(read)

    async def suggestions(
        self, account: tuple[str, str], start: int = 0, most: int = SUGGESTIONS_SHOWN
    ) -> Sequence[Any]:
        """The suggestions of the last run, a page of them."""

        def read(db: Connection) -> Sequence[Any]:
            return match_rows.suggestions_of(asking(db), account, most, start)

        return await self._store.read(read)

    async def suggestion(self, account: tuple[str, str], id_: str) -> Any:  # noqa: ANN401 - a row
        """One suggestion of the last run. Raises NotFound."""
        row = await self._store.read(
            lambda db: match_rows.suggestion_of(asking(db), account[0], id_)
        )
        if row is None or row.account != account[1]:
            raise NotFound(
                "no such suggestion: a newer run has others", "没有该建议，可能已有新一轮对账"
            )
        return row

    async def matches(
        self, account: tuple[str, str], start: int, most: int = PAGE
    ) -> Sequence[Any]:
        """A page of matches, newest first, those that were undone among them; one more: more."""

        def read(db: Connection) -> Sequence[Any]:
            return match_rows.matches_of(asking(db), account, (start, most + 1))

        return await self._store.read(read)

    async def match(self, account: tuple[str, str], id_: str) -> Any:  # noqa: ANN401 - a row
        """One match, whatever its state. Raises NotFound."""
        row = await self._store.read(lambda db: match_rows.match_of(asking(db), account[0], id_))
        if row is None or row.account != account[1]:
            raise NotFound("no such match", "没有该匹配")
        return row

    def today(self) -> date:
        """The day by the shared clock, where the banks are."""
        return self._runtime.clock.now().astimezone(BEIJING).date()


def _stand(ask: Ask, account: tuple[str, str], today: date) -> Stand:
    closed = sheet_rows.closed_until(ask, account)
    kept = sheet_rows.kept_days(ask, account)
    first = closed.first_open if closed is not None else (kept[0] if kept else today)
    last = today - _DAY
    sums = {side: open_sums(ask, account, side) for side in Side}
    return Stand(
        has_ledger=has_items(ask, account),
        run=match_rows.last_run(ask, account),
        suggested=match_rows.suggested(ask, account),
        matched=match_rows.counts_of(ask, account),
        ages={side: _ages(sums[side], today) for side in Side},
        closed_until=closed.day if closed is not None else None,
        unproven=sheet_rows.doubted_days(ask, account, (first, last)) if kept else (),
        classes={kind: _class(sums[side], names, today) for kind, side, names in _CLASSES},
        kept=kept,
        days=sheet_rows.judged_days(ask, account, (first, last)) if kept else (),
        month=_month(ask, account, today),
    )


_CLASSES: Final = (
    (OpenClass.BANK_RECEIVED, Side.BANK, ("class_ins", "class_received")),
    (OpenClass.BANK_PAID, Side.BANK, ("class_outs", "class_paid")),
    (OpenClass.BOOK_RECEIVED, Side.BOOK, ("class_ins", "class_received")),
    (OpenClass.BOOK_PAID, Side.BOOK, ("class_outs", "class_paid")),
)


def _ages(rows: Sequence[Any], today: date) -> tuple[OpenSum, ...]:
    found = [OpenSum()] * (len(AGES) + 1)
    for row in rows:
        column = _column(row, today)
        found[column] = found[column].plus(row)
    return tuple(found)


def _class(rows: Sequence[Any], names: tuple[str, str], today: date) -> tuple[ClassSum, ...]:
    found = [ClassSum()] * (len(AGES) + 1)
    for row in rows:
        column = _column(row, today)
        found[column] = ClassSum(
            count=found[column].count + int(getattr(row, names[0])),
            minor=found[column].minor + int(getattr(row, names[1])),
        )
    return tuple(found)


def _column(row: Any, today: date) -> int:  # noqa: ANN401 - a row of sums
    age = (today - date.fromisoformat(row.day)).days
    return sum(age > bound for bound in AGES)


def _month(ask: Ask, account: tuple[str, str], today: date) -> MonthSheet:
    day = today.replace(day=1) - _DAY
    row = sheet_rows.sheet_of(ask, account, day)
    if row is None:
        return MonthSheet(day=day)
    return MonthSheet(day=day, state=row.state, result=result_of(row.content))


class _Result(msgspec.Struct):
    """What the stored content of a sheet comes to."""

    state: str


_result: Final = msgspec.json.Decoder(_Result).decode


def result_of(content: str) -> str:
    """What the stored content of a sheet comes to (SheetState), its items left unread."""
    return _result(content).state


def _explained(
    ask: Ask, account: tuple[str, str], side: Side, of: tuple[Sequence[Thing], date]
) -> list[OpenThing]:
    things, today = of
    run = match_rows.last_run(ask, account)
    suggested: dict[str, list[str]] = {}
    for row in match_rows.suggestions_of(ask, account, SUGGESTIONS_MAX):
        for ref in match_rows.texts_of(row.entries if side is Side.BANK else row.items):
            suggested.setdefault(ref, []).append(row.id)
    notes: dict[str, list[Any]] = {}
    for row in match_rows.notes_of(ask, account, [it.ref for it in things]):
        if row.side == side.value:
            notes.setdefault(row.ref, []).append(row)
    return [
        OpenThing(
            side=side,
            thing=it,
            age=(today - date.fromisoformat(it.own_day)).days,
            reason=_why(it, run, suggested),
            owner=next((n.owner for n in reversed(notes.get(it.ref, ())) if n.owner), ""),
            notes=tuple(notes.get(it.ref, ())),
            suggestions=tuple(suggested.get(it.ref, ())),
        )
        for it in things
    ]


def _why(it: Thing, run: Any, suggested: Mapping[str, object]) -> str:  # noqa: ANN401 - a row
    if run is None:
        return _NO_RUN
    if it.ref in suggested:
        return _SUGGESTED
    if it.claimed:
        return _REMAINDER
    if it.at_us >= run.begun_us or it.day > run.up_to:
        return _NOT_LOOKED
    return _NOTHING
