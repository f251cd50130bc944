"""Serving: one process, one event loop, the gateway inside it.

Rule kept here: whatever ends the gateway's own work ends the process, with one line that says
what; nothing is served by half a gateway.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Final, TextIO

import uvicorn
import uvloop

from gateway import bootstrap
from gateway.bootstrap import Role
from gateway.observe.dying import ending_with
from gateway.observe.library import listen_to_libraries
from gateway.observe.log import EventLog
from gateway.ports.events import READY
from gateway.runtime import seldom_collect
from gateway.settings import Settings
from gateway.web.app import create_app
from gateway.web.connection import Patience, protocol

_GRACE_S: Final = 10
"""How long requests under way may take to end."""
_KEEP_ALIVE_S: Final = 75
_FAILED: Final = 1


def run(
    settings: Settings,
    *,
    ready: Callable[[str], None],
    err: TextIO = sys.stderr,
    patience: Patience = Patience(),  # noqa: B008 - frozen
) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code.

    ``ready`` is told the address once requests are answered; ``err`` takes the log;
    ``patience`` bounds how long a caller may take to send a request. When a task of the gateway
    dies the process ends at once with code 1 and one line in the log: what it had in flight is
    then in doubt, as after a power cut, and the next start takes it over. Raises GatewayError
    when it cannot start.
    """
    role = Role.API if settings.database.postgresql else Role.BOTH
    log = EventLog(role.value, settings.log, fd=err.fileno())
    listen_to_libraries(log)

    def tell_ready(address: str) -> None:
        log.tell(READY, address=address)
        ready(address)

    seldom_collect()
    try:
        return uvloop.run(_serve(settings, role, log, tell_ready, patience))
    finally:
        log.close()


async def _serve(
    settings: Settings,
    role: Role,
    log: EventLog,
    ready: Callable[[str], None],
    patience: Patience,
) -> int:
    gateway = bootstrap.build(settings, ending_with(log), role=role, log=log)
    try:
        await gateway.start()
        config = uvicorn.Config(
            create_app(gateway),
            host=settings.host,
            port=settings.port,
            http=protocol(gateway.runtime, patience),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_GRACE_S,
        )
        server = _Server(config, ready, gateway.notices.close)
        signal.signal(signal.SIGTERM, server.asked_to_end)
        signal.signal(signal.SIGINT, server.asked_to_end)
        await server.serve()
    except SystemExit:  # the address cannot be had; the server has said so
        return _FAILED
    finally:
        await gateway.stop()
    return 0


class _Server(uvicorn.Server):
    """A server that tells its address, and whose end is ours to arrange."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[str], None], ending: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._ending = ending

    async def shutdown(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Answer the calls that only wait, then end as the server does."""
        del sockets
        self._ending()
        await super().shutdown()

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Listen, then say where."""
        del sockets
        await super().startup()
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        self._ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")

    def asked_to_end(self, number: int, frame: FrameType | None) -> None:
        """A signal outside the server's own handling: end in good order.

        The server raises its signals again when it is done; they end up here, so that the gateway
        can be stopped before the process ends.
        """
        del number, frame
        self.should_exit = True
