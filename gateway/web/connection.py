"""One connection of the server: what may arrive on it, how much of it, and by when.

Rule kept here: whoever connects gets a bounded share of memory and time before a request is
whole; what cannot be read as exactly one request is answered with a problem document and the
connection closed, so that nobody behind a proxy can smuggle a second request in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.domain.errors import Refused
from gateway.ports.events import REFUSED, SILENT, Log
from gateway.ports.runtime import Ids, Runtime
from gateway.web.problems import AmbiguousRequest, HeadTooLarge, TooSlow, problem

HEAD_MAX: Final = 32 << 10
"""Most bytes of request line and headers together."""
_LINE_ENDS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a caller may take, in seconds of the monotonic clock.

    A request's headers are due after ``head_s``; its whole body ``body_s`` after its headers,
    plus the time that ``body_rate`` bytes a second need for what has come.
    """

    head_s: float = 10.0
    body_s: float = 30.0
    body_rate: int = 64 << 10

    def due_s(self, received: int) -> float:
        """When a body of which ``received`` bytes have come must be whole, after its headers."""
        return self.body_s + received / self.body_rate


class _Timer(Protocol):
    """The event loop's handle of a call that is to come."""

    def cancel(self) -> None:
        """Call it off."""
        ...


class _Transport(Protocol):
    """As much of the event loop's transport as an answer needs."""

    def write(self, data: bytes) -> None:
        """Send a piece."""
        ...

    def writelines(self, list_of_data: Iterable[bytes]) -> None:
        """Send pieces together."""
        ...

    def is_closing(self) -> bool:
        """Whether it is at its end."""
        ...

    def close(self) -> None:
        """End it after what was written."""
        ...


class _OnePiece:
    """What one answer is written to: its head waits for its body, and both leave in one piece.

    The event loop would hand each to the socket by itself, and the caller would wake twice.
    """

    __slots__ = ("_cycle", "_head", "_transport")

    def __init__(self, cycle: RequestResponseCycle, transport: _Transport) -> None:
        self._cycle = cycle
        self._transport = transport
        self._head: bytes | None = None

    def write(self, data: bytes) -> None:
        """The first piece of an answer is its head; the server writes a body after it, if empty."""
        if self._head is None and self._cycle.response_started:
            self._head = data
        elif self._head:
            head, self._head = self._head, b""
            self._transport.writelines((head, data))
        else:
            self._transport.write(data)

    def is_closing(self) -> bool:
        """Whether the connection is at its end."""
        return self._transport.is_closing()

    def close(self) -> None:
        """End the connection after what was written."""
        if self._head:
            self._transport.write(self._head)
            self._head = b""
        self._transport.close()


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 by uvicorn and llhttp, with the bounds they leave open."""

    ids: Ids
    log: Log = SILENT
    patience: Patience = Patience()
    _timer: _Timer | None = None
    _since: float = 0.0
    _head: bool = True
    """Whether a request's headers, not its body, are being waited for."""
    _head_bytes: int = 0
    """Bytes of request line and headers that the parser has told so far."""
    _received: int = 0
    """Bytes since the wait began."""
    _refusal: type[Refused] = AmbiguousRequest

    def connection_made(self, transport: object) -> None:
        """A caller is there; its first request's headers are due."""
        super().connection_made(transport)  # type: ignore[arg-type] # the event loop's own
        self._wait(head=True)

    def connection_lost(self, exc: Exception | None) -> None:
        """The caller is gone, or we sent it away."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes arrived: even a stray line end between requests starts the wait for headers."""
        if self.transport.is_closing():
            return
        if self._timer is None:
            self._wait(head=True)
        self._received += len(data)
        super().data_received(data)
        if self._timer is not None and self._head and self._received > HEAD_MAX:
            self._refuse(HeadTooLarge)

    def on_message_begin(self) -> None:
        """A request begins, perhaps behind another one in the same bytes."""
        super().on_message_begin()
        self._head_bytes = 0
        if self._timer is None:
            self._wait(head=True)

    def on_url(self, url: bytes) -> None:
        """A part of the request line."""
        self._head_bytes += len(url)
        if self._head_bytes > HEAD_MAX:
            self._stop_parser()
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._head_bytes += len(name) + len(value) + _LINE_ENDS
        if self._head_bytes > HEAD_MAX:
            self._stop_parser()
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The headers are whole; the body is due from now on."""
        self._wait(head=False)
        before: RequestResponseCycle | None = self.cycle
        super().on_headers_complete()
        made: RequestResponseCycle = self.cycle
        # Its task has not begun to run. An answer to HEAD has no body to wait for.
        if made is not before and self.scope["method"] != "HEAD":
            made.transport = _OnePiece(made, self.transport)  # type: ignore[assignment]

    def on_message_complete(self) -> None:
        """The request is whole: from here on time is ours, not the caller's."""
        self._stop_waiting()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser could not read; its own words are for us, not for the caller."""
        del msg
        self._refuse(self._refusal)

    def _stop_parser(self) -> None:
        self._refusal = HeadTooLarge
        raise HeadTooLarge  # stops the parser, which asks for the 400 above

    def _wait(self, *, head: bool) -> None:
        self._stop_waiting()
        self._head, self._received, self._since = head, 0, self.loop.time()
        first_s = self.patience.head_s if head else self.patience.body_s
        self._timer = self.loop.call_later(first_s, self._due)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _due(self) -> None:
        """Time is up, unless the body keeps coming fast enough or it is we who are slow."""
        self._timer = None
        if self.transport.is_closing():
            return
        if self._we_are_slow():
            self._wait(head=self._head)
            return
        if not self._head:
            left_s = self._since + self.patience.due_s(self._received) - self.loop.time()
            if left_s > 0:
                self._timer = self.loop.call_later(left_s, self._due)
                return
        self._refuse(TooSlow)

    def _we_are_slow(self) -> bool:
        """Whether reading is paused, or an earlier request on this connection is unanswered."""
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        busy = cycle is not None and not cycle.response_complete
        return self.flow.read_paused or (busy and self._head)

    def _refuse(self, why: type[Refused]) -> None:
        """Answer with a problem document, unless it could be taken for another answer, and close.

        A request may be answered before its body is whole, and must not be answered twice; and
        while an earlier one is unanswered, ours would be read as the answer to that.
        """
        self._stop_waiting()
        cycle: RequestResponseCycle | None = self.cycle
        answered = False
        if cycle is not None:
            answered = cycle.response_started if cycle.more_body else not cycle.response_complete
            answered = answered or bool(self.pipeline)
            cycle.disconnected = True  # the application's reading ends; its answer goes nowhere
            cycle.message_event.set()
        if not answered:
            self.transport.write(self._answer(why))
        self.transport.close()

    def _answer(self, why: type[Refused]) -> bytes:
        trace = self.ids.new("trace")
        made = problem(why(), trace_id=trace)
        self.log.tell(REFUSED, code=why.code, status=made.status, operation="none", trace=trace)
        status = HTTPStatus(made.status)
        lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
        lines += [f"{name}: {value}" for name, value in made.headers.items()]
        lines += [f"Content-Length: {len(made.body)}", "Connection: close", "", ""]
        return "\r\n".join(lines).encode("ascii") + made.body


def protocol(runtime: Runtime, patience: Patience) -> type[PatientProtocol]:
    """The protocol class for one server."""
    given = {"ids": runtime.ids, "log": runtime.log, "patience": patience}
    return type("Connection", (PatientProtocol,), given)
