"""The shared tables on both kinds of databases: claims, results, crashes, errors."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import datetime
from decimal import Decimal

import pytest

from adapters.erp.byte import DIALECT
from gateway.domain.errors import NotSent, Refused
from gateway.ports.erp_told import BalanceTold, StatusTold, ToldKind
from gateway.transport.tables import TableWrong, open_tables
from tests.postgres import BOTH
from tests.shared_tables_ground import NOW, order, run, shared_database

TABLES = DIALECT.tables({})
STATUS = TABLES.results[ToldKind.STATUS]


@pytest.fixture(params=BOTH)
def shared(request, tmp_path):
    with shared_database(request, request.param, tmp_path) as url:
        yield url


def told(number, state="RECEIVED", version=0, **changes):
    fields = {
        "instruction": "ins_01",
        "version": version,
        "state": state,
        "erp": "bfs",
        "erp_reference": f"{number}/1",
        "at": NOW,
        "amount": "999999999999999.99",
        "currency": "CNY",
        "source": {"system": "bfs", "order": number, "line": "1"},
    }
    return StatusTold(**{**fields, **changes})


def within(url, work):
    async def main():
        box = open_tables(url, lambda: NOW)
        try:
            return await work(box)
        finally:
            await box.aclose()

    return asyncio.run(main())


def claimed(url, most=100, tables=TABLES):
    return within(
        url, lambda box: box.claim(tables.orders, tables.results[ToldKind.STATUS], "bfs", most)
    )


def statuses(url):
    rows = run(url, "SELECT src_order_no, src_status FROM gw_pay_order ORDER BY src_order_no")
    return {row["src_order_no"]: row["src_status"] for row in rows}


def test_ready_rows_of_the_system_are_claimed_and_marked(shared):
    order(shared, "A1")
    order(shared, "A2", src_status="2")
    order(shared, "A3", src_system="other")
    (row,) = claimed(shared)
    assert row["src_order_no"] == "A1"
    assert statuses(shared) == {"A1": "1", "A2": "2", "A3": "0"}
    (taken,) = run(shared, "SELECT taken_at FROM gw_pay_order WHERE src_order_no = 'A1'")
    assert datetime.fromisoformat(str(taken["taken_at"])) == NOW.replace(tzinfo=None)


def test_a_row_that_was_taken_and_never_answered_comes_again(shared):
    """The process died between the claim and its answer."""
    order(shared, "A1")
    first = claimed(shared)
    again = claimed(shared)
    assert [row["src_order_no"] for row in first] == [row["src_order_no"] for row in again]

    async def answer(box):
        rows = [row for it in again for row in STATUS.rows(told(it["src_order_no"]))]
        await box.answer(TABLES.orders, again, [(STATUS, rows)])

    within(shared, answer)
    assert statuses(shared) == {"A1": "3"}
    assert claimed(shared) == []


def test_an_answer_leaves_a_row_alone_that_the_erp_has_changed_since(shared):
    order(shared, "A1")
    taken = claimed(shared)
    run(shared, "UPDATE gw_pay_order SET src_status = '0', amount = 7 WHERE src_order_no = 'A1'")
    within(shared, lambda box: box.answer(TABLES.orders, taken, [(STATUS, ())]))
    assert statuses(shared) == {"A1": "0"}


def test_without_a_status_for_answered_rows_the_result_says_it(shared):
    tables = DIALECT.tables({"value_answered": ""})
    order(shared, "A1")
    order(shared, "A2")
    assert len(claimed(shared, tables=tables)) == 2
    within(shared, lambda box: box.write(STATUS, STATUS.rows(told("A1"))))
    assert [row["src_order_no"] for row in claimed(shared, tables=tables)] == ["A2"]


def test_results_are_written_once_and_to_the_digit(shared):
    async def write(box):
        for state in ("SETTLED", "UNCONFIRMED"):  # the second comes under a key that is there
            await box.write(STATUS, STATUS.rows(told("A1", state, 3)))

    within(shared, write)
    (row,) = run(shared, "SELECT status, amount FROM gw_pay_result")
    assert row["status"] == "SUCCESS"
    assert Decimal(row["amount"]) == Decimal("999999999999999.99")


def test_a_later_refusal_takes_the_place_of_an_earlier_one_and_is_news_again(shared):
    from dataclasses import replace

    refusals = replace(STATUS, replace=True)

    async def write(box):
        await box.write(refusals, STATUS.rows(told("A1", "REFUSED", text="one")))
        run(shared, "UPDATE gw_pay_result SET ack_at = '2026-09-15 10:00:00'")
        await box.write(refusals, STATUS.rows(told("A1", "REFUSED", text="two")))

    within(shared, write)
    (row,) = run(shared, "SELECT seq, bank_msg, ack_at, is_final FROM gw_pay_result")
    assert row == {"seq": -1, "bank_msg": "two", "ack_at": None, "is_final": "1"}


def test_a_balance_is_replaced(shared):
    table = TABLES.results[ToldKind.BALANCE]

    def balance(ledger):
        return BalanceTold(
            account="9000",
            account_name="甲",
            currency="CNY",
            ledger=ledger,
            asked_at=NOW,
            day=NOW.date(),
        )

    async def write(box):
        await box.write(table, table.rows(balance("1.00")))
        await box.write(table, table.rows(balance("-2.50")))

    within(shared, write)
    (row,) = run(shared, "SELECT balance, available FROM gw_balance")
    assert Decimal(row["balance"]) == Decimal("-2.5")
    assert row["available"] is None


def test_two_gateways_leave_no_ready_row_behind_and_mark_each(shared):
    """Each ready row is marked in the transaction that reads it, whoever reads it."""
    numbers = {f"A{number:02}" for number in range(40)}
    for number in sorted(numbers):
        order(shared, number)

    async def main():
        boxes = [open_tables(shared, lambda: NOW) for _ in range(2)]
        try:
            claims = (box.claim(TABLES.orders, STATUS, "bfs", 40) for box in boxes)
            return await asyncio.gather(*claims)
        finally:
            for box in boxes:
                await box.aclose()

    found = asyncio.run(main())
    assert {row["src_order_no"] for rows in found for row in rows} == numbers
    assert set(statuses(shared).values()) == {"1"}


def test_what_is_not_as_configured_is_told_by_its_name(shared):
    wrong = DIALECT.tables({"order_table": "nowhere"})
    with pytest.raises(TableWrong, match="nowhere"):
        claimed(shared, tables=wrong)
    wrong = DIALECT.tables({"order_taken_at": "when_taken"})
    order(shared, "A1")
    with pytest.raises(TableWrong, match="when_taken"):
        claimed(shared, tables=wrong)
    assert statuses(shared) == {"A1": "0"}


@pytest.mark.parametrize("shared", BOTH[1:], indirect=True)
def test_a_text_that_does_not_fit_is_told_without_the_text(shared):
    rows = [{**row, "gw_ref": "secret" * 20} for row in STATUS.rows(told("A1"))]
    with pytest.raises(TableWrong) as caught:
        within(shared, lambda box: box.write(STATUS, rows))
    assert "secret" not in caught.value.en


def test_a_database_that_is_not_there_is_out_of_reach(tmp_path):
    for url in (f"sqlite:///{tmp_path}/none.db", "postgresql://nobody@127.0.0.1:1/x"):
        with pytest.raises(NotSent):
            claimed(url)
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("shared", BOTH[1:], indirect=True)
def test_a_connection_that_the_server_cut_is_made_anew(shared):
    async def main():
        box = open_tables(shared, lambda: NOW)
        await box.write(STATUS, STATUS.rows(told("A1")))
        run(
            shared,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        await box.write(STATUS, STATUS.rows(told("A2")))
        await box.aclose()

    asyncio.run(main())
    assert len(run(shared, "SELECT * FROM gw_pay_result")) == 2


def test_what_comes_after_the_end_is_not_sent(shared):
    async def main():
        box = open_tables(shared, lambda: NOW)
        await box.write(STATUS, STATUS.rows(told("A1")))
        await box.aclose()
        with pytest.raises(NotSent):
            await box.write(STATUS, STATUS.rows(told("A2")))

    asyncio.run(main())
    assert len(run(shared, "SELECT * FROM gw_pay_result")) == 1


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://x/y", "sqlite://"])
def test_other_addresses_are_refused(url):
    with pytest.raises(Refused):
        open_tables(url, lambda: NOW)


@pytest.mark.parametrize("cell", ["12345678901234.56", "600000000000000.99", "0.1234567890123456"])
def test_a_number_that_sqlite_may_have_rounded_is_no_amount(tmp_path, cell):
    url = f"sqlite:///{tmp_path}/own.db"
    db = sqlite3.connect(tmp_path / "own.db")
    db.execute(
        "CREATE TABLE gw_pay_order (src_system, src_order_no, src_line_no, payer_acct, payee_acct,"
        " payee_name, amount DECIMAL(18,2), purpose, src_status, taken_at)"
    )
    db.execute(
        "INSERT INTO gw_pay_order VALUES ('bfs','A1','1','1','2','x',?, 'p','0',NULL),"
        "('bfs','A2','1','1','2','x','1200.50', 'p','0',NULL)",
        [cell],
    )
    db.commit()
    db.close()
    doubtful, plain = (TABLES.draft(row).amount for row in claimed(url))
    assert doubtful.startswith("~")
    assert plain == "1200.5"
