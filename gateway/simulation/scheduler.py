"""A deterministic scheduler: coroutines, virtual time, processes that can be killed.

A killed process simply never runs again: its coroutines stay where they stopped, as after
SIGKILL. What others (the network, the bank) had planned goes on.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from inspect import CORO_CREATED, getcoroutinestate
from typing import Any, Generic, TypeVar, cast

from gateway.domain.errors import Corrupt, GatewayError

T = TypeVar("T")


class Killed(BaseException):
    """The process ended here. Not an Exception: nothing in the gateway may catch it."""


class Future(Generic[T]):
    """A result to wait for."""

    __slots__ = ("_done", "_error", "_value", "_waiters")

    def __init__(self) -> None:
        self._done = False
        self._value: T | None = None
        self._error: BaseException | None = None
        self._waiters: list[Callable[[], None]] = []

    @property
    def done(self) -> bool:
        """Whether a result is there."""
        return self._done

    @property
    def watched(self) -> bool:
        """Whether somebody waits for the result."""
        return bool(self._waiters)

    def settle(self, value: T | None, error: BaseException | None = None) -> None:
        """Set the result once; later results are ignored (the waiter has gone on)."""
        if self._done:
            return
        self._done, self._value, self._error = True, value, error
        for waiter in self._waiters:
            waiter()
        self._waiters.clear()

    def when_done(self, waiter: Callable[[], None]) -> None:
        """Call ``waiter`` once there is a result."""
        if self._done:
            waiter()
        else:
            self._waiters.append(waiter)

    def __await__(self) -> Generator[Future[T], None, T]:
        if not self._done:
            yield self
        if self._error is not None:
            raise self._error
        return cast("T", self._value)


def _nobody_looks() -> None:
    """A death that nobody waits for."""


class Process:
    """A group of tasks that live and die together."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.graveyard: list[Coroutine[Any, Any, Any]] = []
        self.on_death: Callable[[], None] = _nobody_looks

    def die(self) -> None:
        """End here, now."""
        if self.alive:
            self.alive = False
            self.on_death()


class Scheduler:
    """Virtual time and a ready queue.

    Ties are broken by the order of planning: same seed, same run.
    """

    def __init__(self) -> None:
        self.now_s = 0.0
        self.steps = 0
        self._ready: deque[Callable[[], None]] = deque()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0

    def call_at(self, at_s: float, action: Callable[[], None]) -> None:
        """Plan an action at a virtual instant."""
        self._order += 1
        heapq.heappush(self._timers, (max(at_s, self.now_s), self._order, action))

    def call_soon(self, action: Callable[[], None]) -> None:
        """Plan an action for the next step."""
        self._ready.append(action)

    def spawn(self, process: Process, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine as a task of ``process``.

        An expected error settles a future that somebody waits for; anything else ends the
        simulation.
        """
        result: Future[T] = Future()
        process.graveyard.append(work)

        def step() -> None:
            if not process.alive:
                if getcoroutinestate(work) == CORO_CREATED:
                    work.close()  # nothing of it ever ran, so closing it runs nothing
                return
            self.steps += 1
            try:
                waited = work.send(None)
            except StopIteration as ended:
                process.graveyard.remove(work)
                result.settle(ended.value)
            except Killed:
                process.die()
            except GatewayError as error:
                process.graveyard.remove(work)
                if not result.watched:
                    raise
                result.settle(None, error)
            else:
                waited.when_done(lambda: self.call_soon(step))

        self.call_soon(step)
        return result

    def run(self, until: Callable[[], bool], limit_s: float) -> bool:
        """Run until the condition holds (True) or virtual time passes ``limit_s`` (False)."""
        while not until():
            if self._ready:
                self._ready.popleft()()
            elif self._timers and self._timers[0][0] <= limit_s:
                at_s, _, action = heapq.heappop(self._timers)
                self.now_s = at_s
                action()
            else:
                return False
        return True

    def run_for(self, span_s: float) -> None:
        """Let virtual time pass."""
        end_s = self.now_s + span_s
        self.run(lambda: False, end_s)
        self.now_s = max(self.now_s, end_s)


async def gather(scheduler: Scheduler, process: Process, works: Sequence[Awaitable[T]]) -> list[T]:
    """Wait for all, in order."""

    async def wait(work: Awaitable[T]) -> T:
        return await work

    futures = [
        # A coroutine is its own task: one that never begins is then closed as what it is.
        scheduler.spawn(process, work if isinstance(work, Coroutine) else wait(work))
        for work in works
    ]
    return [await future for future in futures]


def require(condition: bool, message: str) -> None:  # noqa: FBT001 - an assertion
    """Raise Corrupt when the simulation itself is wrong."""
    if not condition:
        raise Corrupt(message)
