"""A trail that is walked in several processes at once verifies exactly as in one."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from gateway.audit import walk
from gateway.audit.verify import verify
from gateway.cli import audit_walks
from gateway.cli.audit_walks import SideBySide
from gateway.store.engine import Database
from tests.store_ground import bench, mark

RECORDS = 60
PARTS = 3
# The first and last records of spans, and some between.
CHANGES = (
    "DELETE FROM journal WHERE seq IN (20, 21, 60)",
    "UPDATE journal SET hash = zeroblob(32), subject = 'another' WHERE seq IN (19, 20, 41)",
    "UPDATE journal SET leaf = zeroblob(32) WHERE seq IN (1, 40)",
    "UPDATE journal SET seq = seq - 30 WHERE seq <= 20",
)


@pytest.fixture
def trail(tmp_path, monkeypatch):
    monkeypatch.setattr(walk, "_SPAN_MIN", RECORDS // PARTS)
    path = tmp_path / "g.db"
    with bench(str(path)) as at:
        at.group(*(mark(f"a{number}") for number in range(RECORDS - 1)))
        yield at, Database.file(path)


def test_every_change_is_found_alike(trail):
    at, database = trail
    walks = SideBySide(database=database, parts=PARTS)
    with at.engine.connect() as db:
        told: list[int] = []
        assert verify(db, None, told.append, walks) == verify(db, None)
        assert told == [RECORDS // PARTS] * PARTS
        for change in CHANGES:
            db.rollback()
            db.execute(text("CREATE TABLE kept AS SELECT * FROM journal"))
            db.execute(text(change))
            db.commit()
            alone = verify(db, None)
            assert alone.findings, change
            assert verify(db, None, walks=walks) == alone, change
            db.execute(text("DELETE FROM journal"))
            db.execute(text("INSERT INTO journal SELECT * FROM kept"))
            db.execute(text("DROP TABLE kept"))
            db.commit()


def test_a_short_trail_is_not_worth_a_process():
    database = Database.file("unused.db")
    assert audit_walks.walks(database, audit_walks.WORTH - 1) is None
