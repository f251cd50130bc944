"""Several writers on one PostgreSQL database: races, lost connections, leases, fences, notices."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager

import psycopg
import pytest
from sqlalchemy import bindparam, select, text, update

from gateway.domain.errors import Corrupt
from gateway.store import tables
from gateway.store.engine import open_engine
from gateway.store.hearing import Ear, Heard
from gateway.store.lease import Fenced, end_silent
from gateway.store.prepared import prepare
from tests.postgres import own_postgres
from tests.store_ground import Bench, CountedIds, mark

pytestmark = pytest.mark.postgresql

_w = tables.work
_LOCKED = prepare(select(_w.c.tries).where(_w.c.subject == bindparam("of")).with_for_update())
_SET = prepare(update(_w).where(_w.c.subject == bindparam("of")).values(tries=bindparam("to")))


@contextmanager
def writer(database, ids: CountedIds, seed: str = "one"):
    it = Bench(open_engine(database), ids=ids, seed=seed)
    with closing(it.store):
        yield it


@pytest.fixture
def two(postgresql):
    ids = CountedIds()
    with writer(postgresql, ids) as one, writer(postgresql, ids, "two") as other:
        yield one, other


def work(name: str) -> dict[str, object]:
    row = {"tenant": "t", "kind": "send", "subject": name, "lane": "main", "due_us": 1}
    return row | {"tries": 0}


def adding_one(name: str):
    def job(uow) -> int:
        (row,) = uow.rows(_LOCKED, {"of": name})
        uow.change(_SET, {"of": name, "to": row.tries + 1})
        return row.tries + 1

    return job


def in_parallel(*runs) -> None:
    threads = [threading.Thread(target=run) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


def test_two_writers_never_lose_each_others_changes(two):
    one, other = two
    names = ["a", "b", "c"]
    one.group(lambda uow: uow.add(_w, *(work(name) for name in names)))
    told: list[object] = []

    def many(it, order):
        for _ in range(20):
            told.extend(it.group(*(adding_one(name) for name in order)))

    in_parallel(lambda: many(one, names), lambda: many(other, names[::-1]))  # they deadlock
    assert all(isinstance(it, int) for it in told), "nobody is told of a lost race"
    assert [row.tries for row in one.rows(_w, _w.c.subject)] == [40, 40, 40]


def test_a_key_taken_by_another_process_is_found_at_the_next_look(two):
    one, other = two

    def once(uow) -> str:
        found = uow.rows(select(tables.nonce).where(tables.nonce.c.nonce == "x"))
        if found:
            return "met"
        uow.add(tables.nonce, {"key": "k", "nonce": "x", "at_us": 1})
        uow.flush()
        return "new"

    told: list[object] = []
    in_parallel(*(lambda it=it: told.extend(it.group(once)) for it in (one, other)))
    assert sorted(map(str, told)) == ["met", "new"]


def test_a_guard_lets_one_in_at_a_time_and_sharers_together(two):
    one, other = two
    inside: list[str] = []
    go = threading.Event()

    def guarded(name: str, *, shared: bool, wait: bool):
        def job(uow) -> None:
            uow.guard("place", shared=shared)
            inside.append(name)
            if wait:
                assert go.wait(30)

        return job

    first = threading.Thread(target=one.group, args=[guarded("a", shared=True, wait=True)])
    first.start()
    while inside != ["a"]:
        first.join(0.01)
    other.group(guarded("b", shared=True, wait=False))
    assert inside == ["a", "b"], "sharers do not wait for each other"
    late = threading.Thread(target=other.group, args=[guarded("c", shared=False, wait=False)])
    late.start()
    late.join(0.3)
    assert inside == ["a", "b"], "who wants it alone waits for the commit"
    go.set()
    first.join(30)
    late.join(30)
    assert inside == ["a", "b", "c"]


def test_one_reading_sees_one_moment_whatever_is_committed_meanwhile(two):
    one, other = two
    one.group(mark("a"))

    def look_twice(db) -> list[int]:
        seen = []
        for _ in range(2):
            seen.append(len(db.execute(select(tables.nonce)).all()))
            other.group(mark(f"b{len(seen)}"))
        return seen

    assert one.store.read_now(look_twice) == [1, 1]
    assert one.store.read_now(lambda db: len(db.execute(select(tables.nonce)).all())) == 3


# ── lost connections ──────────────────────────────────────────────────────────────────────


def backend(it) -> int:
    return it.group(lambda uow: uow.first(text("SELECT pg_backend_pid() AS pid")).pid)[0]


def end_backend(database, pid: int) -> None:
    address = database.url.replace("postgresql+psycopg:", "postgresql:")
    with psycopg.connect(address, autocommit=True) as db:
        db.execute("SELECT pg_terminate_backend(%s)", [pid])
        while db.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone():
            continue


def test_a_connection_lost_between_groups_is_made_anew(two, postgresql):
    one, _ = two
    end_backend(postgresql, backend(one))
    assert one.group(mark("a"), mark("b")) == ["a", "b"]
    assert one.marks() == ["a", "b"]


@pytest.mark.parametrize("point", ["begin", "commit"])
def test_a_connection_lost_before_the_commit_runs_the_group_again(two, postgresql, point):
    one, _ = two
    pid, ended = backend(one), []

    def lose(now: str) -> None:
        if now == point and not ended:
            ended.append(pid)
            end_backend(postgresql, pid)

    one.store._probe = lose
    assert one.group(mark("a"), mark("b")) == ["a", "b"]
    assert ended
    assert one.marks() == ["a", "b"]
    assert [row.subject for row in one.journal() if row.kind == "test"] == ["a", "b"]


def test_a_commit_that_happened_though_its_answer_was_lost_is_not_done_twice(two, monkeypatch):
    one, _ = two
    commit = one.store._engine.dialect.do_commit
    lost = []

    def commits_and_loses(connection) -> None:
        commit(connection)
        if not lost:
            lost.append(1)
            connection.dbapi_connection.close()
            raise psycopg.OperationalError("the connection is closed")

    monkeypatch.setattr(one.store._engine.dialect, "do_commit", commits_and_loses)
    assert one.group(mark("a")) == ["a"]
    assert lost
    assert one.group(mark("b")) == ["b"]
    assert one.marks() == ["a", "b"]
    assert [row.subject for row in one.journal() if row.kind == "test"] == ["a", "b"]


def test_a_server_that_restarts_at_once_loses_nothing_and_doubles_nothing(tmp_path):
    ids = CountedIds()
    with own_postgres(durable=True) as server:
        from gateway.store.engine import Database
        from tests.postgres import bring_up

        database = Database(url=server.url)
        bring_up(database)
        with writer(database, ids) as it:
            done: list[str] = []
            ending = threading.Event()

            def write() -> None:
                while not ending.is_set():
                    done.extend(it.group(mark(f"m{len(done):05d}")))

            thread = threading.Thread(target=write)
            thread.start()
            for _ in range(3):
                before = len(done)
                while len(done) < before + 20:
                    thread.join(0.01)
                server.restart("immediate")
            ending.set()
            thread.join(60)
            assert it.marks() == done
            assert len(set(done)) == len(done) > 60


# ── leases ────────────────────────────────────────────────────────────────────────────────


def lapse(it, lane: str) -> None:
    """As if this lane had been silent for longer than its lease."""
    it.group(
        lambda uow: uow.change(
            update(tables.lane).where(tables.lane.c.id == lane).values(lease_until_us=1)
        )
    )


def test_a_silent_lane_is_ended_by_another_and_fenced_off(two):
    one, other = two
    lapse(other, one.store.lane.id)
    assert other.group(end_silent) == [[one.store.lane.id]]
    assert other.group(end_silent) == [[]]
    with pytest.raises(Fenced):
        one.group(mark("late"))
    assert other.marks() == []
    assert issubclass(Fenced, Corrupt), "the process ends"


def test_a_lane_that_lives_is_left_alone_and_its_deadline_is_shorter_than_its_lease(two):
    one, other = two
    assert other.group(end_silent) == [[]]
    lease, clock = one.store.lease, one.runtime.clock
    assert clock.monotonic() < lease.deadline < clock.monotonic() + lease.length_s
    clock.pass_time(seconds=5)
    (renewed,) = one.group(lease.renew)
    assert renewed == pytest.approx(lease.deadline + 5)


def test_who_was_fenced_cannot_renew(two):
    one, other = two
    lapse(other, one.store.lane.id)
    other.group(end_silent)
    (told,) = one.group(one.store.lease.renew)
    assert isinstance(told, Fenced)


def test_a_lane_in_mid_transaction_is_not_ended_under_its_feet(two):
    one, other = two
    lapse(other, one.store.lane.id)
    ended: list[object] = []

    def meanwhile(now: str) -> None:
        if now == "commit":
            ended.extend(other.group(end_silent))

    one.store._probe = meanwhile
    assert one.group(mark("a")) == ["a"]
    assert ended == [[]], "its row is locked by the commit that is coming"


def test_a_lane_given_up_needs_no_waiting(two):
    one, other = two
    one.group(one.store.lease.end)
    rows = {row.id: row.ended_us for row in other.rows(tables.lane)}
    assert rows[one.store.lane.id] is not None
    assert rows[other.store.lane.id] is None


# ── telling each other ────────────────────────────────────────────────────────────────────


def hears(ear: Ear) -> Heard:
    for _ in range(50):
        heard = ear.hear(0.2)
        if heard != Heard():
            return heard
    raise AssertionError("nothing was heard")


@pytest.fixture
def ear(two, postgresql):
    it = Ear(postgresql.url, two[1].store.lane.id)
    assert hears(it) == Heard(any_roused=True, any_touched=True), "what came before it listened"
    yield it
    it.close()


def telling(*, instructions: int = 1):
    def job(uow) -> None:
        uow.rouse("t", "main")
        for number in range(instructions):
            uow.touch("t", f"ins_{number:030d}")

    return job


def test_a_commit_tells_other_processes_once_for_the_whole_group(two, ear):
    one, _ = two
    one.group(telling(), telling())
    assert hears(ear) == Heard(
        roused=(("t", "main"),), touched=(("t", f"ins_{0:030d}"), ("t", f"ins_{0:030d}"))
    )
    assert ear.hear(0.2) == Heard()


def test_a_commit_too_large_to_tell_is_told_as_any(two, ear):
    one, _ = two
    one.group(telling(instructions=500))
    assert hears(ear) == Heard(roused=(("t", "main"),), any_touched=True)


def test_nobody_hears_himself_nor_what_was_undone(two, ear):
    one, other = two

    def fails(uow) -> None:
        telling()(uow)
        uow.change(text("DELETE FROM work"))
        raise Corrupt

    other.group(telling())
    one.group(fails)
    assert ear.hear(0.5) == Heard()


def test_after_a_lost_connection_anything_may_have_been_missed(two, ear, postgresql):
    pid = ear._connection.info.backend_pid
    end_backend(postgresql, pid)
    with pytest.raises(psycopg.OperationalError):
        hears(ear)
    assert hears(ear) == Heard(any_roused=True, any_touched=True)
