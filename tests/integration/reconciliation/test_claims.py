"""Nothing is matched twice: runs at once, decisions at once, and the wall of the table itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial

import pytest
from sqlalchemy.exc import IntegrityError

from gateway.domain.balance_sheet import Side
from gateway.reconciliation.match_rows import Match, Part, put_match
from gateway.reconciliation.running import Head
from gateway.store import tables
from gateway.store.engine import open_engine
from tests.ledger_ground import ACCOUNT, PLACE, Books, day, wish
from tests.store_ground import NOW_US, Bench, CountedIds

PAIRS = 40


@contextmanager
def opened(database, ids):
    """A process on the database; its ids are nobody else's."""
    with closing((bench := Bench(open_engine(database), ids=ids)).store):
        yield bench


class _Ids(CountedIds):
    def __init__(self, start: int) -> None:
        super().__init__()
        self._last = start


@pytest.fixture
def processes(database):
    """Two processes on one server; with SQLite, where one process has the file, one."""
    with opened(database, _Ids(0)) as first:
        if not database.postgresql:
            yield [Books(first)]
            return
        with opened(database, _Ids(10**5)) as second:
            one = Books(first)
            second.group = partial(_nothing, second.group)
            other = Books(second)
            del second.group
            yield [one, other]


def _nothing(_real, *_jobs):
    """The import of the lines is there already."""
    return []


def test_two_runs_at_once_match_each_pair_once(processes):
    one = processes[0]
    for at in range(PAIRS):
        one.line(day(2), -100 - at, f"PAY-{at}")
        one.item(f"L{at}", day(1), f"1.{at:02}", erp_reference=f"PAY-{at}")
    if len(processes) == 1:
        runs = [one.run(), one.run()]
    else:
        with ThreadPoolExecutor(2) as pool:
            runs = list(pool.map(lambda it: it.run(), processes))
    assert sum(it.matched for it in runs) == PAIRS
    assert len(one.matches()) == PAIRS
    assert len(one.at.rows(tables.reconciliation_part)) == 2 * PAIRS
    assert one.open(Side.BANK) == one.open(Side.BOOK) == {}


def test_a_plan_that_is_stored_twice_claims_once(processes):
    from gateway.reconciliation.gathering import Planned

    one = processes[0]
    ref = one.line(day(2), -100)
    one.item("L1", day(1), "1")
    parts = (Part("bank", ref, -100, day(2)), Part("book", "L1", -100, day(1)))
    planned = [Planned(rule="exact-key", reasons=(), parts=parts)]
    head = Head(id="r", tenant="acme", account=ACCOUNT, up_to=None, actor="x", begun_us=NOW_US)
    stored = [
        it.at.group(lambda uow, it=it: it.running._store_some(uow, head=head, some=planned))
        for it in (processes * 2)[:2]
    ]
    assert stored == [[1], [0]]


def test_the_table_itself_takes_no_second_claim_of_the_same_part(processes):
    one = processes[0]
    made = Match(id="a", kind="auto", rule="x", reasons=(), parts=(Part("bank", "ref", 1, day(1)),))
    one.at.group(lambda uow: put_match(uow, PLACE, made, {}, ("x", NOW_US)))
    (refused,) = one.at.group(
        lambda uow: put_match(uow, PLACE, Match(**_as(made, id="b")), {}, ("x", NOW_US))
    )
    assert isinstance(refused, IntegrityError)


def test_the_whole_course_holds_on_both_databases(processes):
    one = processes[0]
    ref = one.line(day(2), -1000)
    one.item("L1", day(1), "6")
    one.decide("match", wish([(ref, "-6.00")], ["L1"]))
    one.all_proven(1, 2, -1000)
    one.balance(day(2), "-6")
    one.close(day(2))
    assert one.sheet(day(2))["classes"]["bank_paid"]["sum"] == "4.00"


def _as(made: Match, **other) -> dict:
    return {name: getattr(made, name) for name in made.__struct_fields__} | other
