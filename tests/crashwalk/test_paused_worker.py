"""A worker that stands still past its lease: another takes over, and it can do no harm any more.

It is stopped (SIGSTOP) at a point, and goes on only when its payment has come to its end.
"""

from __future__ import annotations

import shutil
import signal
from contextlib import ExitStack

import pytest

from gateway.simulation.bank_end import CUSTOMER
from gateway.store.engine import open_engine
from tests.crashwalk.bank import Bank
from tests.crashwalk.house import MACHINE, House
from tests.crashwalk.places import PATIENCE_S
from tests.crashwalk.rooms import Book, wish
from tests.crashwalk.verdict import answers, check

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(900)]
FENCED = 1
AWAY = "database_away"
"""Or a read of before the pause has given up first: it was not answered for longer than allowed."""
WORDS = "the lease of this process is over"


@pytest.fixture
def house(shared_walk):
    """An API process and an empty place for workers, on PostgreSQL."""
    folder = shared_walk.fresh_folder()
    with ExitStack() as closing:
        database = closing.enter_context(shared_walk.shared.fresh())
        bank = Bank(folder / "clock.json")
        closing.callback(bank.close)
        closing.enter_context(bank)
        it = House(folder, bank, database.url)
        shutil.copytree(shared_walk.started(), it.data, ignore=shutil.ignore_patterns("*.db*"))
        it.moves_in(shared_walk.nursery, "api", {})
        it.ready()
        closing.callback(it.end)
        yield Book(it, bank), shared_walk.nursery, database


def paused(house: House, nursery, point: str):
    """A worker that stands still at a point of its first payment."""
    life = house.moves_in(nursery, "first", {"chosen": (point, 1), "pauses": True}, "worker")
    life.start()
    return life


@pytest.mark.parametrize("point", ["before connect", "before the first byte", "after the reply"])
def test_a_worker_stands_still_with_a_payment_in_its_hands(house, point):
    book, nursery, database = house
    it = book.house
    first = paused(it, nursery, point)
    book.pay(wish("P-1", 1, own_bank=True))
    it.until(first.paused, f"the worker stands still {point}")
    it.lives.remove(first)  # nobody starts it again
    it.moves_in(nursery, "second", {}, "worker")
    taken = it.comes_to("P-1", MACHINE, {"UNCONFIRMED", "SETTLED"})
    assert "UNCONFIRMED" in [step["to"] for step in taken["history"]], "in doubt, not sent again"
    book.rest()
    asked = book.bank.pays
    first.process.kill(signal.SIGCONT)
    assert first.process.ended(PATIENCE_S), "it ends by itself"
    assert first.process.code == FENCED, first.words()
    assert first.said(WORDS) or first.said(AWAY), first.words()
    late = 1 if point == "before the first byte" else 0
    assert book.bank.pays == asked + late, "it sends nothing after its lease"
    assert len(book.bank.executions(CUSTOMER)) == 1
    broken = answers(book)
    it.end()
    assert broken + check(book, it, open_engine(database)) == []
    assert [life.faults() for life in it.lives] == [[], []]
