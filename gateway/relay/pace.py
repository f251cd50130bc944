"""Calls per second to a bank's front-end, counted on the monotonic clock."""

from __future__ import annotations

from gateway.ports.runtime import Runtime


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
            return 1 << 30
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

    async def turn(self) -> None:
        """Wait for a turn and take it."""
        while self.allowance() <= 0:
            await self._runtime.tasks.sleep(self.wait_s())
        self.take(1)
