"""Commits groups on a database file and dies, as by SIGKILL, at a named point of the third one.

Told: the file and the point. Prints a name once its commit was told as done.
"""

from __future__ import annotations

import os
import signal
import sys

from gateway.store.engine import sqlite_engine
from tests.store_ground import Bench, mark


def main(path: str, point: str) -> None:
    it = Bench(sqlite_engine(path), seed="dying")
    passed = 0

    def die(now: str) -> None:
        nonlocal passed
        passed += now == point
        if passed == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    it.store._probe = die
    for number in range(5):
        it.group(mark(f"a{number}"), mark(f"b{number}"))
        print(number, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
