"""HTTP to one ERP system: the calls that an adapter composed, within the tenant's reach.

Rule kept here: an adapter says method, path, query, headers and body, and nothing else of a
request; what frames it (host, length, connection) is ours alone. NotSent means that no byte was
handed to a socket, as everywhere in this package.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from gateway.domain.errors import NotSent, Unconfirmed
from gateway.ports.erp_api import Call, CallReply
from gateway.ports.webhooks import Reach
from gateway.transport.checked_pool import CheckedPool, Resolve, system_names
from gateway.transport.egress_rules import Target, check_url
from gateway.transport.http_client import USER_AGENT
from gateway.transport.http_connection import RawReply
from gateway.transport.limits import MIB, ClientLimits

LIMITS: Final = ClientLimits(connections_max=8, body_max=32 * MIB)
_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_VALUE: Final = re.compile(r"[\x20-\x7e\t]*", re.ASCII)
_OURS: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a system's calls go and how they are bounded.

    ``others`` are further addresses by the name that ``Call.to`` uses. ``rate_per_s`` is the most
    calls that begin in a second; 0 is unbounded.
    """

    url: str
    others: Mapping[str, str] = field(default_factory=lambda: _NONE)
    timeout_s: int = 30
    rate_per_s: int = 0


class ApiLine:
    """``gateway.ports.erp_boxes.ErpLine``: one ERP system's connections."""

    def __init__(
        self,
        place: Place,
        reach: Reach,
        *,
        tls: ssl.SSLContext | None = None,
        limits: ClientLimits = LIMITS,
        resolve: Resolve = system_names,
    ) -> None:
        self._place = place
        self._reach = reach
        self._pool = CheckedPool(reach, limits, tls=tls, resolve=resolve)
        self._next_s = 0.0

    async def call(self, call: Call) -> CallReply:
        """Send one request and return what was answered, whatever its status.

        A path of ``/`` is the address itself; a query of the address stays before the call's.
        Raises UrlForbidden when the address may not be reached, NotSent if no byte was handed to
        a socket (waiting for the rate took too long, too), else Unconfirmed.
        """
        target = check_url(self._url(call), self._reach)
        request = _request(call, target)
        deadline = asyncio.get_running_loop().time() + self._place.timeout_s
        await self._pace(deadline)
        return _reply(await self._pool.round_trip(target, request, deadline))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()

    def _url(self, call: Call) -> str:
        base = self._place.others.get(call.to, "") if call.to else self._place.url
        if not base:
            name = call.to or "address"
            raise NotSent(f"{name} is not set for this system", f"该系统未配置 {name}")
        if not call.path.startswith("/") or "?" in call.path or "#" in call.path:
            raise NotSent(
                f"the path of {call.endpoint} must begin with / and hold no ? and #",
                f"{call.endpoint} 的路径须以 / 开头，且不含 ? 和 #",
            )
        try:
            parts = urlsplit(base)
        except ValueError as error:
            raise NotSent("the system's address is not a URL", "系统地址不是合法的 URL") from error
        stem = parts.path.rstrip("/")
        path = parts.path if call.path == "/" and stem else stem + call.path
        query = "&".join(it for it in (parts.query, urlencode(call.query, quote_via=quote)) if it)
        return urlunsplit((parts.scheme, parts.netloc, path, query, parts.fragment))

    async def _pace(self, deadline: float) -> None:
        """Wait for this call's turn: calls begin evenly, never in a burst.

        A turn that would come after the deadline is not taken, so that others may have it.
        """
        rate = self._place.rate_per_s
        if not rate:
            return
        now = asyncio.get_running_loop().time()
        turn = max(now, self._next_s)
        if turn >= deadline:
            raise NotSent(
                "no turn came in time: more calls are wanted than the rate allows",
                "调用频率受限，未能在限时内发出",
            )
        self._next_s = turn + 1 / rate
        if turn > now:
            await asyncio.sleep(turn - now)


def _request(call: Call, target: Target) -> bytes:
    """The whole message. Raises NotSent for what cannot be put on the wire as it stands."""
    if call.method not in _METHODS:
        raise NotSent(
            f"{call.endpoint} has a method that is not used", f"{call.endpoint} 的方法不可用"
        )
    lines = [
        f"{call.method} {target.path} HTTP/1.1",
        f"Host: {target.named}",
        "Accept-Encoding: identity",
    ]
    given = {name.lower() for name, _ in call.headers}
    if "user-agent" not in given:
        lines.append(f"User-Agent: {USER_AGENT}")
    if "accept" not in given:
        lines.append("Accept: */*")
    if call.body or call.method != "GET":
        lines.append(f"Content-Length: {len(call.body)}")
    for name, value in call.headers:
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value) or name.lower() in _OURS:
            # The value may be a secret: only the endpoint and our own words are told.
            raise NotSent(
                f"a header of {call.endpoint} cannot be sent; check secrets and options",
                f"{call.endpoint} 的某个请求头无法发送，请检查密钥和选项",
            )
        lines.append(f"{name}: {value}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii") + call.body


def _reply(reply: RawReply) -> CallReply:
    if reply.header(b"content-encoding").strip().lower() not in {"", "identity"}:
        raise Unconfirmed("the answer is compressed, unasked", "应答被压缩，无法读取")
    headers: dict[str, str] = {}
    for name, value in reply.headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return CallReply(status=reply.status, body=reply.body, headers=headers)
