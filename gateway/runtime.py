"""The real runtime: one event loop, one writer thread, reader threads, the shared clock.

Rule kept here: asyncio, threading, time and (from ``gateway.chance``) randomness enter the
gateway through this module, and sockets through transport; its simulated twin is
``gateway.simulation``.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import queue
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import uvloop

from gateway.chance import SystemRandom, TimeIds
from gateway.domain.errors import Corrupt
from gateway.ports.events import SILENT, Log
from gateway.ports.runtime import (
    Batcher,
    Clock,
    Gate,
    GroupRunner,
    Ids,
    Net,
    Random,
    Reader,
    Signal,
    Tasks,
)
from gateway.store.instants import BEIJING

T = TypeVar("T")

_CYCLES_AFTER: Final = 20_000
_GROUP_MAX: Final = 512
_READERS: Final = 4
_CLOCK_CHECK_S: Final = 0.05


class SystemClock:
    """Business time is the machine's time."""

    def now(self) -> datetime:
        """The instant, in Beijing time."""
        return datetime.now(BEIJING)

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()

    def machine_s(self) -> int:
        """Whole seconds since 1970 by the machine's clock, whatever business time is."""
        return int(time.time())


class SharedClock(SystemClock):
    """A business clock kept in a small file, shared by processes; it can be scaled and jumped.

    The file says: at machine time ``anchor`` it was business time ``business``, and since then
    it runs ``scale`` times as fast. Only demonstrations and tests use it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._checked = 0.0
        self._anchor, self._business, self._scale = self._load()

    @classmethod
    def create(cls, path: Path, start: datetime, *, scale: int = 1) -> SharedClock:
        """Start a shared clock at ``start``."""
        cls._store(path, time.time(), start, scale)
        return cls(path)

    def now(self) -> datetime:
        """Business time; another process's jump is seen within 50 ms."""
        tick = time.monotonic()
        if tick - self._checked > _CLOCK_CHECK_S:
            self._checked = tick
            self._anchor, self._business, self._scale = self._load()
        return self._business + timedelta(seconds=(time.time() - self._anchor) * self._scale)

    def jump(self, seconds: int) -> None:
        """Move business time forward (or back) for everybody who shares the file."""
        self._move(self.now() + timedelta(seconds=seconds), self._scale)

    def scale(self, factor: int) -> None:
        """Let business time run ``factor`` times as fast as the machine's."""
        self._move(self.now(), factor)

    def _move(self, business: datetime, scale: int) -> None:
        self._store(self._path, time.time(), business, scale)
        self._checked = 0.0

    def _load(self) -> tuple[float, datetime, int]:
        held = json.loads(self._path.read_text())
        return held["anchor"], datetime.fromisoformat(held["business"]), held["scale"]

    @staticmethod
    def _store(path: Path, anchor: float, business: datetime, scale: int) -> None:
        held = {"anchor": anchor, "business": business.isoformat(), "scale": scale}
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        beside.write_text(json.dumps(held))
        beside.replace(path)


class _Group(threading.local):
    """In a batcher's thread, the signals that its group has set; elsewhere None.

    The loop hears of them together with the group's results: woken for each of them before, its
    thread would contend for the interpreter with the one that is finishing the group.
    """

    signals: list[asyncio.Event] | None = None


_group: Final = _Group()


class _LoopSignal:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = threading.get_ident()
        self._event = asyncio.Event()

    def set(self) -> None:
        # Wake-ups of a commit come from the writer's thread; an Event belongs to its loop's.
        if threading.get_ident() == self._thread:
            self._event.set()
        elif _group.signals is not None:
            _group.signals.append(self._event)
        else:
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, timeout_s: float | None = None) -> bool:
        try:
            # Not wait_for: until Python 3.12 it swallows a cancellation that comes together
            # with the event, and then the task never ends.
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True


class _LoopGate:
    def __init__(self, width: int) -> None:
        self._semaphore = asyncio.Semaphore(width)

    async def __aenter__(self) -> None:
        await self._semaphore.acquire()

    async def __aexit__(self, *exc: object) -> None:
        self._semaphore.release()


_Submitted = tuple[Callable[..., Any], asyncio.Future[Any]]


class _ThreadBatcher:
    """A thread that takes everything that waits and runs it as one group.

    What one turn of the event loop submits is handed over in one piece, when the turn is over:
    the answers that arrive together share a commit, and the thread is woken once for all of them.
    """

    def __init__(
        self,
        name: str,
        run_group: GroupRunner,
        loop: asyncio.AbstractEventLoop,
        on_death: Callable[[str, BaseException], None],
    ) -> None:
        self._loop = loop
        self._name = name
        self._on_death = on_death
        self._dead = False
        self._run_group = run_group
        self._gathered: list[_Submitted] = []
        self._queue: queue.SimpleQueue[list[_Submitted] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def submit(self, job: Callable[..., T]) -> T:
        if self._dead:
            raise self._ended()
        future: asyncio.Future[T] = self._loop.create_future()
        if not self._gathered:
            self._loop.call_soon(self._hand_over)
        self._gathered.append((job, future))
        return await future

    def close(self) -> None:
        self._hand_over()
        self._queue.put(None)
        self._thread.join()

    def _hand_over(self) -> None:
        """Let the thread have what was gathered; after its death nobody may wait for it."""
        gathered, self._gathered = self._gathered, []
        if self._dead:
            for _, future in gathered:
                if not future.done():
                    future.set_exception(self._ended())
        elif gathered:
            self._queue.put(gathered)

    def _ended(self) -> Corrupt:
        return Corrupt(f"the {self._name} thread has ended", f"{self._name} 线程已终止")

    def _work(self) -> None:
        while (group := self._queue.get()) is not None:
            ending = False
            while len(group) < _GROUP_MAX and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    ending = True
                    break
                group += following
            for at in range(0, len(group), _GROUP_MAX):
                self._run(group[at : at + _GROUP_MAX])
            if ending:
                return

    def _run(self, group: Sequence[_Submitted]) -> None:
        _group.signals = []
        try:
            results = self._run_group([job for job, _ in group])
        except BaseException as error:
            # Whatever escapes a group is a fault of ours: every waiter must learn of it, nobody
            # may queue behind a dead thread, and the process must end.
            self._dead = True
            self._deliver([(future, error) for _, future in group])
            self._loop.call_soon_threadsafe(self._on_death, self._name, error)
            raise
        self._deliver(
            [(future, result) for (_, future), result in zip(group, results, strict=True)]
        )

    def _deliver(self, outcomes: list[tuple[asyncio.Future[Any], object]]) -> None:
        signals, _group.signals = _group.signals or (), None

        def settle() -> None:
            for event in signals:
                event.set()
            for future, outcome in outcomes:
                if future.done():
                    continue
                if isinstance(outcome, BaseException):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)

        self._loop.call_soon_threadsafe(settle)


class _OwnThread:
    """One thread that reads for one owner."""

    def __init__(self, name: str, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def read(self, work: Callable[[], T]) -> T:
        return await self._loop.run_in_executor(self._thread, work)

    def close(self, last: Callable[[], object] | None = None) -> None:
        if last is not None:
            self._thread.submit(last)
        self._thread.shutdown(wait=False)


class LoopTasks:
    """Tasks on the running event loop. Made inside the loop."""

    def __init__(self, on_death: Callable[[str, BaseException], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_death = on_death
        self._running: set[asyncio.Task[None]] = set()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="reader")

    def spawn(self, name: str, work: Coroutine[object, object, None]) -> None:
        """Start a task; an exception that leaves it is reported and ends the process."""
        task = self._loop.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_death(task.get_name(), error)

    async def sleep(self, seconds: float) -> None:
        """Wait on the monotonic clock."""
        await asyncio.sleep(seconds)

    def signal(self) -> Signal:
        """A new signal."""
        return _LoopSignal(self._loop)

    def gate(self, width: int) -> Gate:
        """A new gate."""
        return _LoopGate(width)

    def batcher(self, name: str, run_group: GroupRunner) -> Batcher:
        """A batcher on a thread of its own."""
        return _ThreadBatcher(name, run_group, self._loop, self._on_death)

    async def read(self, work: Callable[[], T]) -> T:
        """Run blocking reading work on a reader thread."""
        return await self._loop.run_in_executor(self._readers, work)

    def reader(self, name: str) -> Reader:
        """A reader on a thread of its own."""
        return _OwnThread(name, self._loop)

    async def gather(self, works: Sequence[Awaitable[T]]) -> list[T]:
        """Wait for all; the first exception is raised."""
        return list(await asyncio.gather(*works))

    async def stop(self) -> None:
        """Cancel what still runs and wait for it to end."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._readers.shutdown(wait=True)


class RealRuntime:
    """Everything from outside, for real."""

    def __init__(self, *, clock: Clock, tasks: Tasks, net: Net, log: Log = SILENT) -> None:
        self.clock: Clock = clock
        self.tasks: Tasks = tasks
        self.net: Net = net
        self.log: Log = log
        self.random: Random = SystemRandom()
        self.ids: Ids = TimeIds(self.random)


class Life:
    """How long a process runs: until it is asked to stop, or until a task of it dies."""

    def __init__(self) -> None:
        self._ending = asyncio.Event()
        self.cause = ""
        self.error: BaseException | None = None

    def stop(self) -> None:
        """Ask for a graceful end."""
        self._ending.set()

    def died(self, name: str, error: BaseException) -> None:
        """A task ended with an exception: the process must end, and say why."""
        if self.error is None:
            self.cause, self.error = name, error
        self._ending.set()

    async def ended(self) -> None:
        """Wait for the end."""
        await self._ending.wait()


def seldom_collect() -> None:
    """Let the whole process look for garbage in cycles seldom; for processes that serve.

    A batch makes some hundred thousand records that live for a moment and form no cycle: to
    walk them after every 700, as is usual, takes a sixth of all the time there is.
    """
    gc.freeze()
    gc.set_threshold(_CYCLES_AFTER, *gc.get_threshold()[1:])


def run_process(main: Callable[[Life], Coroutine[Any, Any, int]]) -> int:
    """Run ``main`` on a fresh loop; SIGTERM and SIGINT ask it to stop. Returns its exit code."""
    seldom_collect()

    async def started() -> int:
        life = Life()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, life.stop)
        return await main(life)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(started())
