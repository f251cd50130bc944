"""The database file: durable settings, one writer, and what is left after a crash."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.audit.verify import verify
from gateway.store import tables
from gateway.store.engine import sqlite_engine
from tests.store_ground import Bench, CountedIds, bench, mark, scalar

ROOT = Path(__file__).resolve().parents[3]
FULL = 2


def test_the_writer_waits_for_the_disk(tmp_path):
    with bench(str(tmp_path / "g.db")) as at:

        def look(uow) -> tuple[object, object]:
            return scalar(uow._connection, "PRAGMA journal_mode"), scalar(
                uow._connection, "PRAGMA synchronous"
            )

        assert at.group(look) == [("wal", FULL)]


def test_every_connection_is_set_up_the_same(tmp_path):
    engine = sqlite_engine(str(tmp_path / "g.db"))
    with engine.connect() as first, engine.connect() as second:
        for db in (first, second):
            assert scalar(db, "PRAGMA journal_mode") == "wal"
            assert scalar(db, "PRAGMA synchronous") == FULL
            assert scalar(db, "PRAGMA foreign_keys") == 1
    engine.dispose()


def test_a_job_holds_the_writers_lock_from_its_start(tmp_path):
    """BEGIN IMMEDIATE: nobody else can slip a write between a job's reading and its writing."""
    path = tmp_path / "g.db"
    with bench(str(path)) as at, closing(sqlite3.connect(path, timeout=0)) as other:

        def intruded(uow) -> None:
            uow.rows(select(tables.nonce))
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")

        assert at.group(intruded) == [None]
        other.execute("BEGIN IMMEDIATE")
        other.rollback()


def test_readers_see_what_is_committed_and_nothing_else(tmp_path):
    path = tmp_path / "g.db"
    with bench(str(path)) as at, closing(sqlite3.connect(path)) as other:
        count = "SELECT count(*) FROM nonce"

        def look(uow) -> int:
            mark("a", flush=True)(uow)
            return other.execute(count).fetchone()[0]

        assert at.group(look) == [0]
        assert other.execute(count).fetchone() == (1,)


def _die(path: Path, point: str) -> list[str]:
    """The groups that were told as done before the process died at ``point``."""
    script = Path(__file__).with_name("die_at.py")
    ended = subprocess.run(
        [sys.executable, str(script), str(path), point],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    return ended.stdout.split()


@pytest.mark.parametrize(("point", "groups"), [("begin", 2), ("commit", 2), ("committed", 3)])
def test_a_crash_between_the_steps_of_a_commit(tmp_path, point, groups):
    path = tmp_path / "g.db"
    engine = sqlite_engine(str(path))
    tables.metadata.create_all(engine)
    told = _die(path, point)
    assert told == ["0", "1"]
    ids = CountedIds()
    for _ in range(100):
        ids.new("lan")  # later than the dead process's
    after = Bench(engine, ids=ids, seed="next")
    with closing(after.store):
        assert after.marks() == sorted(f"{it}{n}" for n in range(groups) for it in "ab")
        after.group(mark("z"))
        with engine.connect() as db:
            verdict = verify(db, None)
        assert verdict.findings == ()
        assert verdict.lanes == 2
        assert verdict.records == 1 + 2 * groups + 2
        opened = next(
            json.loads(row.payload)["content"]
            for row in after.journal()
            if row.lane == after.store.lane.id
        )
        dead = [row for row in after.journal() if row.lane != after.store.lane.id][-1]
        assert opened == {
            "previous_lane": dead.lane,
            "previous_seq": dead.seq,
            "previous_hash": dead.hash.hex(),
        }
