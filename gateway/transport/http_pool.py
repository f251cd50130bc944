"""The keep-alive pool: who may write to which connection, and when.

The rule it keeps: everything before the one write call of an exchange is NotSent (name not
found, refused, TLS handshake failed, no free slot, no time left), everything from that call
on is Unconfirmed. Nothing is ever sent a second time here.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.domain.errors import GatewayError, NotSent, Unconfirmed
from gateway.transport.http_connection import HttpConnection, RawReply
from gateway.transport.limits import ClientLimits

ORIGINS_MAX: Final = 256
"""So many origins are kept before those without a connection are forgotten."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a connection leads. ``host`` is the bare name or address (IPv6 without brackets).

    With ``address`` the name is not looked up: the connection goes to exactly this address, and
    the peer must prove that it is ``host``.
    """

    tls: bool
    host: str
    port: int
    address: str = ""

    def __str__(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{name}:{self.port}"


class HttpPool:
    """Keep-alive connections per origin, on the event loop that uses it."""

    def __init__(self, limits: ClientLimits, tls: ssl.SSLContext | None = None) -> None:
        self.limits = limits
        self._tls = tls
        self._hosts: dict[Origin, _Host] = {}
        self._closed = False

    async def round_trip(
        self,
        origin: Origin,
        request: bytes,
        timeout_s: float,
        may_send: Callable[[], bool] | None = None,
    ) -> RawReply:
        """Write ``request`` (a whole HTTP/1.1 message) and read the answer.

        ``timeout_s`` bounds everything together: waiting for a slot, connecting, the answer.
        ``may_send`` is asked once the connection stands, right before the first byte. Raises
        NotSent if no byte of the request was handed to a socket, else Unconfirmed.
        """
        if self._closed:
            raise NotSent("the HTTP client is closed", "HTTP 客户端已关闭")
        host = self._hosts.get(origin)
        if host is None:
            self._forget_unused()
            host = self._hosts[origin] = _Host(origin, self.limits, self._context(origin))
        deadline = asyncio.get_running_loop().time() + timeout_s
        await host.take_slot(deadline)
        connection: HttpConnection | None = None
        try:
            connection = host.idle_connection() or await host.connect(deadline)
            return await connection.exchange(request, deadline, may_send)
        except GatewayError:
            raise
        except Exception as error:
            # Nobody foresaw this one. What it is says nothing; what we have done does.
            name = type(error).__name__
            if connection is not None and connection.handed_over:
                raise Unconfirmed(
                    f"failed after the send ({name})", f"发送后出错（{name}）"
                ) from error
            raise NotSent(f"failed before the send ({name})", f"发送前出错（{name}）") from error
        finally:
            if connection is not None:
                host.put_back(connection)
            host.free_slot()

    def idle_count(self) -> int:
        """How many connections are kept for later; for health figures and tests."""
        return sum(len(host.idle) for host in self._hosts.values())

    async def aclose(self) -> None:
        """Close every connection, exchanges under way included, and wait until they are gone."""
        self._closed = True
        for host in self._hosts.values():
            await host.aclose()

    def _forget_unused(self) -> None:
        """Names lead to ever other addresses: those without a connection need not be kept."""
        if len(self._hosts) >= ORIGINS_MAX:
            self._hosts = {origin: host for origin, host in self._hosts.items() if host.busy}

    def _context(self, origin: Origin) -> ssl.SSLContext | None:
        if not origin.tls:
            return None
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls


class _Host:
    """Connections and slots of one origin. A slot is held while an exchange runs.

    Idle connections never make more than ``connections_max`` sockets: whoever holds a slot
    takes an idle connection before opening one.
    """

    def __init__(self, origin: Origin, limits: ClientLimits, tls: ssl.SSLContext | None) -> None:
        self._origin = origin
        self._limits = limits
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._waiters = 0
        self._taken = 0
        self._sweeper: asyncio.TimerHandle | None = None
        self._all: set[HttpConnection] = set()
        self.idle: deque[HttpConnection] = deque()
        self.slots = asyncio.Semaphore(limits.connections_max)

    @property
    def busy(self) -> bool:
        """Whether it has connections, or exchanges that are about to have one."""
        return bool(self._all) or self._waiters > 0 or self._taken > 0

    async def take_slot(self, deadline: float) -> None:
        """Wait for leave to run an exchange. Raises NotSent if the line is too long or slow."""
        if not self.slots.locked():
            await self.slots.acquire()
            self._taken += 1
            return
        if self._waiters >= self._limits.waiters_max:
            raise NotSent(
                f"too many requests wait for {self._origin}", f"等待 {self._origin} 的请求过多"
            )
        patience = min(deadline, self._loop.time() + self._limits.slot_timeout_s)
        self._waiters += 1
        try:
            async with asyncio.timeout_at(patience):
                await self.slots.acquire()
                self._taken += 1
        except TimeoutError as error:
            raise NotSent(
                f"no free connection to {self._origin} in time",
                f"{self._origin} 连接池已满，等待超时",
            ) from error
        finally:
            self._waiters -= 1

    def free_slot(self) -> None:
        """The exchange has ended."""
        self._taken -= 1
        self.slots.release()

    def idle_connection(self) -> HttpConnection | None:
        """The most recently used connection that is still alive and quiet."""
        now = self._loop.time()
        while self.idle:
            connection = self.idle.pop()
            if connection.idle_until > now and connection.still_quiet():
                return connection
            connection.abort()
        return None

    async def connect(self, deadline: float) -> HttpConnection:
        """A fresh connection, TLS included. Raises NotSent: no byte of a request exists here."""
        budget = min(deadline - self._loop.time(), self._limits.connect_timeout_s)
        if budget <= 0:
            raise NotSent("no time was left to connect", "连接前已超时")
        try:
            async with asyncio.timeout(budget):
                _, connection = await self._loop.create_connection(
                    lambda: HttpConnection(self._limits),
                    self._origin.address or self._origin.host,
                    self._origin.port,
                    ssl=self._tls,
                    server_hostname=self._origin.host if self._tls else None,
                )
        except (OSError, ValueError) as error:  # ssl.SSLError and TimeoutError are OSErrors
            raise NotSent(
                f"cannot connect to {self._origin}: {_plain(error)}",
                f"无法连接 {self._origin}：{_plain(error)}",
            ) from error
        self._all.add(connection)
        connection.closed.add_done_callback(lambda _: self._all.discard(connection))
        return connection

    def put_back(self, connection: HttpConnection) -> None:
        """Keep the connection if its last exchange ended cleanly, else see that it is closed."""
        if self._limits.idle_s <= 0 or not connection.reusable:
            connection.abort()
            return
        connection.idle_until = self._loop.time() + self._limits.idle_s
        self.idle.append(connection)
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(self._limits.idle_s, self._sweep)

    async def aclose(self) -> None:
        """Close all connections and wait for their sockets to be gone."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        self.idle.clear()
        leaving = tuple(self._all)
        for connection in leaving:
            connection.abort()
        for connection in leaving:
            await connection.closed

    def _sweep(self) -> None:
        """Close what lay idle too long; the oldest stands first."""
        self._sweeper = None
        now = self._loop.time()
        while self.idle and (self.idle[0].idle_until <= now or not self.idle[0].reusable):
            self.idle.popleft().abort()
        if self.idle:
            self._sweeper = self._loop.call_at(self.idle[0].idle_until, self._sweep)


def _plain(error: Exception) -> str:
    """What went wrong, without addresses or file names an exception's text may carry."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
