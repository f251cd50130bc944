"""Guards: names that only one transaction at a time may hold, over all processes.

SQLite has one writer, so there is nothing to wait for; PostgreSQL's advisory locks end with
their transaction by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from sqlalchemy import BigInteger, Connection, bindparam, func, select

from gateway.store.prepared import prepare

_KEY: Final = bindparam("key", type_=BigInteger())
_ALONE: Final = prepare(select(func.pg_advisory_xact_lock(_KEY).label("taken")))
_TOGETHER: Final = prepare(select(func.pg_advisory_xact_lock_shared(_KEY).label("taken")))


def take(connection: Connection, names: Sequence[str], *, shared: bool) -> None:
    """Hold guards until the transaction ends.

    Always in the same order, so that two who ask for the same names never wait for each other.
    """
    if connection.dialect.name != "postgresql":
        return
    statement = _TOGETHER if shared else _ALONE
    for key in sorted({guard_key(name) for name in names}):
        statement.rows(connection, {"key": key})


def guard_key(name: str) -> int:
    """A guard's number: 64 bits of its name's hash, signed."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big", signed=True)
