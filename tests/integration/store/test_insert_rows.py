"""Many rows at once are stored exactly as each alone would be, on both databases."""

from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import LargeBinary, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from gateway.store import tables
from gateway.store.engine import open_engine
from gateway.store.inserts import insert_rows
from gateway.store.uow import Uow
from tests.store_ground import Bench

MANY = 70
"""More than what goes by one statement on either database."""
TEXTS = ["", "货款", "𠮷", "it's", '"', "\\", "\\x00", "\n\t", "null", "%s %%", "{}", "é\u0301"]


@pytest.fixture
def at(database):
    it = Bench(open_engine(database))
    with closing(it.store):
        yield it


def rows(table, first: int) -> list[dict[str, object]]:
    """Rows with something in every column, different in every key."""
    return [
        {column.name: _value(column, first + number) for column in table.c if not column.identity}
        for number in range(MANY)
    ]


def _value(column, number: int) -> object:
    if isinstance(column.type, LargeBinary):
        return bytes([number % 256, 0, 255])
    kind = column.type.python_type
    if column.nullable and number % 3 == 0:
        return None
    if kind is bool:
        return column.name != "open" and number % 2 == 0
    if kind is int:
        return number + (2**40 if column.type.__class__.__name__ == "BigInteger" else 0)
    text = f"{number}{TEXTS[number % len(TEXTS)]}"
    return text[: column.type.length or 100]


@pytest.mark.parametrize("table", tables.metadata.sorted_tables, ids=lambda it: it.name)
def test_every_table_keeps_every_value(at, table):
    one, many = rows(table, 0), rows(table, 100)
    with at.engine.connect() as db:
        db.begin()
        db.execute(table.delete())
        for row in one:
            db.execute(insert(table), row)
        insert_rows(db, table, many)
        columns = [table.c[name] for name in one[0]]
        found = [tuple(row) for row in db.execute(select(*columns))]
        db.rollback()
    expected = [tuple(row.values()) for row in (*one, *many)]
    assert sorted(found, key=repr) == sorted(expected, key=repr)


def test_one_wrong_row_refuses_all(at):
    good = [{"key": "k", "nonce": str(number), "at_us": number} for number in range(MANY)]
    for bad in ({"key": "k", "nonce": "3", "at_us": 1}, {"key": "k", "nonce": None, "at_us": 1}):
        with at.engine.connect() as db:
            db.begin()
            with pytest.raises(DBAPIError):
                insert_rows(db, tables.nonce, [*good, bad])
    assert at.rows(tables.nonce) == []


def test_a_key_that_is_taken_is_told_as_such_among_many_tables(at):
    nonce = {"key": "k", "nonce": "n", "at_us": 1}
    lane = {"id": "lan_other", "opened_us": 1}
    with at.engine.connect() as db:
        db.begin()
        uow = Uow(db)
        uow.add(tables.nonce, nonce, nonce)
        uow.add(tables.lane, lane)
        with pytest.raises(IntegrityError) as told:
            uow.flush()
        db.rollback()
        assert not db.execute(select(tables.nonce)).all()
    assert getattr(told.value.orig, "sqlstate", "23505") == "23505"
