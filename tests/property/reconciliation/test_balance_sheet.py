"""The 余额调节表: whatever is open, it balances when both sides were booked rightly."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.balance_sheet import (
    OpenClass,
    OpenLine,
    SheetFacts,
    SheetState,
    Side,
    balance_sheet,
    document,
    sheet_of,
)
from gateway.domain.money import CNY, Money
from gateway.simulation.schema import lay_tables
from gateway.store.engine import sqlite_engine
from tests.ledger_ground import Books, day, item
from tests.store_ground import Bench

FIRST = date(2026, 9, 1)
amounts = st.integers(-(10**12), 10**12).filter(bool)
lines = st.builds(
    OpenLine,
    side=st.sampled_from(Side),
    ref=st.text("abc", min_size=1, max_size=4),
    day=st.integers(0, 30).map(lambda days: FIRST + timedelta(days=days)),
    amount=amounts.map(lambda minor: Money(minor, CNY)),
    backward=st.booleans(),
    carried=st.booleans(),
    late=st.booleans(),
    written_off=st.booleans(),
)


def facts(found, bank: int | None, book: int | None, **more) -> SheetFacts:
    return SheetFacts(
        account="1",
        company="甲",
        unit=CNY,
        first_day=FIRST,
        day=FIRST + timedelta(days=30),
        bank_balance=None if bank is None else Money(bank, CNY),
        book_balance=None if book is None else Money(book, CNY),
        lines=tuple(found),
        **more,
    )


@settings(max_examples=40)
@given(st.lists(lines, max_size=12), amounts, st.sampled_from([0, 1, -7]))
def test_both_ends_agree_just_when_what_is_open_explains_the_balances(found, common, slip):
    """Both sides booked ``common``; each booked what is open of it alone besides."""
    booked = {side: sum(it.amount.minor for it in found if it.side is side) for side in Side}
    it = balance_sheet(facts(found, common + booked[Side.BANK], common + booked[Side.BOOK] + slip))
    assert it.difference == Money(-slip, CNY)
    assert it.state is (SheetState.DIFFERS if slip else SheetState.BALANCED)
    assert it.adjusted_bank.minor == common + booked[Side.BANK] + booked[Side.BOOK]


@settings(max_examples=40)
@given(st.lists(lines, max_size=12))
def test_every_open_item_stands_in_exactly_one_class(found):
    it = balance_sheet(facts(found, 0, 0))
    told = [line for kind in OpenClass for line in it.classes[kind]]
    assert sorted(map(repr, told)) == sorted(map(repr, found))
    for kind, some in it.classes.items():
        assert all(line.kind is kind for line in some)
        assert all(line.side.value == kind.value.split("_")[0] for line in some)
        assert it.sums[kind].minor == sum(line.in_class.minor for line in some)


@settings(max_examples=40)
@given(
    st.lists(lines, max_size=6),
    st.none() | amounts,
    st.none() | amounts,
    st.lists(st.just(FIRST), max_size=1),
)
def test_what_is_written_down_is_read_back_as_it_was(found, bank, book, unproven):
    it = balance_sheet(facts(found, bank, book, unproven=tuple(unproven)))
    again = sheet_of(json.loads(json.dumps(document(it))))
    assert again == it
    if bank is None or book is None:
        assert it.state is SheetState.INCOMPLETE
    elif unproven and not it.difference.minor:
        assert it.state is SheetState.UNPROVEN


# What really happened: its amount in fen, the day the bank books it and the day the books do;
# None where one of them has not booked it yet.
happened = st.tuples(
    st.integers(-300, 300).filter(bool),
    st.none() | st.integers(1, 6),
    st.none() | st.integers(1, 6),
    st.booleans(),
)


@settings(max_examples=6, deadline=None)
@given(st.lists(happened, max_size=7), st.sets(st.integers(0, 6)), st.integers(2, 5))
def test_sheets_of_what_is_stored_balance_on_every_day_and_after_a_close(story, apart, close):
    """Whatever is matched, by whom, in part or taken apart again, and when the period closes."""
    engine = sqlite_engine(":memory:")
    lay_tables(engine)
    with closing((at := Bench(engine)).store):
        books = Books(at)
        at.runtime.clock.pass_time(days=30)
        for number, (fen, banked, booked, referred) in enumerate(story):
            _happen(books, number, (fen, banked, booked, referred))
        for on in range(1, 7):
            books.proven(day(on), sum(it[0] for it in story if it[1] and it[1] <= on))
            books.balance(day(on), _text(sum(it[0] for it in story if it[2] and it[2] <= on)))
        books.run()
        for number in sorted(apart):
            held = [it for it in books.matches() if it.state == "held"]
            if number < len(held):
                books.decide("unmatch", held[number].id, "looked wrong")
        books.run()
        for on in range(1, 7):
            assert books.sheet(day(on))["state"] == "balanced"
        books.close(day(close))
        for on in range(close + 1, 7):
            assert books.sheet(day(on))["state"] == "balanced"


def _happen(books: Books, number: int, it) -> None:
    fen, banked, booked, referred = it
    reference = f"PAY-{number}" if referred else ""
    if banked:
        books.line(day(banked), fen, reference, name=f"公司{number % 2}")
    if booked:
        direction = "in" if fen > 0 else "out"
        told = item(f"L{number}", day(booked), _text(abs(fen)), direction)
        books.items([told | {"erp_reference": reference, "counterparty_name": f"公司{number % 2}"}])


def _text(fen: int) -> str:
    return Money(fen, CNY).text()
