"""Reading request bodies: never more than promised, large ones onto the disk.

Rule kept here: the length is refused as soon as it is known, and no spooled file outlives its
request.
"""

from __future__ import annotations

import errno
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from starlette.requests import ClientDisconnect, Request

from gateway.domain.errors import NoRoom, Overloaded
from gateway.ports.runtime import Runtime
from gateway.web.problems import TooLarge

SMALL_MAX: Final = 1 << 20
"""Most bytes of a JSON body that holds one thing."""
BATCH_BYTES_MAX: Final = 16 << 20
"""Most bytes of a JSON batch."""
FILE_MAX: Final = 512 << 20
"""Most bytes of an uploaded file."""
UPLOADS_MAX: Final = 8
"""Most uploads at once: what they may take of the disk is bounded."""
_PIECE: Final = 1 << 20
_CHUNK: Final = 64 << 10
_HASH_INLINE: Final = 256 << 10
_DIGITS_MAX: Final = 18
_GONE: Final = "http.disconnect"
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


async def read_body(request: Request, most: int) -> bytes:
    """The whole body. Raises TooLarge, by the announced length before anything is read."""
    refuse_announced(request, most)
    pieces: list[bytes] = []
    size = 0
    more = True
    while more:
        # Not request.stream(): a generator around each message costs more than the message.
        message = await request.receive()
        if message["type"] == _GONE:
            raise ClientDisconnect
        piece = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(piece)
        if size > most:
            raise TooLarge
        pieces.append(piece)
    return b"".join(pieces)


def refuse_announced(request: Request, most: int) -> None:
    """Raise TooLarge when the announced length is more than ``most``."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and (len(announced) > _DIGITS_MAX or int(announced) > most):
        raise TooLarge


async def digest_of(runtime: Runtime, body: bytes) -> str:
    """Hex SHA-256 of a body; a long one is hashed beside the event loop."""
    if len(body) <= _HASH_INLINE:
        return hashlib.sha256(body).hexdigest()
    return await runtime.tasks.read(lambda: hashlib.sha256(body).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Spooled:
    """A body on the disk."""

    path: Path
    digest: str
    """Hex SHA-256 of its bytes."""
    size: int


class Spool:
    """The folder of uploads that are being read."""

    def __init__(self, folder: Path, runtime: Runtime) -> None:
        self._folder = folder
        self._runtime = runtime
        self._open = 0
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in folder.iterdir():  # of a process that ended in the middle: nothing was accepted
            left.unlink()

    @asynccontextmanager
    async def receive(self, request: Request) -> AsyncIterator[Spooled]:
        """Write a body to the disk, hashing it; it is gone when the context ends.

        Raises TooLarge, Overloaded when too many uploads are under way, or NoRoom.
        """
        refuse_announced(request, FILE_MAX)
        if self._open >= UPLOADS_MAX:
            raise Overloaded
        self._open += 1
        path = self._folder / self._runtime.ids.new("upload")
        try:
            with _needing_room():
                path.touch(mode=0o600)
                with path.open("wb") as out:
                    digest, size = await self._write(request, out)
            yield Spooled(path=path, digest=digest, size=size)
        finally:
            self._open -= 1
            path.unlink(missing_ok=True)

    async def _write(self, request: Request, out: IO[bytes]) -> tuple[str, int]:
        hasher = hashlib.sha256()
        pieces: list[bytes] = []
        size = held = 0

        def write(batch: list[bytes]) -> None:
            for piece in batch:
                hasher.update(piece)
                out.write(piece)
            out.flush()

        async for piece in request.stream():
            size, held = size + len(piece), held + len(piece)
            if size > FILE_MAX:
                raise TooLarge
            pieces.append(piece)
            if held >= _PIECE:
                batch, pieces, held = pieces, [], 0
                await self._runtime.tasks.read(lambda batch=batch: write(batch))  # type: ignore[misc]
        await self._runtime.tasks.read(lambda: write(pieces))
        return hasher.hexdigest(), size


@contextmanager
def _needing_room() -> Iterator[None]:
    """A full disk becomes NoRoom."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise NoRoom from error
        raise


def chunks(file: IO[bytes]) -> Iterator[bytes]:
    """The bytes of an open file, piece by piece."""
    return iter(lambda: file.read(_CHUNK), b"")
