"""A payment's row is changed beside itself: no index is written for a change of state."""

from __future__ import annotations

# ruff: noqa: S608 - columns come from the schema
import psycopg
import pytest

pytestmark = pytest.mark.postgresql

ROWS = 200
COLUMNS = (
    "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'lane'"
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


def test_the_first_change_of_a_row_touches_no_index(db):
    needed = db.execute(COLUMNS).fetchall()
    names = ", ".join(name for name, _ in needed)
    values = ", ".join("n::text" if kind.startswith("char") else "n" for _, kind in needed)
    db.execute(f"INSERT INTO lane ({names}) SELECT {values} FROM generate_series(1, {ROWS}) n")
    db.execute("UPDATE lane SET commits = commits + 1")
    (oid,) = db.execute("SELECT 'lane'::regclass::oid::int").fetchone()
    updated, beside = db.execute(UPDATED, {"it": oid}).fetchone()
    assert updated == ROWS
    assert beside > ROWS * 0.9
