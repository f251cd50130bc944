"""What a process says of itself when its database or its lease is gone."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import OperationalError

from gateway.observe.listener import Health
from gateway.observe.log import EventLog
from gateway.observe.watch import Watch
from gateway.ports.events import SENT
from gateway.runtime import SystemClock
from gateway.store.engine import Database, open_engine
from gateway.transport.http_messages import Request


class _Store:
    """A store over a real database, or over none."""

    def __init__(self, engine=None, lease_s=float("inf")):
        self._engine = engine
        self.waiting = 3
        self.lease = SimpleNamespace(deadline=SystemClock().monotonic() + lease_s)

    async def read(self, work):
        if self._engine is None:
            raise OperationalError("SELECT", {}, Exception("the server is away"))
        with self._engine.connect() as db:
            return work(db)


@pytest.fixture
def engine(migrated_file):
    made = open_engine(Database.file(migrated_file))
    yield made
    made.dispose()


def watch(store) -> Watch:
    log = EventLog("worker", fd=None)
    log.tell(SENT, bank="cib", outcome="answered")
    return Watch(log, store, SystemClock(), "worker", lambda: 2)


def ask(it: Watch, path: str):
    health = Health(it.scrape, it.ready)
    answer = asyncio.run(
        health.answer(Request(method="GET", path=path, query={}, headers={}, body=b""))
    )
    return answer.status, answer.body.decode()


def test_all_is_well(engine):
    it = watch(_Store(engine))
    assert ask(it, "/readyz") == (200, '{"status":"ready"}')
    _, text = ask(it, "/metrics")
    for figure in (
        'gateway_up{role="worker"} 1.0',
        "gateway_store_waiting 3.0",
        "gateway_in_flight 2.0",
        'gateway_open_instructions{state="UNCONFIRMED"} 0.0',
        'gateway_waiting_work{kind="send"} 0.0',
    ):
        assert figure in text
    assert "gateway_lease_seconds" not in text  # on SQLite it never ends


def test_without_a_database_it_lives_is_not_ready_and_tells_what_it_knows():
    it = watch(_Store())
    assert ask(it, "/healthz")[0] == 200
    assert ask(it, "/readyz")[0] == 503
    status, text = ask(it, "/metrics")
    assert status == 200
    assert 'gateway_up{role="worker"} 0.0' in text
    assert 'gateway_sends_total{bank="cib",outcome="answered"} 1.0' in text
    assert "gateway_open_instructions" not in text


def test_without_a_lease_it_is_not_ready(engine):
    it = watch(_Store(engine, lease_s=-1))
    assert ask(it, "/readyz")[0] == 503
    _, text = ask(it, "/metrics")
    assert 'gateway_up{role="worker"} 0.0' in text
    assert "gateway_lease_seconds -" in text


def test_a_process_that_is_ending_is_not_ready(engine):
    it = watch(_Store(engine))
    it.ending = True
    assert ask(it, "/readyz")[0] == 503


@pytest.mark.parametrize(("path", "status"), [("/", 404), ("/v1/instructions", 404)])
def test_there_is_nothing_else(engine, path, status):
    assert ask(watch(_Store(engine)), path)[0] == status
