"""Which files of a folder may be taken, and what they are called: pure, for folders and SFTP.

Rule kept here: a name comes from outside and is never a path. A file is whole when its size and
time stood still between two looks, or when the sender says so by a marker; a name that programs
give to files they are still writing is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.errors import Corrupt

IN: Final = "in"
WORK: Final = "work"
PROCESSED: Final = "processed"
REFUSED: Final = "refused"
OUT: Final = "out"
FOLDERS: Final = (IN, WORK, PROCESSED, REFUSED, OUT)

SETTLE_S: Final = 10
SIZE_MAX: Final = 512 << 20
"""Most bytes of a file, as of an upload."""
NAME_MAX: Final = 200
"""Most bytes of a name: what we put behind it must fit, too."""
_UNFINISHED: Final = (
    ".tmp",
    ".temp",
    ".part",
    ".partial",
    ".filepart",
    ".crdownload",
    ".writing",
    ".lock",
    ".swp",
    "~",
)
_HIDDEN: Final = (".", "~")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A regular file as a look found it. ``changed`` is the place's own time stamp."""

    name: str
    size: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How a sender lets us know that a file is whole.

    With ``marker`` (such as ``.ok``) a file counts once ``name + marker`` stands beside it;
    without, once it stood still for ``settle_s`` seconds.
    """

    marker: str = ""
    settle_s: int = SETTLE_S


def usable(name: str) -> bool:
    """Whether a name may be taken: no path, nothing hidden, nothing that is being written."""
    plain = name.isprintable() and "/" not in name and "\\" not in name
    return (
        plain
        and 0 < len(name.encode(errors="replace")) <= NAME_MAX
        and not name.startswith(_HIDDEN)
        and not name.lower().endswith(_UNFINISHED)
    )


def candidates(seen: Iterable[Seen], marker: str) -> list[Seen]:
    """Files that may be taken once they are whole, the oldest first."""
    found = list(seen)
    if marker:
        names = {it.name for it in found}
        found = [it for it in found if not it.name.endswith(marker) and it.name + marker in names]
    return sorted((it for it in found if usable(it.name)), key=lambda it: (it.changed, it.name))


class Settling:
    """Which files stood still long enough, as our own looks found them.

    Only our clock counts: the place's may be wrong, and copying tools set old time stamps.
    """

    def __init__(self, settle_s: int) -> None:
        self._settle_s = settle_s
        self._since: dict[Seen, float] = {}

    @property
    def waits(self) -> bool:
        """Whether the last look left files that may soon be whole."""
        return bool(self._since)

    def whole(self, found: Sequence[Seen], now_s: float) -> Seen | None:
        """The first of what a look found that stood still since an earlier one."""
        self._since = {it: self._since.get(it, now_s) for it in found}
        return next((it for it in found if now_s - self._since[it] >= self._settle_s), None)


def own_name(name: str) -> str:
    """A name of ours for a file in ``out``. Raises Corrupt for one that is no plain name."""
    if not usable(name):
        raise Corrupt("a file name of ours is not plain", "生成的文件名不合法")
    return name


def beside(name: str) -> str:
    """What a file is called while it is being written: nobody takes it for whole."""
    return f".{name}.tmp"


def again(name: str, stamp: str) -> str:
    """A name for a further file of the same name: the stamp stands before the ending."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem}.{stamp}.{ending}" if dot and stem else f"{name}.{stamp}"
