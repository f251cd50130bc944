"""The bare path: what a payment costs when nothing is done but the unavoidable.

Accept → durable → FOX bytes → durable → POST → durable, and nothing else: no signature check, no
validation, no permissions, no duplicates, no trail, no enquiry, no restart. It keeps the three
promises that cost disk time (what is answered is durable, bytes are durable before they leave,
outcomes are durable) and is the ceiling a real product is held against.

Run by ``gateway bench payments-…`` as ``python -m tests.bench.bare``; prints ``{"ready": …}``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import queue
import re
import secrets
import signal
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import cast
from urllib.parse import urlsplit

import httptools
import msgspec
import uvloop

from gateway.bootstrap import bank_dialect
from gateway.cli.load import HttpConnection
from gateway.domain.ids import Serial
from gateway.domain.instruction import Urgency
from gateway.domain.money import CNY, Money
from gateway.domain.party import Account, Agent, Party
from gateway.ports.bank import PayOrder, SignOn
from gateway.store.instants import BEIJING

SCHEMA = """
CREATE TABLE batch (id TEXT PRIMARY KEY, lines INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE payment (
    id INTEGER PRIMARY KEY, batch TEXT NOT NULL, reference TEXT NOT NULL, debtor TEXT NOT NULL,
    name TEXT NOT NULL, account TEXT NOT NULL, amount TEXT NOT NULL, purpose TEXT NOT NULL,
    serial TEXT NOT NULL DEFAULT '', sent BLOB, reply BLOB, outcome TEXT NOT NULL DEFAULT ''
);
CREATE INDEX payment_batch ON payment (batch, outcome);
"""
GROUP_MAX = 512
PLAN_MAX = 64
PAID = re.compile(rb"<XFERPRCCODE>PAYOUT</XFERPRCCODE>")
Job = Callable[[sqlite3.Connection], object]


class Line(msgspec.Struct):
    """The fields of an instruction that the message carries."""

    erp_reference: str
    debtor_account: str
    creditor_name: str
    creditor_account: str
    amount: str
    purpose: str


class Batch(msgspec.Struct):
    batch_reference: str
    instructions: list[Line]


class Waiting(msgspec.Struct):
    """A payment between its acceptance and its outcome."""

    id: int
    line: Line


class Writer:
    """One thread that commits whatever has gathered: durable when the future is done."""

    def __init__(self, path: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[tuple[Job, asyncio.Future[object]]] = queue.SimpleQueue()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(SCHEMA)
        threading.Thread(target=self._work, daemon=True).start()

    async def write(self, job: Job) -> object:
        future: asyncio.Future[object] = self._loop.create_future()
        self._queue.put((job, future))
        return await future

    def _work(self) -> None:
        while True:
            group = [self._queue.get()]
            while len(group) < GROUP_MAX and not self._queue.empty():
                group.append(self._queue.get())
            self._db.execute("BEGIN IMMEDIATE")
            results = [job(self._db) for job, _ in group]
            self._db.execute("COMMIT")
            self._loop.call_soon_threadsafe(_settle, group, results)


def _settle(group: Sequence[tuple[Job, asyncio.Future[object]]], results: list[object]) -> None:
    for (_, future), result in zip(group, results, strict=True):
        if not future.done():
            future.set_result(result)


class Template:
    """A transfer message of the dialect, cut where the payment's own words stand."""

    def __init__(self, host: str) -> None:
        self._marks = {
            "name": "样本户名",
            "account": "100000000000000007",
            "serial": "GW" + "7" * 26,
        }
        self._marks |= {
            "debtor": "200000000000000007",
            "amount": "777777.77",
            "purpose": "样本用途",
        }
        body = self._encoded()
        places = sorted(
            (body.index(mark.encode("gbk")), name) for name, mark in self._marks.items()
        )
        self._order = [name for _, name in places]
        self._pieces: list[bytes] = []
        start = 0
        for at, name in places:
            self._pieces.append(body[start:at])
            start = at + len(self._marks[name].encode("gbk"))
        self._tail = body[start:]
        self._head = (
            f"POST /cib HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-fox\r\n".encode()
        )

    def _encoded(self) -> bytes:
        marks = self._marks
        order = PayOrder(
            debtor=Party(name="", account=Account(number=marks["debtor"])),
            creditor=Party(
                name=marks["name"],
                account=Account(number=marks["account"], agent=Agent(name="兴业银行", city="福州")),
            ),
            amount=Money(77777777, CNY),
            purpose=marks["purpose"],
            memo="",
            own_bank=True,
            local=True,
            urgency=Urgency.NORMAL,
        )
        signon = SignOn(
            customer="9900000001",
            operator="erpmaker",
            password="Demo-Pass-1",
            at=datetime.now(BEIJING).replace(microsecond=0),
        )
        pay = bank_dialect("cib").pay
        assert pay is not None
        return pay.encode(order, signon, Serial(marks["serial"])).body()

    def fill(self, line: Line, serial: str) -> bytes:
        words = {
            "name": line.creditor_name,
            "account": line.creditor_account,
            "serial": serial,
            "debtor": line.debtor_account,
            "amount": line.amount,
            "purpose": line.purpose,
        }
        parts: list[bytes] = []
        for piece, name in zip(self._pieces, self._order, strict=True):
            parts += (piece, words[name].encode("gbk"))
        return b"".join((*parts, self._tail))

    def request(self, body: bytes) -> bytes:
        return self._head + b"Content-Length: %d\r\n\r\n" % len(body) + body


class Path:
    """Acceptance, sending and the outcome."""

    def __init__(self, writer: Writer, bank: str, slots: int) -> None:
        address = urlsplit(bank)
        host, port = address.hostname or "", address.port or 80
        self._writer = writer
        self._template = Template(f"{host}:{port}")
        self._free = deque(HttpConnection(host, port) for _ in range(slots))
        self._waiting: deque[Waiting] = deque()
        self._wake = asyncio.Event()
        self._day = f"{datetime.now(BEIJING):%Y%m%d}"
        self._tasks: set[asyncio.Task[None]] = set()

    async def single(self, body: bytes) -> bytes:
        accepted = await self._accept("", [msgspec.json.decode(body, type=Line)])
        return b'{"id":"%d"}' % accepted

    async def batch(self, body: bytes) -> bytes:
        posted = msgspec.json.decode(body, type=Batch)
        await self._accept(posted.batch_reference, posted.instructions)
        return json.dumps({"id": posted.batch_reference}).encode()

    async def states(self, batch: str) -> bytes:
        count = await self._writer.write(
            lambda db: db.execute(
                "SELECT count(*) FROM payment WHERE batch = ? AND outcome = 'SETTLED'", (batch,)
            ).fetchone()[0]
        )
        return json.dumps({"id": batch, "states": {"SETTLED": count}}).encode()

    async def _accept(self, batch: str, lines: list[Line]) -> int:
        def store(db: sqlite3.Connection) -> int:
            newest = db.execute("SELECT coalesce(max(id), 0) FROM payment").fetchone()[0]
            if batch:
                db.execute("INSERT INTO batch VALUES (?, ?)", (batch, len(lines)))
            db.executemany(
                "INSERT INTO payment (id, batch, reference, debtor, name, account, amount, purpose)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (newest + at, batch, *msgspec.structs.astuple(it))
                    for at, it in enumerate(lines, 1)
                ],
            )
            return cast("int", newest + 1)

        first = cast("int", await self._writer.write(store))
        self._waiting.extend(Waiting(first + at, line) for at, line in enumerate(lines))
        self._wake.set()
        return first

    async def plan(self) -> None:
        """Make the bytes of what waits durable, as many as there are slots, then send."""
        while True:
            while not (self._free and self._waiting):
                self._wake.clear()
                await self._wake.wait()
            width = min(len(self._free), len(self._waiting), PLAN_MAX)
            chosen = [self._waiting.popleft() for _ in range(width)]
            connections = [self._free.popleft() for _ in range(width)]
            rows: list[tuple[str, bytes, int]] = []
            for it in chosen:
                serial = f"GW{self._day}{secrets.token_hex(9).upper()}"
                rows.append((serial, self._template.fill(it.line, serial), it.id))
            await self._writer.write(partial(_store_bytes, rows))
            for (_, body, number), connection in zip(rows, connections, strict=True):
                task = asyncio.create_task(self._send(number, body, connection))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _send(self, number: int, body: bytes, connection: HttpConnection) -> None:
        status, reply = await connection.send(self._template.request(body))
        outcome = "SETTLED" if status == 200 and PAID.search(reply) else "UNCONFIRMED"
        await self._writer.write(
            lambda db: db.execute(
                "UPDATE payment SET reply = ?, outcome = ? WHERE id = ?", (reply, outcome, number)
            )
        )
        self._free.append(connection)
        self._wake.set()


def _store_bytes(rows: list[tuple[str, bytes, int]], db: sqlite3.Connection) -> None:
    db.executemany("UPDATE payment SET serial = ?, sent = ? WHERE id = ?", rows)


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
    path = Path(Writer(options.database), options.bank, options.slots)
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
