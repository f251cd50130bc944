"""``gateway campaign``: payments through faults, and what was lost, doubled, stuck or wrong."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from typing import Final

from rich.progress import Progress

from gateway.bootstrap import bank_dialect
from gateway.domain.errors import NotOffered
from gateway.runtime import SystemClock
from gateway.simulation.bank_end import world
from gateway.simulation.plan import Result

_PER_SEED: Final = 25


def command(options: argparse.Namespace) -> int:
    """Run a campaign; exit code 1 when any of the four figures is not 0."""
    if not options.simulate:
        raise NotOffered(
            "campaigns of real processes come with PostgreSQL; use --simulate",
            "真实进程演练将随 PostgreSQL 提供；请使用 --simulate",
        )
    clock = SystemClock()
    started = clock.monotonic()
    results = simulate(options.seed, options.payments, options.bank, quiet=options.json)
    total = summary(results, clock.monotonic() - started)
    if options.json:
        print(json.dumps(total))
    else:
        for result in results:
            for broken in result.broken:
                print(f"seed {result.seed}: {broken}")
        print(json.dumps(total, indent=2))
    return 0 if all(total[name] == 0 for name in ("lost", "doubled", "stuck", "wrong")) else 1


def simulate(seed: int, payments: int, bank: str, *, quiet: bool) -> list[Result]:
    """Worlds of 25 payments each, seeds counted up from ``seed``."""
    dialect = bank_dialect(bank)
    results: list[Result] = []
    with Progress(disable=quiet or not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("campaign", total=payments)
        while payments > 0:
            count = min(payments, _PER_SEED)
            results.append(world(seed, count, dialect).run())
            bar.advance(task, count)
            payments -= count
            seed += 1
    return results


def summary(results: list[Result], seconds: float) -> dict[str, object]:
    """The one object a campaign ends with."""
    faults: Counter[str] = Counter()
    for result in results:
        faults.update(result.faults)
    return {
        "payments": sum(result.payments for result in results),
        "kills": sum(result.kills for result in results),
        "faults": dict(sorted(faults.items())),
        "lost": sum(result.lost for result in results),
        "doubled": sum(result.doubled for result in results),
        "stuck": sum(result.stuck for result in results),
        "wrong": sum(result.wrong for result in results),
        "seconds": round(seconds, 1),
    }
