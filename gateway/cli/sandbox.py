"""``gateway sandbox``: the bank in a box on a port, over one ledger on disk."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from gateway import __version__
from gateway.cli.logging_options import chosen_log
from gateway.dialects import bank_dialect
from gateway.observe.exposition import exposition
from gateway.observe.gauges import Here, own_gauges
from gateway.observe.library import listen_to_libraries
from gateway.observe.listener import CONTENT_TYPE
from gateway.observe.log import EventLog
from gateway.observe.options import DEFAULT_LOG
from gateway.observe.words import what_failed
from gateway.ports.events import CALLED, DIED, READY, STARTED, STOPPED, STOPPING
from gateway.runtime import Life, LoopTasks, SharedClock, run_process
from gateway.sandbox import seed as seeds
from gateway.sandbox.bank import SandboxBank
from gateway.sandbox.faults import FaultSchedule
from gateway.sandbox.ledger import Ledger
from gateway.sandbox.options import Options
from gateway.sandbox.server import SandboxServer
from gateway.simulation.runtime import START, SimRandom
from gateway.store.instants import to_us
from gateway.transport.http_client import HttpNet
from gateway.transport.http_messages import Action, Handler, Request, Response
from gateway.transport.http_server import serve

_ROLE: Final = "sandbox"
_UNANSWERED: Final = frozenset({Action.RESET, Action.CLOSE, Action.HALF_OPEN})


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


def observed(answer: Handler, log: EventLog, clock: SharedClock) -> Handler:
    """The bank with /metrics beside it, its calls counted; status 0: a fault left it unanswered."""

    async def handler(request: Request) -> Response:
        if request.path == "/metrics":
            here = Here(role=_ROLE, version=__version__, now_us=to_us(clock.now()))
            return Response(body=exposition(log.meter, own_gauges(here)), content_type=CONTENT_TYPE)
        began = clock.monotonic()
        answered = await answer(request)
        log.tell(
            CALLED,
            operation="admin" if request.path.startswith("/admin") else "bank",
            status=0 if answered.action in _UNANSWERED else answered.status,
            seconds=clock.monotonic() - began,
        )
        return answered

    return handler


def _notify(
    options: argparse.Namespace, bank: SandboxServer, ledger: Ledger, tasks: LoopTasks
) -> HttpNet | None:
    """Post notices of bookings to whoever is named; None where nobody is."""
    if not options.notify:
        return None
    from gateway.sandbox.notifying import Notices, Notifier  # noqa: PLC0415 - few ever ask

    net = HttpNet()
    for url in options.notify:
        side = bank_dialect((options.bank or ["cib"])[0]).bank_side
        notifier = Notifier(Notices(ledger, side, url), url, net, tasks, bank.on_ledger)
        tasks.spawn(f"notices to {url}", notifier.run())
    return net


async def _run(life: Life, options: argparse.Namespace, ready: Callable[[str], None]) -> int:
    log = EventLog(_ROLE, chosen_log(options, DEFAULT_LOG))
    listen_to_libraries(log)
    log.tell(STARTED, version=__version__, banks="+".join(options.bank or ["cib"]))
    options.data.mkdir(parents=True, exist_ok=True)
    clock = clock_of(options.clock or options.data / "clock.json")
    tasks = LoopTasks(life.died)
    ledger = Ledger(options.data / "bank.db", durable=not options.fast)
    seeds.plant(ledger, seeds.shipped(), clock.now())
    bank = SandboxServer(build(options, ledger), clock, tasks)
    net = _notify(options, bank, ledger, tasks)
    server = await serve(observed(bank.answer, log, clock), options.host, options.port)
    log.tell(READY, address=f"{options.host}:{server.port}")
    ready(f"http://{options.host}:{server.port}")
    await life.ended()
    log.tell(STOPPING)
    await server.close()
    await tasks.stop()  # notices touch the ledger
    bank.close()
    ledger.close()
    if net is not None:
        await net.aclose()
    if life.error is not None:
        kind, place, why = what_failed(life.error)
        log.tell(DIED, error=kind, place=place, why=f"{life.cause}: {why}")
    log.tell(STOPPED)
    log.close()
    return 0 if life.error is None else 1
