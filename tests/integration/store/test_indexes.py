"""Statements that run at every planning and release are served by the index made for them."""

from __future__ import annotations

import json

from sqlalchemy import text

from gateway.controls import release
from gateway.relay import messages
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


def test_look_alikes_are_searched_key_by_key_and_what_has_none_brings_no_row(migrated_file):
    first, second = plan(migrated_file, release._LIKENESS)
    assert first.startswith("SCAN wanted")
    assert "instruction USING INDEX instruction_likeness" in second
    assert second.endswith("LEFT-JOIN")
    engine = sqlite_engine(str(migrated_file))
    with engine.connect() as db:
        values = {"of_tenant": "t1", "wanted": json.dumps([["6217", 1, "2026-09-15"]])}
        assert release._LIKENESS.rows(db, values) == []
    engine.dispose()
