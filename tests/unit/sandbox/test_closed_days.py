"""What closed days amounted to: history balances and the overview."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.sandbox import payees
from gateway.sandbox.options import Options
from tests.sandbox_json import MAIN, OTHER_NAME, START, Bank, encode, generated, other

TODAY = START.date()
SECOND = "900010101000000029"


@pytest.fixture
def bank():
    with Bank(options=Options(page_size=4)) as opened:
        yield opened
        assert opened.ledger.check() == []


def history(bank, start, end, account=MAIN, **more):
    return bank.ask(
        encode(
            "history", "h", account=account, start=start.isoformat(), end=end.isoformat(), **more
        )
    )


def test_day_ends_follow_from_the_postings_and_the_statement(bank):
    bank.pay("P1", generated(1, "100.00"))
    returning = payees.other_account(1, payees.RETURNED_PREFIX)
    bank.pay("P2", other("30.00", returning, name=OTHER_NAME))
    bank.pass_time(days=4)
    told = history(bank, TODAY - timedelta(days=2), TODAY + timedelta(days=3))
    assert told["days"] == [
        ["2026-09-15", "79999870.00", 2, 1, "130.00", "80000000.00"],
        ["2026-09-16", "79999870.00", 0, 0, "0.00", "0.00"],
        ["2026-09-17", "79999900.00", 0, 1, "0.00", "30.00"],
        ["2026-09-18", "79999900.00", 0, 0, "0.00", "0.00"],
    ]
    later = history(bank, TODAY + timedelta(days=1), TODAY + timedelta(days=1))
    assert later["days"] == told["days"][1:2]


def test_only_closed_days_within_a_year_are_told(bank):
    bank.pass_time(days=1)
    today = bank.now.date()
    yesterday, oldest = today - timedelta(days=1), today - timedelta(days=365)
    for start, end, said in (
        (yesterday, yesterday, "ok"),
        (oldest, yesterday, "ok"),
        (yesterday, today, "date_invalid"),
        (today, yesterday, "date_invalid"),
        (oldest - timedelta(days=1), oldest, "date_invalid"),
        (oldest, oldest, "no_entries"),
    ):
        assert history(bank, start, end)["message"] == said
    assert len(history(bank, oldest, yesterday)["days"]) == 1


def test_history_needs_the_account_and_the_right(bank):
    bank.pass_time(days=1)
    assert history(bank, TODAY, TODAY, "900019999999999999")["message"] == "account_unknown"
    norights = {"operator": "norights", "password": "Demo-Pass-3"}
    assert history(bank, TODAY, TODAY, **norights)["message"] == "not_permitted"


def test_the_overview_holds_all_accounts_of_the_customer_page_by_page(bank):
    bank.pass_time(days=1)
    day = bank.now.date()
    for number in range(5):
        bank.pay(f"P{number}", generated(number, "1.00"))
    bank.pay("P9", other("2.00", debtor=SECOND))
    bank.pay("U1", generated(1), customer="9900000002")
    asked = encode("overview", "o", day=day.isoformat())
    assert bank.ask(asked)["message"] == "date_invalid"
    bank.pass_time(days=1)
    first, second, third = (
        bank.ask(encode("overview", "o", day=day.isoformat(), page=page)) for page in (1, 2, 3)
    )
    assert [first["overview"]["more"], second["overview"]["more"]] == [True, False]
    lines = first["overview"]["lines"] + second["overview"]["lines"]
    assert lines == [[MAIN, "-1.00", "货款"]] * 5 + [[SECOND, "-2.00", "货款"]]
    for told in (first, second):
        assert told["overview"]["expenses"] == [6, "7.00"]
        assert told["overview"]["incomes"] == [0, "0.00"]
    assert third["message"] == "no_entries"
    norights = {"operator": "norights", "password": "Demo-Pass-3"}
    assert bank.ask(encode("overview", "o", day=day.isoformat(), **norights))["message"] == "ok"
