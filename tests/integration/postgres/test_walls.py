"""The second wall: what the database itself keeps from one tenant about another."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from gateway.cli.own_postgres import AUDITOR, NODE, OWNER, wheel
from gateway.store import tables
from gateway.store.engine import Database, open_engine
from gateway.store.migrate import current, migrate
from gateway.store.tenancy import EVERYONE, is_walled, say
from tests.integration.store.test_migrations_beside import invented
from tests.postgres import own_postgres, seen_by

pytestmark = pytest.mark.postgresql

ROOT = Path(__file__).resolve().parents[3]
TABLES = tables.metadata.tables
OF_TENANTS = sorted(name for name, table in TABLES.items() if "tenant" in table.columns)
OF_NOBODY = sorted(set(TABLES) - set(OF_TENANTS))
ONCE_SAID = [
    *("attachment", "checkpoint", "control_vote", "evidence", "journal", "payee_vote"),
    *("stop_vote", "vote", "wire", "wire_secret"),
]
DENIED = "42501"
"""PostgreSQL's code for both: no such right, and a row against the policy."""


@contextmanager
def opened(database):
    engine = open_engine(database)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def database(databases):
    """A row of tenant a and one of tenant b in every table; each test undoes what it does."""
    with databases.fresh() as it, opened(it) as engine:
        with engine.begin() as db:
            for name, table in TABLES.items():
                rows = [row(table, "a", 1), row(table, "b", 2)]
                db.execute(insert(table), rows if name in OF_TENANTS else rows[:1])
        yield it


@pytest.fixture(scope="module")
def owner(database):
    with opened(database) as engine:
        yield engine


@pytest.fixture(scope="module")
def node(database):
    with opened(seen_by(NODE, database)) as engine:
        yield engine


@pytest.fixture(scope="module")
def auditor(database):
    with opened(seen_by(AUDITOR, database)) as engine:
        yield engine


@contextmanager
def undone(engine):
    """A transaction of which nothing stays."""
    with engine.connect() as db:
        yield db
        db.rollback()


def row(table, tenant: str, number: int = 1) -> dict[str, object]:
    values = {it.name: invented(it, number) for it in table.columns}
    return values | ({"tenant": tenant} if "tenant" in values else {})


def seen(db, name: str) -> list[str]:
    return sorted(db.scalars(select(TABLES[name].c.tenant)))


@contextmanager
def denied(db):
    """The database itself refuses; what was done before it stays."""
    with (
        pytest.raises(DBAPIError, match=r"permission denied|row-level security") as raised,
        db.begin_nested(),
    ):
        yield
    assert raised.value.orig.sqlstate == DENIED


def test_every_table_of_tenants_is_walled(owner):
    with owner.connect() as db:
        walled = db.execute(
            text(
                "SELECT relname FROM pg_class WHERE relrowsecurity "
                "AND relnamespace = 'public'::regnamespace ORDER BY relname"
            )
        )
        assert list(walled.scalars()) == OF_TENANTS


def test_the_database_holds_nodes_to_it_but_not_the_owner(owner, node):
    with owner.connect() as mine, node.connect() as other:
        assert not is_walled(mine)
        assert is_walled(other)


@pytest.mark.parametrize("name", OF_TENANTS)
def test_a_node_sees_its_tenants_rows_and_nothing_without_saying_whose(node, name):
    with undone(node) as db:
        assert seen(db, name) == []
        say(db, frozenset({"a"}))
        assert seen(db, name) == ["a"]
        say(db, frozenset({"a", "b"}))
        assert seen(db, name) == ["a", "b"]
        say(db, frozenset({"c"}))
        assert seen(db, name) == []
        say(db, EVERYONE)
        assert seen(db, name) == ["a", "b"]
        db.commit()
        assert seen(db, name) == []  # what was said ends with its transaction


@pytest.mark.parametrize("name", OF_TENANTS)
def test_a_node_writes_for_its_tenants_only(node, name):
    table = TABLES[name]
    with undone(node) as db:
        say(db, frozenset({"a"}))
        db.execute(insert(table), [row(table, "a", 3)])
        with denied(db):
            db.execute(insert(table), [row(table, "b", 4)])
        say(db, frozenset())
        with denied(db):
            db.execute(insert(table), [row(table, "b", 4)])


@pytest.mark.parametrize("name", sorted(set(OF_TENANTS) - set(ONCE_SAID)))
def test_a_node_changes_and_removes_rows_of_its_tenants_only(node, name):
    table = TABLES[name]
    of_b = table.c.tenant == "b"
    with undone(node) as db:
        say(db, frozenset({"a"}))
        assert db.execute(update(table).where(of_b).values(tenant="a")).rowcount == 0
        assert db.execute(delete(table).where(of_b)).rowcount == 0
        with denied(db):  # nor does it give a row away
            db.execute(update(table).values(tenant="b"))
        assert db.execute(delete(table)).rowcount == 1
        say(db, EVERYONE)
        assert seen(db, name) == ["b"]


@pytest.mark.parametrize("name", ONCE_SAID)
def test_what_was_said_once_is_changed_by_no_node(node, name):
    table = TABLES[name]
    column = next(iter(table.columns))
    with undone(node) as db:
        say(db, EVERYONE)
        with denied(db):
            db.execute(delete(table))
        with denied(db):
            db.execute(update(table).values({column: column}))


@pytest.mark.parametrize(
    "words", ["DROP TABLE nonce", "TRUNCATE work", "CREATE TABLE mine (i int)"]
)
def test_a_node_changes_no_table(node, words):
    refusal = pytest.raises(DBAPIError, match=r"permission denied|must be owner")
    with undone(node) as db, refusal:
        db.execute(text(words))


def test_a_node_cannot_take_the_wall_down(database):
    """Neither by a setting nor by becoming somebody else."""
    with psycopg.connect(seen_by(NODE, database).url) as db:
        db.execute("SET row_security = off")
        db.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute("SELECT count(*) FROM instruction")
        db.rollback()
        for role in ("gateway", "gateway_audit", "postgres"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                db.execute(f"SET ROLE {role}")
            db.rollback()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute("ALTER TABLE instruction DISABLE ROW LEVEL SECURITY")


@pytest.mark.parametrize("name", OF_TENANTS)
def test_an_auditor_reads_everything_and_changes_nothing(auditor, name):
    table = TABLES[name]
    with undone(auditor) as db:
        assert seen(db, name) == ["a", "b"]
        with denied(db):
            db.execute(delete(table))
        with denied(db):
            db.execute(insert(table), [row(table, "a", 5)])


@pytest.mark.parametrize("name", OF_NOBODY)
def test_what_belongs_to_no_tenant_needs_no_saying(node, auditor, name):
    for engine in (node, auditor):
        with undone(engine) as db:
            assert db.scalar(select(func.count()).select_from(TABLES[name])) == 1


def test_a_record_of_the_process_itself_needs_no_saying(node):
    table = TABLES["journal"]
    with undone(node) as db:
        db.execute(insert(table), [row(table, "", 3)])
        assert seen(db, "journal") == [""]


def test_the_container_image_makes_the_roles_in_its_new_database(tmp_path):
    """What compose.yaml mounts, run as PostgreSQL's image runs it: the superuser is the owner."""
    script = (ROOT / "deploy" / "postgresql-roles.sh").read_text()
    secret = tmp_path / "node-password"
    secret.write_text('it\'s "secret"\\')
    with own_postgres(durable=False) as server:
        roles = (NODE, AUDITOR, "gateway_app", "gateway_audit")
        server.sql(*(f"DROP ROLE {it}" for it in roles), "ALTER ROLE gateway SUPERUSER")
        subprocess.run(
            ["sh", "-c", script.replace("/run/secrets/node-password", str(secret))],
            env={
                "PATH": f"{wheel()}:{os.defpath}",
                "PGHOST": str(server.folder),
                "POSTGRES_USER": OWNER,
                "POSTGRES_DB": OWNER,
            },
            check=True,
        )
        with opened(Database(url=server.url)) as owner:
            migrate(owner)
        with opened(Database(url=server.url_of(OWNER, NODE))) as node, node.connect() as db:
            assert is_walled(db)
        server.sql(
            "DO $$ BEGIN ASSERT (SELECT rolpassword IS NOT NULL FROM pg_authid "
            "WHERE rolname = 'gateway_node'); END $$"
        )


def test_roles_that_are_missing_are_made_or_asked_for():
    with own_postgres(durable=False) as server:
        server.sql(
            f"DROP ROLE {NODE}",
            f"DROP ROLE {AUDITOR}",
            "DROP ROLE gateway_app",
            "DROP ROLE gateway_audit",
            "ALTER ROLE gateway NOCREATEROLE",
        )
        with opened(Database(url=server.url)) as engine:
            with pytest.raises(DBAPIError, match="CREATE ROLE gateway_app NOLOGIN"):
                migrate(engine)
            assert current(engine) == "0005"  # undone as a whole
            server.sql("ALTER ROLE gateway CREATEROLE")
            assert next(it.revision for it in migrate(engine)) == "0006"
