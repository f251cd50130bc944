"""The table: what a transport may claim after each way a line can fail.

Every row also asks the fault server whether a byte arrived. NotSent is a promise that none
did; a transport that cannot know must say Unconfirmed.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from gateway.domain.errors import NotSent, Unconfirmed
from gateway.domain.message import Segment, WireMessage, WireReply
from gateway.transport.http_client import HttpNet
from gateway.transport.limits import ClientLimits
from gateway.transport.tls import TlsFiles, client_context
from tests.integration.transport.conftest import Pki
from tests.integration.transport.faults import OK, FaultServer, FullBacklog, Peer, closed_port
from tests.integration.transport.kinds import KINDS, PATIENCE_S, SHORT_S, Kind, outcome, send


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return KINDS[request.param]


@pytest.fixture
def serve() -> Iterator[Callable[..., FaultServer]]:
    with contextlib.ExitStack() as stack:
        yield lambda script, **options: stack.enter_context(FaultServer(script, **options))


# ── before a byte: NotSent ──


def test_refused_port(kind: Kind) -> None:
    async def story(net: HttpNet) -> None:
        assert await outcome(send(net, f"http://127.0.0.1:{closed_port()}/")) is kind.unsent

    kind.run(story)


def test_name_not_found(kind: Kind) -> None:
    async def story(net: HttpNet) -> None:
        assert await outcome(send(net, "http://no-such-bank.invalid/")) is kind.unsent

    kind.run(story)


def test_connect_that_gets_no_answer(kind: Kind) -> None:
    async def story(net: HttpNet) -> None:
        with FullBacklog() as full:
            assert await outcome(send(net, full.url, SHORT_S)) is kind.unsent

    kind.run(story)


def test_pool_full(kind: Kind, serve: Callable[..., FaultServer]) -> None:
    server = serve(Peer.until_gone)

    async def story(net: HttpNet) -> None:
        holder = asyncio.create_task(send(net, server.url))
        await asyncio.to_thread(server.wait_for, 1)
        assert await outcome(send(net, server.url, SHORT_S)) is kind.unsent
        assert server.requests_seen() == 1
        holder.cancel()
        with pytest.raises(asyncio.CancelledError):
            await holder

    kind.run(story, limits=ClientLimits(connections_max=1))


def test_line_of_waiters_is_bounded(serve: Callable[..., FaultServer]) -> None:
    server = serve(Peer.until_gone)

    async def story(net: HttpNet) -> None:
        # The holder outlasts the waiter: its place must not come free in that last moment.
        holder = asyncio.create_task(send(net, server.url, 4 * SHORT_S))
        waiter = asyncio.create_task(send(net, server.url, 2 * SHORT_S))
        await asyncio.to_thread(server.wait_for, 1)
        with pytest.raises(NotSent, match="too many"):
            await send(net, server.url)
        assert await outcome(waiter) is NotSent
        assert await outcome(holder) is Unconfirmed
        assert server.requests_seen() == 1

    KINDS["direct-uvloop"].run(story, limits=ClientLimits(connections_max=1, waiters_max=1))


def test_tls_server_that_nobody_vouches_for(
    kind: Kind, serve: Callable[..., FaultServer], pki: Pki
) -> None:
    server = serve(Peer.answer, tls=pki.server())

    async def story(net: HttpNet) -> None:
        assert await outcome(send(net, server.url)) is kind.unsent
        assert not server.received

    kind.run(story, tls=ssl.create_default_context())


def test_tls_handshake_that_never_ends(kind: Kind, serve: Callable[..., FaultServer]) -> None:
    server = serve(Peer.until_gone)

    async def story(net: HttpNet) -> None:
        url = server.url.replace("http:", "https:")
        assert await outcome(send(net, url, SHORT_S)) is kind.unsent
        assert b"<FOX>" not in server.received

    kind.run(story, tls=ssl.create_default_context())


def test_plain_http_on_a_tls_port(kind: Kind, serve: Callable[..., FaultServer]) -> None:
    server = serve(lambda peer: (peer.some(), peer.send(b"HTTP/1.1 400 Bad\r\n\r\n")))

    async def story(net: HttpNet) -> None:
        assert await outcome(send(net, server.url.replace("http:", "https:"))) is kind.unsent
        assert b"<FOX>" not in server.received

    kind.run(story, tls=ssl.create_default_context())


# ── after the first byte: Unconfirmed, whatever it looks like ──


@dataclass(frozen=True)
class Broken:
    script: Callable[[Peer], object]
    timeout_s: float = PATIENCE_S


def _then(content: bytes, *, reset: bool = False, hold: bool = False) -> Callable[[Peer], None]:
    """Read the request, send ``content``, then close, reset or stay silent."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(content)
        if hold:
            peer.until_gone()
        elif reset:
            peer.reset()

    return script


_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"

BROKEN = {
    "closed after the request": Broken(_then(b"")),
    "reset after the request": Broken(_then(b"", reset=True)),
    "reset in mid-body": Broken(_then(_HEAD + b"<r>", reset=True)),
    "cut body": Broken(_then(_HEAD + b"<r>")),
    "cut head": Broken(_then(b"HTTP/1.1 200 OK\r\nContent-Le")),
    "cut chunk": Broken(_then(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<r")),
    "chunks without the last one": Broken(
        _then(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n<r/>\r\n")
    ),
    "half-open": Broken(Peer.until_gone, SHORT_S),
    "half-open after the head": Broken(_then(_HEAD, hold=True), SHORT_S),
    "only 100 Continue": Broken(_then(b"HTTP/1.1 100 Continue\r\n\r\n", hold=True), SHORT_S),
    "garbage status line": Broken(_then(b"\xc4\xe3\xba\xc3 what?\r\n\r\n", hold=True)),
    "FTP greeting": Broken(_then(b"220 ready\r\n\r\n")),
    "body larger than allowed": Broken(
        _then(b"HTTP/1.1 200 OK\r\nContent-Length: 65537\r\n\r\n" + b"x" * 65537, hold=True)
    ),
    "chunked body larger than allowed": Broken(
        _then(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n"
            + b"x" * 65537
            + b"\r\n0\r\n\r\n",
            hold=True,
        )
    ),
}

BROKEN_FOR_OURS = {
    "flood of headers": Broken(
        _then(
            b"HTTP/1.1 200 OK\r\n"
            + b"X-Flood: 0123456789\r\n" * 5000
            + b"Content-Length: 0\r\n\r\n",
            hold=True,
        )
    ),
    "header line without end": Broken(_then(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70000, hold=True)),
    "flood of trailers": Broken(
        _then(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
            + b"X: 0123456789\r\n" * 5000,
            hold=True,
        )
    ),
    "flood of 100 Continue": Broken(_then(b"HTTP/1.1 100 C\r\n\r\n" * 10000, hold=True)),
    "two lengths": Broken(
        _then(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n<r/>x", hold=True)
    ),
    "switching protocols": Broken(
        _then(b"HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", hold=True)
    ),
    "compressed though not asked for": Broken(
        _then(OK.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"), hold=True)
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_after_the_request(kind: Kind, name: str, serve: Callable[..., FaultServer]) -> None:
    _expect_unconfirmed(kind, BROKEN[name], serve)


@pytest.mark.parametrize("name", BROKEN_FOR_OURS)
@pytest.mark.parametrize(
    "ours", ["direct-uvloop", "direct-asyncio", "erp-line", "httpx-over-direct"]
)
def test_abused_limits(ours: str, name: str, serve: Callable[..., FaultServer]) -> None:
    _expect_unconfirmed(KINDS[ours], BROKEN_FOR_OURS[name], serve)


def _expect_unconfirmed(kind: Kind, row: Broken, serve: Callable[..., FaultServer]) -> None:
    """The row's verdict, once the request did arrive: a busy machine may need more patience."""
    for timeout_s in (row.timeout_s, SHORT_S * 4, PATIENCE_S):
        server = serve(row.script)

        async def story(
            net: HttpNet, server: FaultServer = server, wait_s: float = timeout_s
        ) -> None:
            with pytest.raises((NotSent, Unconfirmed)) as caught:
                await send(net, server.url, wait_s)
            if kind.knows and row.timeout_s == PATIENCE_S:
                assert "in time" not in str(caught.value)  # found at once, not waited out
            if server.received:  # once a byte has left, only one verdict is honest
                assert caught.type is Unconfirmed

        kind.run(story)
        if b"<FOX>" in server.received:
            break
    assert b"<FOX>" in server.received
    assert server.requests_seen() == 1  # and it was not sent again behind our back


def test_request_that_is_taken_only_in_part(kind: Kind, serve: Callable[..., FaultServer]) -> None:
    release = threading.Event()
    large = WireMessage((Segment(b"z" * 16_000_000),), "application/xml")
    try:
        for timeout_s in (SHORT_S, SHORT_S * 4, PATIENCE_S):  # a busy machine may need more
            server = serve(lambda peer: (peer.some(), release.wait(PATIENCE_S * 2)))

            async def story(
                net: HttpNet, server: FaultServer = server, wait_s: float = timeout_s
            ) -> None:
                found = await outcome(net.exchange(server.url, large, wait_s))
                assert found is Unconfirmed if server.received else found in {NotSent, Unconfirmed}

            kind.run(story)
            if server.received:
                break
        assert 0 < len(server.received) < 16_000_000
    finally:
        release.set()


def test_client_certificate_refused_after_the_handshake(
    kind: Kind, serve: Callable[..., FaultServer], pki: Pki
) -> None:
    """TLS 1.3: the server says no only after the client may already have written."""
    server = serve(Peer.answer, tls=pki.server(ask_client=True))

    async def story(net: HttpNet) -> None:
        result = await outcome(send(net, server.url))
        assert result in {NotSent, Unconfirmed}
        assert not server.received

    kind.run(story, tls=client_context(TlsFiles(ca=pki.certificate)))


# ── replies ──

_CHUNKED = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\n<r\r\n2;x=y\r\n/>\r\n0\r\nContent-Type: evil/trailer\r\n\r\n"
)

REPLIES = {
    "with a length": (OK, 200, "text/xml", b"<r/>"),
    "chunked": (
        _CHUNKED,
        200,
        "text/xml",
        b"<r/>",
    ),
    "204 without a body": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, "", b""),
    "empty body": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "", b""),
    "after 100 Continue": (b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" + OK, 200, "text/xml", b"<r/>"),
    "HTTP/1.0 ended by closing": (
        b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n<r/>",
        200,
        "text/xml",
        b"<r/>",
    ),
    "server error": (
        b"HTTP/1.1 500 Oops\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>",
        500,
        "text/html",
        b"<p>",
    ),
    "redirect, not followed": (
        b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n",
        302,
        "",
        b"",
    ),
}


@pytest.mark.parametrize("name", REPLIES)
def test_reply(kind: Kind, name: str, serve: Callable[..., FaultServer]) -> None:
    content, status, content_type, body = REPLIES[name]
    server = serve(_then(content))

    async def story(net: HttpNet) -> None:
        assert await send(net, server.url) == WireReply(status, content_type, body)
        assert server.requests_seen() == 1

    kind.run(story)


def test_reply_over_tls_with_client_certificate(
    kind: Kind, serve: Callable[..., FaultServer], pki: Pki
) -> None:
    server = serve(lambda peer: peer.answer() and peer.answer(), tls=pki.server(ask_client=True))
    files = TlsFiles(ca=pki.certificate, certificate=pki.certificate, key=pki.key)

    async def story(net: HttpNet) -> None:
        assert (await send(net, server.url)).body == b"<r/>"
        assert (await send(net, server.url)).body == b"<r/>"
        assert server.accepted == 1

    kind.run(story, tls=client_context(files))


def test_the_bytes_on_the_wire(serve: Callable[..., FaultServer]) -> None:
    server = serve(Peer.answer)

    async def story(net: HttpNet) -> None:
        await send(net, server.url + "?a=1")
        head, _, body = bytes(server.received).partition(b"\r\n\r\n")
        assert head.split(b"\r\n") == [
            b"POST /fox?a=1 HTTP/1.1",
            b"Host: 127.0.0.1:%d" % server.port,
            b"User-Agent: bank-gateway",
            b"Accept: */*",
            b"Accept-Encoding: identity",
            b"Content-Type: application/xml",
            b"Content-Length: 11",
        ]
        assert body == b"<FOX>secret"

    KINDS["direct-uvloop"].run(story)
