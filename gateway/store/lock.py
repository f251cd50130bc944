"""One process per SQLite database: a lock the operating system releases when the process dies."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from gateway.domain.errors import Refused


class Locked(Refused):
    """Another process has this data folder open."""

    code = "locked"
    zh = "数据目录已被另一个进程占用；SQLite 模式只允许一个进程"
    en = "another process has this data folder open; with SQLite there is only one"


class Lock:
    """An exclusive lock on a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def take(self) -> None:
        """Take the lock or raise Locked at once."""
        file = self._path.open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise Locked from None
        self._file = file

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            self._file.close()
            self._file = None
