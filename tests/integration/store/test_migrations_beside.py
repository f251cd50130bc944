"""A migration while the version before is at work, and one that is killed at any point."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Boolean, Integer, LargeBinary, MetaData, func, select, update

from gateway.store.engine import Database
from gateway.store.migrate import current, migrate
from tests.integration.store.test_migrations import differences, numbers, opened
from tests.postgres import BOTH, bring_up

ROOT = Path(__file__).resolve().parents[3]
STEPS = list(zip(numbers(), numbers()[1:], strict=False))
OLDEST = numbers()[0]
POINTS = 10
"""How many kills are spread over all the points there are, beside one at each commit."""


def makes(kind, request, stack: ExitStack, folder: Path):
    """A function making databases at a revision, of that kind; they go with ``stack``."""
    if kind == "postgresql":
        databases = request.getfixturevalue("databases")
        return lambda revision: stack.enter_context(databases.fresh(revision))

    def file(revision: str) -> Database:
        database = Database.file(folder / f"{len(list(folder.iterdir()))}.db")
        template = folder / f"at-{revision}"
        if not template.exists():
            bring_up(Database.file(template), revision)
        shutil.copy(template, database.path)
        return database

    return file


@pytest.fixture(params=BOTH)
def make(request, tmp_path):
    with ExitStack() as stack:
        yield makes(request.param, request, stack, tmp_path)


def invented(column, number: int) -> object:
    """A value that fits a column, another one for each number."""
    if isinstance(column.type, Boolean):
        return False
    if isinstance(column.type, Integer):
        return number
    if isinstance(column.type, LargeBinary):
        return b"%d" % number
    return f"{number}"


def known(engine) -> MetaData:
    """The tables as code of this revision knows them."""
    seen = MetaData()
    seen.reflect(engine)
    seen.remove(seen.tables["alembic_version"])
    return seen


def store(db, table, number: int) -> None:
    """One row as the code that knows ``table`` writes it: all of its columns and no other."""
    db.execute(table.insert(), [{it.name: invented(it, number) for it in table.columns}])


@pytest.mark.parametrize(("older", "newer"), STEPS)
def test_code_of_the_version_before_goes_on_beside_the_newer_schema(make, older, newer):
    """What it inserts, changes and asks for, with rows from before and after the migration."""
    with opened(make(older)) as engine:
        before = known(engine)
        assert before.tables
        with engine.begin() as db:
            for table in before.sorted_tables:
                store(db, table, 1)
        assert [it.revision for it in migrate(engine, newer)] == [newer]
        with engine.begin() as db:
            for table in before.sorted_tables:
                store(db, table, 2)
                db.execute(update(table).values({it.name: it for it in table.columns}))
                assert db.scalar(select(func.count()).select_from(table)) == 2
                rows = [tuple(row) for row in db.execute(select(table))]
                assert sorted(map(str, rows)) == sorted(
                    str(tuple(invented(it, number) for it in table.columns)) for number in (1, 2)
                )


def test_no_revision_asks_old_code_for_a_value_it_does_not_know(make):
    """A column that comes later has a default or may be empty: the rule the test above lives by."""
    with opened(make(OLDEST)) as engine:
        first = known(engine).tables
        migrate(engine)
        last = known(engine).tables
    for name, table in first.items():
        assert set(table.columns.keys()) <= set(last[name].columns.keys()), name
        for column in last[name].columns:
            if column.name not in table.columns:
                assert column.nullable or column.server_default is not None, column


def test_a_migration_killed_at_any_point_is_finished_by_the_next(make):
    points, *commits = walk({0: make(OLDEST)})
    spread = {1 + round(it * (points - 1) / (POINTS - 1)) for it in range(POINTS)}
    chosen = sorted({*spread, *commits})
    databases = {point: make(OLDEST) for point in chosen}
    assert walk(databases) == []
    reached = []
    for database in databases.values():
        with opened(database) as engine:
            reached.append(current(engine))
            assert [it.revision for it in migrate(engine)] == [
                it for it in numbers() if it > reached[-1]
            ]
            assert differences(engine) == []
    assert reached == sorted(reached)
    assert set(numbers()[:-1]) <= set(reached)  # each later one was killed and undone as a whole


def walk(databases: dict[int, Database]) -> list[int]:
    """Migrate each and kill it at its point; what those that lived have counted."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.store.die_migrating"]
        + [f"{point}={database.url}" for point, database in databases.items()],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [int(line) for line in done.stdout.split()]
