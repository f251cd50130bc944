"""A PostgreSQL server of the walk's own, which may be struck down at any moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.cli.own_postgres import OwnPostgres
from tests.crashwalk.places import LOOK_S
from tests.postgres import Databases, own_postgres

OPTIONS = {
    "autovacuum": "off",
    "max_connections": "60",
    "max_wal_senders": "0",
    "shared_buffers": "32MB",
    "wal_level": "minimal",
}


class Shared(Databases):
    """Databases on a server that may end at any moment."""

    def __init__(self, server: OwnPostgres) -> None:
        super().__init__(server)
        self.ends = 0

    @contextmanager
    def mended(self) -> Iterator[None]:
        """Start the server again whenever it has ended, as its supervisor would."""
        closing = threading.Event()

        def watch() -> None:
            while not closing.wait(LOOK_S):
                if self.server._keeper.poll() is not None:
                    self.ends += 1
                    self.server.restart("immediate")

        watcher = threading.Thread(target=watch, name="supervisor")
        watcher.start()
        try:
            yield
        finally:
            closing.set()
            watcher.join()


@contextmanager
def serving() -> Iterator[Shared]:
    """A server that waits for the disk, as one in production does."""
    with own_postgres(durable=True, options=OPTIONS) as server:
        yield Shared(server)
