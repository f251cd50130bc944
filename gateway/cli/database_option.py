"""``--database-env NAME`` and ``--database-file FILE``: the settings' database as another role.

Processes that serve connect as a role that is shown single tenants. Whoever migrates or checks
the books as a whole is somebody else. The address is a secret: on a command line every user of
the machine would see it.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace

from gateway.domain.errors import Refused
from gateway.settings import Settings
from gateway.store.engine import Database


def as_named(loaded: Settings, options: argparse.Namespace) -> Settings:
    """The settings with the database that the options name, where they do. Raises Refused."""
    given = vars(options)
    if (variable := given.get("database_env")) is not None:
        return replace(loaded, database=_database(os.environ.get(variable, ""), str(variable)))
    if (path := given.get("database_file")) is None:
        return loaded
    try:
        address = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Refused(
            f"{path} cannot be read: {error.strerror}", f"无法读取 {path}：{error.strerror}"
        ) from error
    return replace(loaded, database=_database(address, str(path)))


def _database(address: str, place: str) -> Database:
    named = Database(url=address)
    if not named.postgresql:
        raise Refused(
            f"{place} must hold the address of a PostgreSQL database: "
            "postgresql://role:password@host/name",
            f"{place} 应为 PostgreSQL 数据库地址：postgresql://role:password@host/name",
        )
    return named
