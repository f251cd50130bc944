"""Statements that run at every planning are served by the index that was made for them."""

from __future__ import annotations

from sqlalchemy import text

from gateway.relay import messages
from gateway.store.engine import sqlite_engine


def test_a_message_that_never_left_is_found_by_the_index_of_open_lines(migrated_file):
    engine = sqlite_engine(str(migrated_file))
    sql = messages._PLANNED.sql(engine.dialect)
    for at in range(sql.count("?")):
        sql = sql.replace("?", f":p{at}", 1)
    values = {f"p{at}": "[]" for at in range(sql.count(":p"))}
    with engine.connect() as db:
        plan = [row.detail for row in db.execute(text(f"EXPLAIN QUERY PLAN {sql}"), values)]
    engine.dispose()
    assert any("message_line USING INDEX message_line_one_open" in step for step in plan), plan
