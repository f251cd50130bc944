"""The sandbox's HTTP server, looked at from a plain socket."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
import uvloop

from gateway.transport.http_server import Action, Request, Response, Server, serve
from gateway.transport.limits import ServerLimits

LIMITS = ServerLimits(body_max=1000, head_max=2000, pipeline_max=4, connections_max=8, idle_s=60)
BODY = b"<answer>" + b"x" * 92


class Running:
    """A server on a loop of its own, so that the test may block."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, server: Server, seen: list[Request]
    ) -> None:
        self.loop = loop
        self.server = server
        self.seen = seen
        self.failures: list[str] = []

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        async def inside() -> None:
            function(*arguments)

        asyncio.run_coroutine_threadsafe(inside(), self.loop).result(5)

    def connect(self) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.server.port))
        sock.settimeout(5)
        return sock


async def _answer(request: Request) -> Response:
    if request.path == "/broken":
        raise ZeroDivisionError
    if request.path == "/never":
        await asyncio.Event().wait()
    return Response(
        status=int(request.query.get("status", "200")),
        body=request.body if request.path == "/echo" else BODY,
        content_type="text/xml",
        headers=(("X-Path", request.path),),
        action=Action[request.query.get("action", "SEND")],
        delay_s=float(request.query.get("delay", "0")),
    )


@contextlib.contextmanager
def running(
    limits: ServerLimits = LIMITS,
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop,
) -> Iterator[Running]:
    seen: list[Request] = []

    async def handler(request: Request) -> Response:
        seen.append(request)
        return await _answer(request)

    loop = factory()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    opened = asyncio.run_coroutine_threadsafe(
        serve(handler, "127.0.0.1", 0, limits=limits), loop
    ).result(5)
    made = Running(loop, opened, seen)
    loop.set_exception_handler(lambda _, context: made.failures.append(context["message"]))
    try:
        yield made
    finally:
        asyncio.run_coroutine_threadsafe(opened.close(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


@pytest.fixture(params=["uvloop", "asyncio"])
def bank(request: pytest.FixtureRequest) -> Iterator[Running]:
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop
    with running(factory=factory) as made:
        yield made


def post(path: str, body: bytes = b"<q/>", extra: str = "") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: bank\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


def read_one(sock: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of one whole answer."""
    got = b""
    while b"\r\n\r\n" not in got:
        part = sock.recv(65536)
        assert part, got
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    left = int(lengths[0].split(b":")[1]) if lengths else 0
    while len(body) < left:
        part = sock.recv(left - len(body))  # not a byte more: what follows is the next answer's
        assert part
        body += part
    return head, body


def read_all(sock: socket.socket) -> bytes:
    got = b""
    while part := sock.recv(65536):
        got += part
    return got


# ── ordinary service ──


def test_request_is_handed_over_whole_and_answered(bank: Running) -> None:
    with bank.connect() as sock:
        sock.sendall(
            post(
                "/a%20b?x=1&y=%E4%B8%AD&x=2",
                b"body",
                "X-One: a\r\nContent-Type: t/x\r\nx-one: b\r\n",
            )
        )
        head, body = read_one(sock)
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 200 OK",
        b"Content-Type: text/xml",
        b"Content-Length: 100",
        b"X-Path: /a b",
    ]
    assert body == BODY
    assert bank.seen == [
        Request(
            method="POST",
            path="/a b",
            query={"x": "2", "y": "中"},
            headers={"host": "bank", "content-length": "4", "x-one": "a, b", "content-type": "t/x"},
            body=b"body",
        )
    ]


def test_keep_alive_and_bytewise_arrival(bank: Running) -> None:
    with bank.connect() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in range(3):
            for byte in post("/echo", b"n%d" % number):
                sock.sendall(bytes([byte]))
            assert read_one(sock)[1] == b"n%d" % number


def test_pipelined_requests_are_answered_in_order_above_the_bound(bank: Running) -> None:
    count = 5 * LIMITS.pipeline_max
    with bank.connect() as sock:
        sock.sendall(b"".join(post(f"/echo?delay=0.0{k % 3}", b"%03d" % k) for k in range(count)))
        sock.shutdown(socket.SHUT_WR)
        got = read_all(sock)
    assert [part[4:7] for part in got.split(b"\r\nX-Path: /echo")[1:]] == [
        b"%03d" % k for k in range(count)
    ]


def test_chunked_request_and_expect_continue(bank: Running) -> None:
    with bank.connect() as sock:
        sock.sendall(
            b"POST /echo HTTP/1.1\r\nHost: b\r\nTransfer-Encoding: chunked\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        assert read_one(sock)[0] == b"HTTP/1.1 100 Continue"
        sock.sendall(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        assert read_one(sock)[1] == b"abcde"


def test_a_no_content_answer_has_no_length(bank: Running) -> None:
    with bank.connect() as sock:
        sock.sendall(post("/?status=204", extra="Connection: close\r\n"))
        assert (
            read_all(sock) == b"HTTP/1.1 204 No Content\r\nConnection: close\r\nX-Path: /\r\n\r\n"
        )


def test_http_1_0_is_closed_after_the_answer(bank: Running) -> None:
    with bank.connect() as sock:
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert read_all(sock).endswith(BODY)


# ── every action ──


def test_reset(bank: Running) -> None:
    with bank.connect() as sock:
        sock.sendall(post("/?action=RESET"))
        with pytest.raises(ConnectionResetError):
            sock.recv(1)
    assert len(bank.seen) == 1


def test_close(bank: Running) -> None:
    with bank.connect() as sock:
        sock.sendall(post("/?action=CLOSE"))
        assert read_all(sock) == b""
    assert len(bank.seen) == 1


def test_half_open_stays_silent_while_others_are_served(bank: Running) -> None:
    with bank.connect() as stuck, bank.connect() as other:
        stuck.sendall(post("/?action=HALF_OPEN") + post("/echo"))
        other.sendall(post("/echo", b"alive"))
        assert read_one(other)[1] == b"alive"
        stuck.sendall(post("/echo"))
        stuck.settimeout(0.2)
        with pytest.raises(TimeoutError):
            stuck.recv(1)
    assert [request.path for request in bank.seen].count("/echo") == 1


def test_truncate(bank: Running) -> None:
    with bank.connect() as sock:
        sock.sendall(post("/?action=TRUNCATE"))
        head, _, body = read_all(sock).partition(b"\r\n\r\n")
    assert b"Content-Length: 100" in head
    assert body == BODY[:50]


def test_duplicate(bank: Running) -> None:
    with bank.connect() as sock:
        sock.sendall(post("/?action=DUPLICATE", extra="Connection: close\r\n"))
        got = read_all(sock)
    assert got[: len(got) // 2] * 2 == got
    assert got.count(BODY) == 2
    assert len(bank.seen) == 1


def test_delay_holds_only_its_own_connection(bank: Running) -> None:
    with bank.connect() as slow, bank.connect() as quick:
        slow.sendall(post("/echo?delay=0.3", b"slow"))
        quick.sendall(post("/echo", b"quick"))
        assert read_one(quick)[1] == b"quick"
        slow.setblocking(False)
        with pytest.raises(BlockingIOError):
            slow.recv(1)
        slow.settimeout(5)
        assert read_one(slow)[1] == b"slow"


def test_refusing_resets_new_connections_before_any_read(bank: Running) -> None:
    with bank.connect() as known:
        known.sendall(post("/echo", b"1"))
        assert read_one(known)[1] == b"1"
        bank.call(bank.server.refuse, True)
        with bank.connect() as sock, pytest.raises(ConnectionResetError):
            sock.recv(1)
        known.sendall(post("/echo", b"2"))
        assert read_one(known)[1] == b"2"
        bank.call(bank.server.refuse, False)
    with bank.connect() as sock:
        sock.sendall(post("/echo", b"3"))
        assert read_one(sock)[1] == b"3"
    assert [request.body for request in bank.seen] == [b"1", b"2", b"3"]


# ── bounds and faults of the client ──

BAD = {
    "not HTTP": (b"\x16\x03\x01 hello\r\n\r\n", 400),
    "two lengths": (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400),
    "length and chunks": (
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "body announced too large": (b"POST / HTTP/1.1\r\nContent-Length: 1001\r\n\r\n", 413),
    "chunks too large": (
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001,
        413,
    ),
    "too many headers": (b"POST / HTTP/1.1\r\n" + b"X: 0123456789\r\n" * 200, 431),
    "long address": (b"POST /" + b"a" * 3000, 431),
    "header line without end": (b"POST / HTTP/1.1\r\nX: " + b"a" * 3000, 431),
    "upgrade": (b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", 400),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_request_is_answered_after_the_good_one_before_it(bank: Running, name: str) -> None:
    sent, status = BAD[name]
    with bank.connect() as sock:
        sock.sendall(post("/echo", b"good"))
        assert read_one(sock)[1] == b"good"
        sock.sendall(sent)
        got = read_all(sock)
    assert got.startswith(b"HTTP/1.1 %d " % status)
    assert b"Connection: close" in got
    assert [request.body for request in bank.seen if request.method == "POST"] == [b"good"]


def test_a_failing_handler_is_answered_500_and_reported(bank: Running) -> None:
    with bank.connect() as sock:
        sock.sendall(post("/broken"))
        assert read_all(sock).startswith(b"HTTP/1.1 500 ")
    assert bank.failures == ["the sandbox's request handler failed"]


def test_too_many_connections_are_reset(bank: Running) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(LIMITS.connections_max):
            sock = stack.enter_context(bank.connect())
            sock.sendall(post("/echo", b"in"))
            assert read_one(sock)[1] == b"in"
        extra = stack.enter_context(bank.connect())
        with pytest.raises(ConnectionResetError):
            extra.recv(1)


def test_a_silent_connection_is_closed() -> None:
    with running(ServerLimits(idle_s=0.1)) as bank, bank.connect() as sock:
        sock.sendall(post("/echo", b"x"))
        read_one(sock)
        assert read_all(sock) == b""


def test_closing_the_server_cancels_handlers_and_frees_the_port() -> None:
    with running() as bank:
        sock = bank.connect()
        sock.sendall(post("/never"))
    with sock, contextlib.suppress(ConnectionResetError):
        assert sock.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        bank.connect()
    assert bank.failures == []
