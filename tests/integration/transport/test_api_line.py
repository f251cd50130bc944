"""The line to an ERP's API over real sockets: what is written, what is bounded, what is refused."""

from __future__ import annotations

import asyncio

import pytest

from gateway.domain.errors import NotSent, Unconfirmed
from gateway.ports.erp_api import Call, CallReply
from gateway.ports.webhooks import Reach, UrlForbidden
from gateway.transport.api_line import ApiLine, Place
from gateway.transport.egress_rules import read_network
from gateway.transport.tls import TlsFiles, client_context
from tests.integration.transport.faults import FaultServer, Peer

OK = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Two: a\r\nx-two: b\r\n"
    b"Content-Length: 2\r\n\r\n{}"
)


def reach(port: int, **more) -> Reach:
    words = {
        "networks": (read_network("127.0.0.0/8"),),
        "ports": (port,),
        "plain_http": True,
    }
    return Reach(**(words | more))


def always(answer: bytes = OK):
    def script(peer: Peer) -> None:
        while peer.answer(answer):
            continue

    return script


def say(line_of, *calls: Call) -> list[CallReply]:
    async def story() -> list[CallReply]:
        line = line_of()
        try:
            return [await line.call(call) for call in calls]
        finally:
            await line.aclose()

    return asyncio.run(story())


def at(server: FaultServer, base: str = "", **more):
    url = f"http://127.0.0.1:{server.port}{base}"
    place = {"timeout_s": 60} | more
    return lambda: ApiLine(Place(url=url, **place), reach(server.port))


def call(**more) -> Call:
    return Call(**({"method": "POST", "path": "/save", "endpoint": "save", "body": b"{}"} | more))


def test_a_call_is_written_as_composed_and_the_answer_comes_back_whole():
    with FaultServer(always()) as server:
        (reply,) = say(
            at(server, "/base?org=1"),
            call(
                query=(("sign", "a+b/c="), ("name", "付款")),
                headers=(("Content-Type", "application/json"), ("X-Key", "k 1")),
            ),
        )
        head, _, body = bytes(server.received).partition(b"\r\n\r\n")
    assert reply.status == 200
    assert reply.body == b"{}"
    assert reply.headers == {
        "content-type": "application/json",
        "x-two": "a, b",
        "content-length": "2",
    }
    assert body == b"{}"
    assert head.decode().split("\r\n") == [
        "POST /base/save?org=1&sign=a%2Bb%2Fc%3D&name=%E4%BB%98%E6%AC%BE HTTP/1.1",
        f"Host: 127.0.0.1:{server.port}",
        "Accept-Encoding: identity",
        "User-Agent: bank-gateway",
        "Accept: */*",
        "Content-Length: 2",
        "Content-Type: application/json",
        "X-Key: k 1",
    ]


@pytest.mark.parametrize(
    ("base", "path", "wanted"),
    [
        ("", "/", "/"),
        ("/", "/", "/"),
        ("/", "/a", "/a"),
        ("/servlet", "/", "/servlet"),
        ("/servlet/", "/", "/servlet/"),
        ("/servlet/", "/a/b", "/servlet/a/b"),
    ],
)
def test_a_path_is_below_the_address(base, path, wanted):
    with FaultServer(always()) as server:
        say(at(server, base), call(path=path, method="GET", body=b""))
        head = bytes(server.received)
    assert head.startswith(f"GET {wanted} HTTP/1.1\r\n".encode())
    assert b"Content-Length" not in head


def test_another_address_of_the_options_is_named():
    with FaultServer(always()) as server, FaultServer(always()) as tokens:
        allowed = Reach(
            networks=(read_network("127.0.0.0/8"),),
            ports=(server.port, tokens.port),
            plain_http=True,
        )
        place = Place(
            url=f"http://127.0.0.1:{server.port}",
            others={"token_url": f"http://127.0.0.1:{tokens.port}/auth"},
        )
        say(lambda: ApiLine(place, allowed), call(to="token_url"), call())
        assert bytes(tokens.received).startswith(b"POST /auth/save HTTP/1.1")
        assert bytes(server.received).startswith(b"POST /save HTTP/1.1")
        with pytest.raises(NotSent, match="other_url is not set"):
            say(lambda: ApiLine(place, allowed), call(to="other_url"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"method": "CONNECT"},
        {"method": "POST / HTTP/1.1\r\nX:"},
        {"path": "save"},
        {"path": "/save?a=1"},
        {"path": "/save#a"},
        {"headers": (("X-Key", "a\r\nX-Other: b"),)},
        {"headers": (("X Key", "a"),)},
        {"headers": (("X-Key", "密"),)},
        {"headers": (("Content-Length", "1"),)},
        {"headers": (("transfer-encoding", "chunked"),)},
        {"headers": (("Host", "other"),)},
    ],
)
def test_what_would_change_the_framing_is_never_sent(wrong):
    with FaultServer(always()) as server:
        with pytest.raises(NotSent) as caught:
            say(at(server), call(**wrong))
        assert server.accepted == 0
    assert "密" not in str(caught.value)


@pytest.mark.parametrize("path", ["/a b", "/a\r\nX: y", "/付款", "/a\\b"])
def test_a_path_that_is_no_path_is_never_sent(path):
    with FaultServer(always()) as server:
        with pytest.raises(UrlForbidden):
            say(at(server), call(path=path))
        assert server.accepted == 0


def test_a_system_beyond_the_reach_is_not_called():
    with FaultServer(always()) as server:
        url = f"http://127.0.0.1:{server.port}"
        with pytest.raises(UrlForbidden):
            say(
                lambda: ApiLine(Place(url=url), Reach(ports=(server.port,), plain_http=True)),
                call(),
            )
        with pytest.raises(UrlForbidden):
            say(lambda: ApiLine(Place(url=url), reach(server.port + 1)), call())
        assert server.accepted == 0


def test_a_redirect_is_an_answer_and_tokens_do_not_follow_it():
    with FaultServer(always()) as other:
        moved = (
            f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{other.port}/\r\n"
            "Content-Length: 0\r\n\r\n"
        ).encode()
        with FaultServer(always(moved)) as server:
            (reply,) = say(at(server), call(headers=(("X-Token", "t"),)))
        assert reply.status == 302
        assert other.accepted == 0


def test_a_compressed_answer_is_not_read():
    packed = OK.replace(b"X-Two: a", b"Content-Encoding: gzip")
    with FaultServer(always(packed)) as server, pytest.raises(Unconfirmed, match="compressed"):
        say(at(server), call())


def test_calls_begin_no_faster_than_the_rate():
    async def story(server: FaultServer) -> list[float]:
        line = at(server, rate_per_s=20)()
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            await asyncio.gather(*(line.call(call()) for _ in range(6)))
            return [begun, loop.time()]
        finally:
            await line.aclose()

    with FaultServer(always()) as server:
        begun, ended = asyncio.run(story(server))
        assert server.requests_seen() == 6
    assert ended - begun >= 0.25  # five gaps of 1/20 s; how much longer it took says nothing


def test_a_turn_that_would_come_too_late_is_not_waited_for():
    async def story(server: FaultServer) -> None:
        line = at(server, rate_per_s=1, timeout_s=1)()
        try:
            await line.call(call())
            with pytest.raises(NotSent, match="rate"):
                await asyncio.gather(line.call(call()), line.call(call()))
        finally:
            await line.aclose()

    with FaultServer(always()) as server:
        asyncio.run(story(server))
        assert server.requests_seen() < 3


def test_the_certificate_must_be_of_the_name(pki):
    with FaultServer(always(), tls=pki.server()) as server:
        url = f"https://127.0.0.1:{server.port}"
        tls = client_context(TlsFiles(ca=pki.certificate))
        (reply,) = say(lambda: ApiLine(Place(url=url), reach(server.port), tls=tls), call())
        assert reply.status == 200
        with pytest.raises(NotSent):
            say(lambda: ApiLine(Place(url=url), reach(server.port)), call())
