"""Calls to addresses that a tenant chose (webhooks): events out, only the status counts."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from typing import Final

from gateway.ports.webhooks import Answer, Reach
from gateway.transport.checked_pool import CheckedPool, Resolve, system_names
from gateway.transport.egress_rules import Target, check_url
from gateway.transport.http_client import USER_AGENT
from gateway.transport.http_connection import RawReply
from gateway.transport.limits import ClientLimits

CONNECTIONS_MAX: Final = 8
ANSWER_MAX: Final = 64 * 1024
"""Bytes of an answer that are taken; nobody reads them, only the status counts."""
_RETRY_AFTER_DIGITS: Final = 6
LIMITS: Final = ClientLimits(
    connections_max=CONNECTIONS_MAX, body_max=ANSWER_MAX, head_max=16 * 1024
)


class Egress:
    """The way to one address of a tenant, with connections of its own."""

    def __init__(
        self,
        url: str,
        reach: Reach,
        *,
        timeout_s: int,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = system_names,
    ) -> None:
        self._url = url
        self._reach = reach
        self._timeout_s = timeout_s
        self._pool = CheckedPool(reach, LIMITS, tls=tls, resolve=resolve)

    async def post(self, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """Send JSON and return what was answered, whatever its status.

        Raises UrlForbidden when the address may not be reached, NotSent if no byte was handed
        to a socket, else Unconfirmed. The time-out bounds all of it together.
        """
        target = check_url(self._url, self._reach)
        deadline = asyncio.get_running_loop().time() + self._timeout_s
        reply = await self._pool.round_trip(target, _request(target, headers, body), deadline)
        return Answer(status=reply.status, retry_after_s=_retry_after(reply))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


def _request(target: Target, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
    lines = [
        f"POST {target.path} HTTP/1.1",
        f"Host: {target.named}",
        f"User-Agent: {USER_AGENT}",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii") + body


def _retry_after(reply: RawReply) -> int:
    """Whole seconds of Retry-After; a date is not read."""
    text = reply.header(b"retry-after").strip()
    plain = text.isascii() and text.isdigit() and len(text) <= _RETRY_AFTER_DIGITS
    return int(text) if plain else 0
