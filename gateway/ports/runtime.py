"""Clock, randomness, tasks, threads and sockets as Protocols.

Gateway code reaches them only through here. ``gateway.runtime`` implements them for
real, ``gateway.simulation`` under one seed on one thread with virtual time; the same rooms
run on both, unchanged.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from gateway.domain.message import WireMessage, WireReply
from gateway.ports.events import Log

T = TypeVar("T")


class Clock(Protocol):
    """Two clocks: the shared business clock, and a monotonic one for time-outs and leases."""

    def now(self) -> datetime:
        """Business time (aware, Asia/Shanghai), shared by gateway and sandbox; it may jump."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever grow; never compared between machines."""
        ...


class Random(Protocol):
    """Randomness: ids, salts, jitter."""

    def bytes(self, count: int) -> bytes:
        """``count`` random bytes."""
        ...

    def uniform(self, low: float, high: float) -> float:
        """A random number for jitter; never near money."""
        ...


class Ids(Protocol):
    """Identifiers that sort by time."""

    def new(self, kind: str) -> str:
        """A fresh id such as ``ins_01…``, unique for ever, sortable by creation."""
        ...


class Signal(Protocol):
    """A flag that tasks wait on. Setting it wakes everybody; waiting clears it."""

    def set(self) -> None:
        """Wake the waiters, or let the next wait pass at once."""
        ...

    async def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until set (True) or until ``timeout_s`` of monotonic time passed (False)."""
        ...


class Gate(Protocol):
    """A counting semaphore as a context manager."""

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, *exc: object) -> None: ...


class Job(Protocol):
    """Work for a batcher: called on its thread; the return value goes to the submitter."""


class Batcher(Protocol):
    """A queue in front of ONE worker that takes whatever has gathered and does it as a group."""

    async def submit(self, job: Callable[..., T]) -> T:
        """Queue ``job`` and wait for its own result; its exception is raised here."""
        ...

    def close(self) -> None:
        """Finish what is queued, then stop the worker."""
        ...


class Reader(Protocol):
    """A thread of one's own for blocking reading: everything given to it runs there, in order.

    Needed where a library's objects must not be shared by threads that run at the same time: a
    parser of XML that is fed in steps, for one.
    """

    async def read(self, work: Callable[[], T]) -> T:
        """Run ``work`` on that thread; its exception is raised here."""
        ...

    def close(self, last: Callable[[], object] | None = None) -> None:
        """End the thread once what it is doing is done, and after that ``last``."""
        ...


GroupRunner = Callable[[Sequence[Callable[..., object]]], Sequence[object]]
"""Runs a group; returns, position by position, each job's result or its exception."""


class Tasks(Protocol):
    """Concurrency: tasks on one loop, one writer thread, reader threads."""

    def spawn(self, name: str, work: Coroutine[object, object, None]) -> None:
        """Start a task. An exception that leaves it stops the process: nothing dies silently."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait on the monotonic clock."""
        ...

    def signal(self) -> Signal:
        """A new, unset signal."""
        ...

    def gate(self, width: int) -> Gate:
        """A gate that lets ``width`` tasks through at once."""
        ...

    def batcher(self, name: str, run_group: GroupRunner) -> Batcher:
        """A batcher on a thread of its own."""
        ...

    async def read(self, work: Callable[[], T]) -> T:
        """Run blocking reading work on a reader thread."""
        ...

    def reader(self, name: str) -> Reader:
        """A reader on a thread of its own; whoever asks for it closes it."""
        ...

    async def gather(self, works: Sequence[Awaitable[T]]) -> list[T]:
        """Wait for all; the first exception is raised."""
        ...


class Net(Protocol):
    """Bytes out, bytes back."""

    async def exchange(
        self,
        url: str,
        message: WireMessage,
        timeout_s: float,
        *,
        may_send: Callable[[], bool] | None = None,
    ) -> WireReply:
        """Send a message to a bank's front-end and read its reply.

        ``may_send`` is asked once everything else stands, right before the first byte; what
        it says counts then, however long connecting took. Raises NotSent only if no byte was
        handed to the socket, else Unconfirmed.
        """
        ...


class Runtime(Protocol):
    """Everything from outside that rooms may use."""

    @property
    def clock(self) -> Clock:
        """The shared and the monotonic clock."""
        ...

    @property
    def random(self) -> Random:
        """Randomness."""
        ...

    @property
    def ids(self) -> Ids:
        """Fresh identifiers."""
        ...

    @property
    def tasks(self) -> Tasks:
        """Concurrency."""
        ...

    @property
    def net(self) -> Net:
        """The way to the banks."""
        ...

    @property
    def log(self) -> Log:
        """Where operators are told what happens."""
        ...
