"""Fetching statements: closed days until proven, today again, only the gap is asked again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest

from gateway.domain.errors import Corrupt, DatabaseAway, NotOffered, NotSent
from gateway.domain.money import CNY, Money
from gateway.domain.statement import Entry, StatementPage
from gateway.ports.bank_batch import DayBalance
from gateway.ports.tenancy import Directory
from gateway.statements.collecting import PATIENCE, Collected, Collecting
from gateway.store import tables
from tests.statement_ground import ACCOUNT, Imports, statement, tenant
from tests.store_ground import START, bench

TODAY = START.date()
DAY = timedelta(days=1)
Line = tuple[int, str]


class Books:
    """A bank's true books. ``hides`` are lines that it forgets to tell; it counts what is asked."""

    def __init__(self) -> None:
        self.days: dict[date, list[Line]] = {}
        self.hides: set[str] = set()
        self.asked: list[tuple[date, date]] = []
        self.day_ends = True
        self.running = False
        self.fault: Exception | None = None

    async def statement(self, _tenant, account, start: date, end: date):
        if self.fault is not None:
            raise self.fault
        self.asked.append((start, end))
        assert start == end
        entries, balance = [], self._until(start - DAY)
        for fen, words in self.days.get(start, []):
            balance += fen
            after = Money(balance, CNY) if self.running else None
            if words not in self.hides:
                entries.append(
                    Entry(
                        amount=Money(fen, CNY),
                        booking_date=start,
                        reference=words,
                        balance_after=after,
                    )
                )
        return [StatementPage(account=account.number, entries=tuple(entries), more=False)]

    async def history(self, _tenant, _account, start: date, end: date) -> Sequence[DayBalance]:
        if not self.day_ends:
            raise NotOffered
        days = [start + DAY * at for at in range((end - start).days + 1)]
        return [
            DayBalance(
                day=day,
                closing=Money(self._until(day), CNY),
                debits=0,
                credits=0,
                debit_sum=Money(0, CNY),
                credit_sum=Money(0, CNY),
            )
            for day in days
        ]

    def _until(self, day: date) -> int:
        return sum(fen for at, lines in self.days.items() if at <= day for fen, _ in lines)


class World:
    def __init__(self, at, folder) -> None:
        self.imports = Imports(at, folder)
        self.clock = at.runtime.clock
        self.books = Books()
        mine = tenant()
        self.owner, self.account = mine, mine.accounts[ACCOUNT]
        directory = Directory(tenants={mine.id: mine}, keys={})
        self.collecting = Collecting(
            at.store, at.runtime, self.books, directory, timedelta(minutes=30)
        )

    def visit(self, days: tuple[date, date] | None = None) -> Collected:
        self.books.asked.clear()
        return asyncio.run(self.collecting.visit(self.owner, self.account, days))

    def states(self) -> dict[str, str]:
        return {day: it[0] for day, it in self.imports.days().items()}

    def asked(self) -> list[str]:
        return [start.isoformat() for start, _ in self.books.asked]


@pytest.fixture
def world(tmp_path):
    with bench() as at:
        yield World(at, tmp_path)


def _text(ago: int) -> str:
    return (TODAY - DAY * ago).isoformat()


def test_the_first_look_takes_the_last_closed_day_and_today(world):
    world.books.days = {TODAY - DAY: [(500, "a"), (500, "a")], TODAY: [(7, "t")]}
    found = world.visit()
    assert world.asked() == [_text(1), _text(0)]
    assert (found.added, found.in_doubt) == (3, ())
    assert world.states() == {_text(1): "proven", _text(0): "open"}


def test_a_proven_day_is_not_asked_again_and_today_is(world):
    world.books.days = {TODAY - DAY: [(500, "a")], TODAY: [(7, "t")]}
    world.visit()
    world.books.days[TODAY].append((8, "u"))
    assert world.visit().added == 1
    assert world.asked() == [_text(0)]


def test_only_the_gap_is_fetched_again_and_more_and_more_rarely(world):
    world.books.days = {TODAY - DAY: [(500, "a"), (600, "late")]}
    world.books.hides = {"late"}
    assert world.visit().in_doubt == (TODAY - DAY,)
    assert world.states()[_text(1)] == "broken"
    assert world.visit().added == 0
    assert world.asked() == [_text(0)]
    world.clock.pass_time(seconds=PATIENCE.total_seconds())
    world.visit()
    assert world.asked() == [_text(1), _text(0)]
    world.clock.pass_time(seconds=PATIENCE.total_seconds())
    world.visit()
    assert world.asked() == [_text(0)]
    world.books.hides = set()
    world.clock.pass_time(seconds=PATIENCE.total_seconds())
    found = world.visit()
    assert (found.added, found.in_doubt, world.states()[_text(1)]) == (1, (), "proven")


def test_after_silence_every_closed_day_is_fetched_alone(world):
    world.books.days = {TODAY - DAY: [(1, "a")]}
    world.visit()
    world.clock.pass_time(days=3)
    world.books.days |= {TODAY: [(2, "b")], TODAY + DAY * 2: [(3, "c")]}
    found = world.visit()
    assert world.asked() == [(TODAY + DAY * at).isoformat() for at in range(4)]
    assert (found.added, found.in_doubt) == (2, ())


def test_running_balances_prove_a_day_where_no_day_ends_are_told(world):
    world.books.day_ends, world.books.running = False, True
    world.books.days = {TODAY - DAY: [(500, "a"), (-100, "b")]}
    assert world.visit().in_doubt == ()
    assert world.imports.days()[_text(1)] == ("proven", 2, 0, 400)


def test_without_any_balance_a_day_stays_unproven_and_says_so(world):
    world.books.day_ends = False
    world.books.days = {TODAY - DAY: [(500, "a")]}
    assert world.visit().in_doubt == (TODAY - DAY,)
    assert world.states()[_text(1)] == "unproven"


def test_days_that_somebody_asks_for_are_fetched_at_once(world):
    world.books.days = {TODAY - DAY * 9: [(500, "a")]}
    assert world.visit((TODAY - DAY * 9, TODAY - DAY * 8)).added == 1
    assert world.asked() == [_text(9), _text(8)]


def test_where_a_file_is_the_source_the_bank_only_states_balances(world):
    day = _text(1)
    world.imports.take(statement(ACCOUNT, (day, day), (0, 500), [(day, 500, "file")]))
    world.books.days = {TODAY - DAY: [(500, "bank")]}
    assert world.visit((TODAY - DAY, TODAY - DAY)).added == 0
    assert [it[2] for it in world.imports.lines()] == ["file"]
    assert world.states()[day] == "proven"


def test_a_look_goes_on_past_what_does_not_answer(world):
    world.books.fault = NotSent()
    asyncio.run(world.collecting.look())
    assert world.imports.days() == {}


@pytest.mark.parametrize("fault", [Corrupt("wrong"), DatabaseAway()])
def test_what_is_no_silence_of_a_bank_ends_the_look(world, fault):
    world.books.fault = fault
    with pytest.raises(type(fault)):
        asyncio.run(world.collecting.look())


def test_an_answer_without_news_leaves_no_import_behind(world):
    world.books.days = {TODAY: [(7, "t")]}
    world.visit()
    world.visit()
    table = tables.statement_import
    assert len(world.imports.at.rows(table, table.c.id)) == 1


def test_the_hours_after_midnight_belong_to_the_day_before(world):
    world.clock.at = datetime.combine(TODAY, datetime.min.time(), START.tzinfo)
    world.books.days = {TODAY - DAY: [(7, "t")]}
    world.visit()
    # Yesterday may still be booked on: it is read, but as a day that is not over.
    assert world.asked() == [_text(2), _text(1), _text(0)]
