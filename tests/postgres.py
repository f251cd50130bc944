"""Databases for tests: of SQLite and of a PostgreSQL server that each test process starts once.

``database`` runs a test on both; ``-m postgresql`` and ``-m 'not postgresql'`` choose. Nothing
here waits for the disk: a test that kills a server starts an ``OwnPostgres`` of its own.
``POSTGRES_PROGRAMS=/folder/of/programs`` takes another version than the wheel's.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

import pytest

from gateway.cli.own_postgres import OWNER, OwnPostgres
from gateway.domain.errors import NotOffered
from gateway.store.engine import Database, open_engine
from gateway.store.migrate import HEAD, migrate

_OPTIONS = {
    "autovacuum": "off",
    "deadlock_timeout": "100ms",
    "max_connections": "200",
    "max_wal_senders": "0",
    "shared_buffers": "32MB",
    "wal_level": "minimal",
}


def programs() -> Path | None:
    """Another installation's programs, where the environment names one."""
    named = os.environ.get("POSTGRES_PROGRAMS")
    return Path(named) if named else None


def own_postgres(**words) -> OwnPostgres:
    """A server; the test is skipped by name where there is none, or red with REQUIRE_ALL=1."""
    try:
        return OwnPostgres(programs=programs(), **words)
    except NotOffered as error:
        report = pytest.fail if os.environ.get("REQUIRE_ALL") == "1" else pytest.skip
        report(f"needs PostgreSQL: {error.en}")


class Databases:
    """Makes databases on one server."""

    def __init__(self, server: OwnPostgres) -> None:
        self.server = server
        self._numbers = count(1)
        self._templates = {"": "template0"}

    @contextmanager
    def fresh(self, revision: str = HEAD, words: str = "") -> Iterator[Database]:
        """A database of its own at that revision, '' for an empty one; gone afterwards.

        ``words`` are further ones of its making.
        """
        name, template = f"test_{next(self._numbers)}", self._template(revision)
        self._create(name, f"TEMPLATE {template} STRATEGY file_copy {words}")
        try:
            yield self.named(name)
        finally:
            self.server.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def named(self, name: str, role: str = OWNER) -> Database:
        """That database, for the role that owns it or another one."""
        return Database(url=self.server.url_of(name, role))

    def _create(self, name: str, words: str) -> None:
        self.server.sql(f"CREATE DATABASE {name} OWNER {OWNER} {words}")

    def _template(self, revision: str) -> str:
        if revision not in self._templates:
            name = f"template_{revision}"
            self._create(name, "TEMPLATE template0")
            bring_up(self.named(name), revision)
            self._templates[revision] = name
        return self._templates[revision]


def bring_up(database: Database, revision: str = HEAD) -> None:
    """Take a database to a revision."""
    engine = open_engine(database)
    migrate(engine, revision)
    engine.dispose()


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """This test process's server, started when the first test asks for it."""
    with own_postgres(durable=False, options=_OPTIONS) as server:
        yield Databases(server)


def lay_migrated(database: Database) -> None:
    """Let a SQLite database that is not there yet begin at the newest revision."""
    path = database.path
    if path is not None and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_migrated())


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gateway.db"
        bring_up(Database.file(path))
        return path.read_bytes()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory) -> Path:
    """A SQLite database at the newest revision, to copy."""
    path = tmp_path_factory.mktemp("migrated") / "gateway.db"
    lay_migrated(Database.file(path))
    return path


def seen_by(role: str, database: Database) -> Database:
    """The same database for another role: NODE or AUDITOR of ``gateway.cli.own_postgres``."""
    return Database(url=database.url.replace(f"//{OWNER}@", f"//{role}@"))


@contextmanager
def fresh_database(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[Database]:
    """A migrated database of that kind; servers start only where they are asked for."""
    if kind == "postgresql":
        with request.getfixturevalue("databases").fresh() as database:
            yield database
    else:
        path = folder / "gateway.db"
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        yield Database.file(path)


BOTH = [
    pytest.param("sqlite"),
    pytest.param("postgresql", marks=pytest.mark.postgresql),
]


@pytest.fixture(params=BOTH)
def database(request, tmp_path) -> Iterator[Database]:
    """A fresh database at the newest revision: the test runs on each kind."""
    with fresh_database(request, request.param, tmp_path) as it:
        yield it


@pytest.fixture
def postgresql(databases) -> Iterator[Database]:
    """A fresh database on PostgreSQL alone. Mark such a test: ``pytest.mark.postgresql``."""
    with databases.fresh() as it:
        yield it


@pytest.fixture(params=BOTH)
def empty_database(request, tmp_path) -> Iterator[Database]:
    """A database without any table, of each kind."""
    if request.param == "postgresql":
        with request.getfixturevalue("databases").fresh("") as it:
            yield it
    else:
        yield Database.file(tmp_path / "gateway.db")
