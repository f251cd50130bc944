"""The book side taken in: items once each, balances restated, what is wrong told with its place."""

from __future__ import annotations

import pytest

from gateway.domain.errors import NotPermitted, Refused, ReusedReference
from gateway.store import tables
from tests.ledger_ground import ACCOUNT, Books, day, item
from tests.store_ground import bench


@pytest.fixture
def books():
    with bench() as at:
        it = Books(at)
        at.runtime.clock.pass_time(days=30)
        yield it


def test_items_are_kept_once_and_other_content_is_refused(books):
    first = books.items([item("L1", day(1), "10"), item("L2", day(1), "-3.50")])
    again = books.items([item("L1", day(1), "10.00"), item("L2", day(1), "-3.50")])
    assert first == again
    stored = books.at.rows(tables.ledger_item, tables.ledger_item.c.item_id)
    assert [(row.amount_minor, row.red_letter) for row in stored] == [(-1000, 0), (350, 1)]
    with pytest.raises(ReusedReference) as caught:
        books.items([item("L3", day(1), "1"), item("L1", day(1), "11")])
    assert caught.value.faults[0].path == "/items/1/item_id"
    assert len(books.at.rows(tables.ledger_item)) == 2


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"amount": "1e3"}, "/items/0/amount"),
        ({"amount": "1_0"}, "/items/0/amount"),
        ({"amount": "１０"}, "/items/0/amount"),
        ({"amount": "0"}, "/items/0/amount"),
        ({"amount": "1.005"}, "/items/0/amount"),
        ({"date": "2026-02-30"}, "/items/0/date"),
        ({"date": "20260901"}, "/items/0/date"),
        ({"direction": "debit"}, "/items/0/direction"),
        ({"account": "999"}, "/items/0/account"),
        ({"currency": "USD"}, "/items/0/currency"),
        ({"item_id": " x"}, "/items/0/item_id"),
        ({"remittance": "a\x00b"}, "/items/0/remittance"),
        ({"side": "bank"}, "/items/0/side"),
        ({"item_id": "x" * 129}, "/items/0/item_id"),
    ],
)
def test_what_is_wrong_with_an_item_is_told_with_its_place(books, wrong, path):
    with pytest.raises(Refused) as caught:
        books.items([item("L1", day(1), "10") | wrong])
    assert [it.path for it in caught.value.faults] == [path]


def test_unknown_members_and_members_that_stand_twice_are_refused(books):
    from gateway.reconciliation.ledger_reading import read_items

    for body in (
        b'{"items": [{"item_id": "1", "surprise": 1}]}',
        b'{"items": [], "items": []}',
        b'{"items": 3}',
        b"{",
        b"\xff",
        b'{"items": []}',
    ):
        with pytest.raises(Refused):
            read_items(body, {ACCOUNT: "CNY"})


def test_balances_are_restated_until_their_period_is_closed(books):
    assert books.balance(day(3), "5") == ["added"]
    assert books.balance(day(3), "5.00") == ["same"]
    assert books.balance(day(3), "0") == ["changed"]
    books.all_proven(1, 3, 0)
    books.close(day(3))
    assert books.balance(day(3), "0") == ["same"]
    with pytest.raises(NotPermitted):
        books.balance(day(3), "1")
