"""Statements that prove themselves complete, or not."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.domain.money import CNY, Money, MoneyFormatError, currency
from gateway.domain.statement import (
    Continuity,
    Entry,
    EntryStatus,
    Statement,
    continuity,
    running_breaks,
)
from tests.records import replace


def fen(minor: int) -> Money:
    return Money(minor, CNY)


def entry(amount: int, after: int | None = None, status: EntryStatus = EntryStatus.BOOKED) -> Entry:
    return Entry(
        amount=fen(amount),
        status=status,
        balance_after=fen(after) if after is not None else None,
    )


STATEMENT = Statement(
    account="9000",
    start=date(2026, 9, 1),
    end=date(2026, 9, 15),
    entries=(entry(-300), entry(500), entry(-1)),
    opening=fen(1_000),
    closing=fen(1_199),
)


def test_opening_and_entries_make_closing():
    assert continuity(STATEMENT) is Continuity.OK
    assert continuity(replace(STATEMENT, closing=fen(1_200))) is Continuity.BROKEN
    assert continuity(replace(STATEMENT, entries=STATEMENT.entries[:-1])) is Continuity.BROKEN


def test_twins_are_both_counted():
    twins = replace(STATEMENT, entries=(entry(-300), entry(-300)), closing=fen(400))
    assert continuity(twins) is Continuity.OK


def test_an_empty_statement_that_moved_nothing():
    assert continuity(replace(STATEMENT, entries=(), closing=fen(1_000))) is Continuity.OK


@pytest.mark.parametrize("status", [EntryStatus.PENDING, EntryStatus.INFO])
def test_only_booked_entries_count(status):
    pending = (*STATEMENT.entries, entry(-777, status=status))
    assert continuity(replace(STATEMENT, entries=pending)) is Continuity.OK


@pytest.mark.parametrize("missing", ["opening", "closing"])
def test_without_a_balance_nothing_is_known(missing):
    assert continuity(replace(STATEMENT, **{missing: None})) is Continuity.UNKNOWN


def test_currencies_are_not_mixed():
    foreign = Entry(amount=Money(1, currency("USD")))
    with pytest.raises(MoneyFormatError):
        continuity(replace(STATEMENT, entries=(foreign,)))


def test_running_balances():
    assert running_breaks([]) == []
    assert running_breaks([entry(-300, 700), entry(500, 1_200), entry(-1, 1_199)]) == []
    assert running_breaks([entry(-300, 700), entry(500, 1_201), entry(-1, 1_200)]) == [1]
    assert running_breaks([entry(-300, 700), entry(-1, 1_199)]) == [1], "a line is missing"


def test_lines_without_a_balance_are_skipped():
    assert running_breaks([entry(-300, 700), entry(500), entry(-1, 9_999)]) == []
