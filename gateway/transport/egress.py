"""Calls to addresses that a tenant chose (webhooks): checked, then connected to as checked.

Rule kept here: a name is looked up once per call, every address it has is judged, and the
connection goes to one of exactly these; nothing looks the name up again. TLS still proves the
name. Redirects are not followed, and no proxy is taken from the environment.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Final

from gateway.domain.errors import NotSent
from gateway.ports.webhooks import Answer, Reach, UrlForbidden
from gateway.transport.egress_rules import Address, Target, check_address, check_url
from gateway.transport.http_client import USER_AGENT
from gateway.transport.http_connection import RawReply
from gateway.transport.http_pool import HttpPool, Origin
from gateway.transport.limits import ClientLimits

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]
"""All addresses of a name. Raises OSError when it has none."""

CONNECTIONS_MAX: Final = 8
ANSWER_MAX: Final = 64 * 1024
"""Bytes of an answer that are taken; nobody reads them, only the status counts."""
_ADDRESSES_TRIED: Final = 3
_RETRY_AFTER_DIGITS: Final = 6
LIMITS: Final = ClientLimits(
    connections_max=CONNECTIONS_MAX, body_max=ANSWER_MAX, head_max=16 * 1024
)


async def system_names(host: str, port: int) -> Sequence[Address]:
    """Ask the machine's resolver. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [ip_address(place[4][0]) for place in found]


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
        self._resolve = resolve
        self._pool = HttpPool(LIMITS, tls)

    async def post(self, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """Send JSON and return what was answered, whatever its status.

        Raises UrlForbidden when the address may not be reached, NotSent if no byte was handed
        to a socket, else Unconfirmed. The time-out bounds all of it together.
        """
        target = check_url(self._url, self._reach)
        request = _request(target, headers, body)
        deadline = asyncio.get_running_loop().time() + self._timeout_s
        *others, last = (await self._addresses(target, deadline))[:_ADDRESSES_TRIED]
        for address in others:
            with suppress(NotSent):  # nothing left, so the next address may be tried
                return await self._round_trip(target, address, request, deadline)
        return await self._round_trip(target, last, request, deadline)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()

    async def _round_trip(
        self, target: Target, address: Address, request: bytes, deadline: float
    ) -> Answer:
        origin = Origin(target.tls, target.host, target.port, str(address))
        left_s = deadline - asyncio.get_running_loop().time()
        reply = await self._pool.round_trip(origin, request, left_s)
        return Answer(status=reply.status, retry_after_s=_retry_after(reply))

    async def _addresses(self, target: Target, deadline: float) -> list[Address]:
        """Every address of the target, each of them allowed."""
        if target.literal is not None:
            return [target.literal]
        try:
            async with asyncio.timeout_at(deadline):
                found = await self._resolve(target.host, target.port)
        except (OSError, UnicodeError) as error:  # TimeoutError is an OSError
            raise NotSent(
                f"the name {target.host} cannot be resolved", f"域名 {target.host} 无法解析"
            ) from error
        if not found:
            raise UrlForbidden(f"the name {target.host} has no address", "域名没有地址")
        for address in found:
            check_address(address, self._reach, tls=target.tls)
        return list(dict.fromkeys(found))


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
