"""Engines. SQLite: WAL, synchronous=FULL, and transactions begun by ourselves.

With the driver's own transaction handling a released savepoint survives the outer rollback;
``isolation_level=None`` plus an explicit BEGIN IMMEDIATE for the writer avoids it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import StaticPool


def sqlite_engine(path: str) -> Engine:
    """An engine on a database file, or on ``:memory:`` with one shared connection (simulation)."""
    in_memory = path == ":memory:"
    options: dict[str, Any] = {"poolclass": StaticPool} if in_memory else {"pool_size": 4}
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": 30},
        **options,
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:  # noqa: ANN401 - DBAPI objects
        cursor = connection.cursor()
        if not in_memory:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA cache_size=-32000")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:  # noqa: ANN401 - SQLAlchemy hands its own connection
        mode = connection.get_execution_options().get("begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine
