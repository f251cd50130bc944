"""Waiting until an instruction changes (long poll), without asking the database again and again.

Rule kept here: whoever waits is known before the first look, and commits are announced after
they are durable: no change falls between the look and the wait.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from sqlalchemy import Connection, select

from gateway.domain.errors import NotFound, Overloaded
from gateway.lifecycle.staging import accepted
from gateway.ports.runtime import Runtime, Signal
from gateway.store import tables

T = TypeVar("T")
_Key = tuple[str, str]

WAITERS_MAX: Final = 1000
"""Most that wait at once in one process."""
TENANT_WAITERS_MAX: Final = 250
"""Most of them that one tenant may have, so that none can shut out the others."""


def version_of(db: Connection, tenant: str, instruction: str) -> int:
    """The version of an accepted instruction: it grows with every change. Raises NotFound."""
    it = tables.instruction
    row = db.execute(
        select(it.c.version).where(it.c.tenant == tenant, it.c.id == instruction, accepted())
    ).first()
    if row is None:
        raise NotFound
    return int(row.version)


class Notices:
    """Who waits for which instruction in this process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._waiting: dict[_Key, tuple[Signal, ...]] = {}
        self._counts: dict[str, int] = {}
        self._closed = False

    def announce(self, keys: Sequence[_Key] | None) -> None:
        """These (tenant, instruction) changed, or any of them; called after the commit.

        It only reads the dictionary, whose values are never altered in place: the loop's thread
        may add and remove waiters meanwhile.
        """
        if self._waiting:
            for key in tuple(self._waiting) if keys is None else keys:
                for signal in self._waiting.get(key, ()):
                    signal.set()

    def close(self) -> None:
        """Let everybody go who waits, and nobody wait any more: the process is about to end."""
        self._closed = True
        for signals in self._waiting.values():
            for signal in signals:
                signal.set()

    @property
    def waiters(self) -> int:
        """How many wait now."""
        return sum(self._counts.values())

    async def until(
        self,
        key: _Key,
        look: Callable[[], Awaitable[T]],
        enough: Callable[[T], bool],
        wait_s: int,
    ) -> T:
        """What ``look`` finds once ``enough`` says so, or else after ``wait_s`` seconds.

        ``key`` is (tenant, instruction). It looks once at first and once after each change.
        Raises Overloaded when too many wait already, and what ``look`` raises.
        """
        clock = self._runtime.clock
        deadline = clock.monotonic() + wait_s
        signal = self._enter(key)
        try:
            while True:
                found = await look()
                left_s = deadline - clock.monotonic()
                if enough(found) or left_s <= 0 or self._closed:
                    return found
                await signal.wait(left_s)
        finally:
            self._leave(key, signal)

    def _enter(self, key: _Key) -> Signal:
        mine = self._counts.get(key[0], 0)
        if self.waiters >= WAITERS_MAX or mine >= TENANT_WAITERS_MAX:
            raise Overloaded(
                "too many calls are waiting; ask without wait, or later",
                "等待中的请求过多，请去掉 wait 或稍后再试",
            )
        signal = self._runtime.tasks.signal()
        self._counts[key[0]] = mine + 1
        self._waiting[key] = (*self._waiting.get(key, ()), signal)
        return signal

    def _leave(self, key: _Key, signal: Signal) -> None:
        self._counts[key[0]] -= 1
        left = tuple(it for it in self._waiting[key] if it is not signal)
        if left:
            self._waiting[key] = left
        else:
            del self._waiting[key]
