"""``gateway worker``: a relay without the API. On SQLite there is none, and it says why."""

from __future__ import annotations

import argparse

from gateway import settings
from gateway.domain.errors import NotOffered


def command(options: argparse.Namespace) -> int:
    """Refuse with the reason: one SQLite file has one process, and ``serve`` is it."""
    loaded = settings.load(options.config)
    raise NotOffered(
        f"{loaded.database.name} is SQLite: one process writes it, and `gateway serve` sends "
        "payments itself; workers of their own come with PostgreSQL",
        f"{loaded.database.name} 为 SQLite：只允许一个进程写入，`gateway serve` 自身负责发送；"
        "独立的发送进程随 PostgreSQL 提供",
    )
