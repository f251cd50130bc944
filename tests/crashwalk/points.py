"""Points of a process, counted: at the chosen one the process ends as by a power cut.

A point is passed just before something that can be half done: a commit, a byte on a socket, a
file. What a process passed stands in its tale, a file beside its data, one line per point.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

MARK = "†"


def die() -> None:
    """SIGKILL to ourselves: no clean-up of any kind."""
    os.kill(os.getpid(), signal.SIGKILL)
    threading.Event().wait()  # the signal needs a moment when it comes from another thread


Chosen = int | tuple[str, int]
"""Where to end: at the n-th point, or at the n-th of this name; counted from 1, 0 is nowhere."""


class Points:
    """Counts points and ends at the chosen one. Any thread may pass one."""

    def __init__(self, chosen: Chosen, tale: Path, end: Callable[[], None] = die) -> None:
        self._name, self._number = ("", chosen) if isinstance(chosen, int) else chosen
        self.end = end
        self.mortal = end is die
        """Whether it is this process that ends."""
        self._passed = 0
        self._lock = threading.Lock()
        self._tale = os.open(tale, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def chosen(self, name: str) -> bool:
        """Count a point; True says that it is the one: the caller prepares the end, then dies."""
        with self._lock:
            self._passed += not self._name or name == self._name
            ends = self._passed == self._number and self._name in {"", name}
            os.write(self._tale, f"{name}{MARK if ends else ''}\n".encode())
        return ends

    def at(self, name: str) -> None:
        """Pass a point, or end here."""
        if self.chosen(name):
            self.end()


def told(tale: Path) -> tuple[Sequence[str], str]:
    """What a process passed, and where it ended by our hand ('' when it did not)."""
    lines = tale.read_text(encoding="utf-8").splitlines() if tale.exists() else []
    ended = next((line.removesuffix(MARK) for line in lines if line.endswith(MARK)), "")
    return [line.removesuffix(MARK) for line in lines], ended


def outlived(tale: Path) -> int:
    """How many points a process passed after the one it should have ended at."""
    lines = tale.read_text(encoding="utf-8").splitlines() if tale.exists() else []
    ends = [at for at, line in enumerate(lines) if line.endswith(MARK)]
    return len(lines) - ends[0] - 1 if ends else 0
