"""Orders in shared tables: on both kinds of databases, with crashes and two pollers."""

from __future__ import annotations

import asyncio
import sqlite3
from decimal import Decimal

import pytest

from gateway.domain.errors import NotSent
from gateway.store import tables
from gateway.transport.tables import TableWrong
from tests.shared_rows_ground import order, results, statuses, tell
from tests.shared_tables_ground import run, shared_database
from tests.unit.intake.sample import DRAFT


@pytest.fixture
def shared(request, database, tmp_path):
    kind = "postgresql" if database.postgresql else "sqlite"
    with shared_database(request, kind, tmp_path) as url:
        yield url


def test_orders_become_payments_and_each_has_its_answer(database, shared):
    order(shared, "A1", amount="1234.50", remark="九月")
    order(shared, "A1", src_line_no="2", amount="1.00")
    order(shared, "A2", amount="7.00", payee_cnaps="12", payee_acct="中文")

    async def story(node, rows):
        await rows.look()
        stored = {row.erp_reference: row for row in node.rows(tables.instruction)}
        assert set(stored) == {"A1/1", "A1/2"}
        assert stored["A1/1"].amount_minor == 123450
        assert {row.maker for row in stored.values()} == {"machine:bfs"}
        first, second, bad = results(shared)
        assert (first["status"], first["seq"], first["gw_ref"]) == (
            "ACCEPTED",
            0,
            stored["A1/1"].id,
        )
        assert Decimal(first["amount"]) == Decimal("1234.50")
        assert second["gw_ref"] == stored["A1/2"].id
        assert (bad["status"], bad["seq"], bad["is_final"]) == ("REFUSED", -1, "1")
        assert "gw_pay_order.payee_cnaps" in bad["bank_msg"]
        assert "gw_pay_order.payee_acct" in bad["bank_msg"]
        assert statuses(shared) == ["3", "3", "3"]

    tell(database, shared, story)


def test_a_refused_order_is_corrected_and_sent_again(database, shared):
    order(shared, "A1", payee_cnaps="12")

    async def story(node, rows):
        await rows.look()
        run(shared, "UPDATE gw_pay_order SET payee_acct = '中文', src_status = '0'")
        await rows.look()
        (told,) = results(shared)
        assert "payee_acct" in told["bank_msg"], "the newest refusal, in the place of the first"
        run(
            shared,
            "UPDATE gw_pay_order SET payee_cnaps = '105305000001', payee_acct = '62170',"
            " src_status = '0'",
        )
        await rows.look()
        assert [(it["seq"], it["status"]) for it in results(shared)] == [
            (-1, "REFUSED"),
            (0, "ACCEPTED"),
        ]
        assert len(node.rows(tables.instruction)) == 1

    tell(database, shared, story)


@pytest.mark.parametrize(
    ("change", "code"),
    [("amount = 6", "reused_reference"), ("payee_cnaps = '12'", "cnaps_format")],
)
def test_an_accepted_order_that_was_changed_is_never_told_as_refused(
    database, shared, change, code
):
    """The payment that is under way would be taken for failed, and paid again."""
    order(shared, "A1", amount="5.00")

    async def story(node, rows):
        await rows.look()
        run(shared, f"UPDATE gw_pay_order SET {change}, src_status = '0'")  # noqa: S608
        await rows.look()
        (stored,) = node.rows(tables.instruction)
        assert stored.amount_minor == 500
        said, accepted = results(shared)
        assert (said["seq"], said["status"], said["bank_code"]) == (-1, "ACCEPTED", code)
        assert (said["is_final"], said["gw_ref"]) == ("0", stored.id)
        assert "更改未被采纳" in said["bank_msg"]
        assert (accepted["seq"], accepted["status"]) == (0, "ACCEPTED"), "what was accepted stands"
        assert statuses(shared) == ["3"]

    tell(database, shared, story)


def test_a_crash_between_taken_and_answered_loses_and_doubles_nothing(database, shared):
    for number in range(3):
        order(shared, f"A{number}", amount=f"{number + 1}.00")

    async def story(node, rows):
        answer = rows._box.answer
        for broken in (NotSent("cut"), None):

            async def dies(*given, error=broken):
                if error is not None:
                    raise error
                await answer(*given)

            rows._box.answer = dies
            if broken is not None:
                with pytest.raises(NotSent):
                    await rows.look()
                assert statuses(shared) == ["1"] * 3
                assert results(shared) == []
                assert len(node.rows(tables.instruction)) == 3, "accepted before the crash"
            else:
                await rows.look()
        assert len(node.rows(tables.instruction)) == 3
        assert [it["status"] for it in results(shared)] == ["ACCEPTED"] * 3
        assert statuses(shared) == ["3"] * 3

    tell(database, shared, story)


def test_two_pollers_make_each_order_one_payment_with_one_answer(database, shared):
    for number in range(30):
        order(shared, f"A{number:02}", amount=f"{number + 1}.00")

    async def story(node, *both):
        await asyncio.gather(*(rows.look() for rows in both))
        assert len(node.rows(tables.instruction)) == 30
        assert [it["status"] for it in results(shared)] == ["ACCEPTED"] * 30
        assert statuses(shared) == ["3"] * 30

    tell(database, shared, story, count=2)


def test_the_10001st_order_is_told_by_its_own_line(database, tmp_path):
    """More than one claim's worth; every row has its answer."""

    from tests.shared_tables_ground import ROOT

    path = tmp_path / "many.db"
    db = sqlite3.connect(path)
    db.executescript((ROOT / "schemas/erp/byte/sqlite.sql").read_text())
    db.executemany(
        "INSERT INTO gw_pay_order (src_system, src_order_no, src_line_no, payer_acct, payee_acct,"
        " payee_name, payee_bank_name, payee_cnaps, payee_city, amount, purpose)"
        " VALUES ('bfs', 'B1', ?, ?, ?, ?, ?, ?, ?, ?, '货款')",
        [
            (
                f"{line:05}",
                DRAFT.debtor_account,
                DRAFT.creditor_account,
                DRAFT.creditor_name,
                DRAFT.creditor_agent_name,
                DRAFT.creditor_agent_cnaps,
                DRAFT.creditor_city,
                "x" if line == 1101 else f"{line}.00",
            )
            for line in range(1, 1201)
        ],
    )
    db.commit()
    db.close()
    url = f"sqlite:///{path}"

    async def story(node, rows):
        await rows.look()
        found = results(url)
        assert len(found) == 1200
        (refused,) = (it for it in found if it["status"] == "REFUSED")
        assert refused["src_line_no"] == "01101"
        assert "gw_pay_order.amount" in refused["bank_msg"]

    tell(database, url, story)


def test_a_result_that_its_table_does_not_take_keeps_no_other_waiting(database, shared):
    if shared.startswith("sqlite"):
        run(
            shared,
            "CREATE TRIGGER narrow BEFORE INSERT ON gw_pay_result WHEN length(NEW.src_order_no) > 3"
            " BEGIN SELECT RAISE(ABORT, 'constraint failed: gw_pay_result.src_order_no'); END",
        )
    else:
        run(shared, "ALTER TABLE gw_pay_result ALTER COLUMN src_order_no TYPE VARCHAR(3)")
    for number in ("A1", "LONG", "Z1"):
        order(shared, number, amount=f"{len(number)}.{number[-1].replace('G', '7')}0")

    async def story(node, rows):
        with pytest.raises(TableWrong):
            await rows.look()
        assert statuses(shared) == ["3", "1", "3"]
        assert [it["src_order_no"] for it in results(shared)] == ["A1", "Z1"]

    tell(database, shared, story)
