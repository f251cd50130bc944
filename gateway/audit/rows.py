"""Reading a whole database as of one moment, its rows as they come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, text
from sqlalchemy.sql.selectable import CompoundSelect

from gateway.store.tenancy import EVERYONE, say

_AT_ONCE: Final = 1_000


def one_moment(db: Connection) -> None:
    """Begin a transaction that sees all tenants as of one moment, however long it reads."""
    db.rollback()
    db.connection.rollback()  # also what was said past SQLAlchemy, which counts none of it
    if db.dialect.name == "postgresql":  # SQLite's readers never see anything else
        db.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        say(db, EVERYONE)


def stream(db: Connection, statement: Select[Any] | CompoundSelect[Any]) -> Iterator[Row[Any]]:
    """The rows of a query, a thousand in memory at a time."""
    # Told to the statement: told to the connection it would hold for everybody who uses it.
    with db.execute(statement.execution_options(yield_per=_AT_ONCE)) as result:
        yield from result
