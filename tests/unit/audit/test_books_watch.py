"""The books are checked while the gateway works: when their hour has come, by one process."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.audit.books_watch import WATCHED, BooksWatch
from gateway.cli.own_postgres import NODE
from gateway.ports.events import BOOKS_BROKEN, BOOKS_CHECKED, FAILED
from gateway.runtime import LoopTasks, RealRuntime
from gateway.store import tables
from gateway.store.engine import open_engine
from gateway.store.instants import to_us
from gateway.store.store import Store
from gateway.transport.http_client import HttpNet
from tests.books_ground import DOUBT, Books
from tests.postgres import seen_by
from tests.store_ground import StillClock

HOUR = timedelta(hours=1)


class Told:
    """What operators were told."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict]] = []

    def tell(self, event, /, **facts) -> None:
        self.events.append((event.name, facts))

    def of(self, event) -> list[dict]:
        return [facts for name, facts in self.events if name == event.name]


class Office:
    """One process that watches the books of a database."""

    def __init__(self, database, clock, every=HOUR) -> None:
        self.deaths: list[tuple[str, BaseException]] = []
        self.tasks = LoopTasks(lambda name, error: self.deaths.append((name, error)))
        self.told = Told()
        self.clock = clock
        runtime = RealRuntime(clock=clock, tasks=self.tasks, net=HttpNet(), log=self.told)
        self.engine = open_engine(database)
        self.store = Store(self.engine, runtime, role="worker")
        self.store.open()
        self.books = Books(self.engine)
        self.watch = BooksWatch(self.store, runtime, every)

    def appointment(self):
        with self.engine.connect() as db:
            return db.execute(select(tables.work).where(tables.work.c.kind == "books")).first()

    async def until(self, condition) -> None:
        async with asyncio.timeout(60):
            while not condition():
                assert not self.deaths, self.deaths
                await asyncio.sleep(0.005)

    async def stop(self) -> None:
        await self.tasks.stop()
        self.store.close()


def story(database, tell, **options) -> None:
    async def inside() -> None:
        office = Office(database, StillClock(), **options)
        try:
            await tell(office)
        finally:
            await office.stop()

    asyncio.run(inside())


def test_sound_books_are_told_once(database):
    async def tell(office) -> None:
        report = await office.watch.look()
        assert report.sound
        assert office.told.of(BOOKS_CHECKED)[0]["count"] == 0
        assert office.told.of(BOOKS_BROKEN) == []

    story(database, tell)


def test_what_is_broken_is_told_by_its_invariant(database):
    async def tell(office) -> None:
        office.books.instruction(path=DOUBT)
        report = await office.watch.look()
        assert report.counts == {"I19": 1}
        assert office.told.of(BOOKS_BROKEN) == [
            {"code": "I19", "kind": "forgotten", "subject": "i1"}
        ]
        assert office.told.of(BOOKS_CHECKED)[0]["count"] == 1

    story(database, tell)


def test_only_what_costs_little_is_looked_at(database):
    async def tell(office) -> None:
        office.books.instruction(path=DOUBT, state="CANCELLED")  # I6, not watched
        assert (await office.watch.look()).sound
        assert "I6" not in WATCHED

    story(database, tell)


def test_the_first_appointment_is_one_interval_away(database):
    async def tell(office) -> None:
        office.tasks.spawn("books", office.watch.run())
        await office.until(office.appointment)
        assert office.appointment().due_us == to_us(office.clock.now() + HOUR)
        assert office.told.events == []

    story(database, tell)


def test_when_the_hour_has_come_it_looks_and_comes_again(database):
    async def tell(office) -> None:
        office.books.insert(
            tables.work,
            tenant="",
            kind="books",
            subject="books",
            lane="books",
            due_us=to_us(office.clock.now()),
        )
        office.tasks.spawn("books", office.watch.run())
        await office.until(lambda: office.told.of(BOOKS_CHECKED))
        await office.until(lambda: office.appointment().holder == "")
        assert office.appointment().due_us == to_us(office.clock.now() + HOUR)
        assert len(office.told.of(BOOKS_CHECKED)) == 1

    story(database, tell)


@pytest.mark.parametrize("holder", ["somebody"])
def test_while_another_process_is_at_it_nobody_else_is(database, holder):
    async def tell(office) -> None:
        office.books.insert(tables.lane, id=holder, opened_us=0, lease_until_us=2**60)
        office.books.insert(
            tables.work,
            tenant="",
            kind="books",
            subject="books",
            lane="books",
            due_us=0,
            holder=holder,
        )
        assert await office.store.write(office.watch.rounds.claim) is False

    story(database, tell)


def test_a_check_that_fails_is_told_and_comes_again(database):
    async def tell(office) -> None:
        office.books.insert(
            tables.work, tenant="", kind="books", subject="books", lane="books", due_us=0
        )
        office.books.sql("ALTER TABLE message RENAME TO message_away")
        office.tasks.spawn("books", office.watch.run())
        await office.until(lambda: office.told.of(FAILED))
        await office.until(lambda: office.appointment().due_us > 0)
        assert office.told.of(BOOKS_CHECKED) == []
        assert office.deaths == []

    story(database, tell)


@pytest.mark.postgresql
def test_a_node_that_is_shown_single_tenants_sees_all_for_this(postgresql):
    def tell_as(role):
        async def tell(office) -> None:
            report = await office.watch.look()
            assert report.looked["instructions"] == 1
            assert report.counts == {"I19": 1}

        story(seen_by(role, postgresql), tell)

    engine = open_engine(postgresql)
    Books(engine).instruction(path=DOUBT)
    engine.dispose()
    tell_as(NODE)


def test_0_minutes_means_never(database):
    async def tell(office) -> None:
        await office.watch.run()
        assert office.appointment() is None

    story(database, tell, every=timedelta(0))
