"""Equal questions share one call to the bank.

Rule kept here: within the bank's minimum interval the same question goes out once; whoever asks
it again gets that answer with the instant it was asked, and never an older one. Midnight ends
that: what was asked of a day while it lasted is no answer to the same words when it is over. What
failed on its way is shared by those who waited for it and by nobody later.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from gateway.domain.errors import BankRefused, GatewayError
from gateway.ports.runtime import Runtime, Signal

A = TypeVar("A")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(Generic[A]):
    """An answer, when the bank was asked for it, and whether somebody else had it asked."""

    answer: A
    asked_at: datetime
    shared: bool


@dataclass(slots=True, kw_only=True)
class _Call(Generic[A]):
    asked_at: datetime
    until_s: float
    """Monotonic: as long as it counts, once it has ended."""
    answer: A | None = None
    error: GatewayError | None = None
    ended: bool = False
    waiting: list[Signal] = field(default_factory=list)


class Sharing(Generic[A]):
    """The calls of one kind of this process that are under way or still count."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._calls: dict[Hashable, _Call[A]] = {}

    async def ask(
        self, question: Hashable, interval_s: float, call: Callable[[], Awaitable[A]]
    ) -> Shared[A]:
        """The answer to ``question``. Raises what ``call`` raises.

        Whoever is first makes the call. Should that task be cancelled in the middle, the next
        in line makes it again: questions change nothing at the bank.
        """
        self._forget()
        while True:
            today = (self._runtime.clock.now().date(), question)
            found = self._calls.get(today)
            if found is None:
                return await self._first(today, interval_s, call)
            if not found.ended:
                await self._wait(found)
            if found.error is not None:
                raise found.error.with_traceback(None)
            if found.answer is not None:
                return Shared(answer=found.answer, asked_at=found.asked_at, shared=True)

    async def _first(
        self, question: Hashable, interval_s: float, call: Callable[[], Awaitable[A]]
    ) -> Shared[A]:
        clock = self._runtime.clock
        mine = self._calls[question] = _Call(
            asked_at=clock.now(), until_s=clock.monotonic() + interval_s
        )
        keep = False
        try:
            answer = mine.answer = await call()
            keep = True
        except GatewayError as error:
            mine.error = error
            # The bank was asked and spoke: so it is not asked again before its interval is over.
            keep = isinstance(error, BankRefused)
            raise
        finally:
            mine.ended = True
            if not keep:
                del self._calls[question]
            for signal in mine.waiting:
                signal.set()
        return Shared(answer=answer, asked_at=mine.asked_at, shared=False)

    async def _wait(self, call: _Call[A]) -> None:
        signal = self._runtime.tasks.signal()
        call.waiting.append(signal)
        await signal.wait()

    def _forget(self) -> None:
        """Drop what no longer counts, so that old statements take no memory."""
        now_s = self._runtime.clock.monotonic()
        over = []
        for key, it in self._calls.items():  # in the order of their asking
            if not it.ended or it.until_s > now_s:
                break
            over.append(key)
        for key in over:
            del self._calls[key]
