"""A process that is started again whenever it has died. Only its first life is doomed."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

from tests.crashwalk.nursery import Nursery, Process
from tests.crashwalk.places import PATIENCE_S
from tests.crashwalk.points import outlived, told

KILLED = -signal.SIGKILL
_WORDS = 300
_STARTS_MAX = 8
_ENDED = 1
_LAWFUL = re.compile(r'"event":"died".*"error":"(?:Fenced|DatabaseAway)"')
"""A process whose lease is over, or whose server is away too long, ends by itself and says so: on
a busy machine any may."""


class Stuck(Exception):
    """What must happen did not."""


class Life:
    """One role in the story. ``run`` is a function of ``order``, run in a child of the nursery."""

    def __init__(
        self, nursery: Nursery, folder: Path, name: str, run: str, order: dict[str, object]
    ) -> None:
        self._nursery = nursery
        self._folder = folder
        self._run = run
        self._order = order
        self.name = name
        self.log_file = folder / f"{name}.log"
        self.starts = 0
        self.deaths: list[int] = []
        self.process: Process | None = None

    def start(self) -> None:
        """Begin a life; the chosen point is the first one's."""
        self.starts += 1
        if self.starts > _STARTS_MAX:
            raise Stuck(f"{self.name} does not start again: {self.words()}")
        doomed = {} if self.starts == 1 else {"chosen": 0}
        self.process = self._nursery.start(
            self._run,
            **{"chosen": 0, **self._order, **doomed},
            tale=str(self._tale(self.starts)),
            log=str(self.log_file),
        )

    def revive(self) -> None:
        """Start when nothing runs."""
        if self.process is None:
            self.start()
        elif self.process.ended():
            self._buried()
            self.start()

    def paused(self) -> bool:
        """Whether it stands still at its point."""
        if not self.told()[1]:
            return False
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8")
        return stat.rpartition(")")[2].split()[0] == "T"

    def stop(self) -> bool:
        """SIGTERM, and wait for the end; False when it died otherwise instead."""
        until = time.monotonic() + PATIENCE_S
        self.process.kill(signal.SIGTERM)
        while not self.process.ended(0.5):
            if time.monotonic() > until:
                raise Stuck(f"{self.name} does not end when asked to")
        return self.process.code == 0

    def end(self) -> None:
        """SIGKILL whatever runs."""
        if self.process is not None:
            if self.process.ended():
                self._buried()
            self.process.finish()

    def words(self) -> str:
        """Its last words."""
        return self._log()[-_WORDS:]

    def said(self, words: str) -> int:
        """How often its log says so."""
        return self._log().count(words)

    def told(self) -> tuple[tuple[str, ...], str]:
        """The points of its first life, and where that ended by our hand."""
        points, where = told(self._tale(1))
        return tuple(points), where

    def faults(self) -> list[str]:
        """What is wrong with the ways it ended."""
        lawful = self.deaths.count(_ENDED) <= len(_LAWFUL.findall(self._log()))
        others = sorted(set(self.deaths) - {KILLED, _ENDED if lawful else KILLED})
        broken = [f"{self.name} ended with {others}: {self.words()}"] if others else []
        mortal = not {"strikes", "pauses"} & self._order.keys()
        # Where it passed nothing more, the story was over and it was ended while it died.
        lived_on = self.told()[1] and outlived(self._tale(1))
        if lived_on and mortal and KILLED not in self.deaths:
            broken.append(f"{self.name} should have died by SIGKILL, its ends were {self.deaths}")
        return broken

    def _log(self) -> str:
        return self.log_file.read_text(encoding="utf-8") if self.log_file.exists() else ""

    def _buried(self) -> None:
        if self.process.code != 0:
            self.deaths.append(self.process.code)

    def _tale(self, number: int) -> Path:
        return self._folder / f"{self.name}-{number}.tale"
