"""Transactions begun by ourselves: what is undone is undone whole."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text

from gateway.store.engine import Database, Unreachable, open_engine, sqlite_engine


def _released_then_undone(engine) -> int:
    """Rows left of a savepoint that was released inside a transaction that was undone."""
    with engine.connect() as db:
        db.execute(text("CREATE TABLE kept (id INTEGER)"))
        db.commit()
        transaction = db.begin()
        inner = db.begin_nested()
        db.execute(text("SELECT 1"))
        inner.commit()
        second = db.begin_nested()
        db.execute(text("INSERT INTO kept VALUES (1)"))
        second.commit()
        transaction.rollback()
    with engine.connect() as db:
        return db.execute(text("SELECT count(*) FROM kept")).scalar()


def test_a_released_savepoint_does_not_survive_the_outer_rollback(tmp_path):
    engine = sqlite_engine(str(tmp_path / "ours.db"))
    assert _released_then_undone(engine) == 0
    engine.dispose()


def test_the_trap_is_real(tmp_path):
    """With the driver's own transaction handling the row would stay."""
    engine = create_engine(f"sqlite:///{tmp_path / 'default.db'}")
    assert _released_then_undone(engine) == 1
    engine.dispose()


def test_memory_is_one_shared_connection():
    engine = sqlite_engine(":memory:")
    with engine.connect() as db:
        db.execute(text("CREATE TABLE kept (id INTEGER)"))
        db.commit()
    with engine.connect() as db:
        assert db.execute(text("SELECT count(*) FROM kept")).scalar() == 0
    engine.dispose()


@pytest.mark.parametrize("path", [":memory:", "file"])
def test_foreign_keys_hold(path, tmp_path):
    engine = sqlite_engine(path if path == ":memory:" else str(tmp_path / "x.db"))
    with engine.connect() as db:
        assert db.execute(text("PRAGMA foreign_keys")).scalar() == 1
    engine.dispose()


def test_a_server_that_cannot_be_reached_is_told_in_words(tmp_path):
    nowhere = Database(url=f"postgresql://gateway:hidden@/gateway?host={tmp_path}")
    with pytest.raises(Unreachable) as caught:
        open_engine(nowhere, patience_s=0)
    assert "gateway" in caught.value.en
    assert "hidden" not in caught.value.en + caught.value.zh
