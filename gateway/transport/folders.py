"""Files in folders of this machine, or of one that is mounted here."""

from __future__ import annotations

import asyncio
import errno
import filecmp
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG
from typing import TypeVar

from gateway.domain.errors import NotSent
from gateway.transport.box_names import FOLDERS, Seen

T = TypeVar("T")


class FolderPlace:
    """``gateway.transport.file_box.Place`` below one folder, which must be there already.

    A folder that is missing is a mount that is missing: it is never made, only those inside it.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._closed = False

    async def ready(self) -> None:
        """Make the folders inside the root."""

        def make() -> None:
            for name in FOLDERS:
                (self._root / name).mkdir(exist_ok=True)

        await self._beside_the_loop(make)

    async def seen(self, folder: str) -> Sequence[Seen]:
        """The regular files of a folder."""
        return await self._beside_the_loop(lambda: _seen_in(self._root / folder))

    async def exists(self, folder: str, name: str) -> bool:
        """Whether something of that name is there."""
        return await self._beside_the_loop(lambda: os.path.lexists(self._root / folder / name))

    async def move(self, source: tuple[str, str], target: tuple[str, str]) -> bool:
        """Rename a file; False when it has gone."""

        def move() -> bool:
            home = self._root / target[0]
            try:
                (self._root / source[0] / source[1]).replace(home / target[1])
            except FileNotFoundError:
                return False
            _synced(home)
            return True

        return await self._beside_the_loop(move)

    async def remove(self, folder: str, name: str) -> None:
        """Remove a file, if it is there."""
        await self._beside_the_loop(lambda: (self._root / folder / name).unlink(missing_ok=True))

    async def fetch(self, folder: str, name: str, copy: Path) -> None:
        """Copy a file to our disk."""
        await self._beside_the_loop(lambda: shutil.copyfile(self._root / folder / name, copy))

    async def store(self, folder: str, name: str, source: Path) -> None:
        """Copy a file from our disk, and onto the other one."""

        def store() -> None:
            with source.open("rb") as read, (self._root / folder / name).open("wb") as written:
                shutil.copyfileobj(read, written)
                written.flush()
                os.fsync(written.fileno())

        await self._beside_the_loop(store)

    async def same(self, folder: str, name: str, as_this: Path) -> bool:
        """Whether a file is there with exactly these bytes."""

        def same() -> bool:
            place = self._root / folder / name
            return place.exists() and filecmp.cmp(place, as_this, shallow=False)

        return await self._beside_the_loop(same)

    async def aclose(self) -> None:
        """Nothing is kept open; from now on nothing is touched."""
        self._closed = True

    async def _beside_the_loop(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise NotSent("the folder is closed", "文件夹已关闭")
        try:
            return await asyncio.to_thread(work)
        except OSError as error:
            what = error.strerror or type(error).__name__  # never the path
            raise NotSent(
                f"the folder cannot be used: {what}", f"文件夹无法使用：{what}"
            ) from error


def _seen_in(folder: Path) -> list[Seen]:
    found: list[Seen] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.isprintable():  # nor can it be put anywhere under that name
                continue
            with suppress(FileNotFoundError):  # it went while we looked
                it = entry.stat(follow_symlinks=False)
                if S_ISREG(it.st_mode):
                    found.append(Seen(name=entry.name, size=it.st_size, changed=it.st_mtime_ns))
    return found


def _synced(folder: Path) -> None:
    """Make a folder's names durable, where the place can do that."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EBADF}:
            raise
    finally:
        os.close(descriptor)
