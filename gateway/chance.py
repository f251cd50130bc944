"""Chance, and the ids made of it; only the runtime hands it on."""

from __future__ import annotations

import os
import secrets
import threading
import time
from functools import lru_cache
from typing import Final

from gateway.ports.runtime import Random

_BASE32: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_TIME_PLACES: Final = tuple(range(45, -5, -5))
_RANDOM: Final = 16
_CHARACTERS: Final = bytes(ord(_BASE32[number % 32]) for number in range(256))
"""By a random byte, the character it becomes: each of the 32 for eight of them."""
_BLOCK: Final = 4096


class SystemRandom:
    """Randomness of the operating system, drawn in blocks.

    Every draw lets other threads in, and waiting for the interpreter afterwards costs far more
    than the draw. A block belongs to one thread of one process: a child that was forked starts
    with none (asking for the process's number at each draw would cost a call of the system).
    """

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._held = threading.local()

    def bytes(self, count: int) -> bytes:
        """``count`` random bytes."""
        held = self._held
        at: int = getattr(held, "at", 0)
        block: bytes = getattr(held, "block", b"")
        if at + count > len(block):
            block, at = secrets.token_bytes(max(_BLOCK, count)), 0
            held.block = block
        held.at = at + count
        return block[at : at + count]

    def uniform(self, low: float, high: float) -> float:
        """A number for jitter."""
        return low + (high - low) * secrets.randbelow(1 << 30) / (1 << 30)


def time_id(kind: str, milliseconds: int, tail: bytes) -> str:
    """``kind_`` + 10 time characters + one per random byte of ``tail``: sorts by creation."""
    return f"{kind}_{_in_characters(milliseconds)}{tail.translate(_CHARACTERS).decode()}"


@lru_cache(maxsize=16)
def _in_characters(milliseconds: int) -> str:
    """Remembered, because many lines are made in one millisecond."""
    return "".join([_BASE32[(milliseconds >> shift) & 31] for shift in _TIME_PLACES])


class TimeIds:
    """Ids from the machine's time and randomness."""

    def __init__(self, random: Random | None = None) -> None:
        self._random = random or SystemRandom()

    def new(self, kind: str) -> str:
        """A fresh id that sorts by creation."""
        return time_id(kind, time.time_ns() // 1_000_000, self._random.bytes(_RANDOM))
