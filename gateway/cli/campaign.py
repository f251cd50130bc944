"""``gateway campaign``: payments through faults, and what was lost, doubled, stuck or wrong."""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

from rich.progress import Progress

from gateway.dialects import bank_dialect
from gateway.runtime import SystemClock
from gateway.simulation.bank_end import world
from gateway.simulation.plan import Result

_PER_SEED: Final = 25
_FIGURES: Final = ("lost", "doubled", "stuck", "wrong")


def command(options: argparse.Namespace) -> int:
    """Run a campaign; exit code 1 when any of the four figures is not 0."""
    total = _simulated(options) if options.simulate else _real(options)
    print(json.dumps(total, ensure_ascii=False, indent=None if options.json else 2), flush=True)
    return 0 if all(total[name] == 0 for name in _FIGURES) else 1


def _real(options: argparse.Namespace) -> dict[str, object]:
    """Real processes. Raises NotOffered where PostgreSQL is asked for and not installed."""
    # Imported here: a simulated campaign needs neither processes nor a server's programs.
    from gateway.cli.campaign_run import Plan, run  # noqa: PLC0415
    from gateway.cli.demo_stage import Stage  # noqa: PLC0415
    from gateway.cli.own_postgres import wheel  # noqa: PLC0415

    if options.db == "postgresql":
        wheel()  # raises NotOffered, saying what to install
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell has them ignored
        signal.signal(number, signal.default_int_handler)
    plan = Plan(
        seed=options.seed, payments=options.payments, kills=options.kills, database=options.db
    )
    folder = options.keep or Path(tempfile.mkdtemp(prefix="gateway-campaign-"))
    sandbox = ("--seed", str(options.seed), "--no-limits")
    stage = Stage(folder, 0, database=options.db, sandbox=sandbox)
    try:
        total = run(stage, plan, lambda words: print(f"· {words}", file=sys.stderr, flush=True))
    finally:
        stage.close()
    if options.keep or any(total[name] for name in _FIGURES):
        print(f"gateway: {folder}", file=sys.stderr)
    else:
        shutil.rmtree(folder)
    return total


def _simulated(options: argparse.Namespace) -> dict[str, object]:
    clock = SystemClock()
    started = clock.monotonic()
    results = simulate(options.seed, options.payments, options.bank, quiet=options.json)
    if not options.json:
        for result in results:
            for broken in result.broken:
                print(f"seed {result.seed}: {broken}")
    return summary(results, clock.monotonic() - started)


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
