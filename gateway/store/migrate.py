"""Bringing a database to the schema of this version, forwards only.

A SQLite file is brought up by the process that opens it. On PostgreSQL many processes of two
versions run beside each other, so it is a step of its own (``gateway migrate``), taken by a role
that may change tables. Alembic is imported only when there is something to do, so that a start
on a current database stays quick.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, inspect, text

from gateway.domain.errors import Refused

HEAD: Final = "0018"
"""The newest revision in ``migrations/versions``; a test holds it to that."""
SCRIPTS: Final = Path(__file__).with_name("migrations")

_OLDEST: Final = 15
"""The first version of PostgreSQL that is served."""
_LOCK: Final = 0x62_67_6D_69_67
"""The advisory lock of whoever migrates: any number, the same for ever."""
_ORDER: Final = ("-b", "B", "_a", "a", "ab", "é", "中")
"""Words in the order of their code points, which other collations order otherwise."""


class Standing(Enum):
    """Where a database stands beside this version of the code."""

    BEHIND = "behind"
    CURRENT = "current"
    AHEAD = "ahead"
    """A newer version has migrated it; the code of the version before goes on beside that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A revision that was applied, and what it says it is."""

    revision: str
    words: str


def current(engine: Engine) -> str:
    """The revision a database stands at; '' for an empty one."""
    with engine.connect() as connection:
        return _current(connection)


def standing(engine: Engine) -> Standing:
    """Where a database stands. Revisions are numbered in one line."""
    at = current(engine)
    if at == HEAD:
        return Standing.CURRENT
    return Standing.AHEAD if at > HEAD else Standing.BEHIND


def refuse_behind(engine: Engine, label: str) -> None:
    """Raise Refused where the database has not been migrated for this version yet."""
    at = current(engine)
    if at < HEAD:
        raise Refused(
            f"{label} is at revision {at or 'none'}, this version needs {HEAD}: "
            "run `gateway migrate` first",
            f"{label} 的修订版本为 {at or '无'}，本版本需要 {HEAD}：请先运行 `gateway migrate`",
        )


def migrate(engine: Engine, to: str = HEAD) -> tuple[Applied, ...]:
    """Upgrade to ``to`` and tell which revisions were applied; none where nothing is to do.

    Each revision is one transaction: who is killed in it leaves the one before. Only one
    process migrates a database at a time. Raises Refused where the server cannot serve.
    """
    if current(engine) >= to:
        return ()
    from alembic import command  # noqa: PLC0415 - costs start-up time, rarely needed
    from alembic.config import Config  # noqa: PLC0415 - same

    applied: list[Applied] = []
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with engine.connect() as connection, _alone(connection):
        at = _current(connection)
        if not at:
            _examine(connection)
        connection.rollback()  # what was only read: Alembic begins its own transactions
        config.attributes["connection"] = connection
        config.attributes["tell"] = lambda revision, words: applied.append(
            Applied(revision=revision, words=words)
        )
        if at < to:
            command.upgrade(config, to)
        connection.commit()
    return tuple(applied)


def _current(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Nobody else migrates this database meanwhile. A SQLite file has one process anyway."""
    if connection.dialect.name != "postgresql":
        yield
        return
    # Not for the transaction but for the session: revisions are committed one by one. Whoever
    # waits here, waits for another's migration to end, however long that takes.
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    connection.execute(text(f"SELECT pg_advisory_lock({_LOCK})"))
    connection.commit()
    try:
        yield
    finally:
        connection.rollback()
        connection.execute(text(f"SELECT pg_advisory_unlock({_LOCK})"))
        connection.commit()


def _examine(connection: Connection) -> None:
    """Refuse a server or an empty database that cannot keep what we promise."""
    if connection.dialect.name != "postgresql":
        return
    version = int(str(connection.execute(text("SHOW server_version_num")).scalar()))
    if version // 10_000 < _OLDEST:
        raise Refused(
            f"PostgreSQL {version // 10_000} is too old: {_OLDEST} or newer is needed",
            f"PostgreSQL {version // 10_000} 版本过低：需要 {_OLDEST} 或更高版本",
        )
    if not _orders_by_code_point(connection):
        raise Refused(
            "the database must keep UTF-8 and order texts by code point: create it with "
            "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'",
            "数据库须使用 UTF-8 并按码位排序：请以 "
            "TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' 创建",
        )


def _orders_by_code_point(connection: Connection) -> bool:
    """Whether an empty database keeps all texts, and in the order that this code supposes."""
    if connection.execute(text("SHOW server_encoding")).scalar() != "UTF8":
        return False
    words = text("SELECT word FROM unnest(CAST(:words AS text[])) AS t(word) ORDER BY word")
    return tuple(connection.execute(words, {"words": list(_ORDER)}).scalars()) == _ORDER
