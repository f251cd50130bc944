"""One client connection: writes a request, reads its answer, knows whether a byte went out.

The rule it keeps: ``handed_over`` turns true BEFORE the write call of an exchange. Whatever
happens to that exchange afterwards is Unconfirmed, however it looks.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import httptools

from gateway.domain.errors import NotSent, Unconfirmed
from gateway.transport.limits import ClientLimits

Headers = list[tuple[bytes, bytes]]

RAW_FACTOR = 2
"""Raw bytes of one answer may exceed body and head limits by this factor (chunk framing)."""
FIRST_FINAL_STATUS = 200


@dataclass(frozen=True, slots=True)
class RawReply:
    """An answer as received: status, headers in order, body with the chunk framing removed."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: bytes) -> str:
        """The first header of that name (give it in lower case), '' if absent."""
        for key, value in self.headers:
            if key.lower() == name:
                return value.decode("latin-1")
        return ""


class _TooLargeError(Exception):
    """An answer outgrew its limits; raised inside parser callbacks."""


class _Answer:
    """Collects one answer through httptools' callbacks. One object per exchange."""

    __slots__ = (
        "body",
        "body_left",
        "complete",
        "head_left",
        "head_raw",
        "headers",
        "keep_alive",
        "parser",
        "raw_left",
        "sized",
        "status",
        "surplus",
    )

    def __init__(self, limits: ClientLimits) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.headers: Headers = []
        self.body: list[bytes] = []
        self.status = 0
        self.head_left = limits.head_max
        self.head_raw = limits.head_max
        self.body_left = limits.body_max
        self.raw_left = RAW_FACTOR * (limits.body_max + limits.head_max)
        self.complete = False
        self.surplus = False
        self.sized = False
        self.keep_alive = False

    def feed(self, received: bytes) -> None:
        """Take bytes in. Raises HttpParserError, HttpParserUpgrade or _TooLargeError."""
        self.raw_left -= len(received)
        if self.raw_left < 0:
            raise _TooLargeError
        try:
            self.parser.feed_data(received)
        except httptools.HttpParserCallbackError as error:
            if isinstance(error.__context__, _TooLargeError):
                raise error.__context__ from None
            raise
        if not self.status:  # a header line without end never reaches on_header
            self.head_raw -= len(received)
            if self.head_raw < 0:
                raise _TooLargeError

    # ── httptools' callbacks; the names are its own ──

    def on_message_begin(self) -> None:
        if self.complete:
            self.surplus = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.complete:
            return
        self.head_left -= len(name) + len(value) + 4
        if self.head_left < 0:
            raise _TooLargeError
        if not self.status:  # what comes after the body (trailers) may not speak for the head
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self.complete:
            return
        status = self.parser.get_status_code()
        if status < FIRST_FINAL_STATUS:  # 100 Continue and its like: the answer is still to come
            self.headers.clear()
            return
        self.status = status
        self.keep_alive = self.parser.should_keep_alive()
        self.sized = any(
            name.lower() in {b"content-length", b"transfer-encoding"} for name, _ in self.headers
        )

    def on_body(self, part: bytes) -> None:
        if self.complete:
            return
        self.body_left -= len(part)
        if self.body_left < 0:
            raise _TooLargeError
        self.body.append(part)

    def on_message_complete(self) -> None:
        if self.status:
            self.complete = True

    def reply(self) -> RawReply:
        """The finished answer."""
        return RawReply(self.status, self.headers, b"".join(self.body))


class HttpConnection(asyncio.Protocol):
    """A connection carrying one exchange at a time; made by ``loop.create_connection``.

    ``reusable`` is true only between exchanges, when the last answer was read to its
    promised end, the peer keeps the connection and nothing else has arrived.
    """

    def __init__(self, limits: ClientLimits) -> None:
        self._limits = limits
        self._transport: asyncio.Transport | None = None
        self._answer: _Answer | None = None
        self._waiting: asyncio.Future[RawReply] | None = None
        self._readable = select.poll()
        self._loop = asyncio.get_running_loop()
        self._dead = False
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self.handed_over = False
        self.idle_until = 0.0

    # ── used by the pool ──

    async def exchange(
        self, request: bytes, deadline: float, may_send: Callable[[], bool] | None = None
    ) -> RawReply:
        """Write a whole request and read its answer until ``deadline`` (loop time).

        ``may_send`` is asked last, right before the write call. Raises NotSent if it says no or
        the connection turns out dead before that call, else Unconfirmed. A cancelled exchange
        closes the connection.
        """
        self.handed_over = False
        transport = self._transport
        if transport is None or not self.reusable:
            raise NotSent("the connection was closed before the request", "连接在发送前已关闭")
        if deadline <= self._loop.time():
            raise NotSent("no time was left to send the request", "发送前已超时")
        answer = _Answer(self._limits)
        waiting: asyncio.Future[RawReply] = self._loop.create_future()
        self._answer, self._waiting = answer, waiting
        timer = self._loop.call_at(deadline, self._fail, "no answer in time", "等待应答超时")
        try:
            if may_send is not None and not may_send():
                raise NotSent(
                    "the time in which this process might send was over", "本进程的发送时限已过"
                )
            self.handed_over = True
            transport.write(request)
            return await waiting
        except BaseException:  # cancelled, timed out, cut: whatever it was, never use it again
            self.abort()
            raise
        finally:
            timer.cancel()
            self._waiting = None

    @property
    def reusable(self) -> bool:
        """Whether a request may be written now, as far as the event loop has seen."""
        return (
            not self._dead
            and self._waiting is None
            and self._transport is not None
            and not self._transport.is_closing()
        )

    def still_quiet(self) -> bool:
        """Whether a connection that lay idle may be written to, asking the kernel too.

        The kernel may hold a close, or bytes nobody asked for, that the loop has not seen yet.
        Asking it right before a write closes most of the window in which a dropped keep-alive
        would make a payment Unconfirmed.
        """
        return self.reusable and not self._readable.poll(0)

    def abort(self) -> None:
        """Close at once. Safe to call at any time, more than once."""
        self._dead = True
        if self._transport is not None:
            self._transport.abort()

    # ── asyncio.Protocol ──

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket (and TLS, if any) stands."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it
        socket = transport.get_extra_info("socket")
        self._readable.register(socket.fileno(), select.POLLIN | select.POLLHUP | select.POLLERR)

    def data_received(self, received: bytes) -> None:
        """Feed the waiting answer; unasked bytes condemn the connection."""
        answer = self._answer
        if answer is None or self._dead:
            self.abort()
            return
        try:
            answer.feed(received)
        except _TooLargeError:
            self._fail("the answer is larger than allowed", "应答超出允许长度")
            return
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            # Bytes after a complete answer cannot spoil it, but the connection is out of step.
            if not answer.complete:
                self._fail("the answer is not HTTP", "应答不是合法的 HTTP 报文")
                return
            answer.surplus = True
        if answer.complete:
            self._finish(answer, keep=answer.keep_alive and not answer.surplus)

    def eof_received(self) -> bool:
        """The peer has closed: an answer without a length ends here, any other is cut."""
        answer = self._answer
        if answer is not None and answer.status and not answer.sized:
            self._finish(answer, keep=False)
        else:
            self._fail("closed before the whole answer came", "应答未收完连接即被关闭")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone."""
        reason = type(exc).__name__ if exc else "closed"
        self._fail(f"connection lost ({reason})", f"连接中断（{reason}）")
        self._transport = None
        if not self.closed.done():
            self.closed.set_result(None)

    # ── ends of an exchange ──

    def _finish(self, answer: _Answer, *, keep: bool) -> None:
        self._answer = None
        transport = self._transport
        # An answer that came before the whole request was out leaves the rest in the buffer.
        unwritten = transport is not None and transport.get_write_buffer_size() > 0
        if not keep or unwritten:
            self.abort()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(answer.reply())

    def _fail(self, en: str, zh: str) -> None:
        self._answer = None
        self.abort()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(Unconfirmed(en, zh))
