"""Group commit: a stranger's fault is never yours, and nobody is told before it is durable."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from gateway.audit.verify import verify
from gateway.domain.errors import Corrupt, NoRoom, Overloaded, Refused
from gateway.store import store as store_module
from gateway.store import tables
from tests.store_ground import bench, mark, record


@pytest.fixture
def at():
    with bench() as it:
        yield it


def verified(it) -> tuple[int, tuple]:
    with it.engine.connect() as db:
        verdict = verify(db, None)
    return verdict.records, verdict.findings


def test_a_group_shares_one_commit(at):
    assert at.group(mark("a"), mark("b"), mark("c")) == ["a", "b", "c"]
    assert at.points == ["begin", "commit", "committed"]
    assert at.marks() == ["a", "b", "c"]
    assert [row.subject for row in at.journal()[1:]] == ["a", "b", "c"]
    assert verified(at) == (4, ())


def test_a_job_that_fails_before_it_wrote_is_left_out(at):
    fault = Refused("no")
    runs: list[str] = []

    def counting(uow) -> str:
        runs.append("x")
        return mark("b")(uow)

    def failing(uow) -> None:
        uow.rows(select(tables.nonce))
        raise fault

    assert at.group(mark("a"), failing, counting) == ["a", fault, "b"]
    assert at.points == ["begin", "commit", "committed"], "the others share one commit"
    assert runs == ["x"], "nobody ran twice"
    assert at.marks() == ["a", "b"]


def test_what_a_failed_job_had_gathered_is_dropped_with_it(at):
    fault = Refused("no")
    assert at.group(mark("a"), mark("lost", then=fault), mark("b")) == ["a", fault, "b"]
    assert at.marks() == ["a", "b"]
    assert [row.subject for row in at.journal()[1:]] == ["a", "b"]
    assert verified(at) == (3, ())


def test_a_job_that_fails_after_it_wrote_undoes_the_group_and_each_runs_alone(at):
    fault = Corrupt("mine")
    runs: list[str] = []

    def counting(uow) -> str:
        runs.append("a")
        return mark("a")(uow)

    results = at.group(counting, mark("lost", flush=True, then=fault), mark("b"))
    assert results == ["a", fault, "b"]
    assert runs == ["a", "a"]
    assert at.marks() == ["a", "b"], "written once, and the failed one not at all"
    assert at.points.count("commit") == 2
    assert [row.subject for row in at.journal()[1:]] == ["a", "b"]
    assert verified(at) == (3, ())


def test_a_broken_rule_of_the_database_is_told_to_its_own_job(at):
    at.group(mark("twice"))
    results = at.group(mark("a"), mark("twice"), mark("b"))
    assert isinstance(results[1], IntegrityError)
    assert (results[0], results[2]) == ("a", "b")
    assert at.marks() == ["a", "b", "twice"]
    assert verified(at) == (4, ())


def test_what_the_database_undid_by_itself_is_told_to_nobody_as_done(at):
    """SQLite may roll everything back on an I/O error, also in a job that only reads."""

    def undone_by_the_database(uow) -> None:
        uow.rows(text("ROLLBACK"))  # raises: no rows come of it

    results = at.group(mark("a", flush=True), undone_by_the_database, mark("b"))
    assert (results[0], results[2]) == ("a", "b")
    assert isinstance(results[1], SQLAlchemyError)
    assert at.marks() == ["a", "b"]
    assert verified(at) == (3, ())


def test_a_job_sees_its_own_rows_and_those_before_it(at):
    def look(uow) -> list[str]:
        uow.add(tables.nonce, {"key": "k", "nonce": "z", "at_us": 1})
        return [row.nonce for row in uow.rows(select(tables.nonce.c.nonce).order_by("nonce"))]

    assert at.group(mark("a"), look)[1] == ["a", "z"]


def rousing(name: str, then: Exception | None = None):
    """A job that has news of a queue, and then perhaps fails."""

    def job(uow) -> None:
        uow.rouse("t", name)
        mark(name, flush=True, then=then)(uow)

    return job


def roused(at) -> list[tuple[object, str]]:
    """What is heard from now on, each with the point that was passed last."""
    heard: list[tuple[object, str]] = []
    at.store.on_rouse(lambda keys: heard.append((keys, at.points[-1])))
    return heard


def test_news_come_after_the_commit_and_never_of_a_failed_job(at):
    heard = roused(at)
    at.group(rousing("a"), rousing("lost", Refused("no")), rousing("b"))
    # the group was undone; those that then succeeded alone are told, each after its own commit
    assert heard == [([("t", "a")], "committed"), ([("t", "b")], "committed")]


def test_news_of_a_whole_group_follow_one_commit(at):
    heard = roused(at)

    def unheard(uow) -> None:
        assert heard == []
        rousing("b")(uow)

    at.group(rousing("a"), unheard)
    assert heard == [([("t", "a"), ("t", "b")], "committed")]


def deferred_rule(it) -> None:
    """A rule that SQLite checks only when the transaction commits."""
    with it.engine.connect() as db:
        db.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        db.exec_driver_sql(
            "CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)"
        )
        db.commit()


def orphan(uow) -> None:
    """A job whose fault shows only at the commit."""
    uow.journal(record("orphan"))
    uow.change(insert(Table("child", MetaData(), Column("id", Integer))), [{"id": 7}])


def test_a_fault_at_the_commit_itself_is_told_to_its_own_job(at):
    deferred_rule(at)
    results = at.group(mark("a"), orphan, mark("b"))
    assert isinstance(results[1], IntegrityError)
    assert (results[0], results[2]) == ("a", "b")
    assert at.marks() == ["a", "b"]
    assert [row.subject for row in at.journal()[1:]] == ["a", "b"]


def test_the_store_goes_on_after_a_failed_commit(at):
    deferred_rule(at)
    (told,) = at.group(orphan)
    assert isinstance(told, IntegrityError)
    assert at.group(mark("a")) == ["a"]
    assert at.marks() == ["a"]
    assert verified(at) == (2, ())


def test_the_journal_head_stays_where_it_was_when_nothing_was_committed(at):
    deferred_rule(at)
    at.group(mark("a"))
    before = at.journal()
    at.group(orphan)
    assert at.journal() == before
    at.group(mark("b"))
    assert [row.seq for row in at.journal()] == [1, 2, 3]
    assert verified(at) == (3, ())


def limit_pages(it, pages: int) -> None:
    with it.engine.connect() as db:
        db.exec_driver_sql(f"PRAGMA max_page_count={pages}")


def big(name: str):
    def job(uow) -> str:
        uow.add(tables.nonce, {"key": "k", "nonce": name, "at_us": 1})
        uow.add(
            tables.wire_secret,
            {"tenant": "t", "wire": name, "position": 0, "salt": b"", "sealed": bytes(200_000)},
        )
        uow.journal(record(name))
        return name

    return job


def test_a_full_disk_is_told_to_every_job_and_leaves_nothing_half_done(at):
    limit_pages(at, 1)  # SQLite takes the present size as the least
    results = at.group(big("a"), big("b"))
    assert [type(result) for result in results] == [NoRoom, NoRoom]
    with pytest.raises(NoRoom):
        asyncio.run(at.store.write(big("a"), at_once=True))
    with pytest.raises(NoRoom):
        asyncio.run(at.store.write(big("a"), may_refuse=True))
    assert at.marks() == []
    assert len(at.journal()) == 1
    limit_pages(at, 1_000_000)
    assert at.group(big("a"), mark("b")) == ["a", "b"], "works again without help"
    assert verified(at) == (3, ())


def test_an_unexpected_fault_stops_the_line_but_leaves_nothing_behind(at):
    def wrong(uow) -> None:
        mark("lost", flush=True)(uow)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        at.group(mark("a"), wrong)
    assert at.marks() == []
    assert len(at.journal()) == 1
    assert at.group(mark("b")) == ["b"]


def test_write_returns_the_result_or_raises_the_fault(at):
    assert asyncio.run(at.store.write(mark("a"))) == "a"
    with pytest.raises(Refused):
        asyncio.run(at.store.write(mark("b", then=Refused("no"))))


def test_with_too_many_waiting_new_work_is_refused_and_accepted_work_goes_on(at, monkeypatch):
    monkeypatch.setattr(store_module, "_WAITING_MAX", 0)
    with pytest.raises(Overloaded):
        asyncio.run(at.store.write(mark("new"), may_refuse=True))
    assert at.marks() == []
    assert asyncio.run(at.store.write(mark("accepted"))) == "accepted"
    monkeypatch.undo()
    assert asyncio.run(at.store.write(mark("new"), may_refuse=True)) == "new"


def test_readers(at):
    at.group(mark("a"))
    assert at.store.read_now(
        lambda db: db.execute(select(tables.nonce.c.nonce)).scalars().all()
    ) == ["a"]
