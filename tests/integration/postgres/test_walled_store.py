"""A store on a walled database: each job is held to the tenants it is done for."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing, contextmanager
from contextvars import Context

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from gateway.audit.checkpoint import load_key
from gateway.cli import main
from gateway.cli.own_postgres import AUDITOR, NODE
from gateway.store import tables
from gateway.store.engine import open_engine
from gateway.store.groups import Item
from gateway.store.tenancy import EVERYONE, Scoped, acting, acting_for, taken_apart
from tests.postgres import seen_by
from tests.store_ground import Bench

pytestmark = pytest.mark.postgresql

_w = tables.work


@pytest.fixture
def walled(postgresql):
    it = Bench(open_engine(seen_by(NODE, postgresql)))
    with closing(it.store):
        yield it


def work_of(tenant: str, subject: str = "s") -> dict[str, object]:
    row = {"tenant": tenant, "kind": "send", "subject": subject, "lane": "l", "due_us": 1}
    return row | {"tries": 0}


def adding(tenant: str, subject: str = "s"):
    def job(uow) -> str:
        uow.add(_w, work_of(tenant, subject))
        return subject

    return job


def seen(store) -> list[str]:
    return sorted(store.read_now(lambda db: list(db.scalars(select(_w.c.tenant)))))


def for_tenants(*tenants: str):
    return frozenset(tenants)


def test_a_jobs_tenants_are_those_of_whoever_submitted_it(walled):
    async def submit() -> None:
        with acting_for(["a"]):
            assert await walled.store.write(adding("a")) == "s"
        with acting_for(["b"]):
            await walled.store.write(adding("b"))
            with pytest.raises(DBAPIError, match="row-level security"):
                await walled.store.write(adding("a", "other"))
        with pytest.raises(DBAPIError, match="row-level security"):
            await walled.store.write(adding("a", "other"))

    asyncio.run(submit())
    assert seen(walled.store) == []
    for tenants, expected in ((["a"], ["a"]), (["b", "c"], ["b"]), (EVERYONE, ["a", "b"])):
        with acting_for(tenants):
            assert seen(walled.store) == expected


def test_a_group_is_for_all_the_tenants_of_its_jobs(walled):
    results = walled.group(
        Scoped(adding("a"), for_tenants("a")), Scoped(adding("b"), for_tenants("b"))
    )
    assert results == ["s", "s"]


def test_a_job_that_reaches_across_fails_alone(walled):
    wrong = Scoped(adding("c"), for_tenants("b"))
    first, failed, last = walled.group(
        Scoped(adding("a"), for_tenants("a")), wrong, Scoped(adding("b"), for_tenants("b"))
    )
    assert (first, last) == ("s", "s")
    assert isinstance(failed, DBAPIError)
    with acting_for(EVERYONE):
        assert seen(walled.store) == ["a", "b"]


def test_items_done_together_keep_their_tenants(walled):
    def together(uow, items):
        uow.add(_w, *(work_of(*item) for item in items))
        return list(items)

    items = [("a", "1"), ("b", "2"), ("b", "3")]
    jobs = [Scoped(Item(together, item), for_tenants(item[0])) for item in items]
    assert walled.group(*jobs) == items


def test_the_wall_costs_nothing_where_there_is_none(postgresql):
    """The owner's store says nothing to the database, and neither does one on SQLite."""
    it = Bench(open_engine(postgresql))
    with closing(it.store):
        assert it.group(adding("a")) == ["s"]
        assert seen(it.store) == ["a"]


# ── for whom, without a database ─────────────────────────────────────────────────────────


def test_for_whom_is_said_inside_and_forgotten_outside():
    def told() -> None:
        assert acting() == frozenset()
        with acting_for(["a"]):
            with acting_for(["b", "c"]):
                assert acting() == {"b", "c"}
            assert acting() == {"a"}
        assert acting() == frozenset()

    # Afresh: what a simulation killed in this process before never came to its end.
    Context().run(told)


def test_tasks_take_it_along_from_where_they_began():
    async def told() -> list[frozenset[str]]:
        async def who() -> frozenset[str]:
            await asyncio.sleep(0)
            return acting()

        with acting_for(["a"]):
            first = asyncio.create_task(who())
        with acting_for(["b"]):
            second = asyncio.create_task(who())
        return [await first, await second, await who()]

    assert Context().run(asyncio.run, told()) == [{"a"}, {"b"}, frozenset()]


def test_jobs_are_taken_apart_into_themselves_and_all_their_tenants():
    one, other = adding("a"), adding("b")
    jobs, tenants = taken_apart([Scoped(one, for_tenants("a", "b")), other])
    assert jobs == [one, other]
    assert tenants == {"a", "b"}


# ── who checks the books ─────────────────────────────────────────────────────────────────


@contextmanager
def settings_for(database, folder, role):
    config = folder / f"{role}.toml"
    url = seen_by(role, database).url
    config.write_text(f'[gateway]\ndata = "."\ndatabase = "{url}"\n')
    load_key(folder / "checkpoint.pem")
    yield str(config)


@pytest.mark.parametrize("command", [["audit", "verify"], ["verify-books"]])
def test_the_books_are_not_checked_by_who_sees_a_part_of_them(
    postgresql, tmp_path, capsys, command
):
    """It would find nothing wrong, because it would find nothing."""
    engine = open_engine(postgresql)
    with engine.begin() as db:
        db.execute(insert(tables.journal), [_record()])
    engine.dispose()
    with settings_for(postgresql, tmp_path, NODE) as config:
        assert main.main([*command, "--config", config, "--json"]) == 2
        told = capsys.readouterr().err
        assert "gateway_audit" in told
        assert "全部账目" in told
    with settings_for(postgresql, tmp_path, AUDITOR) as config:
        assert main.main([*command, "--config", config, "--json"]) == 1  # a record out of nowhere
        assert json.loads(capsys.readouterr().out)["ok"] is False


def test_the_auditors_address_may_come_from_the_environment(
    postgresql, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("BOOKS_OF_THE_AUDITOR", seen_by(AUDITOR, postgresql).url)
    with settings_for(postgresql, tmp_path, NODE) as config:
        words = ["--config", config, "--json", "--database-env", "BOOKS_OF_THE_AUDITOR"]
        assert main.main(["audit", "verify", *words]) == 0
        assert json.loads(capsys.readouterr().out)["records"] == 0


def _record() -> dict[str, object]:
    row = {"lane": "l", "seq": 1, "tenant": "a", "kind": "k", "subject": "s", "at_us": 1}
    return row | {"salt": b"s", "payload": b"p", "leaf": b"l", "hash": b"h"}
