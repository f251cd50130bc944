"""How an account stands, as people are told: classes by age, days by state, what a search finds."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from gateway.domain.balance_sheet import OpenClass, Side
from gateway.domain.errors import NotFound
from gateway.reconciliation.standing import ClassSum, MonthSheet
from gateway.reconciliation.things import Sought
from tests.ledger_ground import PLACE, Books, day, wish
from tests.store_ground import bench


@pytest.fixture
def books():
    with bench() as at:
        yield Books(at)


def standing(books):
    return asyncio.run(books.standing.of(PLACE))


def found(books, side, page=(0, 50), **wanted):
    rows = asyncio.run(books.standing.found(PLACE, side, Sought(**wanted), page))
    return [it.thing.ref for it in rows]


def test_a_red_letter_is_counted_negative_in_the_class_of_what_it_takes_back(books):
    today = books.standing.today()
    books.item("L1", today.isoformat(), "100.00")
    books.item("L2", today.isoformat(), "-30.00")
    books.line(today.isoformat(), 500)
    books.line(date.fromordinal(today.toordinal() - 8).isoformat(), 200)
    stand = standing(books)
    assert stand.classes[OpenClass.BOOK_PAID][0] == ClassSum(count=2, minor=7_000)
    assert stand.classes[OpenClass.BOOK_RECEIVED] == (ClassSum(),) * 4
    received = stand.classes[OpenClass.BANK_RECEIVED]
    assert received[:2] == (ClassSum(count=1, minor=500), ClassSum(count=1, minor=200))
    assert [it.received for it in stand.ages[Side.BOOK]] == [1, 0, 0, 0]  # by sign, as ever


def test_days_are_told_by_state_and_reason_and_what_was_not_read_is_missing(books):
    today = books.standing.today()
    back = [date.fromordinal(today.toordinal() - number) for number in range(7)]
    books.proven(back[6].isoformat(), 100)
    books.proven(back[5].isoformat(), None, "quiet")
    books.proven(back[4].isoformat(), None, "broken")
    books.proven(back[3].isoformat(), None, "broken")
    stand = standing(books)
    assert stand.kept == (back[6], back[3])
    told = {it.state: (it.days, it.first, it.last) for it in stand.days}
    assert told == {
        "proven": (1, back[6], back[6]),
        "quiet": (1, back[5], back[5]),
        "broken": (2, back[4], back[3]),
        "missing": (2, back[2], back[1]),
    }
    assert len(stand.unproven) == 4


def test_the_sheet_of_the_month_is_that_of_the_last_month_that_is_over(books):
    last = date.fromordinal(books.standing.today().replace(day=1).toordinal() - 1)
    assert standing(books).month == MonthSheet(day=last)
    books.proven(last.isoformat(), 100)
    books.balance(last.isoformat(), "1.00")
    made = books.prepare(last.isoformat())
    assert standing(books).month == MonthSheet(day=last, state="prepared", result="balanced")
    books.review(last.isoformat(), made.digest)
    assert standing(books).month.state == "reviewed"


def test_a_search_holds_amount_days_and_text_against_what_is_left(books):
    books.item("L1", day(1), "10.00", counterparty_name="甲公司", erp_reference="FK_1")
    books.item("L2", day(2), "10.00", counterparty_name="乙公司", erp_reference="FKX1")
    books.item("L3", day(3), "10.00", "in", remittance="九月 100% 货款")
    line = books.line(day(1), -600)
    assert found(books, Side.BOOK, minor=1_000) == ["L1", "L2", "L3"]  # of either sign
    assert found(books, Side.BOOK, first=day(2), last=day(2)) == ["L2"]
    assert found(books, Side.BOOK, text="甲") == ["L1"]
    assert found(books, Side.BOOK, text="fk_1") == ["L1"]  # no letter stands for any
    assert found(books, Side.BOOK, text="100%") == ["L3"]
    assert found(books, Side.BOOK, text="L2") == ["L2"]  # its name, whole
    assert found(books, Side.BOOK, page=(1, 1)) == ["L2"]
    books.decide("match", wish([line], [("L1", "-6.00")]))
    assert found(books, Side.BOOK, minor=400) == ["L1"]
    assert found(books, Side.BANK) == []


def test_named_things_keep_their_order_and_tell_what_is_left(books):
    books.item("L1", day(1), "10.00")
    books.item("L2", day(2), "4.00")
    line = books.line(day(1), -600)
    books.decide("match", wish([line], [("L1", "-6.00")]))
    rows = asyncio.run(books.standing.named(PLACE, Side.BOOK, ["L2", "none", "L1"]))
    assert [(it.thing.ref, it.thing.left) for it in rows] == [("L2", -400), ("L1", -400)]
    (matched,) = asyncio.run(books.standing.named(PLACE, Side.BANK, [line]))
    assert matched.thing.left == 0


def test_what_is_of_another_account_is_not_found(books):
    books.item("L1", day(1), "10.00")
    line = books.line(day(1), -1_000)
    match = books.decide("match", wish([line], ["L1"]))
    other = (PLACE[0], "another")
    assert asyncio.run(books.standing.match(PLACE, match)).id == match
    for asked in (books.standing.match(other, match), books.standing.suggestion(PLACE, "rcs_1")):
        with pytest.raises(NotFound):
            asyncio.run(asked)
