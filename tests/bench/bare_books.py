"""The bare path's books: payments and messages, in SQLite or PostgreSQL, committed in groups.

One thread writes. It takes whatever has gathered, runs it in one transaction and answers after
the commit. Ids are counted here: there is no other writer, and no restart.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
import psycopg

from tests.bench.bare_messages import SETTLED, Line

TABLES = """
CREATE TABLE batch (id TEXT PRIMARY KEY, lines INTEGER NOT NULL);
CREATE TABLE message (
    id INTEGER PRIMARY KEY, serial TEXT NOT NULL, sent {bytes} NOT NULL, reply {bytes}
);
CREATE TABLE payment (
    id INTEGER PRIMARY KEY, batch TEXT NOT NULL, reference TEXT NOT NULL, debtor TEXT NOT NULL,
    name TEXT NOT NULL, account TEXT NOT NULL, amount TEXT NOT NULL, purpose TEXT NOT NULL,
    message INTEGER, outcome TEXT NOT NULL DEFAULT ''
);
CREATE INDEX payment_batch ON payment (batch, outcome);
"""
INSERT = "INSERT INTO payment VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, '')"
COPY = b"COPY payment (id, batch, reference, debtor, name, account, amount, purpose) FROM STDIN"
GROUP_MAX = 512
COPY_MIN = 50
"""From so many rows on COPY is cheaper than INSERT."""


class Sent(msgspec.Struct):
    """A message about to leave, with the payments (a run of ids) that ride in it."""

    id: int
    serial: str
    body: bytes
    first: int
    lines: int


class Books(Protocol):
    """What the path writes and asks. Only inside a job of ``Writer.write``."""

    def begin(self) -> None:
        """A group begins."""

    def commit(self) -> None:
        """The group is durable when this returns."""

    def accept(self, first: int, batch: str, lines: Sequence[Line]) -> None:
        """Payments ``first`` … are accepted."""

    def sending(self, messages: Sequence[Sent]) -> None:
        """These bytes leave next."""

    def answered(self, sent: Sent, reply: bytes, outcomes: Sequence[str]) -> None:
        """What the bank said, and what it means for each payment."""

    def settled(self, batch: str) -> int:
        """How many payments of a batch are settled."""


class SqliteBooks:
    """WAL, synchronous=FULL."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("PRAGMA cache_size=-32000")
        self._db.executescript(TABLES.format(bytes="BLOB"))

    def begin(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._db.execute("COMMIT")

    def accept(self, first: int, batch: str, lines: Sequence[Line]) -> None:
        if batch:
            self._db.execute("INSERT INTO batch VALUES (?, ?)", (batch, len(lines)))
        self._db.executemany(INSERT, rows(first, batch, lines))

    def sending(self, messages: Sequence[Sent]) -> None:
        self._db.executemany(
            "INSERT INTO message (id, serial, sent) VALUES (?, ?, ?)",
            [(it.id, it.serial, it.body) for it in messages],
        )
        self._db.executemany(
            "UPDATE payment SET message = ? WHERE id >= ? AND id < ?",
            [(it.id, it.first, it.first + it.lines) for it in messages],
        )

    def answered(self, sent: Sent, reply: bytes, outcomes: Sequence[str]) -> None:
        self._db.execute("UPDATE message SET reply = ? WHERE id = ?", (reply, sent.id))
        self._db.executemany(
            "UPDATE payment SET outcome = ? WHERE id >= ? AND id < ?", runs(sent.first, outcomes)
        )

    def settled(self, batch: str) -> int:
        asked = "SELECT count(*) FROM payment WHERE batch = ? AND outcome = ?"
        return int(self._db.execute(asked, (batch, SETTLED)).fetchone()[0])


class PostgresBooks:
    """psycopg in pipeline mode; synchronous_commit is the server's default, on."""

    def __init__(self, url: str) -> None:
        self._db = psycopg.connect(url, autocommit=True)
        self._db.execute(TABLES.format(bytes="BYTEA").encode())
        self._pipeline = self._db.pipeline()

    def begin(self) -> None:
        self._pipeline = self._db.pipeline()
        self._pipeline.__enter__()
        self._db.execute("BEGIN")

    def commit(self) -> None:
        self._db.execute("COMMIT")
        self._pipeline.__exit__(None, None, None)

    def accept(self, first: int, batch: str, lines: Sequence[Line]) -> None:
        if batch:
            self._db.execute("INSERT INTO batch VALUES (%s, %s)", (batch, len(lines)))
        found = rows(first, batch, lines)
        if len(found) < COPY_MIN:
            self._db.cursor().executemany(INSERT.replace("?", "%s").encode(), found)
            return
        # COPY and pipeline mode exclude each other; the transaction goes on.
        self._pipeline.__exit__(None, None, None)
        with self._db.cursor().copy(COPY) as copy:
            for row in found:
                copy.write_row(row)
        self._pipeline = self._db.pipeline()
        self._pipeline.__enter__()

    def sending(self, messages: Sequence[Sent]) -> None:
        cursor = self._db.cursor()
        cursor.executemany(
            "INSERT INTO message (id, serial, sent) VALUES (%s, %s, %s)",
            [(it.id, it.serial, it.body) for it in messages],
        )
        cursor.executemany(
            "UPDATE payment SET message = %s WHERE id >= %s AND id < %s",
            [(it.id, it.first, it.first + it.lines) for it in messages],
        )

    def answered(self, sent: Sent, reply: bytes, outcomes: Sequence[str]) -> None:
        self._db.execute("UPDATE message SET reply = %s WHERE id = %s", (reply, sent.id))
        self._db.cursor().executemany(
            "UPDATE payment SET outcome = %s WHERE id >= %s AND id < %s",
            runs(sent.first, outcomes),
        )

    def settled(self, batch: str) -> int:
        asked = "SELECT count(*) FROM payment WHERE batch = %s AND outcome = %s"
        found = self._db.execute(asked, (batch, SETTLED)).fetchone()
        assert found is not None
        return int(found[0])


def rows(first: int, batch: str, lines: Sequence[Line]) -> list[tuple[object, ...]]:
    """Rows of ``payment``."""
    return [
        (number, batch, *msgspec.structs.astuple(line)) for number, line in enumerate(lines, first)
    ]


def runs(first: int, outcomes: Sequence[str]) -> list[tuple[str, int, int]]:
    """Neighbours with the same outcome as (outcome, first id, id after the last)."""
    found: list[tuple[str, int, int]] = []
    for number, outcome in enumerate(outcomes, first):
        if found and found[-1][0] == outcome:
            found[-1] = (outcome, found[-1][1], number + 1)
        else:
            found.append((outcome, number, number + 1))
    return found


Job = Callable[[Books], object]
Waiting = tuple[Job, "asyncio.Future[object]"]


class Writer:
    """One thread that commits whatever has gathered: durable when the future is done."""

    def __init__(self, books: Books) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[Waiting] = queue.SimpleQueue()
        self._books = books
        threading.Thread(target=self._work, daemon=True).start()

    async def write(self, job: Job) -> object:
        future: asyncio.Future[object] = self._loop.create_future()
        self._queue.put((job, future))
        return await future

    def _work(self) -> None:
        while True:
            group = [self._queue.get()]
            while len(group) < GROUP_MAX and not self._queue.empty():
                group.append(self._queue.get())
            self._books.begin()
            results = [job(self._books) for job, _ in group]
            self._books.commit()
            self._loop.call_soon_threadsafe(_settle, group, results)


def _settle(group: Sequence[Waiting], results: Sequence[object]) -> None:
    for (_, future), result in zip(group, results, strict=True):
        if not future.done():
            future.set_result(result)
