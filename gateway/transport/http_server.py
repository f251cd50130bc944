"""A small HTTP/1.1 server for the sandbox bank: real sockets, and every fault on demand.

The rule it keeps: one handler task per connection, answers in the order of the requests,
and nothing without a bound. It is not meant for the open internet; the gateway's own API
runs on uvicorn.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import replace
from http import HTTPStatus
from typing import Final, cast

import httptools

from gateway.transport.http_messages import Action, Handler, Request, Response
from gateway.transport.http_requests import RejectedError, RequestReader
from gateway.transport.limits import ServerLimits

__all__ = ["Action", "Handler", "Request", "Response", "Server", "serve"]

_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}
_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing discards what is queued and sends RST."""
_BODILESS: Final = frozenset({204, 304})


async def serve(
    handler: Handler, host: str, port: int, *, limits: ServerLimits | None = None
) -> Server:
    """Listen on ``host``:``port`` (0 picks a free port) and answer with ``handler``.

    Raises OSError if the address cannot be had. An exception that leaves the handler is
    answered with 500 and reported to the event loop's exception handler.
    """
    server = Server(handler, limits or ServerLimits())
    await server.listen(host, port)
    return server


class Server:
    """A listening server; ``port`` is the real one."""

    def __init__(self, handler: Handler, limits: ServerLimits) -> None:
        self.handler = handler
        self.limits = limits
        self.connections: set[_Connection] = set()
        self.refusing = False
        self.port = 0
        self._listener: asyncio.Server | None = None

    async def listen(self, host: str, port: int) -> None:
        """Open the port. Raises OSError if it cannot be had."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(lambda: _Connection(self), host, port)
        self.port = int(self._listener.sockets[0].getsockname()[1])

    def refuse(self, refusing: bool) -> None:  # noqa: FBT001 - a switch, as it reads
        """While true, a new connection is reset as soon as it is accepted, before any read."""
        self.refusing = refusing

    async def close(self) -> None:
        """Close the port and every connection; handlers under way are cancelled."""
        if self._listener is None:
            return
        listener, self._listener = self._listener, None
        listener.close()
        leaving = tuple(self.connections)
        tasks = [task for connection in leaving if (task := connection.stop()) is not None]
        if tasks:
            await asyncio.wait(tasks)
        for connection in leaving:
            await connection.closed
        await listener.wait_closed()


class _Connection(asyncio.Protocol):
    """One accepted connection."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._reader = RequestReader(server.limits)
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._rejected: Response | None = None
        self._deaf = False
        self._paused = False
        self._eof = False
        self._writable = asyncio.Event()
        self._writable.set()
        self._idle: asyncio.TimerHandle | None = None
        self._last_at = self._loop.time()
        self.closed: asyncio.Future[None] = self._loop.create_future()

    # ── asyncio.Protocol ──

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it
        connections = self._server.connections
        connections.add(self)
        if self._server.refusing or len(connections) > self._server.limits.connections_max:
            self._reset()
            return
        self._idle = self._loop.call_later(self._server.limits.idle_s, self._check_idle)

    def data_received(self, received: bytes) -> None:
        if self._deaf:
            return
        self._last_at = self._loop.time()
        reader = self._reader
        try:
            reader.feed(received)
        except RejectedError as error:
            self._reject(error.status)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._reject(HTTPStatus.BAD_REQUEST)
        if reader.expects:
            reader.expects = False
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._start()
        if len(reader.ready) >= self._server.limits.pipeline_max and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """A client may close its sending side and still wait for answers under way."""
        self._eof = True
        return self._task is not None

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._deaf = True
        self._transport = None
        self._writable.set()
        self._server.connections.discard(self)
        if self._idle is not None:
            self._idle.cancel()
        if not self.closed.done():
            self.closed.set_result(None)

    def stop(self) -> asyncio.Task[None] | None:
        """Cancel the handler and close without ado; returns the task to wait for."""
        if self._task is not None:
            self._task.cancel()
        if self._transport is not None:
            self._transport.abort()
        return self._task

    # ── requests ──

    def _start(self) -> None:
        if self._transport is None or self._task is not None:
            return
        if self._reader.ready or self._rejected is not None:
            self._task = self._loop.create_task(self._answer_all())
            self._task.add_done_callback(self._ended)

    async def _answer_all(self) -> None:
        """Answer what has been read, in order, until nothing is left or the connection ends."""
        ready = self._reader.ready
        while ready and self._transport is not None:
            request, keep_alive = ready.popleft()
            response = await self._server.handler(request)
            if response.delay_s > 0:
                await asyncio.sleep(response.delay_s)
            self._deliver(response, keep_alive=keep_alive, bodiless=request.method == "HEAD")
            self._last_at = self._loop.time()
            if self._paused and self._transport is not None:
                self._paused = False
                self._transport.resume_reading()
            if not self._writable.is_set():
                await self._writable.wait()
        if self._rejected is not None:
            rejected, self._rejected = self._rejected, None
            self._deliver(rejected, keep_alive=False)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._loop.call_exception_handler(
                {"message": "the sandbox's request handler failed", "exception": error}
            )
            self._deliver(Response(status=500), keep_alive=False)
        elif self._eof and self._transport is not None:
            self._transport.close()
        else:
            self._start()

    def _reject(self, status: int) -> None:
        """Answer what came before, then this status, then close: the stream is out of step."""
        self._deaf = True
        self._rejected = Response(status=status, body=_REASONS[status].encode("ascii"))

    def _check_idle(self) -> None:
        """Close a connection on which nothing has happened for too long."""
        due = self._last_at + self._server.limits.idle_s
        if self._task is not None or due > self._loop.time():
            again = max(due, self._loop.time() + 1.0)
            self._idle = self._loop.call_at(again, self._check_idle)
        elif self._transport is not None:
            self._transport.close()

    # ── answers ──

    def _deliver(self, response: Response, *, keep_alive: bool, bodiless: bool = False) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        action = response.action
        if action is Action.RESET:
            self._reset()
        elif action is Action.CLOSE:
            self._deaf = True
            transport.close()
        elif action is Action.HALF_OPEN:
            self._deaf = True  # still read and dropped, so that the client's bytes are taken
            self._reader.ready.clear()
            if self._idle is not None:
                self._idle.cancel()
        else:
            self._send(response, keep_alive=keep_alive, bodiless=bodiless)

    def _send(self, response: Response, *, keep_alive: bool, bodiless: bool) -> None:
        whole = _encode(response, keep_alive=keep_alive)
        if bodiless:
            whole = _encode(replace(response, body=b""), keep_alive=keep_alive)
        if response.action is Action.TRUNCATE:
            whole = whole[: len(whole) - max(1, (len(response.body) + 1) // 2)]
            keep_alive = False
        elif response.action is Action.DUPLICATE:
            whole += whole
        self._write(whole)
        if not keep_alive and self._transport is not None:
            self._deaf = True
            self._transport.close()

    def _write(self, content: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(content)

    def _reset(self) -> None:
        self._deaf = True
        if self._transport is not None:
            self._transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _RESET
            )
            self._transport.abort()


def _encode(response: Response, *, keep_alive: bool) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {_REASONS.get(response.status, '')}"]
    if response.status not in _BODILESS:
        lines.append(f"Content-Type: {response.content_type}")
        lines.append(f"Content-Length: {len(response.body)}")
    if not keep_alive:
        lines.append("Connection: close")
    lines += [f"{name}: {value}" for name, value in response.headers]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return head if response.status in _BODILESS else head + response.body
