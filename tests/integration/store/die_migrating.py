"""Migrates databases and is killed, each time a little later.

Told: ``POINT=URL`` of each. It is migrated by a process of its own that ends, as by SIGKILL,
before that change or commit, counted from 1; at 0 it lives. Prints how many points such a run
has passed, then which of them were commits.
"""

from __future__ import annotations

import os
import signal
import sys

from sqlalchemy import event

from gateway.store.engine import Database, open_engine
from gateway.store.migrate import migrate

CHANGES = ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE")


def run(url: str, last: int) -> list[int]:
    """Migrate and count; ``last`` is the point at which to die."""
    engine = open_engine(Database(url=url))
    passed, commits = 0, []

    def point() -> None:
        nonlocal passed
        passed += 1
        if passed == last:
            os.kill(os.getpid(), signal.SIGKILL)

    @event.listens_for(engine, "before_cursor_execute")
    def _statement(_connection, _cursor, statement, *_rest) -> None:
        if statement.lstrip().upper().startswith(CHANGES):
            point()

    @event.listens_for(engine, "commit")
    def _commit(_connection) -> None:
        point()
        commits.append(passed)

    migrate(engine)
    return [passed, *commits]


def main(orders: list[str]) -> None:
    import alembic.command  # noqa: F401 - once, for all the processes to come

    for order in orders:
        point, _, url = order.partition("=")
        child = os.fork()
        if not child:
            print(*run(url, int(point)), flush=True)
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
