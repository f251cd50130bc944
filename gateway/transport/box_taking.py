"""Taking what was put into a box, whoever reads it: one file after the other.

Rule kept here: while the database is away or full all files wait, and whatever keeps a file from
being finished, it is claimed again at the next look. What a file makes foreign code raise beyond
its promises concerns that file alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gateway.domain.errors import GatewayError, Overloaded, WireError
from gateway.ports.erp_boxes import Arrived, FileBox
from gateway.ports.events import FAILED
from gateway.ports.runtime import Runtime

DIGEST_SHOWN: Final = 12
"""So much of a file's digest stands in the names of replies."""
_STEM_MAX: Final = 120


async def take_all(
    box: FileBox,
    take: Callable[[Arrived], Awaitable[None]],
    put_off: Callable[[Overloaded], None],
    stopping: Callable[[], bool],
) -> None:
    """Take every file that is there; ``put_off`` is told why all have to wait.

    Raises NotSent where the place cannot be reached, and what ``take`` raises.
    """
    while not stopping():
        arrived = await box.claim()
        if arrived is None or not await _taken(box, arrived, take, put_off):
            return


async def _taken(
    box: FileBox,
    arrived: Arrived,
    take: Callable[[Arrived], Awaitable[None]],
    put_off: Callable[[Overloaded], None],
) -> bool:
    """Take one file; False when the database is away or full."""
    over = False
    try:
        await take(arrived)
        over = True
    except Overloaded as error:
        put_off(error)
    finally:
        if not over:
            await box.put_off(arrived)
    return over


@contextmanager
def foreign(
    runtime: Runtime,
    whose: tuple[str, str],
    why: str,
    *,
    fresh: Callable[[str], bool] | None = None,
) -> Iterator[None]:
    """Run a dialect's code or a reader; what it raises beyond its promises becomes a WireError.

    Bytes from outside met a fault of ours then. It is told, of the tenant and system that
    ``whose`` names, and it concerns these bytes alone: nobody may end this process by sending a
    file. ``fresh`` says of an error's name whether it is to be told, where the same one would come
    again and again.
    """
    try:
        yield
    except GatewayError:
        raise
    except Exception as error:
        name = type(error).__name__
        if fresh is None or fresh(name):
            tenant, endpoint = whose
            runtime.log.tell(FAILED, tenant=tenant, endpoint=endpoint, error=name, why=why)
        raise WireError("unrecognised") from error


def digest_and_head(path: Path, most: int) -> tuple[str, bytes, int]:
    """SHA-256 of a file, at most ``most`` of its first bytes, and its length."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
        file.seek(0)
        return digest, file.read(most), size


def reply_name(name: str, mark: str, suffix: str) -> str:
    """The name of a reply: that of the file, and what makes it this one's alone."""
    stem = name.rpartition(".")[0] or name
    short = stem.encode()[:_STEM_MAX].decode(errors="ignore")
    return f"{short}.{mark}.{suffix}"
