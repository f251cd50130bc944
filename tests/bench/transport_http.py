"""Requests per CPU-second of the HTTP client, each way of calling it, in one run.

Run: ``python -m tests.bench.transport_http``. The server is ours, in a process of its own on
127.0.0.1; a request carries 1.7 KB, an answer 0.9 KB, as a FOX payment does.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from functools import partial
from multiprocessing.connection import Connection

import httpx
import psutil
import uvloop

from gateway.domain.message import Segment, WireMessage, WireReply
from gateway.transport.http_client import HttpNet
from gateway.transport.http_server import Request, Response, serve
from gateway.transport.httpx_transport import DirectTransport
from gateway.transport.limits import ClientLimits

MESSAGE = WireMessage((Segment(b"<a>" + b"y" * 1700 + b"</a>"),), "application/xml; charset=GBK")
ANSWER = Response(body=b"<r>" + b"x" * 900 + b"</r>", content_type="text/xml; charset=GBK")
TIMEOUT_S = 10.0
Call = Callable[[], Awaitable[WireReply]]


def bank(pipe: Connection) -> None:
    """The server's process: says its port, then serves until it is terminated."""

    async def answer(_: Request) -> Response:
        return ANSWER

    async def forever() -> None:
        server = await serve(answer, "127.0.0.1", 0)
        pipe.send(server.port)
        await asyncio.Event().wait()

    uvloop.run(forever())


async def measure(name: str, call: Call, *, concurrency: int, count: int, pid: int) -> None:
    async def worker(times: int) -> None:
        for _ in range(times):
            reply = await call()
            assert reply.body == ANSWER.body

    await worker(50)
    server = psutil.Process(pid)
    server_before = server.cpu_times().user + server.cpu_times().system
    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(worker(count // concurrency) for _ in range(concurrency)))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    server_cpu = server.cpu_times().user + server.cpu_times().system - server_before
    print(
        f"{name:38} concurrency {concurrency:2}: {count / cpu:7.0f} requests/CPU-s client, "
        f"{count / wall:7.0f} requests/s, {count / server_cpu:7.0f} requests/CPU-s server"
    )


async def compare(port: int, pid: int) -> None:
    url = f"http://127.0.0.1:{port}/fox"
    headers = {"content-type": MESSAGE.content_type}
    for concurrency in (4, 16):
        limits = ClientLimits(connections_max=concurrency)
        net = HttpNet(limits=limits)
        await measure(
            "HttpNet",
            partial(net.exchange, url, MESSAGE, TIMEOUT_S),
            concurrency=concurrency,
            count=40_000,
            pid=pid,
        )
        await net.aclose()
        transport = DirectTransport(limits)

        async def prebuilt(transport: DirectTransport = transport) -> WireReply:
            request = httpx.Request("POST", url, content=MESSAGE.body(), headers=headers)
            reply = await transport.handle_async_request(request)
            kind = reply.headers.get("content-type", "")
            return WireReply(reply.status_code, kind, await reply.aread())

        await measure(
            "httpx.Request to DirectTransport",
            prebuilt,
            concurrency=concurrency,
            count=8_000,
            pid=pid,
        )
        async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
            await measure(
                "HttpNet on AsyncClient(DirectTransport)",
                partial(HttpNet(client=client).exchange, url, MESSAGE, TIMEOUT_S),
                concurrency=concurrency,
                count=8_000,
                pid=pid,
            )
        pool = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
        async with httpx.AsyncClient(limits=pool, trust_env=False) as client:

            async def plain(client: httpx.AsyncClient = client) -> WireReply:
                reply = await client.post(
                    url, content=MESSAGE.body(), headers=headers, timeout=TIMEOUT_S
                )
                kind = reply.headers.get("content-type", "")
                return WireReply(reply.status_code, kind, reply.content)

            await measure(
                "plain httpx.AsyncClient",
                plain,
                concurrency=concurrency,
                count=2_000,
                pid=pid,
            )


def main() -> None:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=bank, args=(theirs,))
    process.start()
    try:
        port = ours.recv()
        assert process.pid is not None
        uvloop.run(compare(port, process.pid))
    finally:
        process.terminate()
        process.join()


if __name__ == "__main__":
    main()
