"""A box of files on any place that can list, rename, read and write: folders here, or SFTP.

Rule kept here: a file is claimed by one rename and copied to our disk before it is read, so
nobody changes what is being read; what is written appears under its name only when it is whole.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from gateway.domain.errors import NotSent
from gateway.ports.erp_boxes import Arrived
from gateway.transport.box_names import (
    IN,
    OUT,
    PROCESSED,
    REFUSED,
    SIZE_MAX,
    WORK,
    Habits,
    Seen,
    Settling,
    again,
    beside,
    candidates,
    own_name,
)

_STAMP: Final = "%Y%m%dT%H%M%S%f"


class Place(Protocol):
    """Where the folders are. Everything raises NotSent where it cannot be reached."""

    async def ready(self) -> None:
        """See that the root is there, and make the folders in it; never the root itself."""
        ...

    async def seen(self, folder: str) -> Sequence[Seen]:
        """The regular files of a folder; no links, which may lead anywhere."""
        ...

    async def exists(self, folder: str, name: str) -> bool:
        """Whether something of that name is there."""
        ...

    async def move(self, source: tuple[str, str], target: tuple[str, str]) -> bool:
        """Rename (folder, name); replaces what is there. False when the source has gone."""
        ...

    async def remove(self, folder: str, name: str) -> None:
        """Remove a file, if it is there."""
        ...

    async def fetch(self, folder: str, name: str, copy: Path) -> None:
        """Copy a file to our disk."""
        ...

    async def store(self, folder: str, name: str, source: Path) -> None:
        """Copy a file from our disk, durably where the place can do that."""
        ...

    async def same(self, folder: str, name: str, as_this: Path) -> bool:
        """Whether a file is there with exactly these bytes."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


class Box:
    """``gateway.ports.erp_boxes.FileBox``."""

    def __init__(
        self, place: Place, scratch: Path, habits: Habits, *, size_max: int = SIZE_MAX
    ) -> None:
        """``scratch`` is a folder of our own disk that belongs to this box alone."""
        self._place = place
        self._scratch = Scratch(scratch)
        self._habits = habits
        self._settling = Settling(habits.settle_s)
        self._size_max = size_max
        self._held: set[str] = set()

    async def claim(self) -> Arrived | None:
        """The oldest complete file, claimed and copied here; None where there is none.

        What stands in ``work`` comes first: a process before us claimed it, or it was put off.
        """
        await self._place.ready()
        claimed = await self._left() or await self._settled()
        if claimed is None:
            return None
        with _own_disk():
            copy = self._scratch.fresh()
        too_large = claimed.size > self._size_max
        if not too_large:
            try:
                await self._place.fetch(WORK, claimed.name, copy)
            except NotSent:
                copy.unlink(missing_ok=True)
                raise
        self._held.add(claimed.name)
        return Arrived(name=claimed.name, path=str(copy), too_large=too_large)

    async def finish(self, arrived: Arrived, *, refused: bool) -> None:
        """Put a claimed file to ``processed`` or ``refused``."""
        folder, name = REFUSED if refused else PROCESSED, arrived.name
        if await self._place.exists(folder, name):
            name = again(name, datetime.now(UTC).strftime(_STAMP))
        # Where it has gone, it was finished before, and nobody heard of it.
        await self._place.move((WORK, arrived.name), (folder, name))
        self._forget(arrived)

    async def put_off(self, arrived: Arrived) -> None:
        """Leave a claimed file for later."""
        self._forget(arrived)

    async def put(self, name: str, pieces: Iterator[bytes]) -> None:
        """Write a file into ``out``. Raises also whatever ``pieces`` raises."""
        with _own_disk():
            whole = self._scratch.fresh()
        try:
            with _own_disk():
                await asyncio.to_thread(_spool, whole, pieces)
            await self._place.ready()
            if await self._place.same(OUT, own_name(name), whole):
                return
            await self._place.store(OUT, beside(name), whole)
            await self._place.move((OUT, beside(name)), (OUT, name))
        finally:
            whole.unlink(missing_ok=True)

    async def aclose(self) -> None:
        """Close connections."""
        await self._place.aclose()

    async def _left(self) -> Seen | None:
        found = candidates(await self._place.seen(WORK), "")
        return next((it for it in found if it.name not in self._held), None)

    async def _settled(self) -> Seen | None:
        """The oldest file that is whole, moved to ``work``."""
        whole = await self._whole()
        if whole is None and self._settling.waits:
            await asyncio.sleep(self._habits.settle_s)
            whole = await self._whole()
        if whole is None or await self._place.exists(WORK, whole.name):
            return None  # one of that name is being read by another process: its turn comes
        if not await self._place.move((IN, whole.name), (WORK, whole.name)):
            return None
        if self._habits.marker:
            await self._place.remove(IN, f"{whole.name}{self._habits.marker}")
        return whole

    async def _whole(self) -> Seen | None:
        every = candidates(await self._place.seen(IN), self._habits.marker)
        found = [it for it in every if it.name not in self._held]
        if self._habits.marker:
            return found[0] if found else None
        return self._settling.whole(found, asyncio.get_running_loop().time())

    def _forget(self, arrived: Arrived) -> None:
        Path(arrived.path).unlink(missing_ok=True)
        self._held.discard(arrived.name)


class Scratch:
    """A folder of copies on our disk. What is in it when it is opened is nobody's any more."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in folder.iterdir():
            left.unlink()
        self._folder = folder
        self._made = 0

    def fresh(self) -> Path:
        """An empty file that only its owner may read."""
        self._made += 1
        path = self._folder / f"{self._made}"
        path.touch(mode=0o600)
        return path


@contextmanager
def _own_disk() -> Iterator[None]:
    """What our own disk cannot do has to wait."""
    try:
        yield
    except OSError as error:
        what = error.strerror or type(error).__name__
        raise NotSent(f"our own disk: {what}", f"本机磁盘：{what}") from error


def _spool(place: Path, pieces: Iterator[bytes]) -> None:
    with place.open("wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
