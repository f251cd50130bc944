"""The bench ``queries``: what the gateway adds to the time a bank takes to answer a question.

Rule kept here: the bank is a stand-in that answers after a time known beforehand, so whatever is
beyond that is ours (or, on the reference's side, the caller's and the stand-in's own).

Run as ``python -m gateway.cli.bench_queries SIDE`` by the bench itself: the stand-in, the callers.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
import uvloop

from gateway.cli import bench_settings
from gateway.cli.load import ACCEPTED, HttpConnection, LoadError, LoadOrder, percentile, request
from gateway.cli.measured import (
    Measured,
    Options,
    Running,
    Say,
    cpu_s,
    peak_rss_mib,
    run_once,
    running,
)
from gateway.dialects import bank_dialect
from gateway.domain.errors import WireError
from gateway.domain.ids import Serial
from gateway.domain.money import CNY, Money
from gateway.domain.statement import Balance
from gateway.ports.bank import BalanceQuestion, BalanceRequest, BankAnswer, SignOn
from gateway.runtime import SystemClock
from gateway.sandbox.payees import own_account
from gateway.transport.http_messages import Request, Response
from gateway.transport.http_server import serve

CALLS: Final = 1_000
CONCURRENT: Final = 50
BANK_MS: Final = range(200, 400)
"""How long the stand-in takes, by account: banks do not answer in step."""
_WARM: Final = 100
_BEGIN_S: Final = 0.3
"""Within which the askers begin, one after the other."""
_P95, _MIDDLE = 0.95, 0.5
_BANK, _ASKERS = "bank", "askers"
QUERIES_ZH: Final = (
    "查询的额外耗时：POST /v1/queries 查询余额 1,000 次，50 个并发连接（0.3 秒内陆续开始），每次"
    "账户不同（不共用调用），"
    "SQLite，gateway serve 一个进程；银行为替身（独立进程，真实报文），按账户固定以 200–399 ms "
    "应答。数值为每次答复耗时减去该次银行耗时后的 p95，单位毫秒，越小越好；p50_ms 同理。参照：同样 "
    "50 个并发连接直接向该替身发送同样的银行报文。shared_p95_ms 为 50 个并发连接查询同一账户（共用"
    "一次调用）时同样减去后的 p95，所用时间不足银行耗时的按零计。product_cpu_us 为每次查询所用"
    "处理器微秒数。"
)
QUERIES_EN: Final = (
    "What the gateway adds to a question: 1,000 calls of POST /v1/queries for a balance over 50 "
    "concurrent connections that begin within 0.3 s, each for another account (so none is "
    "shared), SQLite, one process "
    "of gateway serve; the bank is a stand-in in a process of its own that answers in the "
    "bank's language after 200 to 399 ms, by account. The p95 of each answer's time less what "
    "the bank took of it, in milliseconds, less is better; p50_ms likewise. Reference: the same "
    "50 connections straight to the stand-in with the same bank messages. shared_p95_ms is the "
    "same of 50 connections that ask for one account and share calls (an answer that is shared "
    "may take less than the bank did: then it counts as nothing). product_cpu_us is CPU time per "
    "question, in microseconds."
)


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """What the callers are to send: ``direct`` says that they speak to the bank itself."""

    host: str
    port: int
    first: int
    calls: int
    direct: bool = False
    same: bool = False
    """All ask the same."""


def measure(options: Options, say: Say) -> Measured:
    """Milliseconds beyond the bank's own, at the 95th percentile."""
    calls = options.scaled(CALLS)
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as made, ExitStack() as until:
        folder = Path(made)
        bank = until.enter_context(running(["gateway.cli.bench_queries", _BANK], folder))
        reference = _ask(bank, calls=calls, direct=True)
        say(f"reference: {reference[0]:.1f} ms")
        path = folder / "gateway.toml"
        path.write_text(_settings(bank.address, calls + _WARM), encoding="utf-8")
        command = ["gateway.cli.main", "serve", "--config", str(path), "--json"]
        product = until.enter_context(running(command, folder))
        _ask(product, calls=_WARM, first=calls)
        before_s = cpu_s(product.pid)
        found = _ask(product, calls=calls)
        spent_s = cpu_s(product.pid) - before_s
        shared = _ask(product, calls=calls, same=True)
        say(f"product: {found[0]:.1f} ms")
        peak = peak_rss_mib(product.pid)
    return Measured(
        product=found[0],
        reference=reference[0],
        peak_rss_mib=peak,
        extra={
            "p50_ms": found[1],
            "product_cpu_us": round(1_000_000 * spent_s / calls),
            "shared_p95_ms": shared[0],
            "load_average": os.getloadavg()[0],
        },
    )


def _ask(
    side: Running, *, calls: int, first: int = 0, direct: bool = False, same: bool = False
) -> tuple[float, float]:
    """p95 and p50 of the answers' time, in milliseconds."""
    address = urlsplit(side.address)
    order = Asking(
        host=address.hostname or "",
        port=address.port or 0,
        first=first,
        calls=calls,
        direct=direct,
        same=same,
    )
    told = run_once(["gateway.cli.bench_queries", _ASKERS], msgspec.json.encode(order))
    found = json.loads(told)
    return found["p95_ms"], found["p50_ms"]


def _settings(bank: str, accounts: int) -> str:
    """One customer with many accounts, all slots it can use."""
    text = bench_settings.text(bank=bank, slots=16)
    more = "".join(
        f'\n[[tenant.company.account]]\nnumber = "{own_account(index)}"\nconnection = "main"\n'
        for index in range(accounts)
    )
    return text.replace("slots = 16\n", f"slots = 16\nenquiry_slots = {CONCURRENT}\n") + more


# ── the callers, in their process ─────────────────────────────────────────────────────────


async def _call(order: Asking) -> list[float]:
    """What each answer took beyond the bank's own time, in seconds."""
    accounts = [own_account(0 if order.same else order.first + at) for at in range(order.calls)]
    requests = [(_request(order, it, at), bank_s(it)) for at, it in enumerate(accounts)]
    connections = [HttpConnection(order.host, order.port) for _ in range(CONCURRENT)]
    took: list[float] = []
    waiting = iter(requests)

    async def asker(number: int, connection: HttpConnection) -> None:
        await asyncio.sleep(number * _BEGIN_S / CONCURRENT)
        for wanted, of_bank_s in waiting:
            begun = time.monotonic()
            status, answer = await connection.send(wanted)
            took.append(max(0.0, time.monotonic() - begun - of_bank_s))
            if status not in ACCEPTED:
                raise LoadError(f"{status} {answer[:500]!r}")

    await asyncio.gather(*(asker(at, it) for at, it in enumerate(connections)))
    for connection in connections:
        connection.close()
    return took


def bank_s(account: str) -> float:
    """Seconds that the stand-in takes for an account."""
    return BANK_MS[zlib.crc32(account.encode()) % len(BANK_MS)] / 1000


def _request(order: Asking, account: str, number: int) -> bytes:
    if not order.direct:
        signed = LoadOrder(
            host=order.host,
            port=order.port,
            key=bench_settings.KEY,
            secret=bench_settings.SECRET,
            debtor="",
            calls=0,
        )
        body = json.dumps({"kind": "balance", "account": account}).encode()
        return request(signed, "POST", "/v1/queries", body)
    dialect = bank_dialect("cib")
    assert dialect.balance is not None
    sign_on = SignOn(
        customer=bench_settings.CUSTOMER,
        operator="erpmaker",
        password="Demo-Pass-1",  # noqa: S106 - the sandbox's
        at=SystemClock().now().replace(microsecond=0),
    )
    wire = dialect.balance.encode(
        BalanceQuestion(account=account), sign_on, Serial(f"BENCH{number:020d}")
    )
    body = wire.body()
    head = (
        f"POST /cib HTTP/1.1\r\nHost: {order.host}:{order.port}\r\n"
        f"Content-Type: {wire.content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


# ── the stand-in bank, in its process ─────────────────────────────────────────────────────


async def _bank() -> None:
    side, clock = bank_dialect("cib").bank_side, SystemClock()
    balance = Money(100_000_00, CNY)

    async def answer(asked: Request) -> Response:
        begun = time.monotonic()
        try:
            read = side.decode(asked.body)
        except WireError:
            return Response(status=400)
        assert isinstance(read.body, BalanceRequest)
        at = clock.now().replace(microsecond=0)
        told = Balance(account=read.body.account, ledger=balance, available=balance, as_of=at)
        reply = side.encode(read, BankAnswer(at=at, balance=told))
        return Response(
            status=reply.status,
            content_type=reply.content_type,
            body=reply.body,
            delay_s=begun + bank_s(read.body.account) - time.monotonic(),
        )

    server = await serve(answer, "127.0.0.1", 0)
    print(json.dumps({"ready": f"http://127.0.0.1:{server.port}"}), flush=True)
    await asyncio.Event().wait()


def main(words: Sequence[str]) -> None:
    """Be one of the processes of a run."""
    if words == [_BANK]:
        uvloop.run(_bank())
        return
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Asking)
    took = uvloop.run(_call(order))
    found = {"p95_ms": 1000 * percentile(took, _P95), "p50_ms": 1000 * percentile(took, _MIDDLE)}
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
