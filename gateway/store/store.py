"""The store: one writer that commits in groups, many readers.

Jobs that gathered while the last commit was under way share the next one. A job that fails
before it wrote anything is left out; when one fails later, the group is undone and every job
runs in a transaction of its own, so that a stranger's fault never fails yours. Jobs may
therefore run twice: they must have no effect outside their unit of work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from gateway.domain.errors import GatewayError, Overloaded
from gateway.ports.runtime import Runtime
from gateway.store.instants import to_us
from gateway.store.journal import Lane
from gateway.store.uow import Uow

T = TypeVar("T")
Probe = Callable[[str], None]
"""Called at named points of every commit; a test may end the process there."""

Listener = Callable[[Sequence[tuple[str, str]]], None]
"""Told on the writer's thread, after a commit, which (tenant, instruction) have a new version."""

_WAITING_MAX: Final = 20_000


def _no_probe(_: str) -> None:
    """Production: points pass silently."""


def _nobody(_: Sequence[tuple[str, str]]) -> None:
    """Until somebody listens."""


class Store:
    """Access to the database. ``write`` returns only after its commit is durable."""

    def __init__(self, engine: Engine, runtime: Runtime, *, probe: Probe = _no_probe) -> None:
        self._engine = engine
        self._runtime = runtime
        self._probe = probe
        self._writer: Connection | None = None
        self._waiting = 0
        self._listener: Listener = _nobody
        self.lane = Lane(runtime.ids.new("lan"), runtime.random.bytes)
        self._batcher = runtime.tasks.batcher("writer", self._run_group)

    def open(self) -> None:
        """Open the writer connection and this process's journal lane."""
        self._writer = self._engine.connect().execution_options(begin="IMMEDIATE")
        with self._writer.begin():
            self.lane.open(self._writer, to_us(self._runtime.clock.now()))

    def listen(self, listener: Listener) -> None:
        """Let somebody hear, after each commit, which instructions it changed."""
        self._listener = listener

    async def write(self, job: Callable[[Uow], T], *, may_refuse: bool = False) -> T:
        """Run ``job`` in the next group commit and return its result once it is durable.

        Raises what the job raised. Work from outside says ``may_refuse``: it is turned away
        with Overloaded when too many jobs wait, so that what was accepted can still finish.
        """
        if may_refuse and self._waiting >= _WAITING_MAX:
            raise Overloaded
        self._waiting += 1
        try:
            return await self._batcher.submit(job)
        finally:
            self._waiting -= 1

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a read-only function on a reader thread with a connection of its own."""

        def run() -> T:
            with self._engine.connect() as connection:
                return work(connection)

        return await self._runtime.tasks.read(run)

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """The same for synchronous callers (command line, start-up)."""
        with self._engine.connect() as connection:
            return work(connection)

    def close(self) -> None:
        """Finish queued jobs and close the writer."""
        self._batcher.close()
        if self._writer is not None:
            self._writer.close()
        self._engine.dispose()

    def _run_group(self, jobs: Sequence[Callable[..., object]]) -> Sequence[object]:
        """Commit a group; on a failure inside it, each job on its own."""
        results = self._attempt(jobs)
        if results is not None:
            return results
        return [cast("list[object]", self._attempt([job], alone=True))[0] for job in jobs]

    def _attempt(
        self, jobs: Sequence[Callable[..., object]], *, alone: bool = False
    ) -> list[object] | None:
        """One transaction; None when it was undone and must be retried job by job."""
        writer = cast("Connection", self._writer)
        results: list[object] = []
        done: list[Uow] = []
        self._probe("begin")
        transaction = writer.begin()
        try:
            for job in jobs:
                uow = Uow(writer)
                try:
                    results.append(job(uow))
                    uow.flush()
                except (GatewayError, SQLAlchemyError) as error:
                    # After an I/O error SQLite may have undone everybody's rows by itself.
                    undo = uow.wrote or isinstance(error, SQLAlchemyError)
                    if undo and not alone:
                        transaction.rollback()
                        return None
                    if undo:
                        transaction.rollback()
                        return [error]
                    results.append(error)
                    continue
                done.append(uow)
            move = self.lane.append(writer, [record for uow in done for record in uow.records])
            self._probe("commit")
            transaction.commit()
        except SQLAlchemyError as error:
            transaction.rollback()
            writer.connection.rollback()  # a failed COMMIT leaves it open; SQLAlchemy sends nothing
            return [error] * len(jobs) if alone or len(jobs) == 1 else None
        finally:
            if transaction.is_active:
                transaction.rollback()
        move()
        self._probe("committed")
        for wake in (wake for uow in done for wake in uow.wakes):
            wake()
        self._listener([key for uow in done for key in uow.touched])
        return results
