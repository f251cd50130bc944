"""The benches ``payments-batch`` and ``payments-single``: the whole path against the bare path.

Rule kept here: both sides get the same calls from the same load generator, talk to the same
sandbox bank, send messages of the same form to it, and promise the same: accepted means
durable, bytes are durable before they leave, the outcome is durable. Each side starts with
empty books.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from statistics import mean
from typing import Final, TextIO

import msgspec

from gateway.cli import bench_document, bench_profile
from gateway.cli.bench_sides import PRODUCT, REFERENCE, Side, order, side
from gateway.cli.load import LoadOrder, LoadReport
from gateway.cli.measured import Measured, Options, Say, run_once

CALLS: Final = 20
LINES: Final = 5_000
SINGLES: Final = 3_000
SINGLE_CONNECTIONS: Final = 16
SINGLE_SLOTS: Final = 48
"""Of one message each: with fewer, both sides wait for the bank instead of working."""
BATCH_CONNECTIONS: Final = 2
WITHOUT: Final = "without_controls"
SINGLE_UNIT_MIN: Final = 50
"""Fewer calls than this measure the start only."""


def batch(options: Options, say: Say) -> Measured:
    """Payments per second of large batches."""
    # Both numbers shrink, so that a small run still posts several batches.
    calls = (
        options.scaled(CALLS) if options.scale > 1 else max(2, round(CALLS * options.scale**0.5))
    )
    lines = max(1, options.scaled(CALLS * LINES) // calls)
    plain, whole = replace(options, controls=False), calls * lines
    told: dict[str, list[dict[str, float]]] = {REFERENCE: [], PRODUCT: [], WITHOUT: []}
    peak = 0.0
    # A machine gets faster and slower: without a document is measured before it and after it.
    runs = [(REFERENCE, plain), *([(PRODUCT, plain)] * options.controls), (PRODUCT, options)]
    for name, run in [*runs, *([(PRODUCT, plain)] * options.controls)]:
        with side(name, run, batching=True) as it:
            before = it.spent()
            items = bench_document.ITEMS if run.controls else 0
            report = _load(
                order(it, calls=calls, lines=lines, connections=BATCH_CONNECTIONS, items=items)
            )
            seconds = report.ended - report.started
            found = {"rate": whole / seconds} | _each(it, before, whole)
            say(f"{name}: {found['rate']:.0f} payments/s")
            if name == PRODUCT and run is options:
                peak = it.peak_rss_mib()
                found["p99_ms"] = report.p99_ms
                found["accepted_per_s"] = whole / (report.accepted - report.started)
            told[name if name == REFERENCE or run is options else WITHOUT].append(found)
    (reference,), (product,), without = told.values()
    extra = {**reference, **product}
    rate = extra.pop("rate")
    if without:
        extra |= {
            WITHOUT if key == "rate" else f"{WITHOUT}_{key}": mean(it[key] for it in without)
            for key in without[0]
        }
        extra["fall_percent"] = 100 * (1 - rate / extra[WITHOUT])
    return Measured(
        product=rate,
        reference=reference["rate"],
        peak_rss_mib=peak,
        extra=extra | _load_average(),
    )


def single(options: Options, say: Say) -> Measured:
    """Payments per second, one call and one bank message each."""
    calls = max(SINGLE_UNIT_MIN, options.scaled(SINGLES))
    rates: dict[str, float] = {}
    extra: dict[str, float] = {}
    peak = 0.0
    for name in (REFERENCE, PRODUCT):
        with side(name, replace(options, slots=SINGLE_SLOTS), batching=False) as it:
            before = it.spent()
            report = _load(order(it, calls=calls, connections=SINGLE_CONNECTIONS))
            rates[name] = calls / (report.ended - report.started)
            extra |= _each(it, before, calls)
            say(f"{name}: {rates[name]:.0f} payments/s")
            if name == PRODUCT:
                half = order(
                    it,
                    calls=max(SINGLE_UNIT_MIN, calls // 3),
                    first=calls,
                    connections=SINGLE_CONNECTIONS,
                    rate_per_s=rates[name] / 2,
                )
                extra["p99_ms"], extra["p99_full_ms"] = _load(half).p99_ms, report.p99_ms
                peak = it.peak_rss_mib()
    return Measured(
        product=rates[PRODUCT],
        reference=rates[REFERENCE],
        peak_rss_mib=peak,
        extra=extra | _load_average(),
    )


def profile_batch(options: Options, out: TextIO) -> None:
    """Where the product's time goes with batches."""
    bench_profile.run(options, out, payments=options.scaled(LINES), bulk=True)


def profile_single(options: Options, out: TextIO) -> None:
    """Where the product's time goes with single payments."""
    bench_profile.run(options, out, payments=options.scaled(SINGLES), bulk=False)


def _each(it: Side, before: Mapping[str, float], payments: int) -> dict[str, float]:
    """CPU time per payment in microseconds, of whoever took part."""
    return {
        f"{it.name}_{who}_cpu_us" if who != it.name else f"{who}_cpu_us": (
            1_000_000 * (spent - before[who]) / payments
        )
        for who, spent in it.spent().items()
    }


def _load_average() -> dict[str, float]:
    """How busy the machine was in the last minute: others' work makes every figure smaller."""
    return {"load_average": os.getloadavg()[0]}


def _load(it: LoadOrder) -> LoadReport:
    answer = run_once(["gateway.cli.load"], msgspec.json.encode(it))
    return msgspec.json.decode(answer, type=LoadReport)
