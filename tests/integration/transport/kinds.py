"""Every transport that the table of outcomes is held against; a further one is a further entry."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, cast

import httpx
import uvloop

from gateway.domain.errors import NotSent, Unconfirmed
from gateway.domain.message import Segment, WireMessage, WireReply
from gateway.ports.erp_api import Call
from gateway.ports.webhooks import Reach
from gateway.transport.api_line import ApiLine, Place
from gateway.transport.egress_rules import read_network
from gateway.transport.http_client import HttpNet
from gateway.transport.httpx_transport import DirectTransport
from gateway.transport.limits import ClientLimits

MESSAGE = WireMessage((Segment(b"<FOX>"), Segment(b"secret", secret=True)), "application/xml")
LIMITS = ClientLimits(connections_max=4, body_max=64 * 1024, head_max=8 * 1024, idle_s=30.0)
PATIENCE_S = 5.0
SHORT_S = 0.3


@contextlib.asynccontextmanager
async def direct(limits: ClientLimits, tls: ssl.SSLContext | None) -> AsyncIterator[HttpNet]:
    net = HttpNet(limits=limits, tls=tls)
    try:
        yield net
    finally:
        await net.aclose()


@contextlib.asynccontextmanager
async def through_httpx(limits: ClientLimits, tls: ssl.SSLContext | None) -> AsyncIterator[HttpNet]:
    transport = DirectTransport(limits, tls=tls)
    async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
        yield HttpNet(client=client, limits=limits)


@contextlib.asynccontextmanager
async def plain_httpx(limits: ClientLimits, tls: ssl.SSLContext | None) -> AsyncIterator[HttpNet]:
    pool = httpx.Limits(max_connections=limits.connections_max)
    async with httpx.AsyncClient(verify=tls or True, limits=pool, trust_env=False) as client:
        yield HttpNet(client=client, limits=limits)


class LineNet:
    """An ERP's line under the API of ``HttpNet``; lines of all time-outs share one pool."""

    def __init__(self, limits: ClientLimits, tls: ssl.SSLContext | None) -> None:
        self._limits = limits
        self._tls = tls
        self._reach = Reach(
            networks=(read_network("127.0.0.0/8"),), ports=tuple(range(1, 65536)), plain_http=True
        )
        self._lines: dict[tuple[str, float], ApiLine] = {}

    async def exchange(self, url: str, message: WireMessage, timeout_s: float) -> WireReply:
        key = (url, timeout_s)
        if key not in self._lines:
            place = Place(url=url, timeout_s=timeout_s)
            line = ApiLine(place, self._reach, tls=self._tls, limits=self._limits)
            line._pool = next(iter(self._lines.values()), line)._pool
            self._lines[key] = line
        head = (("Content-Type", message.content_type),)
        call = Call(method="POST", path="/", endpoint="test", headers=head, body=message.body())
        reply = await self._lines[key].call(call)
        return WireReply(reply.status, reply.headers.get("content-type", ""), reply.body)

    async def aclose(self) -> None:
        for line in self._lines.values():
            await line.aclose()


@contextlib.asynccontextmanager
async def erp_line(limits: ClientLimits, tls: ssl.SSLContext | None) -> AsyncIterator[HttpNet]:
    net = LineNet(limits, tls)
    try:
        yield cast("HttpNet", net)
    finally:
        await net.aclose()


@dataclass(frozen=True)
class Kind:
    make: Callable[[ClientLimits, ssl.SSLContext | None], Any]
    loop: Callable[[], asyncio.AbstractEventLoop]
    knows: bool = True
    """Whether it can know that nothing was written. A stranger's client cannot."""

    def run(
        self,
        story: Callable[[HttpNet], Coroutine[Any, Any, None]],
        *,
        limits: ClientLimits = LIMITS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        async def whole() -> None:
            async with self.make(limits, tls) as net:
                await story(net)

        with asyncio.Runner(loop_factory=self.loop) as runner:
            runner.run(whole())

    @property
    def unsent(self) -> type[Exception]:
        """What a failure before the write must be called by this transport."""
        return NotSent if self.knows else Unconfirmed


KINDS = {
    "direct-uvloop": Kind(direct, uvloop.new_event_loop),
    "direct-asyncio": Kind(direct, asyncio.new_event_loop),
    "erp-line": Kind(erp_line, uvloop.new_event_loop),
    "httpx-over-direct": Kind(through_httpx, uvloop.new_event_loop),
    "plain-httpx": Kind(plain_httpx, asyncio.new_event_loop, knows=False),
}


def send(net: HttpNet, url: str, timeout_s: float = PATIENCE_S) -> Coroutine[Any, Any, WireReply]:
    return net.exchange(url, MESSAGE, timeout_s)


async def outcome(exchange: Awaitable[WireReply]) -> type | WireReply:
    """The reply, or exactly which of the two errors."""
    try:
        return await exchange
    except (NotSent, Unconfirmed) as error:
        return type(error)
