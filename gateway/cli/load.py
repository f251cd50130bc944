"""The load generator of the payment benches: an ERP that does nothing but call, in its own process.

Rule kept here: every request is built and signed before the clock starts, so that what is
measured is the side under load. It stands in for people's ERP systems and shares no code with
the server or the relay.

Run as ``python -m gateway.cli.load``: an order (JSON) on standard input, a report (JSON) on
standard output. Instants are seconds of the machine's monotonic clock, the same in every process.
"""

from __future__ import annotations

import asyncio
import json
import math
import secrets
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final, cast

import httptools
import msgspec
import psycopg
import uvloop

from gateway.sandbox.payees import own_account, payee_name
from gateway.signing.request_signature import (
    KEY_HEADER,
    NONCE_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    SignedRequest,
    sign,
)

ACCEPTED: Final = frozenset({200, 201, 202})
FINAL: Final = "SETTLED"
_POLL_S: Final = 0.1
_CONNECT_S: Final = 5
_ANSWER_S: Final = 300
_WORST: Final = 0.99


class LoadOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What to call, how often. ``lines`` 0: single instructions; else batches of so many lines.

    ``first`` is the number of the first payee; each payee is paid once, so nothing looks like
    a duplicate. ``rate_per_s`` 0 means as fast as ``connections`` in a closed loop allow.
    """

    host: str
    port: int
    key: str
    secret: str
    debtor: str
    calls: int
    lines: int = 0
    first: int = 0
    items: int = 0
    """How many budget items the payments are for, in turn; 0: they name none."""
    connections: int = 16
    rate_per_s: float = 0.0
    deadline_s: float = 600.0
    database: str = ""
    """Singles: the side's SQLite file or PostgreSQL address, counted from a connection of ours …"""
    settled_sql: str = ""
    """… with this query, until it says that so many are settled:"""
    settled_target: int = 0


class LoadReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. ``accepted``: the last call was answered; ``ended``: all was settled."""

    started: float
    accepted: float
    ended: float
    p99_ms: float
    settled: int


class LoadError(RuntimeError):
    """The side under load refused a call or did not finish in time."""


class HttpConnection(asyncio.Protocol):
    """One keep-alive HTTP/1.1 connection, one request at a time; opened anew when it was closed."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Send a whole request; returns status and body. Raises LoadError when none comes."""
        loop = asyncio.get_running_loop()
        if self._transport is None or self._transport.is_closing():
            opening = loop.create_connection(lambda: self, *self._address)
            await asyncio.wait_for(opening, _CONNECT_S)
        self._answer = loop.create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._body.clear()
        cast("asyncio.Transport", self._transport).write(request)
        return await asyncio.wait_for(self._answer, _ANSWER_S)

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()

    # ── asyncio.Protocol and httptools ──

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, received: bytes) -> None:
        """Bytes of the answer."""
        self._parser.feed_data(received)

    def connection_lost(self, _error: Exception | None) -> None:
        """The peer closed; a request without an answer fails."""
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(LoadError("closed without an answer"))

    def on_body(self, part: bytes) -> None:
        """A part of the answer's body."""
        self._body.append(part)

    def on_message_complete(self) -> None:
        """The answer is whole."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), b"".join(self._body)))


# ── what is sent ──────────────────────────────────────────────────────────────────────────


def instruction(order: LoadOrder, index: int) -> dict[str, str]:
    """One own-bank payment of 1.00 to generated payee ``index``."""
    account = own_account(index)
    item = {"budget_item": f"A{index % order.items:02}"} if order.items else {}
    return {
        "erp_reference": f"BENCH-{index:08d}",
        "debtor_account": order.debtor,
        "creditor_name": payee_name(account),
        "creditor_account": account,
        "creditor_agent_name": "兴业银行",
        "creditor_city": "福州",
        "amount": "1.00",
        "currency": "CNY",
        "purpose": "货款",
        **item,
    }


def bodies(order: LoadOrder) -> list[bytes]:
    """The bodies of all calls of an order."""
    if not order.lines:
        return [_json(instruction(order, order.first + call)) for call in range(order.calls)]
    return [
        _json(
            {
                "batch_reference": f"BENCH-BATCH-{order.first}-{call:05d}",
                "instructions": [
                    instruction(order, order.first + call * order.lines + line)
                    for line in range(order.lines)
                ],
            }
        )
        for call in range(order.calls)
    ]


def request(order: LoadOrder, method: str, path: str, body: bytes = b"") -> bytes:
    """A whole signed HTTP request."""
    signed = SignedRequest(
        method=method,
        path=path,
        timestamp=str(int(time.time())),
        nonce=secrets.token_urlsafe(16),
        body=body,
    )
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {order.host}:{order.port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"{KEY_HEADER}: {order.key}\r\n{TIMESTAMP_HEADER}: {signed.timestamp}\r\n"
        f"{NONCE_HEADER}: {signed.nonce}\r\n"
        f"{SIGNATURE_HEADER}: {sign(order.secret.encode(), signed)}\r\n\r\n"
    )
    return head.encode() + body


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


# ── sending it ────────────────────────────────────────────────────────────────────────────


async def call_all(order: LoadOrder) -> LoadReport:
    """Send everything, then wait until every payment is settled."""
    path = "/v1/batches" if order.lines else "/v1/instructions"
    requests = [request(order, "POST", path, body) for body in bodies(order)]
    connections = [HttpConnection(order.host, order.port) for _ in range(order.connections)]
    ids: list[str] = []
    took: list[float] = []
    started = time.monotonic()

    async def post(connection: HttpConnection, at: int) -> None:
        if order.rate_per_s:
            await asyncio.sleep(max(0.0, started + at / order.rate_per_s - time.monotonic()))
        begun = time.monotonic()
        status, answer = await connection.send(requests[at])
        took.append(time.monotonic() - begun)
        if status not in ACCEPTED:
            raise LoadError(f"POST {path}: {status} {answer[:500]!r}")
        ids.append(str(json.loads(answer)["id"]))

    await _share(len(requests), connections, post)
    accepted = time.monotonic()
    deadline = started + order.deadline_s
    if order.lines:
        settled = await _until_settled(order, connections[0], ids, deadline)
    else:
        settled = await _until_counted(order, deadline)
    ended = time.monotonic()
    for connection in connections:
        connection.close()
    return LoadReport(
        started=started,
        accepted=accepted,
        ended=ended,
        p99_ms=1000 * percentile(took, _WORST),
        settled=settled,
    )


async def _share(
    count: int,
    connections: Sequence[HttpConnection],
    work: Callable[[HttpConnection, int], Awaitable[None]],
) -> None:
    """Give each connection the next piece of work as soon as it is free."""
    positions = iter(range(count))

    async def worker(connection: HttpConnection) -> None:
        for at in positions:
            await work(connection, at)

    await asyncio.gather(*(worker(connection) for connection in connections))


async def _until_settled(
    order: LoadOrder, connection: HttpConnection, ids: Sequence[str], deadline: float
) -> int:
    """Ask for one batch after the other until all their lines are settled; returns how many."""
    settled = 0
    for batch in ids:
        count = -1
        while count < order.lines:
            if time.monotonic() > deadline:
                raise LoadError(f"batch {batch}: {count} of {order.lines} lines settled in time")
            if count >= 0:
                await asyncio.sleep(_POLL_S)
            path = f"/v1/batches/{batch}"
            status, answer = await connection.send(request(order, "GET", path))
            if status not in ACCEPTED:
                raise LoadError(f"GET {path}: {status} {answer[:500]!r}")
            count = int(json.loads(answer)["states"].get(FINAL, 0))
        settled += count
    return settled


async def _until_counted(order: LoadOrder, deadline: float) -> int:
    """Count settled payments in the side's database: asking for each would be a load of its own."""
    with _counting(order) as settled:
        while True:
            count = settled()
            if count >= order.settled_target:
                return count
            if time.monotonic() > deadline:
                raise LoadError(f"{count} of {order.settled_target} payments settled in time")
            await asyncio.sleep(_POLL_S)


@contextmanager
def _counting(order: LoadOrder) -> Iterator[Callable[[], int]]:
    """What asks the side's database once."""
    if order.database.startswith("postgresql"):
        with psycopg.connect(order.database, autocommit=True) as server:
            yield lambda: _first(server.execute(order.settled_sql.encode()).fetchone())
    else:
        path = f"file:{order.database}?mode=ro"
        with closing(sqlite3.connect(path, uri=True)) as file:
            yield lambda: _first(file.execute(order.settled_sql).fetchone())


def _first(row: Sequence[int] | None) -> int:
    return int(row[0]) if row else 0


def percentile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of all values do not exceed; 0.0 for none."""
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else 0.0


def main() -> int:
    """Read an order, carry it out, print the report. Exit code 1: the side under load failed."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=LoadOrder)
    try:
        report = uvloop.run(call_all(order))
    except (LoadError, OSError, TimeoutError) as error:
        print(f"load: {error!r}", file=sys.stderr)
        return 1
    sys.stdout.buffer.write(msgspec.json.encode(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
