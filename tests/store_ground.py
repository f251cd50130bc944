"""A store for tests: time stands still unless told, groups run when told, nothing is random."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, Engine, select

from gateway.ports.events import SILENT
from gateway.simulation.schema import lay_tables
from gateway.store import tables
from gateway.store.engine import sqlite_engine
from gateway.store.instants import BEIJING, to_us
from gateway.store.journal import Record
from gateway.store.store import Store

START = datetime(2026, 9, 15, 10, 0, tzinfo=BEIJING)
NOW_US = to_us(START)


class StillClock:
    """A clock that moves only by hand."""

    def __init__(self) -> None:
        self.at = START
        self.ticks = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.ticks

    def pass_time(self, **span: float) -> None:
        """Both clocks move on."""
        self.at += timedelta(**span)
        self.ticks += timedelta(**span).total_seconds()


class CountedRandom:
    """Bytes that never repeat and are the same in every run."""

    def __init__(self, seed: str = "") -> None:
        self._seed = seed
        self._drawn = 0

    def bytes(self, count: int) -> bytes:
        self._drawn += 1
        return sha256(f"{self._seed}/{self._drawn}".encode()).digest()[:count]

    def uniform(self, low: float, high: float) -> float:
        return (low + high) / 2


class CountedIds:
    """Ids that count, over all stores of one test."""

    def __init__(self) -> None:
        self._last = 0

    def new(self, kind: str) -> str:
        self._last += 1
        return f"{kind}_{self._last:06d}"


class GroupTasks:
    """Only a batcher that runs a group at once; its group runner is kept for tests to call."""

    def __init__(self) -> None:
        self.run_group: Callable[[Sequence[Callable[..., object]]], Sequence[object]] | None = None

    def batcher(self, name: str, run_group) -> GroupTasks:
        assert name == "writer"
        self.run_group = run_group
        return self

    async def submit(self, job):
        assert self.run_group is not None
        result = self.run_group([job])[0]
        if isinstance(result, BaseException):
            raise result
        return result

    async def read(self, job):
        return job()

    def close(self) -> None:
        """Nothing waits."""


class GroupRuntime:
    """What a store needs from outside, and no more."""

    def __init__(self, ids: CountedIds | None = None, seed: str = "") -> None:
        self.clock = StillClock()
        self.random = CountedRandom(seed)
        self.ids = ids or CountedIds()
        self.tasks = GroupTasks()
        self.log = SILENT


class Bench:
    """A store whose groups are made by hand. ``points`` are the commit points that passed."""

    def __init__(self, engine: Engine, *, ids: CountedIds | None = None, seed: str = "") -> None:
        self.engine = engine
        self.runtime = GroupRuntime(ids, seed)
        self.points: list[str] = []
        self.store = Store(engine, self.runtime, probe=self.points.append)
        self.store.open()

    def group(self, *jobs: Callable[..., object]) -> Sequence[object]:
        """Commit these jobs as one group; results and errors position by position."""
        run_group = self.runtime.tasks.run_group
        assert run_group is not None
        return run_group(jobs)

    def rows(self, table, *order) -> list:
        with self.engine.connect() as db:
            return list(db.execute(select(table).order_by(*order)).all())

    def marks(self) -> list[str]:
        """Names written by ``mark``."""
        return [row.nonce for row in self.rows(tables.nonce, tables.nonce.c.nonce)]

    def journal(self) -> list:
        """All journal records in order."""
        return self.rows(tables.journal, tables.journal.c.lane, tables.journal.c.seq)


@contextmanager
def bench(path: str = ":memory:", *, schema: bool = True):
    """A fresh store on its own database."""
    engine = sqlite_engine(path)
    if schema:
        lay_tables(engine)
    it = Bench(engine)
    with closing(it.store):
        yield it


def record(subject: str = "s", kind: str = "test") -> Record:
    """A journal record."""
    return Record(tenant="t", kind=kind, subject=subject, at_us=NOW_US, content={"of": subject})


def mark(name: str, *, journal: bool = True, flush: bool = False, then: Exception | None = None):
    """A job that writes one small row under ``name``, perhaps a record, and may fail after that."""

    def job(uow) -> str:
        uow.add(tables.nonce, {"key": "k", "nonce": name, "at_us": NOW_US})
        if journal:
            uow.journal(record(name))
        if flush:
            uow.flush()
        if then is not None:
            raise then
        return name

    return job


def scalar(db: Connection, sql: str) -> object:
    """One value of a raw query."""
    return db.exec_driver_sql(sql).scalar()
