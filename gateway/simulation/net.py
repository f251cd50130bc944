"""The simulated network between gateway and bank: loses, delays, repeats and cuts, under a seed.

Like the real transport it tells NotSent only when no byte left. A request may arrive long
after its sender gave up or died.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final, Protocol

from gateway.domain.errors import NotSent, Unconfirmed
from gateway.domain.message import WireMessage, WireReply
from gateway.simulation.scheduler import Future, Killed, Process, Scheduler

_OFTEN: Final = 0.7
"""How many of the kinds of fault occur at all under one seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """Rates of the network's faults, each drawn per seed."""

    refuse: float
    lost_request: float
    late_request: float
    repeated_request: float
    lost_reply: float
    kill_before_send: float
    kill_after_send: float

    @classmethod
    def calm(cls) -> Weather:
        """Nothing goes wrong."""
        return cls(
            refuse=0,
            lost_request=0,
            late_request=0,
            repeated_request=0,
            lost_reply=0,
            kill_before_send=0,
            kill_after_send=0,
        )

    @classmethod
    def drawn(cls, draw: Random) -> Weather:
        """A mixture of its own for every seed: some faults often, some never."""

        def rate(most: float) -> float:
            return draw.uniform(0, most) if draw.random() < _OFTEN else 0.0

        return cls(
            refuse=rate(0.2),
            lost_request=rate(0.2),
            late_request=rate(0.1),
            repeated_request=rate(0.1),
            lost_reply=rate(0.2),
            kill_before_send=rate(0.03),
            kill_after_send=rate(0.03),
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bank does with a request: bytes back after a while, or silence."""

    reply: WireReply | None
    delay_s: float = 0.0


class Bank(Protocol):
    """The bank's end of the wire."""

    def handle(self, body: bytes, now: datetime) -> Answer:
        """Execute the request at ``now``."""
        ...


class SimNet:
    """One process's sockets."""

    def __init__(  # noqa: PLR0913 - keyword-only, the parts of a world
        self,
        *,
        scheduler: Scheduler,
        process: Process,
        bank: Bank,
        now: Callable[[], datetime],
        weather: Callable[[], Weather],
        draw: Random,
        witness: Callable[[bytes], None],
    ) -> None:
        self._scheduler = scheduler
        self._process = process
        self._bank = bank
        self._now = now
        self._weather = weather
        self._draw = draw
        self._witness = witness

    async def exchange(
        self,
        url: str,
        message: WireMessage,
        timeout_s: float,
        *,
        may_send: Callable[[], bool] | None = None,
    ) -> WireReply:
        """One request and its fate."""
        del url
        weather, draw = self._weather(), self._draw
        if draw.random() < weather.refuse:
            raise NotSent("connection refused", "连接被拒绝")
        if draw.random() < weather.kill_before_send:
            raise Killed
        if may_send is not None and not may_send():
            raise NotSent("the time in which this process might send was over", "发送时限已过")
        body = message.body()
        self._witness(body)
        reply: Future[WireReply | None] = Future()
        if draw.random() >= weather.lost_request:
            late = draw.random() < weather.late_request
            latency = draw.uniform(30, 900) if late else draw.uniform(0.005, 0.2)
            self._arrive(body, latency, reply)
            if draw.random() < weather.repeated_request:
                self._arrive(body, draw.uniform(0.01, 300), Future())
        if draw.random() < weather.kill_after_send:
            raise Killed
        self._scheduler.call_at(self._scheduler.now_s + timeout_s, lambda: reply.settle(None))
        answer = await reply
        if answer is None:
            raise Unconfirmed("no answer in time", "未按时收到应答")
        return answer

    def _arrive(self, body: bytes, latency_s: float, reply: Future[WireReply | None]) -> None:
        """Deliver the request to the bank later, whether or not its sender still lives."""

        def deliver() -> None:
            answer = self._bank.handle(body, self._now())
            if answer.reply is None or self._draw.random() < self._weather().lost_reply:
                return
            back_s = self._scheduler.now_s + answer.delay_s + self._draw.uniform(0.005, 0.2)
            self._scheduler.call_at(back_s, lambda: reply.settle(answer.reply))

        self._scheduler.call_at(self._scheduler.now_s + latency_s, deliver)
