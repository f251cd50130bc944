"""Requests to addresses that a tenant chose: checked, then connected to exactly as checked.

Rule kept here: a name is looked up once per request, every address it has is judged, and the
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
from gateway.ports.webhooks import Reach, UrlForbidden
from gateway.transport.egress_rules import Address, Target, check_address
from gateway.transport.http_connection import RawReply
from gateway.transport.http_pool import HttpPool, Origin
from gateway.transport.limits import ClientLimits

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]
"""All addresses of a name. Raises OSError when it has none."""

ADDRESSES_TRIED: Final = 3


async def system_names(host: str, port: int) -> Sequence[Address]:
    """Ask the machine's resolver. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [ip_address(place[4][0]) for place in found]


async def addresses(
    target: Target, reach: Reach, deadline: float, resolve: Resolve
) -> list[Address]:
    """Every address of the target, each of them allowed. ``deadline`` is loop time.

    Raises UrlForbidden, or NotSent where the name cannot be looked up.
    """
    if target.literal is not None:
        return [target.literal]
    try:
        async with asyncio.timeout_at(deadline):
            found = await resolve(target.host, target.port)
    except (OSError, UnicodeError) as error:  # TimeoutError is an OSError
        raise NotSent(
            f"the name {target.host} cannot be resolved", f"域名 {target.host} 无法解析"
        ) from error
    if not found:
        raise UrlForbidden(f"the name {target.host} has no address", "域名没有地址")
    for address in found:
        check_address(address, reach, tls=target.tls)
    return list(dict.fromkeys(found))


class CheckedPool:
    """Connections of one tenant's way out, each to an address its reach allows."""

    def __init__(
        self,
        reach: Reach,
        limits: ClientLimits,
        *,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = system_names,
    ) -> None:
        self._reach = reach
        self._resolve = resolve
        self._pool = HttpPool(limits, tls)

    async def round_trip(self, target: Target, request: bytes, deadline: float) -> RawReply:
        """Send a whole request to a checked target and read the answer until ``deadline``.

        ``deadline`` is loop time and bounds all of it together. Raises UrlForbidden when an
        address may not be reached, NotSent if no byte was handed to a socket, else Unconfirmed.
        """
        found = await addresses(target, self._reach, deadline, self._resolve)
        *others, last = found[:ADDRESSES_TRIED]
        for address in others:
            with suppress(NotSent):  # nothing left, so the next address may be tried
                return await self._to(target, address, request, deadline)
        return await self._to(target, last, request, deadline)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()

    async def _to(
        self, target: Target, address: Address, request: bytes, deadline: float
    ) -> RawReply:
        origin = Origin(target.tls, target.host, target.port, str(address))
        left_s = deadline - asyncio.get_running_loop().time()
        return await self._pool.round_trip(origin, request, left_s)
