"""What brings lines asks for a run of its accounts in the same commit; the rest does not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.schedule.soon import queue_of
from gateway.schedule.work import next_due
from gateway.store import tables
from gateway.store.instants import to_us
from tests.statement_ground import ACCOUNT, OTHER, statement
from tests.store_ground import bench
from tests.unit.statements.test_collecting import TODAY, World

YESTERDAY = TODAY - timedelta(days=1)
ON = YESTERDAY.isoformat()
WHOLE = statement(ACCOUNT, (ON, ON), (1000, 1500), [(ON, 500, "a")])


@pytest.fixture
def world(tmp_path):
    with bench() as at:
        yield World(at, tmp_path)


def waiting(world) -> list[tuple[str, str]]:
    rows = world.imports.at.rows(tables.work)
    return [(it.kind, it.subject) for it in rows if it.kind == "reconcile"]


def test_a_collected_day_asks_once_and_again_only_for_what_is_new(world):
    world.books.days = {YESTERDAY: [(500, "a")], TODAY: [(7, "t")]}
    world.visit()
    assert waiting(world) == [("reconcile", ACCOUNT)]
    with world.imports.at.engine.connect() as db:
        assert next_due(db, queue_of("acme")) == to_us(world.clock.now())
    _forget(world)
    world.visit()
    assert waiting(world) == []
    world.books.days[TODAY].append((8, "u"))
    world.visit()
    assert waiting(world) == [("reconcile", ACCOUNT)]


def test_an_imported_file_asks_for_its_accounts_and_its_repetition_for_none(world):
    empty = statement(OTHER, (ON, ON), (0, 0), [])
    assert world.imports.take(WHOLE).added == 1
    assert waiting(world) == [("reconcile", ACCOUNT)]
    _forget(world)
    assert world.imports.take(WHOLE + empty).added == 0
    assert waiting(world) == []


def _forget(world) -> None:
    world.imports.at.group(lambda uow: uow.change(tables.work.delete()))
