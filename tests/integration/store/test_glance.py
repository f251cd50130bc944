"""A look at a row on the event loop's own thread, where a reader's would cost ten times as much."""

from __future__ import annotations

import shutil
import sqlite3
import threading

import pytest
import uvloop
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import OperationalError

from gateway.runtime import LoopTasks, RealRuntime, SystemClock
from gateway.store import tables
from gateway.store.engine import Database, open_engine, sqlite_engine
from gateway.store.prepared import prepare
from gateway.store.store import Store
from tests.store_ground import NOW_US

_b = tables.blockade
ROW = {
    "tenant": "t",
    "connection": "main",
    "at_us": NOW_US,
    "reason": "",
    "lifted_us": None,
    "lifted_by": "",
}
COUNTED = prepare(select(_b.c.connection).where(_b.c.tenant == bindparam("tenant")))


@pytest.fixture
def file(migrated_file, tmp_path):
    """A fresh database in a file."""
    return Database.file(shutil.copy(migrated_file, tmp_path / "gateway.db"))


def played(story, engine):
    """Run a story with an open store."""

    async def play():
        def died(name: str, error: BaseException) -> None:
            raise AssertionError(name) from error

        runtime = RealRuntime(clock=SystemClock(), tasks=LoopTasks(died), net=None)
        store = Store(engine, runtime)
        store.open()
        try:
            await story(store)
        finally:
            store.close()
            await runtime.tasks.stop()

    uvloop.run(play())


def seen(db):
    """How many rows stand there, and on which thread that was found."""
    return len(COUNTED.rows(db, {"tenant": "t"})), threading.get_ident()


def test_it_sees_every_commit_that_came_before(database):
    async def story(store):
        here = threading.get_ident()
        for times in range(3):
            count, thread = await store.glance(seen)
            assert count == times
            assert (thread == here) is not store.shared
            await store.write(lambda uow, at=times: uow.add(_b, {**ROW, "at_us": at}))

    played(story, open_engine(database))


def test_what_it_begins_does_not_stay_open(file):
    """A look by the engine begins a transaction: the next one must not see its moment for ever."""

    async def story(store):
        def look(db):
            return db.execute(select(_b.c.connection)).all()

        assert await store.glance(look) == []
        await store.write(lambda uow: uow.change(insert(_b), ROW))
        assert len(await store.glance(look)) == 1

    played(story, open_engine(file))


def test_a_locked_file_is_waited_for_by_a_reader_and_not_by_the_loop(file):
    async def story(store):
        here, asked = threading.get_ident(), []

        def look(db):
            asked.append(threading.get_ident())
            if len(asked) == 1:
                raise OperationalError("SELECT", None, sqlite3.OperationalError("locked"))
            return "found"

        assert await store.glance(look) == "found"
        assert asked[0] == here
        assert asked[1:] != [here]

    played(story, open_engine(file))


def test_the_loops_connection_never_waits(file):
    async def story(store):
        def patience(db):
            return db.exec_driver_sql("PRAGMA busy_timeout").scalar()

        assert await store.glance(patience) == 0
        assert await store.read(patience) > 0

    played(story, open_engine(file))


def test_what_the_look_itself_refuses_is_refused(file):
    async def story(store):
        def look(db):
            raise LookupError

        with pytest.raises(LookupError):
            await store.glance(look)

    played(story, open_engine(file))


def test_a_database_in_memory_has_no_second_connection():
    engine = sqlite_engine(":memory:")
    tables.metadata.create_all(engine)

    async def story(store):
        here = threading.get_ident()
        assert (await store.glance(seen))[1] != here

    played(story, engine)
