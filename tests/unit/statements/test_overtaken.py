"""What comes between an import's plan and its end: no day gets two sources, and no line is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial

import pytest

from gateway.domain.errors import Overloaded
from gateway.domain.money import Money, currency
from gateway.domain.statement import Entry, EntryStatus, StatementPage
from gateway.statements import import_plan
from gateway.statements.answered import DayAnswer, keep_answer
from gateway.store import tables
from tests.statement_ground import ACCOUNT, TINY, Imports, statement, tenant
from tests.store_ground import START, bench

D1, D2 = "2026-09-10", "2026-09-11"
CNY = currency("CNY")
FILE = statement(ACCOUNT, (D1, D2), (0, 60), [(D1, 10, "a"), (D1, 20, "b"), (D2, 30, "c")])


class Ground(Imports):
    """Imports during which the bank answers."""

    def __init__(self, at, folder) -> None:
        super().__init__(at, folder)
        self.passes = 0
        self.between = {}

    def take_between(self, text: str = FILE):
        def read(chunks, reading):
            self.passes += 1
            for number, part in enumerate(TINY.read(chunks, reading)):
                if number == 2:  # the first of its lines is staged by now
                    self.between.pop(self.passes, lambda: None)()
                yield part

        return self.take(text, format_=replace(TINY, read=read))

    def answer(self, day: str, *entries: tuple[int, str], status=EntryStatus.BOOKED):
        """The bank answers about a day."""
        told = tuple(
            Entry(
                amount=Money(fen, CNY),
                booking_date=date.fromisoformat(day),
                reference=words,
                status=status,
            )
            for fen, words in entries
        )
        answer = DayAnswer(
            tenant="acme",
            account=tenant().accounts[ACCOUNT],
            day=date.fromisoformat(day),
            asked_at=START,
            pages=(StatementPage(account=ACCOUNT, entries=told, more=False),),
            import_id=self.at.runtime.ids.new("sti"),
            actor="policy:schedule",
        )
        (kept,) = self.at.group(lambda uow: keep_answer(uow, answer, START))
        if isinstance(kept, Exception):
            raise kept
        return kept


@pytest.fixture
def ground(tmp_path, monkeypatch):
    monkeypatch.setattr(import_plan, "CHUNK", 1)
    with bench() as at:
        yield Ground(at, tmp_path)


@pytest.mark.parametrize("words", [("a", "b"), ("bank-a", "bank-b")])
def test_a_bank_answer_between_plan_and_end_keeps_its_day(ground, words):
    ground.between[2] = lambda: ground.answer(D1, (10, words[0]), (20, words[1]))
    done = ground.take_between()
    assert (done.state, done.added) == ("imported", 1)
    assert [it.code for it in done.findings] == ["other_source"]
    assert [it[2] for it in ground.lines()] == [*words, "c"]
    day = tables.statement_day
    assert [row.source for row in ground.at.rows(day, day.c.day)] == ["bank", "camt"]
    assert ground.passes == 3  # one to see that it holds together, one in vain, one that counts


def test_a_staged_line_hides_no_line_of_the_bank(ground):
    # Same words: the bank's line is kept at once, whatever becomes of the import.
    ground.between[2] = lambda: ground.answer(D1, (10, "a"), status=EntryStatus.PENDING)
    done = ground.take_between()
    assert done.state == "imported"
    assert [(it[2], it[3]) for it in ground.lines() if it[3] == "booked"] == [
        ("a", "booked"),
        ("b", "booked"),
        ("c", "booked"),
    ]


def test_an_import_that_is_overtaken_again_and_again_gives_up_and_leaves_nothing(ground):
    days = [f"2026-09-{number:02}" for number in range(1, 7)]
    text = statement(ACCOUNT, (days[0], days[-1]), (0, 60), [(day, 10, "f") for day in days])
    for number, day in enumerate(days, 2):
        ground.between[number] = partial(ground.answer, day, (10, "bank"))
    with pytest.raises(Overloaded):
        ground.take_between(text)
    assert [it[2] for it in ground.lines()] == ["bank"] * 4
    assert {row.state for row in ground.at.rows(tables.statement_import)} == {"imported"}


def test_a_day_that_the_bank_found_empty_is_the_file_s(ground):
    ground.answer(D1)
    assert ground.take(FILE).added == 3
    again = ground.answer(D1, (10, "bank-a"), (20, "bank-b"))
    assert again.added == 0
    assert len(ground.lines()) == 3


def test_a_day_of_which_a_file_knew_nothing_is_the_bank_s(ground):
    ground.take(statement(ACCOUNT, (D1, D1), (0, 0), []))
    assert ground.answer(D1, (10, "bank-a")).added == 1
