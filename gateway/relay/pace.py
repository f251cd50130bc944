"""Calls per second to a bank's front-end, counted on the monotonic clock."""

from __future__ import annotations

from typing import Final

from gateway.ports.events import OUT_OF_PACE
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Connection
from gateway.relay import shares
from gateway.store.store import Store
from gateway.store.uow import Uow

_BUSY_S: Final = 0.01


class Pace:
    """A token bucket of one second's worth of calls; rate 0 is unbounded."""

    def __init__(self, runtime: Runtime, rate_per_s: int) -> None:
        self._runtime = runtime
        self._rate = rate_per_s
        self._tokens_millis = rate_per_s * 1000
        self._seen = runtime.clock.monotonic()

    def allowance(self) -> int:
        """How many calls may start now."""
        if not self._rate:
            return shares.UNBOUNDED
        now = self._runtime.clock.monotonic()
        gained = int((now - self._seen) * self._rate * 1000)
        if gained:
            self._seen = now
            self._tokens_millis = min(self._tokens_millis + gained, self._rate * 1000)
        return self._tokens_millis // 1000

    def take(self, calls: int) -> None:
        """Count calls that start."""
        if self._rate:
            self._tokens_millis -= calls * 1000

    def wait_s(self) -> float:
        """Seconds until one call may start; 0 when one may now."""
        return 0.0 if self.allowance() > 0 else 1 / self._rate

    def spare(self) -> bool:
        """Whether a call may start that payments do not need: the last one is kept for them."""
        return self.allowance() > min(self._rate - 1, 1) if self._rate else True

    async def turn(self) -> None:
        """Wait for a turn and take it."""
        while self.allowance() <= 0:
            self._runtime.log.tell(OUT_OF_PACE, seconds=self.wait_s())
            await self._runtime.tasks.sleep(self.wait_s())
        self.take(1)


class SharedPace(Pace):
    """The same where other processes call too: what counts is the bucket in the database."""

    def __init__(self, runtime: Runtime, store: Store, tenant: str, connection: Connection) -> None:
        super().__init__(runtime, connection.rate_per_s)
        self._store = store
        self._tenant = tenant
        self._connection = connection

    async def turn(self) -> None:
        """Wait for a turn of this process, then for one among all."""
        await super().turn()
        while wait_s := await self._store.write(self._take_one):
            await self._runtime.tasks.sleep(wait_s)

    def _take_one(self, uow: Uow) -> float:
        """Take a token; else seconds until it makes sense to try again."""
        if not self._connection.rate_per_s:
            return 0.0
        turn = shares.take_turn(uow, self._tenant, self._connection)
        if turn is None:
            return _BUSY_S
        if turn.calls > 0:
            shares.spend(uow, self._tenant, self._connection, turn, 1)
        return turn.wait_s


def pace_of(runtime: Runtime, store: Store, tenant: str, connection: Connection) -> Pace:
    """The pace of a connection."""
    if store.shared and connection.rate_per_s:
        return SharedPace(runtime, store, tenant, connection)
    return Pace(runtime, connection.rate_per_s)
