"""The revisions make exactly the tables that the code names, once."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from gateway.store import tables
from gateway.store.engine import sqlite_engine
from gateway.store.migrate import HEAD, SCRIPTS, current, migrate
from tests.store_ground import scalar


@contextmanager
def database(path):
    """An engine on a file, empty at first."""
    engine = sqlite_engine(str(path / "gateway.db"))
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture
def empty(tmp_path):
    with database(tmp_path) as engine:
        yield engine


def differences(engine) -> list:
    """What would have to change for the database to be what gateway.store.tables says."""
    with engine.connect() as db:
        return compare_metadata(MigrationContext.configure(db), tables.metadata)


def structure(engine) -> list[tuple[str, str]]:
    """Every table and index as the database keeps it."""
    with engine.connect() as db:
        rows = db.exec_driver_sql("SELECT name, sql FROM sqlite_master ORDER BY name")
        return [(name, sql) for name, sql in rows]


def revisions() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return ScriptDirectory.from_config(config)


def test_an_empty_database_becomes_exactly_what_the_code_names(empty):
    assert migrate(empty) is True
    assert differences(empty) == []
    made = set(inspect(empty).get_table_names())
    assert made == {*tables.metadata.tables, "alembic_version"}


@pytest.mark.parametrize(
    "change",
    [
        "DROP INDEX work_due",
        "DROP TABLE nonce",
        "ALTER TABLE nonce ADD COLUMN colour TEXT",
        "ALTER TABLE nonce DROP COLUMN at_us",
        "CREATE TABLE stray (id INTEGER)",
    ],
)
def test_the_comparison_sees_what_a_revision_might_forget(empty, change):
    migrate(empty)
    with empty.begin() as db:
        db.exec_driver_sql(change)
    assert differences(empty)


def columns(engine) -> dict[str, list[tuple[object, ...]]]:
    """Each table's columns: name, type, whether it must be filled, default, place in the key."""
    with engine.connect() as db:
        return {
            name: [tuple(row)[1:] for row in db.exec_driver_sql(f"PRAGMA table_info({name})")]
            for name in tables.metadata.tables
        }


def test_keys_and_defaults_are_those_the_code_names(empty):
    """The comparison above looks at neither."""
    migrate(empty)
    made = sqlite_engine(":memory:")
    tables.metadata.create_all(made)
    assert columns(empty) == columns(made)
    made.dispose()


def test_head_is_the_newest_of_a_single_line_of_revisions():
    line = revisions()
    assert line.get_heads() == [HEAD]
    assert len(line.get_bases()) == 1
    files = {path.name for path in (SCRIPTS / "versions").glob("[0-9]*.py")}
    walked = {path.rsplit("/", 1)[-1] for path in (it.path for it in line.walk_revisions())}
    assert files == walked
    assert max(files).startswith(f"{HEAD}_")


def test_the_database_says_where_it_stands(empty):
    assert current(empty) == ""
    migrate(empty)
    assert current(empty) == HEAD
    with empty.connect() as db:
        assert scalar(db, "SELECT count(*) FROM alembic_version") == 1


def test_a_second_time_changes_nothing(tmp_path):
    with database(tmp_path) as engine:
        migrate(engine)
        with engine.begin() as db:
            db.exec_driver_sql("INSERT INTO nonce (key, nonce, at_us) VALUES ('k', 'n', 1)")
        before = structure(engine)
    with database(tmp_path) as again:  # as the next start finds it
        assert migrate(again) is False
        assert structure(again) == before
        with again.connect() as db:
            assert scalar(db, "SELECT count(*) FROM nonce") == 1
