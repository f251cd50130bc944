"""Reads HTTP/1.1 requests for the sandbox's server; every length has a bound."""

from __future__ import annotations

from collections import deque
from http import HTTPStatus
from urllib.parse import parse_qsl, unquote

import httptools

from gateway.transport.http_messages import Request
from gateway.transport.limits import ServerLimits


class RejectedError(Exception):
    """A request over a limit; carries the status to answer. Raised inside parser callbacks."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class RequestReader:
    """Turns bytes into requests through httptools' callbacks.

    Whole requests gather in ``ready``, each with whether the connection may be kept;
    ``expects`` is true while a client waits for ``100 Continue``.
    """

    __slots__ = (
        "body",
        "body_left",
        "expects",
        "head_left",
        "head_raw",
        "headers",
        "keep_alive",
        "limits",
        "parser",
        "reading_head",
        "ready",
        "url",
    )

    def __init__(self, limits: ServerLimits) -> None:
        self.limits = limits
        self.ready: deque[tuple[Request, bool]] = deque()
        self.parser = httptools.HttpRequestParser(self)
        self.on_message_begin()

    def feed(self, received: bytes) -> None:
        """Take bytes in. Raises RejectedError, HttpParserError or HttpParserUpgrade."""
        try:
            self.parser.feed_data(received)
        except httptools.HttpParserCallbackError as error:
            if isinstance(error.__context__, RejectedError):
                raise error.__context__ from None
            raise
        if self.reading_head:  # a line without end never reaches a callback as a whole
            self.head_raw -= len(received)
            if self.head_raw < 0:
                raise RejectedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    # ── httptools' callbacks; the names are its own ──

    def on_message_begin(self) -> None:
        """Forget the last request."""
        self.url = b""
        self.headers: dict[str, str] = {}
        self.body: list[bytes] = []
        self.head_left = self.head_raw = self.limits.head_max
        self.body_left = self.limits.body_max
        self.reading_head = True
        self.expects = False
        self.keep_alive = False

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        self.url += url
        self._spend(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which is counted and dropped."""
        self._spend(len(name) + len(value) + 4)
        if not self.reading_head:
            return
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        known = self.headers.get(key)
        self.headers[key] = text if known is None else f"{known}, {text}"

    def on_headers_complete(self) -> None:
        """The head is whole: refuse what is announced too large."""
        self.reading_head = False
        if self.parser.should_upgrade():
            raise RejectedError(HTTPStatus.BAD_REQUEST)
        self.keep_alive = self.parser.should_keep_alive()
        length = self.headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length) > self.limits.body_max:
            raise RejectedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        self.expects = self.headers.get("expect", "").lower() == "100-continue"

    def on_body(self, part: bytes) -> None:
        """A part of the body."""
        self.expects = False
        self.body_left -= len(part)
        if self.body_left < 0:
            raise RejectedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        self.body.append(part)

    def on_message_complete(self) -> None:
        """The request is whole."""
        path, _, query = self.url.partition(b"?")
        request = Request(
            method=self.parser.get_method().decode("ascii"),
            path=unquote(path.decode("latin-1")),
            query=dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True)) if query else {},
            headers=self.headers,
            body=b"".join(self.body),
        )
        self.expects = False
        self.ready.append((request, self.keep_alive))

    def _spend(self, count: int) -> None:
        self.head_left -= count
        if self.head_left < 0:
            raise RejectedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
