"""The bench ``told-lag``: how long after the bank's booking an ERP has its notice (到账).

Rule kept here: when each credit was booked is said by the stand-in bank itself, in the entry's own
words, and the ERP is a folder: what counts is when the file is there, not what the gateway says.

Run as ``python -m gateway.cli.bench_told SIDE`` by the bench itself: the stand-in, the poller.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from random import Random
from subprocess import PIPE, Popen
from typing import Final
from urllib.parse import urlsplit

import uvloop

from gateway.cli import bench_settings
from gateway.cli.load import percentile
from gateway.cli.measured import Measured, Options, Say, peak_rss_mib, running
from gateway.dialects import bank_dialect
from gateway.domain.errors import Corrupt, WireError
from gateway.domain.ids import Serial
from gateway.domain.money import CNY, Money
from gateway.domain.statement import Entry, StatementPage
from gateway.ports.bank import BankAnswer, SignOn, StatementQuestion, StatementRequest
from gateway.runtime import SystemClock
from gateway.transport.http_messages import Request, Response
from gateway.transport.http_server import serve

CREDITS: Final = 100
EVERY_S: Final = 3
"""The polling interval of the run; a deployment's own is 60 by default."""
ALLOWED_S: Final = 5
"""What may come on top of one polling interval."""
_WARM_S: Final = 4
"""How long after the poller's first question, the gateway's having come before, it begins."""
_POLLS: Final = "POLL"
"""How the serials of the poller begin."""
_GAP_S: Final = 0.25
_LEFT_S: Final = 30
_PAGE: Final = 100
_SEED: Final = 20261123
_P95, _MIDDLE = 0.95, 0.5
_BANK, _POLLER = "bank", "poller"
_BOOKED: Final = re.compile(r"booked ([0-9]+)")
_TOLD: Final = re.compile(
    r'^gateway_told_seconds_bucket\{[^}]*kind="credit"[^}]*le="([^"]+)"[^}]*\} ([0-9]+)',
    re.MULTILINE,
)
TOLD_ZH: Final = (
    f"到账通知的时延：银行替身（独立进程，真实报文）每 {_GAP_S} 秒左右记一笔收款，共 {CREDITS} 笔；"
    f"gateway serve 一个进程、SQLite，feed.every_s = {EVERY_S}，以文件告知 ERP（canonical/v1，"
    "文件夹）。数值为从银行记账到文件出现在 ERP 文件夹的 p95，单位毫秒，越小越好；p50_ms 同理。"
    f"allowed_ms 为一个轮询间隔加 {ALLOWED_S} 秒。first_sight_p95_ms 为同一次运行中指标 "
    "gateway_told_seconds（首次得知到 ERP 收妥）的 p95 所在桶的上界。参照：按同样间隔直接查询同一"
    "替身的程序，从记账到看到的 p95。"
)
TOLD_EN: Final = (
    "How late money that came in is told: a stand-in bank in a process of its own, in the bank's "
    f"language, books a credit about every {_GAP_S} s, {CREDITS} in all; one process of gateway "
    f"serve, SQLite, feed.every_s = {EVERY_S}, tells the ERP by files (canonical/v1, a folder). "
    "The p95 from the booking until the file is in the ERP's folder, in milliseconds, less is "
    f"better; p50_ms likewise. allowed_ms is one polling interval and {ALLOWED_S} s. "
    "first_sight_p95_ms is, of the same run, the upper bound of the bucket of the metric "
    "gateway_told_seconds (from first sight to the ERP's having taken it) in which its p95 lies. "
    "Reference: a program that asks the same stand-in as often, from the booking until it sees it."
)


def measure(options: Options, say: Say) -> Measured:
    """Milliseconds from a booking to the ERP's file, at the 95th percentile."""
    count = options.scaled(CREDITS)
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as made, ExitStack() as until:
        folder = Path(made)
        bank = until.enter_context(running(["gateway.cli.bench_told", _BANK, str(count)], folder))
        erp = folder / "erp"
        erp.mkdir()
        path = folder / "gateway.toml"
        path.write_text(_settings(bank.address, erp), encoding="utf-8")
        command = ["gateway.cli.main", "serve", "--config", str(path), "--json"]
        product = until.enter_context(running(command, folder))
        poller = until.enter_context(_poller(bank.address, count))
        until.callback(poller.terminate)
        lags = _watched(erp / "out", count)
        say(f"product: {1000 * percentile(lags, _P95):.0f} ms")
        seen = json.loads(poller.communicate(timeout=_LEFT_S)[0])
        say(f"reference: {1000 * percentile(seen, _P95):.0f} ms")
        first_sight = _first_sight(product.address)
        peak = peak_rss_mib(product.pid)
    return Measured(
        product=round(1000 * percentile(lags, _P95)),
        reference=round(1000 * percentile(seen, _P95)),
        peak_rss_mib=peak,
        extra={
            "p50_ms": round(1000 * percentile(lags, _MIDDLE)),
            "allowed_ms": 1000 * (EVERY_S + ALLOWED_S),
            "first_sight_p95_ms": 1000 * first_sight,
            "load_average": os.getloadavg()[0],
        },
    )


def _poller(bank: str, count: int) -> Popen[bytes]:
    command = [sys.executable, "-m", "gateway.cli.bench_told", _POLLER, bank, str(count)]
    return Popen(command, stdout=PIPE)  # noqa: S603 - our own module


def _watched(out: Path, count: int) -> list[float]:
    """When each credit was there, less when it was booked, in seconds."""
    lags: dict[int, float] = {}
    read: set[str] = set()
    deadline = time.monotonic() + _LEFT_S + 2 * _GAP_S * count + EVERY_S + _LEFT_S
    while len(lags) < count:
        if time.monotonic() > deadline:
            raise Corrupt(f"only {len(lags)} of {count} credits were told in time")
        for file in out.glob("credit-*.json") if out.is_dir() else ():
            if file.name not in read:
                now = time.monotonic()
                read.add(file.name)
                for told in json.loads(file.read_bytes())["records"]:
                    booked = booked_at(told["entry"]["remittance"])
                    lags.setdefault(booked, now - booked / 1_000_000)
        time.sleep(0.01)
    return list(lags.values())


def booked_at(words: str) -> int:
    """When a credit was booked, on this machine's steady clock in microseconds, as it says."""
    found = _BOOKED.search(words)
    if found is None:
        raise Corrupt("an entry does not say when it was booked")
    return int(found[1])


def _first_sight(address: str) -> float:
    """Upper bound in seconds of the metric's bucket that holds the 95th percentile."""
    place = urlsplit(address)
    asked = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
    asked.request("GET", "/metrics")
    text = asked.getresponse().read().decode()
    asked.close()
    return bound_of(text)


def bound_of(exposition: str) -> float:
    """The same of a metrics page. Raises Corrupt where it tells of no credit."""
    buckets = [(bound, int(count)) for bound, count in _TOLD.findall(exposition)]
    total = buckets[-1][1] if buckets else 0
    if not total:
        raise Corrupt("the metrics tell of no credit")
    return next(float(bound) for bound, count in buckets if count >= _P95 * total)


def _settings(bank: str, erp: Path) -> str:
    text = bench_settings.text(bank=bank, slots=4)
    text = text.replace("slots = 4\n", "slots = 4\nquery_interval_s = 1\n")
    more = 'port = 0\nerps = ["canonical"]\nstatements_every_minutes = 0\n'
    text = text.replace("port = 0\n", more)
    return f"""{text}
[[tenant.erp]]
id = "bench"
dialect = "canonical/v1"
transport = "folder"
address = "{erp}"
tells = ["credit"]

[tenant.erp.feed]
kinds = ["credit"]
every_s = {EVERY_S}
"""


# ── the stand-in bank, in its process ─────────────────────────────────────────────────────


def bookings(begin: float, count: int) -> Iterator[float]:
    """When credits are booked: about every ``_GAP_S`` seconds, never in step with anybody."""
    draw = Random(_SEED)  # noqa: S311 - a run that repeats itself
    for number in range(count):
        yield begin + _WARM_S + number * _GAP_S + draw.random() * _GAP_S


async def _bank(count: int) -> None:
    side, clock = bank_dialect("cib").bank_side, SystemClock()
    instants: list[float] = []

    async def answer(asked: Request) -> Response:
        try:
            read = side.decode(asked.body)
        except WireError:
            return Response(status=400)
        at = clock.now().replace(microsecond=0)
        page = None
        if read.serial.startswith(_POLLS) and not instants:
            instants.extend(bookings(time.monotonic(), count))
        if isinstance(read.body, StatementRequest):
            page = _page(read.body, [it for it in instants if it <= time.monotonic()], at.date())
        reply = side.encode(read, BankAnswer(at=at, page=page))
        return Response(status=reply.status, content_type=reply.content_type, body=reply.body)

    server = await serve(answer, "127.0.0.1", 0)
    print(json.dumps({"ready": f"http://127.0.0.1:{server.port}"}), flush=True)
    await asyncio.Event().wait()


def _page(asked: StatementRequest, booked: Sequence[float], today: date) -> StatementPage:
    of_today = asked.start is not None and asked.start <= today <= (asked.end or today)
    first = (asked.page - 1) * _PAGE if of_today else len(booked)
    entries = tuple(
        Entry(
            amount=Money(10_000 + number, CNY),
            booking_date=today,
            bank_key=f"{today:%Y%m%d}{number:012d}",
            reference=f"{number:012d}",
            counterparty_name="付款方",
            remittance=f"booked {round(1_000_000 * instant)}",
        )
        for number, instant in list(enumerate(booked, 1))[first : first + _PAGE]
    )
    more = of_today and first + _PAGE < len(booked)
    return StatementPage(account=asked.account, entries=entries, more=more)


# ── the reference, in its process ─────────────────────────────────────────────────────────


def _polled(bank: str, count: int) -> list[float]:
    """Ask as often as the gateway does, and say how late each credit was seen."""
    dialect, place = bank_dialect("cib"), urlsplit(bank)
    assert dialect.statement is not None
    lags: dict[int, float] = {}
    for number in range(1, 10_000):
        begun = time.monotonic()
        today = SystemClock().now().date()
        page = 1
        while page:
            question = StatementQuestion(
                account=bench_settings.DEBTOR, start=today, end=today, page=page
            )
            serial = Serial(f"{_POLLS}{number:08d}{page:08d}")
            wire = dialect.statement.encode(question, _sign_on(), serial)
            asked = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
            asked.request("POST", "/cib", wire.body(), {"Content-Type": wire.content_type})
            answered = asked.getresponse()
            reply = answered.read()
            asked.close()
            page = _noted(reply, lags, page)
        if len(lags) >= count:
            break
        time.sleep(max(0.0, EVERY_S - (time.monotonic() - begun)))
    return list(lags.values())


def _noted(reply: bytes, lags: dict[int, float], page: int) -> int:
    """Note what was not seen before; the next page, or 0."""
    found = _BOOKED.findall(reply.decode("utf-8", "replace"))
    now = time.monotonic()
    for booked in map(int, found):
        lags.setdefault(booked, now - booked / 1_000_000)
    return page + 1 if b'MORE="Y"' in reply else 0


def _sign_on() -> SignOn:
    return SignOn(
        customer=bench_settings.CUSTOMER,
        operator="erpmaker",
        password="Demo-Pass-1",  # noqa: S106 - the sandbox's
        at=SystemClock().now().replace(microsecond=0),
    )


def main(words: Sequence[str]) -> None:
    """Be one of the processes of a run."""
    if words[0] == _BANK:
        uvloop.run(_bank(int(words[1])))
        return
    print(json.dumps(_polled(words[1], int(words[2]))))


if __name__ == "__main__":
    main(sys.argv[1:])
