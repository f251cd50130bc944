"""The benches ``payments-batch`` and ``payments-single``: the whole path against the bare path.

Rule kept here: both sides get the same calls from the same load generator, talk to the same
sandbox bank, and promise the same: accepted means durable, bytes are durable before they
leave, the outcome is durable. Each side starts with empty books.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO
from urllib.parse import urlsplit

import msgspec

from gateway.cli import bench_profile, bench_settings
from gateway.cli.load import LoadOrder, LoadReport
from gateway.cli.measured import (
    Measured,
    Options,
    Running,
    Say,
    peak_rss_mib,
    repository,
    run_once,
    running,
)
from gateway.runtime import SharedClock, SystemClock

CALLS: Final = 20
LINES: Final = 5_000
SINGLES: Final = 3_000
SINGLE_CONNECTIONS: Final = 16
BATCH_CONNECTIONS: Final = 2
SINGLE_UNIT_MIN: Final = 50
"""Fewer calls than this measure the start only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side under load: its processes' folder and how its settled payments are counted."""

    name: str
    gateway: Running
    database: Path
    settled_sql: str


def batch(options: Options, say: Say) -> Measured:
    """Payments per second of large batches."""
    # Both numbers shrink, so that a small run still posts several batches.
    calls = (
        options.scaled(CALLS) if options.scale > 1 else max(2, round(CALLS * options.scale**0.5))
    )
    lines = max(1, options.scaled(CALLS * LINES) // calls)
    rates: dict[str, float] = {}
    extra: dict[str, float] = {}
    peak = 0.0
    for name in ("reference", "product"):
        with _side(name, options) as side:
            order = _order(side, calls=calls, lines=lines, connections=BATCH_CONNECTIONS)
            report = _load(order)
            rates[name] = calls * lines / (report.ended - report.started)
            say(f"{name}: {rates[name]:.0f} payments/s")
            if name == "product":
                peak = peak_rss_mib(side.gateway.pid)
                extra["p99_ms"] = report.p99_ms
                extra["accepted_per_s"] = calls * lines / (report.accepted - report.started)
    return Measured(
        product=rates["product"], reference=rates["reference"], peak_rss_mib=peak, extra=extra
    )


def single(options: Options, say: Say) -> Measured:
    """Payments per second, one call and one bank message each."""
    calls = max(SINGLE_UNIT_MIN, options.scaled(SINGLES))
    rates: dict[str, float] = {}
    extra: dict[str, float] = {}
    peak = 0.0
    for name in ("reference", "product"):
        with _side(name, options) as side:
            report = _load(_order(side, calls=calls, connections=SINGLE_CONNECTIONS))
            rates[name] = calls / (report.ended - report.started)
            say(f"{name}: {rates[name]:.0f} payments/s")
            if name == "product":
                half = _order(
                    side,
                    calls=max(SINGLE_UNIT_MIN, calls // 3),
                    first=calls,
                    connections=SINGLE_CONNECTIONS,
                    rate_per_s=rates[name] / 2,
                )
                extra = {"p99_ms": _load(half).p99_ms, "p99_full_ms": report.p99_ms}
                peak = peak_rss_mib(side.gateway.pid)
    return Measured(
        product=rates["product"], reference=rates["reference"], peak_rss_mib=peak, extra=extra
    )


def profile_batch(options: Options, out: TextIO) -> None:
    """Where the product's time goes with batches."""
    bench_profile.run(options, out, payments=options.scaled(LINES), bulk=True)


def profile_single(options: Options, out: TextIO) -> None:
    """Where the product's time goes with single payments."""
    bench_profile.run(options, out, payments=options.scaled(SINGLES), bulk=False)


# ── the two sides ─────────────────────────────────────────────────────────────────────────


@contextmanager
def _side(name: str, options: Options) -> Iterator[Side]:
    """A fresh bank and, before it, the product or the bare path."""
    root = repository()
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as made:
        folder = Path(made)
        # The bank's calendar starts today, as the gateway's does.
        SharedClock.create(folder / "clock.json", SystemClock().now())
        with running(_sandbox(folder), folder) as bank:
            if name == "product":
                with running(_product(folder, bank.address, options), folder) as gateway:
                    yield Side(
                        name=name,
                        gateway=gateway,
                        database=folder / "gateway.db",
                        settled_sql="SELECT count(*) FROM instruction WHERE state = 'SETTLED'",
                    )
            else:
                with running(_bare(folder, bank.address, options), folder, root=root) as gateway:
                    yield Side(
                        name=name,
                        gateway=gateway,
                        database=folder / "bare.db",
                        settled_sql="SELECT count(*) FROM payment WHERE outcome = 'SETTLED'",
                    )


def _sandbox(folder: Path) -> Sequence[str]:
    return (
        "gateway.cli.main", "sandbox", "--data", str(folder / "bank"), "--port", "0",
        "--clock", str(folder / "clock.json"), "--no-limits", "--fast", "--json",
    )  # fmt: skip


def _bare(folder: Path, bank: str, options: Options) -> Sequence[str]:
    return (
        "tests.bench.bare", "--database", str(folder / "bare.db"), "--bank", f"{bank}/cib",
        "--slots", str(options.slots),
    )  # fmt: skip


def _product(folder: Path, bank: str, options: Options) -> Sequence[str]:
    settings = folder / "gateway.toml"
    settings.write_text(bench_settings.text(bank=bank, slots=options.slots), encoding="utf-8")
    return ("gateway.cli.main", "serve", "--config", str(settings), "--json")


def _order(  # noqa: PLR0913 - keyword-only, what differs between calls
    side: Side,
    *,
    calls: int,
    connections: int,
    lines: int = 0,
    first: int = 0,
    rate_per_s: float = 0.0,
) -> LoadOrder:
    address = urlsplit(side.gateway.address)
    return LoadOrder(
        host=address.hostname or "127.0.0.1",
        port=address.port or 80,
        key=bench_settings.KEY,
        secret=bench_settings.SECRET,
        debtor=bench_settings.DEBTOR,
        calls=calls,
        lines=lines,
        first=first,
        connections=connections,
        rate_per_s=rate_per_s,
        database=str(side.database),
        settled_sql=side.settled_sql,
        settled_target=first + calls,
    )


def _load(order: LoadOrder) -> LoadReport:
    answer = run_once(["gateway.cli.load"], msgspec.json.encode(order))
    return msgspec.json.decode(answer, type=LoadReport)
