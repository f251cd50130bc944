"""The store: one writer that commits in groups, many readers.

Jobs that gathered while the last commit was under way share the next one. A job that fails
before it wrote anything is left out; when one fails later, the group is undone and every job
runs in a transaction of its own, so that a stranger's fault never fails yours. Jobs may
therefore run more than once: they must have no effect outside their unit of work.

On PostgreSQL other processes write too: a job that lost a race (deadlock, a key taken meanwhile)
runs again and sees what won, and a lost connection is made anew. When it was lost during a
COMMIT, the mark in the lane's row tells whether that commit happened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Connection, Engine, RootTransaction
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from tenacity import Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_random_exponential

from gateway.domain.errors import Corrupt, DatabaseAway, GatewayError, NoRoom, Overloaded
from gateway.ports.events import (
    DATABASE_BACK,
    DATABASE_FULL,
    DATABASE_LOST,
    LEASE_LOST,
    LEASE_RENEWED,
)
from gateway.ports.runtime import Runtime
from gateway.store.away import is_lost, reached
from gateway.store.committed import Committed, Reporter, nobody
from gateway.store.engine import glancing
from gateway.store.groups import Done, Item, Together, Undo, run_jobs
from gateway.store.instants import to_us
from gateway.store.journal import Lane, Record
from gateway.store.lease import Fenced, Lease
from gateway.store.notify import announce
from gateway.store.prepared import piped
from gateway.store.room import WAIT_S, without_room
from gateway.store.tenancy import EVERYONE, Scoped, Tenants, acting, is_walled, say, taken_apart
from gateway.store.uow import NOTHING_WANTED, Uow, Wanted

T = TypeVar("T")
Probe = Callable[[str], None]
"""Called at named points of every commit; a test may end the process there."""

Keys = Sequence[tuple[str, str]]
Listener = Callable[[Keys | None], None]
"""Told on the writer's thread, after a commit, of (tenant, instruction) with a new version, or of
(tenant, lane) with new work; None: any of them may have changed."""

_WAITING_MAX: Final = 20_000
_AWAY_S: Final = 60
"""How long the database may be away before the process gives up and ends."""
READ_AWAY_S: Final = 10
_RACES_MAX: Final = 8
_LOSSES_MAX: Final = 20
_RACES: Final = frozenset(
    {
        "40001",  # serialisation failure
        "40P01",  # deadlock
        "55P03",  # a lock was not to be had in time
        "23505",  # a key was taken by another process meanwhile: the next look finds it
    }
)


def _no_probe(_: str) -> None:
    """Production: points pass silently."""


def _nobody(_: Keys | None) -> None:
    """Until somebody listens."""


def _stay() -> None:
    """A head that does not move."""


@dataclass(slots=True)
class _Trial:
    """How far one attempt at a transaction came."""

    began: float
    done: Done = field(default_factory=Done)
    records: Sequence[Record] = ()
    move: Callable[[], None] = _stay
    mark: int = 0


class Store:
    """Access to the database. ``write`` returns only after its commit is durable."""

    def __init__(
        self, engine: Engine, runtime: Runtime, *, probe: Probe = _no_probe, role: str = ""
    ) -> None:
        self._engine = engine
        self.shared = engine.dialect.name == "postgresql"
        # What is read in several looks must be of one moment, as it is on SQLite by itself.
        snapshot = {"isolation_level": "REPEATABLE READ"} if self.shared else {}
        self._reading = engine.execution_options(**snapshot)
        self._runtime = runtime
        self._probe = probe
        self._role = role
        self._writer: Connection | None = None
        self._glancing: Connection | None = None
        self._waiting = 0
        self._listener: Listener = _nobody
        self._rouser: Listener = _nobody
        self._reporter: Reporter = nobody
        self._wanted = NOTHING_WANTED
        self._walled = False
        self.lane = Lane(runtime.ids.new("lan"), runtime.random.bytes)
        self.lease = Lease(self.lane.id, runtime.clock.monotonic, shared=self.shared)
        self._batcher = runtime.tasks.batcher("writer", self._run_group)

    def open(self) -> None:
        """Open the writer connection and this process's journal lane, with its lease.

        Raises NoRoom when the disk is full, DatabaseAway when the server cannot be had.
        """
        try:
            if self.shared:
                reached(self._open, READ_AWAY_S)
            else:
                self._open()
        except SQLAlchemyError as error:
            told = without_room(error)
            if isinstance(told, NoRoom):
                raise told from error
            raise

    def _open(self) -> None:
        self._connect()
        writer = self._open_writer()
        with writer.begin():
            self._walled = is_walled(writer)
            if self._walled:
                say(writer, EVERYONE)  # the newest record of the lane before is whoever's
            self.lane.open(writer, to_us(self._runtime.clock.now()), self._role)
            self.lease.open(writer)
        self._glancing = glancing(self._reading)

    def listen(self, listener: Listener) -> None:
        """Let somebody hear, after each commit, which instructions it changed."""
        self._listener = listener

    def tell_of(self, wanted: Wanted) -> None:
        """Let units of work know which changes somebody outside is told of."""
        self._wanted = wanted

    def report(self, reporter: Reporter) -> None:
        """Let somebody tell operators, after each commit, what it recorded."""
        self._reporter = reporter

    @property
    def waiting(self) -> int:
        """Jobs that wait for their commit."""
        return self._waiting

    def on_rouse(self, rouser: Listener) -> None:
        """Let somebody hear, after each commit, which queues have new work."""
        self._rouser = rouser

    async def write(
        self, job: Callable[[Uow], T], *, may_refuse: bool = False, at_once: bool = False
    ) -> T:
        """Run ``job`` in the next group commit and return its result once it is durable.

        Raises what the job raised. Work from outside says ``may_refuse``: it is turned away
        with Overloaded when too many jobs wait, so that what was accepted can still finish; or
        ``at_once``: NoRoom when the disk is full. Everything else waits for room.
        """
        if may_refuse and self._waiting >= _WAITING_MAX:
            raise Overloaded
        scoped = Scoped(job, acting()) if self._walled else job
        self._waiting += 1
        try:
            while True:
                try:
                    return await self._batcher.submit(scoped)
                except NoRoom:
                    self._runtime.log.tell(DATABASE_FULL)
                    if may_refuse or at_once:
                        raise
                await self._runtime.tasks.sleep(WAIT_S)
        finally:
            self._waiting -= 1

    async def gather(self, work: Together, item: object, *, may_refuse: bool = False) -> Any:  # noqa: ANN401 - as ``work`` returns it
        """Have ``item`` done by ``work`` together with its like of the next group commit.

        Items given with an equal ``work`` share one unit of work. An error in their results is
        raised to its own submitter; when ``work`` itself raises, each item is done alone.
        """
        return await self.write(Item(work, item), may_refuse=may_refuse)

    def told(self, roused: Keys | None, touched: Keys | None) -> None:
        """Another process committed: pass it on to who listens here."""
        if roused is None or roused:
            self._rouser(roused)
        if touched is None or touched:
            self._listener(touched)

    async def keep_lease(self) -> None:
        """Renew the lease for ever."""
        while True:
            await self._runtime.tasks.sleep(self.lease.renew_every_s)
            try:
                self.lease.deadline = await self.write(self.lease.renew)
            except Fenced:
                self._runtime.log.tell(LEASE_LOST)
                raise
            self._runtime.log.tell(LEASE_RENEWED)

    async def end_lease(self) -> None:
        """Give the lane up in the last commit of this process: nobody needs to wait for it."""
        await self.write(self.lease.end, at_once=True)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a read-only function on a reader thread; all that it sees is of one moment."""
        tenants = acting()
        return await self._runtime.tasks.read(lambda: self._read(work, tenants))

    async def look(self, work: Callable[[Connection], T]) -> T:
        """``read`` for a task that runs for ever: while the server is away it waits.

        Nobody is told of that by it; how long is too long is for the writer to say, who renews
        the lease and ends the process.
        """
        while True:
            try:
                return await self.read(work)
            except DatabaseAway:
                await self._runtime.tasks.sleep(WAIT_S)

    async def glance(self, work: Callable[[Connection], T]) -> T:
        """``read`` for a look at a row or two of a small table: in a file, on this very thread.

        Waking a reader and being woken by it costs the event loop ten times such a look.
        """
        if self._glancing is not None:
            # Should the file be locked, as in a recovery, a reader can wait and we cannot.
            with suppress(OperationalError):
                try:
                    return work(self._glancing)
                finally:
                    self._glancing.rollback()
        return await self.read(work)

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """The same for synchronous callers (command line, start-up)."""
        return self._read(work, acting())

    def _read(self, work: Callable[[Connection], T], tenants: Tenants) -> T:
        def once() -> T:
            with self._reading.connect() as connection:
                if self._walled:
                    say(connection, tenants)
                return work(connection)

        return reached(once, READ_AWAY_S) if self.shared else once()

    def close(self) -> None:
        """Finish queued jobs and close the writer."""
        self._batcher.close()
        for kept in (self._writer, self._glancing):
            if kept is not None:
                kept.close()
        self._engine.dispose()

    # ── the writer's thread ───────────────────────────────────────────────────────────────

    def _connect(self) -> None:
        """A (new) writer connection; patiently, where the database is a server."""
        if self._writer is not None:
            self._writer.close()

        def once() -> Connection:
            return self._engine.connect().execution_options(begin="IMMEDIATE")

        self._writer = reached(once, _AWAY_S) if self.shared else once()

    def _run_group(self, jobs: Sequence[Callable[..., object]]) -> Sequence[object]:
        """Commit a group; on a failure inside it, each job on its own."""
        try:
            return self._attempt(jobs)
        except Undo as undo:
            if len(jobs) == 1 and not self._is_race(undo.cause):
                return [without_room(undo.cause)]
        return [self._alone(job) for job in jobs]

    def _alone(self, job: Callable[..., object]) -> object:
        """One job in a transaction of its own, again when it lost a race."""
        racing = Retrying(
            retry=retry_if_exception(self._is_lost_race),
            stop=stop_after_attempt(_RACES_MAX),
            wait=wait_random_exponential(multiplier=0.005, max=0.2),
            reraise=True,
        )
        try:
            return racing(self._attempt, [job])[0]
        except Undo as undo:
            return without_room(undo.cause)

    def _is_lost_race(self, error: BaseException) -> bool:
        return isinstance(error, Undo) and self._is_race(error.cause)

    def _is_race(self, error: GatewayError | SQLAlchemyError) -> bool:
        """Whether the job may succeed when it looks again: only where others write too."""
        state = getattr(getattr(error, "orig", None), "sqlstate", None)
        return self.shared and state in _RACES

    def _attempt(self, jobs: Sequence[Callable[..., object]]) -> list[object]:
        """One transaction, begun anew on another connection when the server was lost.

        Raises Undo when it was undone; Fenced when this process may write no more.
        """
        for _ in range(_LOSSES_MAX):
            trial = _Trial(began=self._runtime.clock.monotonic())
            try:
                self._transact(jobs, trial)
            except Undo as undo:
                if not is_lost(undo.cause):
                    raise
                self._runtime.log.tell(DATABASE_LOST, kind="commit" if trial.mark else "statement")
                happened = self._happened(trial)
                self._runtime.log.tell(DATABASE_BACK)
                if not happened:
                    continue
            self._finish(trial)
            return trial.done.results
        raise Corrupt("the database is lost again and again", "数据库连接反复中断")

    def _transact(self, jobs: Sequence[Callable[..., object]], trial: _Trial) -> None:
        """Run and commit; ``trial.mark`` is set once only the COMMIT is left. Raises Undo."""
        writer = self._open_writer()
        transaction: RootTransaction | None = None
        try:
            self._probe("begin")
            transaction = writer.begin()
            if self._walled:
                jobs, tenants = taken_apart(jobs)
                say(writer, tenants)
            trial.done = done = run_jobs(writer, jobs, self._wanted)
            trial.records = [record for uow in done.uows for record in uow.records]
            with piped(writer):
                trial.move = self.lane.append(writer, trial.records)
                if self.shared:
                    announce(writer, self.lane.id, done.roused, done.touched)
            mark = self.lease.count(writer)
            self._probe("commit")
            trial.mark = mark
            transaction.commit()
        except SQLAlchemyError as error:
            if transaction is not None:
                transaction.rollback()
            if not self.shared:
                # A failed COMMIT leaves SQLite's open, and SQLAlchemy sends nothing.
                writer.connection.rollback()
            raise Undo(error) from error
        finally:
            if transaction is not None and transaction.is_active:
                transaction.rollback()

    def _happened(self, trial: _Trial) -> bool:
        """Connect anew, and see whether the lost connection's commit is in the database."""

        def once() -> bool:
            self._connect()
            return trial.mark > 0 and self.lease.happened(self._open_writer(), trial.mark)

        return reached(once, _AWAY_S)

    def _finish(self, trial: _Trial) -> None:
        """After the commit: the lane's head moves, and whoever waits is told."""
        trial.move()
        self.lease.committed(trial.mark)
        self._probe("committed")
        self._reporter(
            Committed(
                lane=self.lane.id,
                seq=self.lane.seq - len(trial.records) + 1,
                records=trial.records,
                jobs=len(trial.done.results),
                seconds=self._runtime.clock.monotonic() - trial.began,
            )
        )
        self.told(trial.done.roused, trial.done.touched)

    def _open_writer(self) -> Connection:
        return cast("Connection", self._writer)
