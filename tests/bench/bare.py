"""The bare path: what a payment costs when nothing is done but the unavoidable.

Accept → durable → FOX bytes → durable → POST → durable, and nothing else: no signature check, no
validation, no permissions, no duplicates, no trail, no enquiry, no restart. It keeps the three
promises that cost disk time (what is answered is durable, bytes are durable before they leave,
outcomes are durable) and is the ceiling a real product is held against. Payments of one call
travel together, up to a hundred in a message.

Run by ``gateway bench payments-…`` as ``python -m tests.bench.bare``; prints ``{"ready": …}``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import signal
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import cast
from urllib.parse import urlsplit

import httptools
import msgspec
import uvloop

from gateway.cli.load import HttpConnection
from gateway.store.instants import BEIJING
from tests.bench.bare_books import Books, PostgresBooks, Sent, SqliteBooks, Writer
from tests.bench.bare_messages import BATCH_MAX, Line, Messages, outcomes

PLAN_MAX = 64
"""Messages made durable in one commit."""


class Batch(msgspec.Struct):
    batch_reference: str
    instructions: list[Line]


class Waiting(msgspec.Struct):
    """Payments between their acceptance and their outcome, for one message."""

    first: int
    lines: Sequence[Line]


class Path:
    """Acceptance, sending and the outcome."""

    def __init__(self, writer: Writer, bank: str, slots: int) -> None:
        address = urlsplit(bank)
        host, port = address.hostname or "", address.port or 80
        self._writer = writer
        self._messages = Messages(f"{host}:{port}")
        self._free = deque(HttpConnection(host, port) for _ in range(slots))
        self._waiting: deque[Waiting] = deque()
        self._wake = asyncio.Event()
        self._day = f"{datetime.now(BEIJING):%Y%m%d}"
        self._tasks: set[asyncio.Task[None]] = set()
        self._payments = self._sent = 0

    async def single(self, body: bytes) -> bytes:
        accepted = await self._accept("", [msgspec.json.decode(body, type=Line)])
        return b'{"id":"%d"}' % accepted

    async def batch(self, body: bytes) -> bytes:
        posted = msgspec.json.decode(body, type=Batch)
        await self._accept(posted.batch_reference, posted.instructions)
        return json.dumps({"id": posted.batch_reference}).encode()

    async def states(self, batch: str) -> bytes:
        count = await self._writer.write(lambda books: books.settled(batch))
        return json.dumps({"id": batch, "states": {"SETTLED": count}}).encode()

    async def _accept(self, batch: str, lines: list[Line]) -> int:
        first = self._payments + 1
        self._payments += len(lines)
        await self._writer.write(lambda books: books.accept(first, batch, lines))
        for at in range(0, len(lines), BATCH_MAX):
            self._waiting.append(Waiting(first + at, lines[at : at + BATCH_MAX]))
        self._wake.set()
        return first

    async def plan(self) -> None:
        """Make the bytes of what waits durable, as many as there are slots, then send."""
        while True:
            while not (self._free and self._waiting):
                self._wake.clear()
                await self._wake.wait()
            width = min(len(self._free), len(self._waiting), PLAN_MAX)
            connections = [self._free.popleft() for _ in range(width)]
            messages = [self._message(self._waiting.popleft()) for _ in range(width)]

            def sending(books: Books, messages: Sequence[Sent] = messages) -> None:
                books.sending(messages)

            await self._writer.write(sending)
            for message, connection in zip(messages, connections, strict=True):
                task = asyncio.create_task(self._send(message, connection))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _message(self, it: Waiting) -> Sent:
        self._sent += 1
        serial = f"GW{self._day}{secrets.token_hex(9).upper()}"
        body = self._messages.write(it.lines, serial)
        return Sent(self._sent, serial, body, it.first, len(it.lines))

    async def _send(self, it: Sent, connection: HttpConnection) -> None:
        status, reply = await connection.send(self._messages.request(it.body))
        found = outcomes(it.lines, status, reply)
        await self._writer.write(lambda books: books.answered(it, reply, found))
        self._free.append(connection)
        self._wake.set()


class Server(asyncio.Protocol):
    """One accepted connection, one request at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._body: list[bytes] = []
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, received: bytes) -> None:
        self._parser.feed_data(received)

    def on_url(self, url: bytes) -> None:
        self._url = url

    def on_body(self, part: bytes) -> None:
        self._body.append(part)

    def on_message_complete(self) -> None:
        body = b"".join(self._body)
        self._body.clear()
        self._task = asyncio.ensure_future(self._answer(self._url.decode(), body))

    async def _answer(self, url: str, body: bytes) -> None:
        if url == "/v1/instructions":
            answer = await self._path.single(body)
        elif url == "/v1/batches":
            answer = await self._path.batch(body)
        else:
            answer = await self._path.states(url.rpartition("/")[2])
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(answer), answer)
        )


async def serve(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    kept = options.database
    books = PostgresBooks(kept) if kept.startswith("postgresql") else SqliteBooks(kept)
    path = Path(Writer(books), options.bank, options.slots)
    planner = asyncio.create_task(path.plan())
    server = await loop.create_server(lambda: Server(path), "127.0.0.1", 0)
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    port = server.sockets[0].getsockname()[1]
    print(json.dumps({"ready": f"http://127.0.0.1:{port}"}), flush=True)
    await ended.wait()
    planner.cancel()
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    parser.add_argument("--bank", required=True)
    parser.add_argument("--slots", type=int, default=16)
    uvloop.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
