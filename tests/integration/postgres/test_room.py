"""A payment's row is changed beside itself: no index is written for a change of state."""

from __future__ import annotations

# ruff: noqa: S608 - columns come from the schema
import psycopg
import pytest

pytestmark = pytest.mark.postgresql

ROWS = 200
COLUMNS = (
    "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
    " AND is_nullable = 'NO' AND column_default IS NULL"
)
UPDATED = (
    "SELECT pg_stat_get_xact_tuples_updated(%(it)s), pg_stat_get_xact_tuples_hot_updated(%(it)s)"
)
TABLES = ("batch", "instruction", "lane", "message", "message_line")


@pytest.fixture
def db(databases):
    with databases.fresh() as database, psycopg.connect(database.url) as connection:
        yield connection


def test_half_of_each_page_is_left_free(db):
    found = db.execute("SELECT relname FROM pg_class WHERE reloptions @> '{fillfactor=50}'")
    assert sorted(name for (name,) in found) == sorted(TABLES)


def fill(db, table: str, **given: str) -> None:
    """Rows with nothing but what must be there, and what is ``given``."""
    needed = {
        name: {"boolean": "true"}.get(kind, "n::text" if kind[:4] in {"char", "text"} else "n")
        for name, kind in db.execute(COLUMNS, [table]).fetchall()
    } | given
    names, values = ", ".join(needed), ", ".join(needed.values())
    db.execute(f"INSERT INTO {table} ({names}) SELECT {values} FROM generate_series(1, {ROWS}) n")


def changed_beside(db, table: str, change: str) -> int:
    """How many rows a change of all of them leaves where they stand, for the indexes."""
    db.execute(f"UPDATE {table} SET {change}")
    (oid,) = db.execute("SELECT %s::regclass::oid::int", [table]).fetchone()
    updated, beside = db.execute(UPDATED, {"it": oid}).fetchone()
    assert updated == ROWS
    return beside


def test_the_first_change_of_a_row_touches_no_index(db):
    fill(db, "lane")
    assert changed_beside(db, "lane", "commits = commits + 1") > ROWS * 0.9


def test_a_release_under_the_rules_that_a_line_was_made_under_touches_no_index(db):
    """An index is over payments that were released under a document: see ``NewInstruction``."""
    released = "state = 'QUEUED', version = 2, seal = repeat('a', 64), control_version = 3"
    fill(db, "instruction", control_version="3", memo="repeat('x', 900)")
    assert changed_beside(db, "instruction", released) > ROWS * 0.8
