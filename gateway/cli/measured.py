"""What the benches have in common: their options, their result, processes, peak memory.

Rule kept here: each side runs in a process of its own, which is always ended and whose last
words are told when it fails.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.domain.errors import Corrupt, Refused

_PEAK: Final = re.compile(r"^VmHWM:\s+([0-9]+) kB$", re.MULTILINE)
_LAST_WORDS: Final = 2000
SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"
DATABASES: Final = (SQLITE, POSTGRESQL)
_TIMES: Final = slice(11, 15)
"""Where /proc/PID/stat, counted after the name, tells own and ended children's CPU time."""
_END_S: Final = 30

Say = Callable[[str], None]
"""Told what is being done, for a person who waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How large a run is: ``scale`` 1.0 is the set-up as written, ``slots`` messages in flight.

    ``profile``: instead of measuring, profile the product inside this process and write the
    statistics to this file. ``database`` is where both sides keep their books. ``controls``: the
    product also lives by a control document, and what that costs is told. ``entries``: how many
    statement entries (``reconcile``), 0 for the scaled number.
    """

    scale: float = 1.0
    profile: Path | None = None
    slots: int = 16
    database: str = SQLITE
    controls: bool = False
    mib: int = 0
    """About how large the file is that is read; 0 as the bench says."""
    entries: int = 0

    @property
    def postgresql(self) -> bool:
        """Whether both sides keep their books on a PostgreSQL server of the bench's own."""
        return self.database == POSTGRESQL

    def scaled(self, count: int) -> int:
        """``count`` at this scale, at least 1."""
        return max(1, round(count * self.scale))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Both sides in the bench's unit, the product's peak memory, and what else is worth telling."""

    product: float
    reference: float
    peak_rss_mib: float
    extra: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A started process that listens. ``address`` is what it printed."""

    pid: int
    address: str


@contextmanager
def running(command: Sequence[str], folder: Path, *, root: Path | None = None) -> Iterator[Running]:
    """Start ``python -m …``, wait for its ``{"ready": address}``, end it on leaving.

    Raises Corrupt with the end of its standard error when it ends before it is ready.
    """
    said = folder / f"{command[-1].strip('-')}-{len(list(folder.iterdir()))}.log"
    with (
        said.open("wb") as stderr,
        subprocess.Popen(  # noqa: S603 - our own modules
            [sys.executable, "-m", *command], stdout=subprocess.PIPE, stderr=stderr, cwd=root
        ) as started,
    ):
        try:
            assert started.stdout is not None
            line = started.stdout.readline()
            if not line:
                started.wait(_END_S)
                raise _failed(command, said)
            yield Running(pid=started.pid, address=str(json.loads(line)["ready"]))
        finally:
            started.terminate()
            try:
                started.wait(_END_S)
            except subprocess.TimeoutExpired:
                started.kill()


def run_once(command: Sequence[str], order: bytes, *, root: Path | None = None) -> bytes:
    """Run ``python -m …`` to its end with ``order`` as input; returns what it printed.

    Raises Corrupt with the end of its standard error when it fails.
    """
    ended = subprocess.run(  # noqa: S603 - our own modules
        [sys.executable, "-m", *command], input=order, capture_output=True, check=False, cwd=root
    )
    if ended.returncode:
        raise _words(command, ended.stderr)
    return ended.stdout


def peak_rss_mib(pid: int | str = "self") -> float:
    """Most memory a process ever had resident, in MiB, as Linux counts it (0.0 elsewhere)."""
    status = Path(f"/proc/{pid}/status")
    found = _PEAK.search(status.read_text()) if status.exists() else None
    return round(int(found[1]) / 1024, 1) if found else 0.0


def cpu_s(pid: int) -> float:
    """CPU seconds of a process and of all it started, as Linux counts them (0.0 elsewhere)."""
    parents: dict[int, list[int]] = {}
    times: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, _, told = stat.read_text("utf-8", "replace").partition(" (")
        except OSError:
            continue  # it has ended meanwhile
        words = told.rpartition(") ")[2].split()
        parents.setdefault(int(words[1]), []).append(int(number))
        times[int(number)] = sum(map(int, words[_TIMES])) / os.sysconf("SC_CLK_TCK")
    family = [pid]
    for member in family:
        family += parents.get(member, [])
    return sum(times.get(member, 0.0) for member in family)


def repository() -> Path:
    """The root of the repository, where the bare path lies. Raises Refused without one.

    A wheel holds the product only.
    """
    root = Path(__file__).resolve().parents[2]
    if not (root / "tests" / "bench" / "bare.py").is_file():
        raise Refused(
            "the reference, tests/bench/bare.py, is missing: the payment benches run in a clone "
            "of the repository",
            "缺少参照程序 tests/bench/bare.py：付款类测量须在源码仓库中运行",
        )
    return root


def _failed(command: Sequence[str], said: Path) -> Corrupt:
    return _words(command, said.read_bytes())


def _words(command: Sequence[str], stderr: bytes) -> Corrupt:
    last = stderr[-_LAST_WORDS:].decode("utf-8", "replace").strip()
    name = " ".join(command[:2])
    return Corrupt(f"{name} failed: {last}", f"{name} 运行失败：{last}")
