"""I11: what was used of limits and plan lines is what released payments took, and no less."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import delete, update

from gateway.lifecycle.reservations import NAMES
from gateway.store import tables
from tests.books_ground import AMOUNT, REJECTED, done

COUNTERS = [
    ("account", "117010100100000018", "2026-09-15", "*", "CNY"),
    ("plan", "c1", "2026-09", "A01", "CNY"),
]


@pytest.fixture
def paid(books):
    """One settled payment that took of a limit and of a plan line; the second as it was before."""
    books.instruction()
    books.message()
    common = {"tenant": "t", "instruction": "i1", "amount_minor": AMOUNT, "freed_us": None}
    listed = json.dumps(COUNTERS[:1])
    books.insert(tables.reservation, part=1, counters=listed, **common)
    books.insert(tables.limit_reservation, **dict(zip(NAMES, COUNTERS[1], strict=True)), **common)
    for counter in COUNTERS:
        named = dict(zip(NAMES, counter, strict=True))
        books.insert(tables.limit_use, tenant="t", used_minor=AMOUNT, **named)
    return books


def limits(books) -> list[str]:
    return books.broken(done(), only=("I11",))


def test_what_adds_up_is_sound(paid):
    assert paid.report(done()).sound


def test_less_used_than_was_taken(paid):
    paid.run(
        update(tables.limit_use).where(tables.limit_use.c.of == "account").values(used_minor=0)
    )
    (told,) = limits(paid)
    assert told.startswith("I11: the use of t/account/****0018/2026-09-15/*/CNY is not what ")
    assert told.endswith(f"0 ≠ {AMOUNT}")


@pytest.mark.parametrize("table", [tables.reservation, tables.limit_reservation])
def test_a_reservation_that_is_gone(paid, table):
    paid.run(delete(table))
    (told,) = limits(paid)
    assert f"{AMOUNT} ≠ 0" in told


@pytest.mark.parametrize("table", [tables.reservation, tables.limit_reservation])
def test_given_back_although_it_was_paid(paid, table):
    paid.run(update(table).values(freed_us=1))
    assert "I11: i1 is SETTLED, and what it took of limits was given back" in limits(paid)


def test_given_back_because_it_was_not_paid(books):
    books.instruction(path=REJECTED)
    books.message()
    books.insert(
        tables.reservation,
        tenant="t",
        instruction="i1",
        part=1,
        counters=json.dumps(COUNTERS),
        amount_minor=AMOUNT,
        freed_us=5,
    )
    assert books.broken(only=("I11",)) == []
