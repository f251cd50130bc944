"""``gateway worker``: sends, enquires, takes over from the dead. On SQLite there is none."""

from __future__ import annotations

import argparse
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway import bootstrap, settings
from gateway.bootstrap import Role
from gateway.cli.logging_options import chosen
from gateway.domain.errors import Refused
from gateway.observe.dying import ending_with
from gateway.observe.library import listen_to_libraries
from gateway.observe.listener import Health
from gateway.observe.log import EventLog
from gateway.observe.options import MetricsOptions
from gateway.observe.watch import Watch
from gateway.ports.events import READY
from gateway.runtime import Life, run_process
from gateway.settings import Settings
from gateway.transport.http_server import serve


def command(options: argparse.Namespace) -> int:
    """Work until stopped. Raises GatewayError when it cannot start."""
    loaded = chosen(options, settings.load(options.config))
    return run_process(lambda life: _work(loaded, life, as_json=options.json))


async def _work(loaded: Settings, life: Life, *, as_json: bool) -> int:
    log = EventLog(Role.WORKER.value, loaded.log)
    listen_to_libraries(log)
    gateway = bootstrap.build(loaded, ending_with(log), role=Role.WORKER, log=log)
    try:
        await gateway.start()
        async with _listening(loaded.metrics, gateway.watch) as address:
            log.tell(READY, address=address)
            lane = gateway.store.lane.id
            if as_json:
                print(json.dumps({"ready": lane}), flush=True)
            else:
                print(f"发送进程已就绪 / worker ready: {lane}", flush=True)
            await life.ended()
    finally:
        await gateway.stop()
        log.close()
    return 0


@asynccontextmanager
async def _listening(wanted: MetricsOptions, watch: Watch) -> AsyncIterator[str]:
    """Answer /metrics and /readyz while this lasts; yields the address, '' for none."""
    if not wanted.port:
        yield ""
        return
    try:
        server = await serve(Health(watch.scrape, watch.ready).answer, wanted.host, wanted.port)
    except OSError as error:
        raise Refused(
            f"[metrics] {wanted.host}:{wanted.port} cannot be had: {error.strerror}",
            f"[metrics] {wanted.host}:{wanted.port} 无法监听：{error.strerror}",
        ) from error
    try:
        yield f"{wanted.host}:{server.port}"
    finally:
        await server.close()
