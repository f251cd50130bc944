"""The revisions make exactly the tables that the code names, once, on both kinds of database."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import fields

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from gateway.domain.errors import Refused
from gateway.store import tables
from gateway.store.engine import Database, open_engine, sqlite_engine
from gateway.store.migrate import (
    HEAD,
    SCRIPTS,
    Applied,
    Standing,
    current,
    migrate,
    refuse_behind,
    standing,
)
from tests.store_ground import scalar

PARTIAL = {"message_line_one_open": "open", "message_in_flight": "in_flight"}


@contextmanager
def opened(database):
    """An engine on it."""
    engine = open_engine(database)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture
def empty(empty_database):
    with opened(empty_database) as engine:
        yield engine


@pytest.fixture
def migrated(database):
    with opened(database) as engine:
        yield engine


def differences(engine) -> list:
    """What would have to change for the database to be what gateway.store.tables says."""
    with engine.connect() as db:
        return compare_metadata(MigrationContext.configure(db), tables.metadata)


def revisions() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    return ScriptDirectory.from_config(config)


def numbers() -> list[str]:
    """All revisions, oldest first."""
    return [it.revision for it in reversed(list(revisions().walk_revisions()))]


def put(engine, revision: str) -> None:
    """Say that the database stands elsewhere."""
    with engine.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = :now"), {"now": revision})


def test_an_empty_database_becomes_exactly_what_the_code_names(empty):
    assert [it.revision for it in migrate(empty)] == numbers()
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
def test_the_comparison_sees_what_a_revision_might_forget(migrated, change):
    with migrated.begin() as db:
        db.exec_driver_sql(change)
    assert differences(migrated)


def columns(engine) -> dict[str, list[tuple[object, ...]]]:
    """Each table's columns: name, type, whether it must be filled, default, place in the key."""
    with engine.connect() as db:
        return {
            name: [tuple(row)[1:] for row in db.exec_driver_sql(f"PRAGMA table_info({name})")]
            for name in tables.metadata.tables
        }


def test_keys_and_defaults_are_those_the_code_names(tmp_path):
    """The comparison above looks at neither."""
    engine = sqlite_engine(str(tmp_path / "gateway.db"))
    migrate(engine)
    made = sqlite_engine(":memory:")
    tables.metadata.create_all(made)
    assert columns(engine) == columns(made)
    made.dispose()
    engine.dispose()


def shape(engine) -> dict[str, tuple[list, list]]:
    """Each table's columns and key, in words that both kinds of database share."""
    look = inspect(engine)
    return {
        name: (
            [(it["name"], it["nullable"], _default(it)) for it in look.get_columns(name)],
            look.get_pk_constraint(name)["constrained_columns"],
        )
        for name in tables.metadata.tables
    }


def _default(column) -> str:
    """A column's default without the dress each database puts on it.

    SQLite numbers rows without being told to.
    """
    text = str(column["default"] or "").split("::")[0].strip("'")
    return {"false": "0", "true": "1"}.get(text, text if "nextval" not in text else "")


@pytest.mark.postgresql
def test_both_kinds_have_the_same_columns_keys_and_defaults(postgresql, migrated_file):
    with opened(postgresql) as one, opened(Database.file(migrated_file)) as other:
        assert shape(one) == shape(other)


def test_indexes_over_part_of_a_table_are_partial(migrated):
    sql = (
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        if migrated.dialect.name == "postgresql"
        else "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    )
    with migrated.connect() as db:
        conditions = {
            name: definition.partition(" WHERE ")[2].strip("()").removesuffix(" = 1")
            for name, definition in db.exec_driver_sql(sql)
            if " WHERE " in definition
        }
    named = {
        index.name
        for table in tables.metadata.tables.values()
        for index in table.indexes
        if index.dialect_options["sqlite"]["where"] is not None
    }
    assert set(conditions) == named >= set(PARTIAL)
    assert conditions.items() >= PARTIAL.items()


def test_head_is_the_newest_of_a_single_line_of_revisions():
    line = revisions()
    assert line.get_heads() == [HEAD]
    assert len(line.get_bases()) == 1
    files = {path.name for path in (SCRIPTS / "versions").glob("[0-9]*.py")}
    walked = {path.rsplit("/", 1)[-1] for path in (it.path for it in line.walk_revisions())}
    assert files == walked
    assert max(files).startswith(f"{HEAD}_")


def test_revisions_are_numbered_so_that_the_newer_one_is_greater():
    assert numbers() == [f"{number:04}" for number in range(1, len(numbers()) + 1)]


def test_every_revision_says_what_it_is(empty):
    applied = migrate(empty)
    assert applied[0] == Applied(revision="0001", words="The first schema.")
    assert all(it.words for it in applied)
    assert {it.name for it in fields(Applied)} == {"revision", "words"}


def test_the_database_says_where_it_stands(empty):
    assert current(empty) == ""
    assert standing(empty) is Standing.BEHIND
    migrate(empty)
    assert current(empty) == HEAD
    assert standing(empty) is Standing.CURRENT
    with empty.connect() as db:
        assert scalar(db, "SELECT count(*) FROM alembic_version") == 1


def test_a_second_time_changes_nothing(database):
    with opened(database) as engine, engine.begin() as db:
        db.exec_driver_sql("INSERT INTO nonce (key, nonce, at_us) VALUES ('k', 'n', 1)")
    with opened(database) as again:  # as the next start finds it
        assert migrate(again) == ()
        assert differences(again) == []
        with again.connect() as db:
            assert scalar(db, "SELECT count(*) FROM nonce") == 1


def test_a_process_does_not_start_on_a_database_that_is_behind(empty):
    with pytest.raises(Refused, match=f"the books is at revision none.*{HEAD}.*gateway migrate"):
        refuse_behind(empty, "the books")
    migrate(empty)
    refuse_behind(empty, "the books")
    put(empty, f"{int(HEAD) - 1:04}")
    with pytest.raises(Refused):
        refuse_behind(empty, "the books")


def test_the_version_before_goes_on_beside_a_newer_database(migrated):
    """Its revision is unknown here, and neither a start nor a migration may stumble over it."""
    put(migrated, "9999")
    assert standing(migrated) is Standing.AHEAD
    refuse_behind(migrated, "the books")
    assert migrate(migrated) == ()


# ── on PostgreSQL ───────────────────────────────────────────────────────────────────────


@pytest.mark.postgresql
@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1", "EUC_CN"])
def test_a_database_that_cannot_keep_every_name_is_refused(databases, encoding):
    made = databases.fresh("", f"ENCODING '{encoding}'")
    with made as named, opened(named) as engine:
        with pytest.raises(Refused, match="ENCODING 'UTF8'"):
            migrate(engine)
        assert current(engine) == ""


@pytest.mark.postgresql
def test_a_database_that_orders_texts_in_its_own_way_is_refused(databases, monkeypatch):
    """As one of a human language would; which ones a server knows differs, so ours turns round."""
    monkeypatch.setattr("gateway.store.migrate._ORDER", ("a", "B"))
    with databases.fresh("") as named, opened(named) as engine:
        with pytest.raises(Refused, match="LOCALE 'C'"):
            migrate(engine)
        assert current(engine) == ""


@pytest.mark.postgresql
def test_an_old_server_is_refused(databases, monkeypatch):
    monkeypatch.setattr("gateway.store.migrate._OLDEST", 99)
    with databases.fresh("") as named, opened(named) as engine:
        with pytest.raises(Refused, match="too old: 99"):
            migrate(engine)
        assert current(engine) == ""


@pytest.mark.postgresql
def test_who_waited_for_anothers_migration_finds_it_done(databases):
    """The second one asks where the database stands only once the first has ended."""
    from threading import Thread

    with databases.fresh("") as database, opened(database) as one, opened(database) as two:
        done: list[tuple] = []
        both = [Thread(target=lambda it=it: done.append(migrate(it))) for it in (one, two)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        assert sorted(len(it) for it in done) == [0, len(numbers())]
        assert differences(one) == []
        with one.connect() as db:
            assert scalar(db, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0
