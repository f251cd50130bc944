"""Statements that run at every planning and release are served by the index made for them."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from gateway.controls import likeness, netbank, payee_checks, payee_leaving, payee_rows
from gateway.lifecycle import apply
from gateway.relay import messages
from gateway.statements import debits
from gateway.store.engine import sqlite_engine
from gateway.store.prepared import Prepared


def plan(path, statement: Prepared) -> list[str]:
    """How SQLite would run a statement, step by step."""
    engine = sqlite_engine(str(path))
    sql = statement.sql(engine.dialect)
    for at in range(sql.count("?")):
        sql = sql.replace("?", f":p{at}", 1)
    values = {f"p{at}": "[]" for at in range(sql.count(":p"))}
    with engine.connect() as db:
        steps = [row.detail for row in db.execute(text(f"EXPLAIN QUERY PLAN {sql}"), values)]
    engine.dispose()
    return steps


def test_a_message_that_never_left_is_found_by_the_index_of_open_lines(migrated_file):
    steps = plan(migrated_file, messages._PLANNED)
    assert any("message_line USING INDEX message_line_one_open" in step for step in steps), steps


def test_sealed_lines_are_changed_key_by_key(migrated_file):
    first, *rest = plan(migrated_file, apply._MOVE_SEALED)
    assert first.startswith("SCAN sealed"), "not the list for each row of the tenant"
    assert any("instruction USING INDEX" in it and "tenant=? AND id=?" in it for it in rest)


@pytest.mark.parametrize(
    ("statement", "days"),
    [(likeness._SAME_DAY, ["2026-09-15"]), (likeness._NEAR, ["2026-09-12", "2026-09-18"])],
)
def test_look_alikes_are_searched_key_by_key_and_what_has_none_brings_no_row(
    migrated_file, statement, days
):
    first, second = plan(migrated_file, statement)
    assert first.startswith("SCAN wanted")
    assert "instruction USING INDEX instruction_likeness" in second
    assert "pay_day" in second
    assert second.endswith("LEFT-JOIN")
    engine = sqlite_engine(str(migrated_file))
    with engine.connect() as db:
        values = {"of_tenant": "t1", "wanted": json.dumps([["6217", 1, *days]])}
        assert statement.rows(db, values) == []
    engine.dispose()


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (netbank._OURS, "instruction USING INDEX instruction_likeness"),
        (debits._BOOKED, "bank_debit USING INDEX bank_debit_payee"),
        (netbank._STALE, "hold USING INDEX hold_netbank"),
    ],
)
def test_what_the_guard_of_netbank_asks_is_served_by_an_index(migrated_file, statement, index):
    steps = plan(migrated_file, statement)
    assert index in steps[-1]
    assert all(step.startswith("SCAN wanted") for step in steps[:-1])


@pytest.mark.parametrize(
    ("statement", "indexes"),
    [
        (payee_checks._SETTLED, ["instruction_likeness (tenant=? AND creditor_account=?)"]),
        (
            payee_checks._BESIDE,
            [
                "instruction_payee (tenant=? AND creditor_account=?)",
            ],
        ),
        (payee_checks._NAMES, ["instruction_payee (tenant=? AND creditor_account=?)"]),
        (payee_leaving._BLOCKED, ["payee_blocked (tenant=?"]),
        (payee_rows.OF_ACCOUNTS, ["payee USING INDEX sqlite_autoindex_payee_2 (tenant=? AND"]),
    ],
)
def test_what_is_asked_of_payees_is_served_by_an_index(migrated_file, statement, indexes):
    steps = plan(migrated_file, statement)
    assert all(any(index in step for step in steps) for index in indexes), steps
    assert not any("TEMP B-TREE FOR ORDER BY" in step for step in steps), steps
