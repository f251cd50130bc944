"""Rounds: one at a time by appointment, and a database that goes away is waited for."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from gateway.domain.errors import Corrupt, DatabaseAway
from gateway.ports.events import FAILED
from gateway.schedule.rounds import Rounds
from gateway.schedule.work import WorkKind
from gateway.store import tables
from gateway.store.instants import span_us, to_us
from tests.store_ground import NOW_US, bench

HOUR = timedelta(hours=1)


class Enough(Exception):
    """Nothing more is to be seen."""


class Kept:
    """A minute passes with each wait; ``faults`` are what the looks end with, one by one."""

    def __init__(self, it, *faults: Exception) -> None:
        self.it = it
        self.faults = list(faults)
        self.looks: list[int] = []
        self.told: list[tuple[object, dict[str, object]]] = []
        self.most_waits = 200
        self.waits = 0
        it.runtime.tasks.sleep = self.sleep
        it.runtime.log = self
        self.rounds = Rounds(it.store, it.runtime, WorkKind.BOOKS, HOUR)

    def tell(self, event, **values) -> None:
        self.told.append((event, values))

    async def sleep(self, _seconds: float) -> None:
        self.waits += 1
        if self.waits > self.most_waits:
            raise Enough
        self.it.runtime.clock.pass_time(minutes=1)

    async def look(self) -> None:
        self.looks.append(self._minutes())
        if self.faults:
            raise self.faults.pop(0)

    def _minutes(self) -> int:
        return (to_us(self.it.runtime.clock.now()) - NOW_US) // 60_000_000

    def run(self, ending: type[Exception] = Enough) -> None:
        with pytest.raises(ending):
            asyncio.run(self.rounds.keep(self.look))


@pytest.fixture
def it():
    with bench() as one:
        yield one


def test_it_is_done_whenever_its_time_has_come(it):
    kept = Kept(it)
    kept.run()
    assert kept.looks == [60, 120, 180]
    assert kept.told == []


def test_a_round_whose_database_goes_away_is_done_again_at_once(it):
    kept = Kept(it, DatabaseAway(), DatabaseAway())
    kept.run()
    assert kept.looks == [60, 60, 60, 120, 180], "the appointment stood until it was kept"
    assert kept.told == [(FAILED, {"error": "DatabaseAway", "why": "books"})] * 2


def test_a_round_that_fails_waits_for_its_next_time(it):
    kept = Kept(it, OperationalError("look", {}, Exception("locked")))
    kept.run()
    assert kept.looks == [60, 120, 180]
    assert kept.told == [(FAILED, {"error": "OperationalError", "why": "books"})]


def test_a_broken_invariant_ends_it(it):
    kept = Kept(it, Corrupt("wrong"))
    kept.run(Corrupt)
    (row,) = it.rows(tables.work)
    assert row.holder == it.store.lane.id, "whoever takes over finds it"
    assert row.due_us == NOW_US + span_us(HOUR)


def test_looking_for_its_time_waits_for_the_database(it, monkeypatch):
    kept = Kept(it)
    read, away = it.store.read, [True, True, False, False, True]

    async def reading(work):
        if away and away.pop(0):
            raise DatabaseAway
        return await read(work)

    monkeypatch.setattr(it.store, "read", reading)
    kept.run()
    assert away == []
    assert kept.looks == [62, 122, 182], "the first two minutes passed before it was planned"
