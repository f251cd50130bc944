"""The dry run over what is kept: newly automatic, no longer automatic, changed; nothing stored."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from gateway.domain.errors import Refused
from gateway.reconciliation import trial
from gateway.reconciliation.rules import STANDARD, RuleSet
from gateway.reconciliation.trial import Trials
from gateway.store import tables
from tests.ledger_ground import Books, day, wish
from tests.store_ground import bench

MONTH = (date(2026, 9, 1), date(2026, 9, 30))
NAME = "福州甲有限公司"


@pytest.fixture
def books():
    with bench() as at:
        it = Books(at)
        at.runtime.clock.pass_time(days=30)
        yield it


def tried(books, rules, days=MONTH):
    return asyncio.run(Trials(books.at.store, books.at.runtime).of(books.of, days, rules))


def test_what_would_differ_is_told_and_nothing_is_stored(books):
    fee = books.line(day(2), -1500, "PAY-1", NAME)
    books.item("L1", day(2), "10", erp_reference="PAY-1", counterparty_name=NAME)
    both = books.line(day(3), -700, "PAY-2", NAME)
    books.item("L2", day(3), "7", erp_reference="PAY-2")
    weak = books.line(day(4), -800, name=NAME)
    books.item("L3", day(4), "8", counterparty_name=NAME)
    books.line("2026-10-02", -900, "PAY-4", NAME)
    books.item("L4", "2026-10-02", "9", erp_reference="PAY-4")
    told = tried(books, RuleSet(fee_max=500, threshold=100))
    assert (told.against, told.entries, told.items, told.same) == (0, 3, 3, 1)
    (newly,), (lost,) = told.newly.examples, told.no_longer.examples
    assert ([it.ref for it in newly.entries], newly.rule) == ([fee], "key-fee")
    assert ([it.ref for it in lost.entries], lost.rule) == ([weak], "amount-date-party")
    assert [it.ref for it in lost.items] == ["L3"]
    assert told.changed.count == 0
    assert both not in {it.ref for one in (newly, lost) for it in one.entries}
    assert books.matches() == books.at.rows(tables.reconciliation_run) == []
    assert books.at.rows(tables.reconciliation_rules) == []


def test_another_partner_is_told_beside_the_one_of_today(books):
    ref = books.line(day(2), -1000, "PAY-9", NAME)
    books.item("L1", day(2), "10", erp_reference="PAY-9", counterparty_name=NAME)
    books.line(day(20), 400, name="乙")
    # Taken with its fee line where nothing is tolerated; alone where the fee may be inside.
    books.line(day(2), -50, "PAY-8", NAME, remittance="手续费")
    main = books.line(day(2), -2000, "PAY-8", NAME)
    books.item("L2", day(2), "20.50", erp_reference="PAY-8", counterparty_name=NAME)
    told = tried(books, RuleSet(amount_tolerance=100))
    assert (told.changed.count, told.newly.count, told.no_longer.count) == (1, 0, 0)
    (it,) = told.changed.examples
    assert ([one.ref for one in it.entries], it.rule) == ([main], "key-tolerance")
    (instead,) = it.instead
    assert len(instead.entries) == 2
    assert ref not in {one.ref for one in it.entries}


def test_what_is_matched_already_takes_part(books):
    ref = books.line(day(2), -1000, "PAY-1")
    books.item("L1", day(2), "10", erp_reference="PAY-1")
    books.decide("match", wish([ref], ["L1"]))
    assert tried(books, STANDARD).same == 1


def test_rules_below_a_floor_and_periods_without_end_are_refused(books, monkeypatch):
    with pytest.raises(Refused) as caught:
        tried(books, RuleSet(margin=9))
    assert [it.path for it in caught.value.faults] == ["margin"]
    for days in ((MONTH[1], MONTH[0]), (date(2025, 1, 1), MONTH[1])):
        with pytest.raises(Refused) as caught:
            tried(books, STANDARD, days)
        assert [it.path for it in caught.value.faults] == ["/from"]
    monkeypatch.setattr(trial, "THINGS_MAX", 1)
    for at in range(2):
        books.line(day(2), -1000 - at)
    with pytest.raises(Refused, match="nothing was compared"):
        tried(books, STANDARD)
