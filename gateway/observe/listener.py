"""/healthz, /readyz and /metrics for a process that serves nothing else.

Rule kept here: nothing can be changed through it, and it says nothing of anybody's payments
but how many there are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from gateway.transport.http_messages import Request, Response

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""Of the text for Prometheus."""
_JSON: Final = "application/json"

Scrape = Callable[[], Awaitable[bytes]]
Ready = Callable[[], Awaitable[bool]]


class Health:
    """Answers the three addresses. Give ``answer`` to ``gateway.transport.http_server.serve``."""

    def __init__(self, scrape: Scrape, ready: Ready) -> None:
        self._scrape = scrape
        self._ready = ready

    async def answer(self, request: Request) -> Response:
        """Answer one request."""
        if request.method not in {"GET", "HEAD"}:
            return Response(status=405, body=b"use GET\n")
        match request.path:
            case "/healthz":
                return _json(b'{"status":"ok"}')
            case "/readyz":
                ready = await self._ready()
                return (
                    _json(b'{"status":"ready"}')
                    if ready
                    else _json(b'{"status":"not ready"}', status=503)
                )
            case "/metrics":
                return Response(body=await self._scrape(), content_type=CONTENT_TYPE)
        return Response(status=404, body=b"/healthz /readyz /metrics\n")


def _json(body: bytes, status: int = 200) -> Response:
    return Response(status=status, body=body, content_type=_JSON)
