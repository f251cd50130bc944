"""Inserting rows: few one by one, many in one statement.

Rule kept here: however many go at once, every value is stored as it would be alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Final

import msgspec
from sqlalchemy import Connection, LargeBinary, Table, bindparam, insert

from gateway.store.prepared import POSTGRESQL, Prepared, Values, driven, prepare

_FEW: Final = 16
_BLOCK: Final = 64


@cache
def inserting(table: Table, columns: tuple[str, ...]) -> Prepared:
    """The INSERT of these columns of a table."""
    return prepare(insert(table).values({name: bindparam(name) for name in columns}))


def insert_rows(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows that all have the same columns."""
    columns = tuple(rows[0])
    if connection.dialect.name != POSTGRESQL:
        rows = _in_blocks(connection, table, columns, rows)
    elif len(rows) >= _FEW:
        _as_json(connection, table, columns, rows)
        return
    if rows:
        inserting(table, columns).run(connection, rows)


def _in_blocks(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Values]
) -> Sequence[Values]:
    """Insert all whole blocks of rows, each by one statement; returns the rest.

    The driver lets other threads in at every row of a statement that is run for many, and
    waiting for the interpreter afterwards costs more than the row.
    """
    blocks = len(rows) // _BLOCK
    if not blocks or len(columns) == 1:
        return rows
    sql, cells = _of_block(table.name, columns), itemgetter(*columns)
    with driven(connection, sql) as cursor:
        for start in range(0, blocks * _BLOCK, _BLOCK):
            block = map(cells, rows[start : start + _BLOCK])
            cursor.execute(sql, tuple(chain.from_iterable(block)))
    return rows[blocks * _BLOCK :]


@cache
def _of_block(table: str, columns: tuple[str, ...]) -> str:
    named = ", ".join(f'"{name}"' for name in columns)
    row = f"({', '.join('?' * len(columns))})"
    return f'INSERT INTO "{table}" ({named}) VALUES {", ".join([row] * _BLOCK)}'  # noqa: S608 - names of our own schema


def _as_json(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Values]
) -> None:
    """Insert rows that go to PostgreSQL as ONE text.

    A statement for each row costs the server more than the row does (measured with 1,000
    instructions: 54 µs a row instead of 112). COPY would be faster still, but a table behind
    row-level security does not take it.
    """
    sql = _from_json(table.name, columns)
    if _holds_bytes(table, columns):
        listed = json.dumps(rows, ensure_ascii=False, default=_hexadecimal)
    else:
        listed = msgspec.json.encode(rows).decode()
    with driven(connection, sql) as cursor:
        cursor.execute(sql, (listed,))


@cache
def _from_json(table: str, columns: tuple[str, ...]) -> str:
    named = ", ".join(f'"{name}"' for name in columns)
    return (
        f'INSERT INTO "{table}" ({named}) '  # noqa: S608 - names of our own schema
        f'SELECT {named} FROM json_populate_recordset(NULL::"{table}", %s::json)'
    )


@cache
def _holds_bytes(table: Table, columns: tuple[str, ...]) -> bool:
    return any(isinstance(table.c[name].type, LargeBinary) for name in columns)


def _hexadecimal(value: object) -> str:
    """Bytes as PostgreSQL reads them from a text."""
    if isinstance(value, bytes):
        return f"\\x{value.hex()}"
    raise TypeError(type(value).__name__)
