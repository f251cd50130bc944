"""``gateway sandbox``: the bank in a box on a port, over one ledger on disk."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from gateway.bootstrap import bank_dialect
from gateway.runtime import Life, LoopTasks, SharedClock, run_process
from gateway.sandbox import seed as seeds
from gateway.sandbox.bank import SandboxBank
from gateway.sandbox.faults import FaultSchedule
from gateway.sandbox.ledger import Ledger
from gateway.sandbox.options import Options
from gateway.sandbox.server import SandboxServer
from gateway.simulation.runtime import START, SimRandom
from gateway.transport.http_server import serve


def command(options: argparse.Namespace) -> int:
    """Run the bank until stopped."""

    def ready(address: str) -> None:
        if options.json:
            print(json.dumps({"ready": address}), flush=True)
        else:
            print(f"沙箱银行已就绪 / sandbox bank ready: {address}  (/admin)", flush=True)

    return run_process(lambda life: _run(life, options, ready))


def build(options: argparse.Namespace, ledger: Ledger) -> dict[str, SandboxBank]:
    """One front per dialect over one ledger, with seeded faults."""
    fronts = {}
    for code in options.bank or ["cib"]:
        dialect = bank_dialect(code)
        fronts[code] = SandboxBank(
            ledger,
            dialect.bank_side,
            options=Options(
                code=code,
                seed=options.seed,
                limits=not options.no_limits,
                return_rate=options.return_rate / 100,
                own_bank=dialect.is_own_bank,
            ),
            faults=FaultSchedule(random=SimRandom.seeded(options.seed)),
        )
    return fronts


def clock_of(path: Path) -> SharedClock:
    """The shared clock, started at the demonstration's moment when there is none yet."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        return SharedClock.create(path, START)
    return SharedClock(path)


async def _run(life: Life, options: argparse.Namespace, ready: Callable[[str], None]) -> int:
    options.data.mkdir(parents=True, exist_ok=True)
    clock = clock_of(options.clock or options.data / "clock.json")
    tasks = LoopTasks(life.died)
    ledger = Ledger(options.data / "bank.db", durable=not options.fast)
    seeds.plant(ledger, seeds.shipped(), clock.now())
    bank = SandboxServer(build(options, ledger), clock, tasks)
    server = await serve(bank.answer, options.host, options.port)
    ready(f"http://{options.host}:{server.port}")
    await life.ended()
    await server.close()
    bank.close()
    ledger.close()
    await tasks.stop()
    if life.error is not None:
        print(f"gateway sandbox: {life.cause}: {life.error!r}", file=sys.stderr)
        return 1
    return 0
