"""Clock, randomness, tasks and writer of one simulated process."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from gateway.ports.events import SILENT, Log
from gateway.ports.runtime import Batcher, Clock, Gate, GroupRunner, Ids, Net, Reader, Signal, Tasks
from gateway.ports.runtime import Random as RandomPort
from gateway.simulation.scheduler import Future, Killed, Process, Scheduler, gather
from gateway.store.instants import BEIJING

T = TypeVar("T")
START: Final = datetime(2026, 9, 15, 10, 0, tzinfo=BEIJING)


class SimClock:
    """Business time runs with virtual time and may be made to jump; monotonic time never does."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self.offset = timedelta()

    def now(self) -> datetime:
        """Business time."""
        return START + self.offset + timedelta(seconds=self._scheduler.now_s)

    def monotonic(self) -> float:
        """Virtual seconds."""
        return self._scheduler.now_s


class SimRandom:
    """Seeded randomness."""

    def __init__(self, generator: random.Random) -> None:
        self._generator = generator

    @classmethod
    def seeded(cls, seed: int) -> SimRandom:
        """The same numbers for the same seed, in every process."""
        return cls(random.Random(seed))  # noqa: S311 - a seed is the point

    def bytes(self, count: int) -> bytes:
        """``count`` bytes drawn from the seed."""
        return self._generator.randbytes(count)

    def uniform(self, low: float, high: float) -> float:
        """A number drawn from the seed."""
        return self._generator.uniform(low, high)


class SimIds:
    """Counting ids: readable in a failing trace, unique over restarts of one world."""

    def __init__(self) -> None:
        self._next = 0

    def new(self, kind: str) -> str:
        """The next id."""
        self._next += 1
        return f"{kind}_{self._next:08d}"


class _SimSignal:
    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._set = False
        self._waiting: Future[bool] | None = None

    def set(self) -> None:
        self._set = True
        if self._waiting is not None:
            self._waiting.settle(True)

    async def wait(self, timeout_s: float | None = None) -> bool:
        if not self._set:
            waiting: Future[bool] = Future()
            self._waiting = waiting
            if timeout_s is not None:
                self._scheduler.call_at(
                    self._scheduler.now_s + timeout_s,
                    lambda: waiting.settle(False),
                )
            await waiting
            self._waiting = None
        was_set, self._set = self._set, False
        return was_set


class _SimGate:
    def __init__(self, width: int) -> None:
        self._free = width
        self._waiters: list[Future[None]] = []

    async def __aenter__(self) -> None:
        while self._free == 0:
            turn: Future[None] = Future()
            self._waiters.append(turn)
            await turn
        self._free -= 1

    async def __aexit__(self, *exc: object) -> None:
        self._free += 1
        if self._waiters:
            self._waiters.pop(0).settle(None)


class _SimBatcher:
    """Gathers jobs for a drawn while, runs them as a group, delivers results a while later."""

    def __init__(
        self,
        scheduler: Scheduler,
        process: Process,
        run_group: GroupRunner,
        draw: Callable[[float, float], float],
    ) -> None:
        self._scheduler = scheduler
        self._process = process
        self._run_group = run_group
        self._draw = draw
        self._queue: list[tuple[Callable[..., Any], Future[Any]]] = []

    async def submit(self, job: Callable[..., T]) -> T:
        future: Future[T] = Future()
        if not self._queue:
            self._later(self._run)
        self._queue.append((job, future))
        return await future

    def close(self) -> None:
        self._run()

    def _later(self, action: Callable[[], None]) -> None:
        self._scheduler.call_at(self._scheduler.now_s + self._draw(0.0, 0.003), action)

    def _run(self) -> None:
        group, self._queue = self._queue, []
        if not group or not self._process.alive:
            return
        try:
            results = self._run_group([job for job, _ in group])
        except Killed:
            self._process.die()
            return

        def deliver() -> None:
            for (_, future), result in zip(group, results, strict=True):
                if isinstance(result, BaseException):
                    future.settle(None, result)
                else:
                    future.settle(result)

        self._later(deliver)


class _SimReader:
    """Everything here is one thread already."""

    closed = False

    async def read(self, work: Callable[[], T]) -> T:
        return work()

    def close(self, last: Callable[[], object] | None = None) -> None:
        self.closed = True
        if last is not None:
            last()


class SimTasks:
    """Tasks of one simulated process."""

    def __init__(
        self, scheduler: Scheduler, process: Process, draw: Callable[[float, float], float]
    ) -> None:
        self._scheduler = scheduler
        self._process = process
        self._draw = draw

    def spawn(self, name: str, work: Coroutine[object, object, None]) -> None:
        """Start a task; an exception that leaves it ends the simulation."""
        del name
        self._scheduler.spawn(self._process, work)

    async def sleep(self, seconds: float) -> None:
        """Wait in virtual time."""
        future: Future[None] = Future()
        self._scheduler.call_at(self._scheduler.now_s + seconds, lambda: future.settle(None))
        await future

    def signal(self) -> Signal:
        """A new signal."""
        return _SimSignal(self._scheduler)

    def gate(self, width: int) -> Gate:
        """A new gate."""
        return _SimGate(width)

    def batcher(self, name: str, run_group: GroupRunner) -> Batcher:
        """A simulated writer."""
        del name
        return _SimBatcher(self._scheduler, self._process, run_group, self._draw)

    async def read(self, work: Callable[[], T]) -> T:
        """Reading takes no virtual time."""
        return work()

    def reader(self, name: str) -> Reader:
        """A reader that takes no virtual time."""
        del name
        return _SimReader()

    async def gather(self, works: Sequence[Awaitable[T]]) -> list[T]:
        """Wait for all."""
        return await gather(self._scheduler, self._process, works)


class SimRuntime:
    """Everything from outside, simulated."""

    def __init__(
        self, *, clock: Clock, tasks: Tasks, net: Net, ids: Ids, generator: RandomPort
    ) -> None:
        self.clock: Clock = clock
        self.tasks: Tasks = tasks
        self.net: Net = net
        self.random: RandomPort = generator
        self.ids: Ids = ids
        self.log: Log = SILENT
