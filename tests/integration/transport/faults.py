"""A TCP server whose every connection follows a script; it remembers each byte it received.

It runs on threads with plain sockets, so that nothing of the code under test helps it.
"""

from __future__ import annotations

import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from typing import Self

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 4\r\n\r\n<r/>"


class Peer:
    """One accepted connection, as its script sees it."""

    def __init__(self, sock: socket.socket, server: FaultServer, number: int) -> None:
        self.sock = sock
        self.server = server
        self.number = number
        self._unread = b""

    def some(self) -> bytes:
        """Whatever comes next; b"" when the client has closed."""
        try:
            received = self.sock.recv(65536)
        except OSError:
            return b""
        with self.server.lock:
            self.server.received += received
            self.server.lock.notify_all()
        return received

    def request(self) -> bytes:
        """One whole request, b"" when the client closed instead."""
        while True:
            head, found, rest = self._unread.partition(b"\r\n\r\n")
            if found:
                declared = re.search(rb"(?i)content-length: (\d+)", head)
                length = int(declared[1]) if declared else 0
                if len(rest) >= length:
                    self._unread = rest[length:]
                    return head + found + rest[:length]
            received = self.some()
            if not received:
                return b""
            self._unread += received

    def send(self, content: bytes) -> None:
        self.sock.sendall(content)

    def answer(self, content: bytes = OK) -> bool:
        """Read a request and answer it; False when there was none."""
        if not self.request():
            return False
        self.send(content)
        return True

    def until_gone(self) -> bool:
        """Stay open and silent until the client closes or the test ends."""
        while self.some():
            continue
        return True

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


Script = Callable[[Peer], object]


class FaultServer:
    """Listens on a free port of 127.0.0.1 and runs ``script`` on a thread per connection."""

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.lock = threading.Condition()
        self.received = bytearray()
        self.accepted = 0
        self._tls = tls
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}/fox"
        self._acceptor = threading.Thread(target=self._accept, daemon=True)

    def requests_seen(self) -> int:
        """How many requests have begun to arrive."""
        with self.lock:
            return bytes(self.received).count(b"POST ")

    def wait_for(self, requests: int) -> None:
        """Block until that many requests have begun to arrive."""
        with self.lock:
            assert self.lock.wait_for(lambda: self.received.count(b"POST ") >= requests, 5)

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._acceptor.join(5)
        for sock in self._sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:  # the script or the client has closed it already
                continue
        for thread in self._threads:
            thread.join(5)
        for sock in self._sockets:
            sock.close()
        assert not any(thread.is_alive() for thread in self._threads)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:  # closed: the test is over
                return
            self._sockets.append(sock)
            self.accepted += 1
            thread = threading.Thread(target=self._follow, args=(sock, self.accepted), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _follow(self, sock: socket.socket, number: int) -> None:
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
                self._sockets.append(sock)
            self.script(Peer(sock, self, number))
        except OSError:  # the client went first; what it sent is on record
            return
        finally:
            sock.close()


class FullBacklog:
    """A listening port whose accept queue is full: a connect gets no answer at all."""

    def __init__(self) -> None:
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self._fillers: list[socket.socket] = []

    def __enter__(self) -> Self:
        for _ in range(8):
            filler = socket.socket()
            filler.settimeout(0.2)
            self._fillers.append(filler)
            try:
                filler.connect(("127.0.0.1", self.port))
            except TimeoutError:
                return self
        raise AssertionError("the accept queue never filled")

    def __exit__(self, *exc: object) -> None:
        for sock in (*self._fillers, self._listener):
            sock.close()


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
