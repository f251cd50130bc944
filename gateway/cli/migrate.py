"""``gateway migrate``: bring the database to this version's schema, as a step of its own.

Run once before the first process of a new version starts; processes of the version before go
on beside it. ``--check`` changes nothing and tells by its exit code whether that is needed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from gateway import settings
from gateway.cli.database_option import as_named
from gateway.domain.errors import Refused
from gateway.store.engine import Database, open_engine
from gateway.store.lock import Lock
from gateway.store.migrate import HEAD, Applied, Standing, current, migrate, standing

_WORDS: Final = {
    Standing.BEHIND: ("落后于本版本，须先迁移", "behind this version: migrate it first"),
    Standing.CURRENT: ("与本版本一致", "what this version needs"),
    Standing.AHEAD: (
        "由更新的版本迁移过，本版本可与其并行运行",
        "migrated by a newer version, and this one goes on beside that",
    ),
}


def command(options: argparse.Namespace) -> int:
    """Migrate, or with ``--check`` only look: exit code 1 when the database is behind."""
    loaded = as_named(settings.load(options.config), options)
    database = loaded.database
    if options.check and database.path is not None and not database.path.exists():
        return _tell(options, database, "", Standing.BEHIND, ())
    with _opened(loaded, database, look=options.check) as engine:
        try:
            applied = () if options.check else migrate(engine)
            return _tell(options, database, current(engine), standing(engine), applied)
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", error)).strip()
            raise Refused(
                f"{database.label}: {reason}; what was begun is undone, run it again once "
                "that is mended",
                f"{database.label}：{reason}；未完成的部分已撤销，请处理后重新运行",
            ) from error


@contextmanager
def _opened(loaded: settings.Settings, database: Database, *, look: bool) -> Iterator[Engine]:
    """An engine; of a SQLite file that is going to change, with its lock held."""
    lock = None
    if database.path is not None and not look:
        loaded.data.mkdir(parents=True, exist_ok=True)
        lock = Lock(loaded.data / "gateway.lock")
        lock.take()
    engine = open_engine(database)
    try:
        yield engine
    finally:
        engine.dispose()
        if lock is not None:
            lock.release()


def _tell(
    options: argparse.Namespace,
    database: Database,
    at: str,
    stands: Standing,
    applied: Sequence[Applied],
) -> int:
    """Say what was done and where the database stands."""
    if options.json:
        document = {
            "database": database.label,
            "at": at,
            "needs": HEAD,
            "standing": stands.value,
            "applied": [{"revision": it.revision, "words": it.words} for it in applied],
        }
        print(json.dumps(document, ensure_ascii=False))
    else:
        for it in applied:
            print(f"✓ {it.revision} 已执行 / applied: {it.words}")
        zh, en = _WORDS[stands]
        print(f"{database.label}: 修订版本 / revision {at or '0000'}：{zh} / {en} ({HEAD})")
    return 1 if stands is Standing.BEHIND else 0
