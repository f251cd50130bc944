"""HTTP to a bank's front-end: ``HttpNet`` is the gateway's ``Net``.

httpx is needed only where somebody injects a client of it (``httpx_transport`` puts our own
pool under its API), so it is not imported at start-up. The rule kept here: NotSent comes only
from our own pool, which knows whether it wrote. No exception class of a library is ever taken
as proof that nothing was sent.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gateway.domain.errors import NotSent, Unconfirmed
from gateway.domain.message import WireMessage, WireReply
from gateway.transport.http_connection import RawReply
from gateway.transport.http_pool import HttpPool, Origin
from gateway.transport.limits import ClientLimits

if TYPE_CHECKING:
    import httpx

USER_AGENT: Final = "bank-gateway"
TARGETS_MAX: Final = 256
"""Parsed addresses kept; there are as many as bank connections."""
GRACE_S: Final = 0.5
"""Lets a transport report its own timeout, which says more, before the outer one cuts in."""
_TEXT = re.compile(r"[\x20-\x7e]*\Z")
_HOST = re.compile(r"[A-Za-z0-9._:-]+\Z")


class HttpNet:
    """``gateway.ports.runtime.Net`` over HTTP.

    Without ``client`` messages go straight to the pool (httpx's own layers cost more CPU
    than everything else here, see docs/adr/0008). With ``client``, any ``httpx.AsyncClient``
    is used; then NotSent can only come from a ``DirectTransport`` inside it.
    """

    def __init__(
        self,
        *,
        client: httpx.AsyncClient | None = None,
        limits: ClientLimits | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._limits = limits or ClientLimits()
        self._client = client
        self._pool = HttpPool(self._limits, tls)
        self._targets: dict[tuple[str, str], tuple[Origin, bytes]] = {}

    async def exchange(
        self,
        url: str,
        message: WireMessage,
        timeout_s: float,
        *,
        may_send: Callable[[], bool] | None = None,
    ) -> WireReply:
        """POST the message and read the reply, whatever its HTTP status, within ``timeout_s``.

        Raises NotSent only if no byte was handed to the socket, because ``may_send`` said no
        for one reason, else Unconfirmed. Redirects are not followed and compressed answers are
        not accepted.
        """
        if self._client is not None:
            if may_send is not None and not may_send():
                raise NotSent(
                    "the time in which this process might send was over", "本进程的发送时限已过"
                )
            return await self._through(self._client, url, message, timeout_s)
        origin, head = self._target(url, message.content_type)
        body = message.body()
        request = b"%b%d\r\n\r\n%b" % (head, len(body), body)
        return _wire_reply(await self._pool.round_trip(origin, request, timeout_s, may_send))

    async def aclose(self) -> None:
        """Close our own connections; an injected client belongs to who made it."""
        await self._pool.aclose()

    def _target(self, url: str, content_type: str) -> tuple[Origin, bytes]:
        """Origin and request head up to the length's value, parsed once per address."""
        known = self._targets.get((url, content_type))
        if known is None:
            if len(self._targets) >= TARGETS_MAX:
                self._targets.clear()
            known = self._targets[url, content_type] = _parse_target(url, content_type)
        return known

    async def _through(
        self, client: httpx.AsyncClient, url: str, message: WireMessage, timeout_s: float
    ) -> WireReply:
        headers = {
            "content-type": message.content_type,
            "accept-encoding": "identity",
            "user-agent": USER_AGENT,
        }
        try:
            async with (
                asyncio.timeout(timeout_s + GRACE_S),
                client.stream(
                    "POST",
                    url,
                    content=message.body(),
                    headers=headers,
                    timeout=timeout_s,
                    follow_redirects=False,
                ) as response,
            ):
                body = await self._read(response)
        except (NotSent, Unconfirmed):
            raise
        except Exception as error:
            # A stranger's exception proves nothing about bytes, whatever its class says.
            raise Unconfirmed(
                f"the HTTP client failed ({type(error).__name__})",
                f"HTTP 客户端出错（{type(error).__name__}），结果未明",
            ) from error
        return WireReply(response.status_code, response.headers.get("content-type", ""), body)

    async def _read(self, response: httpx.Response) -> bytes:
        parts: list[bytes] = []
        left = self._limits.body_max
        async for part in response.aiter_bytes():
            left -= len(part)
            if left < 0:
                raise Unconfirmed("the answer is larger than allowed", "应答超出允许长度")
            parts.append(part)
        return b"".join(parts)


def _wire_reply(reply: RawReply) -> WireReply:
    if reply.header(b"content-encoding").strip().lower() not in {"", "identity"}:
        raise Unconfirmed("the answer is compressed, unasked", "应答被压缩，无法读取")
    return WireReply(reply.status, reply.header(b"content-type"), reply.body)


def _parse_target(url: str, content_type: str) -> tuple[Origin, bytes]:
    """Raises NotSent for an address or content type that cannot be put on the wire."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotSent("the bank's address is not a URL", "银行地址不是合法的 URL") from error
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not _HOST.match(host) or parts.username:
        raise NotSent(
            "the bank's address must be http(s)://host[:port]/path without user name",
            "银行地址须为 http(s)://主机[:端口]/路径，且不含用户名",
        )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not _TEXT.match(target + content_type) or " " in target:
        raise NotSent(
            "address and content type must be printable ASCII", "地址和内容类型须为可打印 ASCII"
        )
    tls = parts.scheme == "https"
    default = 443 if tls else 80
    origin = Origin(tls, host, default if port is None else port)
    name = f"[{host}]" if ":" in host else host
    named = name if origin.port == default else f"{name}:{origin.port}"
    head = (
        f"POST {target} HTTP/1.1\r\nHost: {named}\r\nUser-Agent: {USER_AGENT}\r\n"
        f"Accept: */*\r\nAccept-Encoding: identity\r\nContent-Type: {content_type}\r\n"
        "Content-Length: "
    )
    return origin, head.encode("ascii")
