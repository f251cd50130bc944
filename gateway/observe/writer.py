"""Log lines onto a file descriptor, from a thread of their own.

Rule kept here: telling never waits. What a full pipe or a full disk cannot take is dropped,
counted, and the gap is told once there is room again.
"""

from __future__ import annotations

import os
import queue
import select
import threading
from collections.abc import Sequence
from typing import Final

from gateway.observe.lines import Render, Told
from gateway.ports.events import Level

_WAITING_MAX: Final = 20_000
_AT_ONCE: Final = 500
_PIECE: Final = 4096
"""Bytes that a pipe takes in one piece: lines of two processes on one pipe stay whole."""
_RETRY_S: Final = 0.5
_GATHER_S: Final = 0.05
"""So long a line that is no warning waits for others: to wake this thread for every line takes
more time from the others than writing it does."""


class LineWriter:
    """A queue of events and the thread that writes them. ``fd`` stays the caller's."""

    def __init__(self, fd: int, render: Render) -> None:
        self._fd = fd
        self._render = render
        self._queue: queue.SimpleQueue[Told | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._hurry = threading.Event()
        self._lost = 0
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="log", daemon=True)
        self._thread.start()

    @property
    def lost(self) -> int:
        """How many lines were dropped since the start."""
        return self._lost

    @property
    def has_room(self) -> bool:
        """Whether the next line would be taken."""
        return self._queue.qsize() < _WAITING_MAX

    def put(self, told: Told) -> None:
        """Queue an event; without room its line is dropped. After the end, write it at once."""
        if self._closed:
            self._write([self._render(told)])
        elif self.has_room:
            self._queue.put(told)
            if told.event.level >= Level.WARNING:
                self._hurry.set()
        else:
            self._lose(1)

    def close(self, within_s: float) -> None:
        """Write what waits, for at most so long."""
        if self._closed:
            return
        self._queue.put(None)
        self._hurry.set()
        self._thread.join(within_s)
        self._closed = not self._thread.is_alive()

    def _lose(self, count: int) -> None:
        with self._lock:
            self._lost += count

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            waiting = [first]
            ending = False
            if self._queue.empty():
                self._hurry.wait(_GATHER_S)
            self._hurry.clear()  # what hurried is in the queue by now
            while len(waiting) < _AT_ONCE and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    ending = True
                    break
                waiting.append(following)
            self._write([self._render(told) for told in waiting])
            if ending:
                return

    def _write(self, lines: Sequence[bytes]) -> None:
        piece: list[bytes] = []
        size = 0
        for line in lines:
            if piece and size + len(line) > _PIECE:
                self._write_piece(piece)
                piece, size = [], 0
            piece.append(line)
            size += len(line)
        self._write_piece(piece)

    def _write_piece(self, lines: Sequence[bytes]) -> None:
        left = memoryview(b"".join(lines))
        try:
            while left:
                try:
                    left = left[os.write(self._fd, left) :]
                except BlockingIOError:  # somebody made the descriptor non-blocking
                    select.select([], [self._fd], [], _RETRY_S)
        except OSError:  # nobody reads any more, or the disk is full
            self._lose(len(lines))
