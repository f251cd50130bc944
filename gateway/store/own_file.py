"""Files that are made once, whole, and only readable by their owner."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from gateway.domain.errors import Corrupt


def own_file(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of a file; ``make`` gives it when there is none yet.

    Several processes may start at once: the first file to be in place counts for all of them,
    and none ever sees half of one.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        beside = path.with_name(f"{path.name}.{os.getpid()}")
        beside.touch(mode=0o600)
        with beside.open("wb") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(beside, path)
        except FileExistsError:
            pass  # another process was first: its content is everybody's
        finally:
            beside.unlink()
        _keep(path.parent)
        return path.read_bytes()


def own_key(path: Path, draw: Callable[[int], bytes], length: int) -> bytes:
    """A key of so many bytes, drawn on first use. Raises Corrupt for a file of another length."""
    key = own_file(path, lambda: draw(length))
    if len(key) != length:
        raise Corrupt(f"{path.name} has a wrong length", f"密钥文件 {path.name} 长度不对")
    return key


def _keep(folder: Path) -> None:
    """Make the name durable too: what is sealed with a key must not outlive it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
