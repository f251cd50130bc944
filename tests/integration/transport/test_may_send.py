"""The last question before the first byte: may this process still send?"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

import pytest
import uvloop

from gateway.domain.errors import NotSent
from gateway.domain.message import Segment, WireMessage, WireReply
from gateway.transport.http_client import HttpNet
from gateway.transport.limits import ClientLimits
from tests.integration.transport.faults import FaultServer, Peer
from tests.integration.transport.kinds import direct, through_httpx

MESSAGE = WireMessage((Segment(b"<FOX/>"),), "application/xml")
KINDS = {"own pool": direct, "httpx": through_httpx}


def answering(peer: Peer) -> None:
    while peer.answer():
        continue


def run(kind: str, story, **words) -> None:
    async def whole() -> None:
        async with KINDS[kind](ClientLimits(), words.get("tls")) as net:
            await story(net)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        loop.run(whole())


async def send(net: HttpNet, url: str, may_send: Callable[[], bool]) -> WireReply:
    return await net.exchange(url, MESSAGE, 5.0, may_send=may_send)


@pytest.mark.parametrize("kind", KINDS)
def test_no_byte_of_the_request_leaves_when_the_answer_is_no(kind):
    async def story(net: HttpNet) -> None:
        with pytest.raises(NotSent):
            await send(net, server.url, lambda: False)
        assert bytes(server.received) == b""
        assert (await send(net, server.url, lambda: True)).body == b"<r/>"
        with pytest.raises(NotSent):
            await send(net, server.url, lambda: False)
        assert server.requests_seen() == 1

    with FaultServer(answering) as server:
        run(kind, story)


@pytest.mark.parametrize("tls", [False, True])
def test_it_is_asked_once_the_connection_stands(tls, pki):
    """However long connecting and the handshake took: what counts is the moment of writing."""
    seen: list[tuple[int, bytes]] = []

    def asked() -> bool:
        seen.append((server.accepted, bytes(server.received)))
        return True

    async def story(net: HttpNet) -> None:
        for _ in range(2):
            assert (await send(net, server.url, asked)).status == 200

    trusting = ssl.create_default_context(cafile=str(pki.certificate)) if tls else None
    with FaultServer(answering, tls=pki.server() if tls else None) as server:
        run("own pool", story, tls=trusting)
        assert len(seen) == 2, "once for each exchange, also over a connection that lay idle"
        assert seen[0][1] == b""
        assert not tls or seen[0][0] == 1, "after the handshake"
