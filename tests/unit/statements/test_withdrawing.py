"""Withdrawing an import: its own lines go, what others told stays, and everything can come back."""

from __future__ import annotations

import asyncio

import pytest

from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotFound, NotPermitted, Overloaded, Refused
from gateway.statements import import_rows
from gateway.statements.withdrawing import Wish, Withdrawing
from gateway.store import tables
from tests.statement_ground import ACCOUNT, OTHER, TINY_TWO, Imports, statement
from tests.store_ground import bench
from tests.unit.statements.test_importing import _staged

D1, D2, D3 = "2026-09-10", "2026-09-11", "2026-09-12"
WANG = Actor(kind=ActorKind.PERSON, name="王")
WHOLE = statement(
    ACCOUNT, (D1, D1), (1000, 1700), [(D1, 500, "x"), (D1, 500, "x"), (D1, -300, "y")]
)


class Claims:
    """Nothing is matched; what is asked is remembered."""

    def __init__(self) -> None:
        self.closed = ""
        self.lines: set[tuple[str, str]] = set()
        self.matches = 0

    def closed_until(self, uow, account):
        del uow, account
        return self.closed

    def let_go(self, uow, account, lines, said):
        del uow, account, said
        self.lines |= set(lines)
        return self.matches


class Ground(Imports):
    """Imports that can be withdrawn."""

    def __init__(self, at, folder) -> None:
        super().__init__(at, folder)
        self.claims = Claims()
        self.withdrawing = Withdrawing(at.store, at.runtime, self.claims)

    def withdraw(self, import_id: str, *, actor: Actor = WANG, reason: str = "wrong file"):
        wish = Wish(tenant="acme", import_id=import_id, actor=actor, reason=reason)
        return asyncio.run(self.withdrawing.withdraw(wish))

    def references(self) -> list[str]:
        return [it[2] for it in self.lines()]


@pytest.fixture
def ground(tmp_path):
    with bench() as at:
        yield Ground(at, tmp_path)


def test_its_lines_go_its_days_are_forgotten_and_the_trace_stays(ground):
    done = ground.take(WHOLE)
    gone = ground.withdraw(done.id)
    assert (gone.state, gone.withdrawn_by, gone.withdrawn_why) == (
        "withdrawn",
        "person:王",
        "wrong file",
    )
    assert (gone.withdrawn_lines, gone.added) == (3, 3)
    assert ground.lines() == []
    assert ground.days() == {}
    kept = ground.at.rows(tables.statement_withdrawn, tables.statement_withdrawn.c.key)
    assert sorted(row.reference for row in kept) == ["x", "x", "y"]
    (record,) = [it for it in ground.at.journal() if b"statement_withdrawn" in bytes(it.payload)]
    assert b"wrong file" in bytes(record.payload)
    assert b'"lines":3' in bytes(record.payload)


def test_again_changes_nothing_and_importing_again_brings_the_lines_back_once(ground):
    done = ground.take(WHOLE)
    first = ground.withdraw(done.id)
    ground.at.runtime.clock.pass_time(hours=1)
    assert ground.withdraw(done.id, reason="other words") == first
    back = ground.take(WHOLE)
    assert (back.state, back.added, back.repeated) == ("imported", 3, False)
    assert back.id != done.id
    assert ground.days() == {D1: ("proven", 3, 1000, 1700)}
    assert ground.take(WHOLE).repeated
    assert ground.withdraw(back.id).withdrawn_lines == 3
    assert len(ground.at.rows(tables.statement_withdrawn)) == 6


def test_a_line_that_a_further_file_told_stays(ground):
    first = ground.take(statement(ACCOUNT, (D1, D2), (0, 30), [(D1, 10, "a"), (D2, 20, "b")]))
    second = ground.take(statement(ACCOUNT, (D2, D3), (10, 35), [(D2, 20, "b"), (D3, 5, "c")]))
    assert ground.withdraw(first.id).withdrawn_lines == 1
    assert ground.references() == ["b", "c"]
    assert ground.days() == {D2: ("proven", 1, 10, 30), D3: ("proven", 1, 30, 35)}
    # From now on it is the second one's: with that it goes.
    assert ground.withdraw(second.id).withdrawn_lines == 2
    assert ground.lines() == []


def test_what_an_earlier_file_brought_stays_when_a_later_one_goes(ground):
    ground.take(statement(ACCOUNT, (D1, D2), (0, 30), [(D1, 10, "a"), (D2, 20, "b")]))
    second = ground.take(statement(ACCOUNT, (D2, D3), (10, 35), [(D2, 20, "b"), (D3, 5, "c")]))
    assert ground.withdraw(second.id).withdrawn_lines == 1
    assert ground.references() == ["a", "b"]
    assert ground.days() == {D1: ("proven", 1, 0, 10), D2: ("proven", 1, 10, 30)}


def test_the_same_statement_in_another_file_keeps_its_lines(ground):
    first = ground.take(WHOLE)
    again = ground.take(WHOLE + statement(OTHER, (D1, D1), (0, 0), []))
    assert again.added == 0
    assert ground.withdraw(first.id).withdrawn_lines == 0
    assert ground.days() == {D1: ("proven", 3, 1000, 1700)}
    assert ground.withdraw(again.id).withdrawn_lines == 3
    assert ground.days() == {}


def test_what_two_withdrawn_files_told_and_a_third_one_too_stays(ground):
    day = [(D1, 10, "a")]
    texts = [
        statement(ACCOUNT, (D1, last), (0, None), [*day, (last, 1, last)]) for last in (D1, D2, D3)
    ]
    first, second, _ = [ground.take(it) for it in texts]
    ground.withdraw(second.id)
    ground.withdraw(first.id)
    assert "a" in ground.references()


def test_equal_lines_close_up_so_that_the_next_statement_finds_them(ground):
    morning = statement(ACCOUNT, (D1, D1), (1000, 1500), [(D1, 500, "x")])
    evening = statement(ACCOUNT, (D1, D1), (1500, 2000), [(D1, 500, "x")])
    first = ground.take(morning)
    ground.take(evening)
    assert ground.withdraw(first.id).withdrawn_lines == 1
    assert len(ground.lines()) == 1
    # The line that is left is the first of its kind now: a longer statement adds only the other.
    assert ground.take(statement(ACCOUNT, (D1, D1), (1000, 2000), [(D1, 500, "x")] * 2)).added == 1
    assert len(ground.lines()) == 2
    # What was matched with either twin is opened: the one that is left has another name now.
    assert len(ground.claims.lines) == 2


def test_a_proof_that_leant_on_it_falls(ground):
    ground.take(statement(ACCOUNT, (D1, D1), (0, 10), [(D1, 10, "a")]))
    ground.take(statement(ACCOUNT, (D2, D2), (10, None), [(D2, 20, "b")]))
    assert ground.days()[D2][0] == "unproven"
    next_ = ground.take(statement(ACCOUNT, (D3, D3), (30, 35), [(D3, 5, "c")]))
    assert ground.days()[D2][0] == "proven"
    ground.withdraw(next_.id)
    assert ground.days() == {D1: ("proven", 1, 0, 10), D2: ("unproven", 1, 10, None)}


def test_a_day_between_that_nobody_tells_any_more_is_missing_and_nobody_s(ground):
    texts = [
        statement(ACCOUNT, (day, day), (at * 10, at * 10 + 10), [(day, 10, day)])
        for at, day in enumerate((D1, D2, D3))
    ]
    middle = [ground.take(it) for it in texts][1]
    ground.withdraw(middle.id)
    assert [state for state, *_ in ground.days().values()] == ["proven", "broken", "proven"]
    day = tables.statement_day
    row = next(it for it in ground.at.rows(day, day.c.day) if it.day == D2)
    assert (row.source, row.whole, row.entries) == ("", 0, 0)


def test_a_pending_line_that_it_had_let_go_waits_again(ground):
    pending = [(D1, 700, "p p")]
    ground.take(statement(ACCOUNT, (D1, D1), (1000, None), pending), format="camt.052.001.08")
    done = ground.take(WHOLE)
    assert [it[3] for it in ground.lines() if it[2] == "p"] == ["gone"]
    ground.withdraw(done.id)
    assert [it[3] for it in ground.lines()] == ["pending"]


def test_a_day_is_open_to_another_source_again(ground):
    done = ground.take(WHOLE)
    ground.withdraw(done.id)
    other = statement(ACCOUNT, (D1, D1), (1000, 1700), [(D1, 700, "other")])
    assert ground.take(other, format_=TINY_TWO).added == 1
    assert ground.days() == {D1: ("proven", 1, 1000, 1700)}


def test_a_closed_period_refuses_and_nothing_changes(ground):
    done = ground.take(WHOLE)
    ground.claims.closed = D1
    with pytest.raises(NotPermitted):
        ground.withdraw(done.id)
    assert len(ground.lines()) == 3
    ground.claims.closed = "2026-09-09"
    assert ground.withdraw(done.id).state == "withdrawn"


def test_who_may_not_and_what_cannot(ground):
    done = ground.take(WHOLE)
    machine = Actor(kind=ActorKind.MACHINE, name="sap")
    with pytest.raises(NotPermitted):
        ground.withdraw(done.id, actor=machine)
    with pytest.raises(Refused):
        ground.withdraw(done.id, reason="  ")
    with pytest.raises(NotFound):
        ground.withdraw("sti_none")
    refused = ground.take("nonsense")
    with pytest.raises(Refused):
        ground.withdraw(refused.id)
    ground.at.group(lambda uow: import_rows.begin(uow, _staged(ground.at.store.lane.id)))
    with pytest.raises(Overloaded):
        ground.withdraw(done.id)
    assert len(ground.lines()) == 3
