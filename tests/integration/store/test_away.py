"""A database server that cannot be had for a while: who works by appointment waits for it."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from gateway.ports.events import DATABASE_BACK, DATABASE_LOST, FAILED
from gateway.schedule.rounds import Rounds
from gateway.schedule.work import WorkKind
from gateway.store import store as store_module
from gateway.store.engine import open_engine
from tests.store_ground import Bench

pytestmark = pytest.mark.postgresql


class Enough(Exception):
    """All that was to be seen has been seen."""


class Server:
    """One database of a server: taken away from everybody, and given back."""

    def __init__(self, server, database) -> None:
        self._server = server
        self._name = make_url(database.url).database

    def take(self) -> None:
        of_it = f"FROM pg_stat_activity WHERE datname = '{self._name}'"
        self._server.sql(
            f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid, 10000) {of_it}",
        )

    def give(self) -> None:
        self._server.sql(f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS true")


def test_rounds_go_on_when_the_server_is_back(databases, postgresql, monkeypatch):
    """It goes away while nothing is due, and again in the middle of a round."""
    monkeypatch.setattr(store_module, "READ_AWAY_S", 0)
    server = Server(databases.server, postgresql)
    it = Bench(open_engine(postgresql))
    story: list[str] = []
    written: list[object] = []

    class Log:
        def tell(self, event, **values) -> None:
            if event is FAILED:
                story.append(f"failed {values['error']}")
                server.give()
            else:
                written.append(event)

    async def sleep(_seconds: float) -> None:
        story.append("waits")
        if story.count("waits") == 1:
            server.take()
        elif story.count("waits") == 2:
            server.give()
            it.runtime.clock.pass_time(hours=1)
        else:
            raise Enough

    async def look() -> None:
        story.append("looks")
        if story.count("looks") == 1:
            server.take()
        await it.store.read(lambda db: db.execute(text("SELECT 1")))
        story.append("has looked")

    it.runtime.tasks.sleep, it.runtime.log = sleep, Log()
    rounds = Rounds(it.store, it.runtime, WorkKind.BOOKS, timedelta(hours=1))
    with closing(it.store), pytest.raises(Enough):
        asyncio.run(rounds.keep(look))
    assert story == [
        "waits",  # nothing is due; the server goes away
        "waits",  # for the server, which comes back when the time has come
        "looks",  # and the server goes away
        "failed DatabaseAway",
        "looks",
        "has looked",
        "waits",
    ]
    assert written[0] is DATABASE_LOST, "its writer's connection is gone each time"
    assert written[-1] is DATABASE_BACK
