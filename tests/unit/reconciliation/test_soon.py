"""What an import asks for: a run of its accounts, once, and again where more came meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from gateway.domain.errors import DatabaseAway
from gateway.schedule.soon import reconcile_soon
from gateway.store import tables
from gateway.store.instants import to_us
from tests.ledger_ground import ACCOUNT, Books, day
from tests.store_ground import bench


@pytest.fixture
def books():
    with bench() as at:
        yield Books(at)


def ask(books, *accounts):
    now_us = to_us(books.at.runtime.clock.now())
    books.at.group(lambda uow: reconcile_soon(uow, "acme", accounts, now_us))


def look(books) -> bool:
    return asyncio.run(books.running.look_soon())


def runs(books) -> int:
    return len(books.at.rows(tables.reconciliation_run))


def waiting(books) -> list[tuple[str, str]]:
    return [(it.subject, it.holder) for it in books.at.rows(tables.work)]


def test_many_imports_are_one_run(books):
    books.line(day(2), -1000, "PAY-1")
    books.item("L1", day(1), "10", erp_reference="PAY-1")
    assert look(books) is False
    ask(books, ACCOUNT, ACCOUNT)
    ask(books, ACCOUNT)
    assert waiting(books) == [(ACCOUNT, "")]
    assert look(books) is True
    assert (runs(books), len(books.matches()), waiting(books)) == (1, 1, [])
    assert look(books) is False
    assert runs(books) == 1


def test_what_comes_while_it_runs_is_looked_at_again(books, monkeypatch):
    books.item("L1", day(1), "10", erp_reference="PAY-1")
    ask(books, ACCOUNT)
    ran = books.running.reconcile

    async def meanwhile(*what):
        done = await ran(*what)
        if runs(books) == 1:
            books.line(day(2), -1000, "PAY-1")
            books.at.runtime.clock.pass_time(seconds=1)
            ask(books, ACCOUNT)
        return done

    monkeypatch.setattr(books.running, "reconcile", meanwhile)
    assert look(books) is True
    assert (runs(books), waiting(books)) == (1, [(ACCOUNT, "")])
    assert look(books) is True
    assert (runs(books), len(books.matches()), waiting(books)) == (2, 1, [])


def test_without_a_book_side_or_an_account_there_is_nothing_to_do(books):
    books.line(day(2), -1000)
    ask(books, ACCOUNT, "unknown")
    while look(books):
        pass
    assert (runs(books), waiting(books)) == (0, [])


def test_while_the_database_is_away_it_waits(books, monkeypatch):
    books.item("L1", day(1), "10")
    ask(books, ACCOUNT)

    async def away(*_):
        raise DatabaseAway

    with monkeypatch.context() as patched:
        patched.setattr(books.running, "reconcile", away)
        assert look(books) is False
    assert waiting(books) == [(ACCOUNT, "")]
    assert look(books) is True
    assert runs(books) == 1
