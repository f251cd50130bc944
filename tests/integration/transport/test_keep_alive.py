"""Reused connections: found dead before the write, never trusted after it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, cast

import pytest
import uvloop

from gateway.domain.errors import NotSent, Unconfirmed
from gateway.domain.message import Segment, WireMessage, WireReply
from gateway.transport.http_client import HttpNet
from gateway.transport.limits import ClientLimits
from tests.integration.transport.faults import OK, FaultServer, Peer

MESSAGE = WireMessage((Segment(b"<FOX/>"),), "application/xml")
OTHER = OK.replace(b"<r/>", b"<s/>")


@pytest.fixture(params=["uvloop", "asyncio"])
def run(request: pytest.FixtureRequest) -> Callable[..., None]:
    factory = uvloop.new_event_loop if request.param == "uvloop" else asyncio.new_event_loop

    def runner(story: Callable[[HttpNet], Coroutine[Any, Any, None]], **limits: Any) -> None:
        async def whole() -> None:
            net = HttpNet(limits=ClientLimits(**limits))
            try:
                await story(net)
            finally:
                await net.aclose()

        with asyncio.Runner(loop_factory=factory) as loop:
            loop.run(whole())

    return runner


def send(net: HttpNet, url: str, timeout_s: float = 5.0) -> Coroutine[Any, Any, WireReply]:
    return net.exchange(url, MESSAGE, timeout_s)


def test_one_connection_serves_many_exchanges(run: Callable[..., None]) -> None:
    def script(peer: Peer) -> None:
        while peer.answer():
            continue

    async def story(net: HttpNet) -> None:
        for _ in range(20):
            assert (await send(net, server.url)).body == b"<r/>"
        assert server.accepted == 1
        assert server.requests_seen() == 20

    with FaultServer(script) as server:
        run(story)


def test_a_close_that_only_the_kernel_has_seen_is_found_before_the_write(
    run: Callable[..., None],
) -> None:
    closed = threading.Event()

    def script(peer: Peer) -> None:
        peer.answer()
        peer.sock.close()
        closed.set()

    async def story(net: HttpNet) -> None:
        for expected in range(1, 6):
            closed.clear()
            assert (await send(net, server.url)).body == b"<r/>"
            assert closed.wait(5)  # blocks the loop on purpose: it cannot have seen the close
            assert server.accepted == expected

    with FaultServer(script) as server:
        run(story)


def test_a_close_seen_by_the_loop_leaves_the_pool(run: Callable[..., None]) -> None:
    async def story(net: HttpNet) -> None:
        await send(net, server.url)
        (connection,) = next(iter(net._pool._hosts.values()))._all
        await asyncio.wait_for(asyncio.shield(connection.closed), 5)
        assert (await send(net, server.url)).body == b"<r/>"
        assert server.accepted == 2

    with FaultServer(Peer.answer) as server:
        run(story)


def test_dead_only_after_the_write_is_unconfirmed_and_not_sent_again(
    run: Callable[..., None],
) -> None:
    def script(peer: Peer) -> None:
        peer.answer()
        peer.request()

    async def story(net: HttpNet) -> None:
        await send(net, server.url)
        with pytest.raises(Unconfirmed):
            await send(net, server.url)
        assert server.requests_seen() == 2
        assert server.accepted == 1

    with FaultServer(script) as server:
        run(story)


def test_not_sent_is_never_claimed_in_a_race_with_the_peers_close(
    run: Callable[..., None],
) -> None:
    """The server drops each connection right after its answer while requests keep coming."""

    async def one(net: HttpNet, number: int) -> None:
        message = WireMessage((Segment(b"<n%d/>" % number),), "application/xml")
        arrived: bool
        try:
            await net.exchange(server.url, message, 5.0)
        except NotSent:
            arrived = b"<n%d/>" % number in bytes(server.received)
            assert not arrived
            return
        except Unconfirmed:
            return
        assert bytes(server.received).count(b"<n%d/>" % number) == 1

    async def worker(net: HttpNet, first: int) -> None:
        for number in range(first, first + 100):
            await one(net, number)

    async def story(net: HttpNet) -> None:
        await asyncio.gather(*(worker(net, 1000 * k) for k in range(1, 4)))
        assert server.requests_seen() <= 300

    with FaultServer(lambda peer: peer.answer() and peer.number % 2 and peer.answer()) as server:
        run(story, connections_max=3)


@pytest.mark.parametrize(
    "answer",
    [
        OK + OTHER,
        OK + b"\x00garbage",
        OK.replace(b"200 OK", b"200 OK\r\nConnection: close"),
        OK.replace(b"HTTP/1.1", b"HTTP/1.0"),
    ],
    ids=["answered twice", "rubbish behind", "says close", "HTTP/1.0"],
)
def test_a_connection_out_of_step_is_not_reused(run: Callable[..., None], answer: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.answer(answer)
        peer.until_gone()

    async def story(net: HttpNet) -> None:
        assert (await send(net, server.url)).body == b"<r/>"
        assert net._pool.idle_count() == 0
        assert (await send(net, server.url)).body == b"<r/>"
        assert server.accepted == 2

    with FaultServer(script) as server:
        run(story)


def test_a_late_second_answer_is_not_taken_for_the_next_one(run: Callable[..., None]) -> None:
    said = threading.Event()
    go = threading.Event()

    def script(peer: Peer) -> None:
        peer.answer(OK)
        go.wait(5)
        if peer.number == 1:
            peer.send(OTHER)
            said.set()
        peer.until_gone()

    async def story(net: HttpNet) -> None:
        await send(net, server.url)
        go.set()
        assert said.wait(5)
        assert (await send(net, server.url)).body == b"<r/>"
        assert server.accepted == 2

    with FaultServer(script) as server:
        run(story)


def test_a_cancelled_exchange_closes_its_connection(run: Callable[..., None]) -> None:
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.until_gone()
        gone.set()

    async def story(net: HttpNet) -> None:
        task = asyncio.create_task(send(net, server.url))
        await asyncio.to_thread(server.wait_for, 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert net._pool.idle_count() == 0
        assert await asyncio.to_thread(gone.wait, 5)

    with FaultServer(script) as server:
        run(story)


def test_an_early_answer_to_a_half_written_request_ends_the_connection(
    run: Callable[..., None],
) -> None:
    def script(peer: Peer) -> None:
        peer.some()
        peer.send(OK)
        peer.until_gone()

    async def story(net: HttpNet) -> None:
        large = WireMessage((Segment(b"z" * 16_000_000),), "application/xml")
        assert (await net.exchange(server.url, large, 5.0)).body == b"<r/>"
        assert net._pool.idle_count() == 0

    with FaultServer(script) as server:
        run(story)


def test_idle_connections_expire(run: Callable[..., None]) -> None:
    gone = threading.Event()

    def script(peer: Peer) -> None:
        peer.answer()
        peer.until_gone()
        gone.set()

    async def story(net: HttpNet) -> None:
        await send(net, server.url)
        assert net._pool.idle_count() == 1
        assert await asyncio.to_thread(gone.wait, 5)
        assert net._pool.idle_count() == 0

    with FaultServer(script) as server:
        run(story, idle_s=0.1)


def test_keep_alive_can_be_turned_off(run: Callable[..., None]) -> None:
    async def story(net: HttpNet) -> None:
        for expected in (1, 2, 3):
            await send(net, server.url)
            assert server.accepted == expected

    with FaultServer(lambda peer: peer.answer() and peer.until_gone()) as server:
        run(story, idle_s=0)


def test_slots_come_back_after_every_kind_of_failure(run: Callable[..., None]) -> None:
    def script(peer: Peer) -> None:
        if peer.number % 2:
            peer.request()
            peer.reset()
        else:
            peer.answer(OK.replace(b"200 OK", b"200 OK\r\nConnection: close"))

    async def story(net: HttpNet) -> None:
        bodies = 0
        for _ in range(10):
            try:
                bodies += (await send(net, server.url)).body == b"<r/>"
            except Unconfirmed:
                continue
        assert bodies == 5
        with pytest.raises(NotSent):
            await send(net, "http://no-such-bank.invalid/")

    with FaultServer(script) as server:
        run(story, connections_max=1, waiters_max=1)


def test_a_closed_client_sends_nothing(run: Callable[..., None]) -> None:
    async def story(net: HttpNet) -> None:
        await net.aclose()
        with pytest.raises(NotSent):
            await send(net, server.url)
        assert not server.received

    with FaultServer(Peer.answer) as server:
        run(story)


class Bewitched:
    """A socket transport whose write fails in a way nobody foresaw."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def write(self, content: bytes) -> None:
        self._real.write(content[:10])
        raise ZeroDivisionError

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def test_an_unforeseen_failure_of_the_write_is_unconfirmed(run: Callable[..., None]) -> None:
    async def story(net: HttpNet) -> None:
        await send(net, server.url)
        (connection,) = next(iter(net._pool._hosts.values()))._all
        connection._transport = cast("Any", Bewitched(connection._transport))
        with pytest.raises(Unconfirmed, match="ZeroDivisionError"):
            await send(net, server.url)
        assert net._pool.idle_count() == 0

    with FaultServer(lambda peer: peer.answer() and peer.until_gone()) as server:
        run(story)


def test_an_unforeseen_failure_before_the_write_is_not_sent(run: Callable[..., None]) -> None:
    async def story(net: HttpNet) -> None:
        await send(net, server.url)
        (connection,) = next(iter(net._pool._hosts.values()))._all
        connection._limits = cast("Any", None)  # building the reader of the answer fails
        with pytest.raises(NotSent, match="AttributeError"):
            await send(net, server.url)
        assert server.requests_seen() == 1
        assert net._pool.idle_count() == 1

    with FaultServer(lambda peer: peer.answer() and peer.until_gone()) as server:
        run(story)


def test_an_expired_connection_is_not_used_even_before_it_is_swept(
    run: Callable[..., None],
) -> None:
    async def story(net: HttpNet) -> None:
        await send(net, server.url)
        (connection,) = next(iter(net._pool._hosts.values()))._all
        connection.idle_until = 0.0
        await send(net, server.url)
        assert server.accepted == 2

    with FaultServer(lambda peer: peer.answer() and peer.until_gone()) as server:
        run(story)
