"""A statement that is withdrawn: its matches are open again, and are made anew when it is back."""

from __future__ import annotations

import asyncio

import pytest

from gateway.domain.balance_sheet import Side
from gateway.domain.errors import NotPermitted
from gateway.reconciliation.withdrawn_lines import WithdrawnLines
from gateway.statements.withdrawing import Wish, Withdrawing
from tests.ledger_ground import WANG, Books, day
from tests.statement_ground import ACCOUNT, Imports, statement
from tests.store_ground import bench

FILE = statement(ACCOUNT, (day(1), day(10)), (0, -120000), [(day(10), -120000, "PAY-1")])


class Ground:
    """One account with a file, its books, and a person."""

    def __init__(self, at, folder) -> None:
        self.books = Books(at)
        self.imports = Imports(at, folder)
        at.runtime.tasks.read = _read
        self.withdrawing = Withdrawing(at.store, at.runtime, WithdrawnLines())
        self.books.item("JV-1", day(10), "1200.00", erp_reference="PAY-1")

    def withdraw(self, import_id: str):
        wish = Wish(tenant="acme", import_id=import_id, actor=WANG, reason="wrong month")
        return asyncio.run(self.withdrawing.withdraw(wish))


async def _read(work):
    return work()


@pytest.fixture
def ground(tmp_path):
    with bench() as at:
        yield Ground(at, tmp_path)


def test_matches_are_opened_and_made_again_by_themselves(ground):
    books = ground.books
    done = ground.imports.take(FILE)
    assert books.run().matched == 1
    gone = ground.withdraw(done.id)
    assert (gone.withdrawn_lines, gone.withdrawn_matches) == (1, 1)
    (match,) = books.matches()
    assert (match.state, match.undone_by) == ("undone", "policy:withdrawal")
    assert match.undone_reason == f"person:王: {done.id}: wrong month"
    assert books.open(Side.BOOK) == {"JV-1": -120000}
    assert books.open(Side.BANK) == {}
    told = [bytes(it.payload) for it in books.at.journal()]
    assert sum(b"reconciliation_unmatched" in it for it in told) == 1
    assert ground.imports.take(FILE).added == 1
    assert books.run().matched == 1
    assert books.open(Side.BOOK) == {}


def test_what_a_closed_period_rests_on_stays(ground):
    books = ground.books
    done = ground.imports.take(FILE)
    books.run()
    books.balance(day(10), "-1200.00")
    books.close(day(10))
    with pytest.raises(NotPermitted) as refused:
        ground.withdraw(done.id)
    assert day(10) in refused.value.en
    assert [it.state for it in books.matches()] == ["held"]
    assert ground.imports.days()[day(10)][0] == "proven"
