"""Engines. SQLite: WAL, synchronous=FULL, and transactions begun by ourselves. PostgreSQL: psycopg.

With SQLite's own transaction handling a released savepoint survives the outer rollback;
``isolation_level=None`` plus an explicit BEGIN IMMEDIATE for the writer avoids it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from gateway.domain.errors import DatabaseAway, Refused
from gateway.store.away import reached
from gateway.store.prepared import driven

_READERS: Final = 4
_STARTING_S: Final = 30
"""How long a server that starts or recovers is waited for."""
_DRIVER: Final = "postgresql+psycopg"
_SQLITE: Final = "sqlite"
_NO_WAIT: Final = "PRAGMA busy_timeout=0"
_SESSION: Final = " ".join(
    f"-c {setting}"
    for setting in (
        "synchronous_commit=on",  # what was answered survives, whatever the server's default is
        "timezone=UTC",
        "lock_timeout=15s",
        # A process that stands still in mid-transaction must not hold its locks for ever.
        "idle_in_transaction_session_timeout=10s",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """Where the data is: a file of SQLite's, or a database of a PostgreSQL server."""

    url: str

    @classmethod
    def file(cls, path: Path | str) -> Database:
        """A SQLite file."""
        return cls(url=f"sqlite:///{path}")

    @property
    def postgresql(self) -> bool:
        """Whether many processes may share it."""
        return self.url.startswith("postgresql")

    @property
    def path(self) -> Path | None:
        """The file, of SQLite's."""
        return None if self.postgresql else Path(self.url.removeprefix("sqlite:///"))

    @property
    def label(self) -> str:
        """How it is named to people: without a password."""
        path = self.path
        if path is not None:
            return path.name
        return make_url(self.url).render_as_string(hide_password=True)


class Unreachable(Refused):
    """The database server does not answer."""

    code = "database_unreachable"
    zh = "数据库无法连接"
    en = "the database cannot be reached"


def open_engine(database: Database, *, patience_s: int = _STARTING_S) -> Engine:
    """An engine on a database of either kind.

    A server that starts or recovers is waited for. Raises Unreachable when it does not answer.
    """
    if not database.postgresql:
        return sqlite_engine(str(database.path))
    engine = postgresql_engine(database.url)
    try:
        reached(lambda: engine.connect().close(), patience_s)
    except (DatabaseAway, OperationalError) as error:
        engine.dispose()
        # The driver's words name the address and the cause, never the password.
        failed = error.__cause__ if isinstance(error, DatabaseAway) else error
        cause = str(getattr(failed, "orig", failed)).strip().splitlines()[0]
        raise Unreachable(
            f"{database.label} cannot be reached: {cause}",
            f"数据库 {database.label} 无法连接：{cause}",
        ) from error
    return engine


def postgresql_engine(url: str) -> Engine:
    """An engine on a PostgreSQL server, for one writer and some readers."""
    address = make_url(url).set(drivername=_DRIVER)
    given = address.query.get("options", "")
    options = f"{_SESSION} {given}".strip() if isinstance(given, str) else _SESSION
    return create_engine(
        address.difference_update_query(["options"]),
        pool_size=_READERS + 1,
        connect_args={"options": options, "connect_timeout": 5, "client_encoding": "utf8"},
        hide_parameters=True,  # an error's text must never carry what a payment says
    )


def sqlite_engine(path: str) -> Engine:
    """An engine on a database file, or on ``:memory:`` with one shared connection (simulation)."""
    in_memory = path == ":memory:"
    options: dict[str, Any] = {"poolclass": StaticPool} if in_memory else {"pool_size": _READERS}
    engine = create_engine(
        f"sqlite:///{path}",
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": 30},
        hide_parameters=True,
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
        begin = f"BEGIN {mode}"
        with driven(connection, begin) as cursor:
            cursor.execute(begin)

    return engine


def glancing(engine: Engine) -> Connection | None:
    """A connection of the event loop's own, for looks that never wait; None where they would.

    Another connection's commit does not keep a reader of the file waiting. What does, as a
    recovery, is told at once instead of waited for. A database in memory has one connection.
    """
    if engine.dialect.name != _SQLITE or isinstance(engine.pool, StaticPool):
        return None
    connection = engine.connect()
    with driven(connection, _NO_WAIT) as cursor:
        cursor.execute(_NO_WAIT)
    return connection
