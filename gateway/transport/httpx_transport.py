"""httpx's API over our own pool: the only module that imports httpx.

For whoever wants to speak httpx (tests with respx, an injected client). Nothing here decides
about NotSent: the pool does.
"""

from __future__ import annotations

import ssl
from typing import Final

import httpx

from gateway.domain.errors import NotSent
from gateway.transport.http_pool import HttpPool, Origin
from gateway.transport.limits import ClientLimits

_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})


class DirectTransport(httpx.AsyncBaseTransport):
    """httpx's transport interface over our own pool.

    Raises NotSent and Unconfirmed, which httpx passes through untouched; knows no redirects
    and no proxies.
    """

    def __init__(
        self, limits: ClientLimits | None = None, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.pool = HttpPool(limits or ClientLimits(), tls)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one httpx request and read the whole answer.

        The request's ``timeout`` extension counts for the whole exchange: the longest of its
        parts, 60 s if it has none.
        """
        body = await request.aread()
        url = request.url
        origin = Origin(
            url.scheme == "https",
            url.raw_host.decode("ascii").strip("[]"),
            url.port or (443 if url.scheme == "https" else 80),
        )
        lines = [f"{request.method} ".encode("ascii") + url.raw_path + b" HTTP/1.1"]
        lines += [
            name + b": " + value
            for name, value in request.headers.raw
            if name.lower() not in _FRAMING  # the body is whole here: its length is known
        ]
        if body or request.method != "GET":
            lines.append(b"Content-Length: %d" % len(body))
        if any(b"\r" in line or b"\n" in line for line in lines):
            raise NotSent("a request header holds a line break", "请求头含有换行符")
        reply = await self.pool.round_trip(
            origin, b"\r\n".join((*lines, b"", body)), _timeout_of(request)
        )
        return httpx.Response(
            reply.status, headers=reply.headers, stream=httpx.ByteStream(reply.body)
        )

    async def aclose(self) -> None:
        """Close every connection."""
        await self.pool.aclose()


def _timeout_of(request: httpx.Request) -> float:
    given = request.extensions.get("timeout") or {}
    parts = [value for value in given.values() if value is not None]
    return float(max(parts, default=60.0))
