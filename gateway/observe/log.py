"""The log of a real process: counts every event, writes those that matter enough."""

from __future__ import annotations

import time
from typing import Final, Unpack

from gateway.observe.lines import Told, renderer
from gateway.observe.meter import Meter
from gateway.observe.options import DEFAULT_LOG, LogOptions
from gateway.observe.words import Fact, cleaned
from gateway.observe.writer import LineWriter
from gateway.ports.events import DROPPED, Event, Facts

_CLOSE_S: Final = 2.0
_STDERR: Final = 2
_NS_PER_US: Final = 1000


class EventLog:
    """Implements ``gateway.ports.events.Log`` over a file descriptor and a meter.

    Without a descriptor (None) it only counts. ``role`` says what the process is; ``bind`` adds
    facts that every line carries from then on.
    """

    def __init__(
        self,
        role: str,
        options: LogOptions = DEFAULT_LOG,
        *,
        fd: int | None = _STDERR,
    ) -> None:
        self.meter = Meter()
        self.options = options
        self._level = options.level
        self._common: dict[str, Fact] = cleaned({"role": role})
        self._writer = None if fd is None else LineWriter(fd, renderer(options.form))
        self._told_lost = 0

    def bind(self, **facts: Unpack[Facts]) -> None:
        """Facts of every following line: the journal lane, for one."""
        self._common = {**self._common, **cleaned(facts)}

    def hears(self, event: Event) -> bool:
        """Whether telling ``event`` counts or writes anything."""
        written = event.level >= self._level and self._writer is not None
        return written or self.meter.counts_any(event)

    def tell(self, event: Event, /, **facts: Unpack[Facts]) -> None:
        """Count the event; write its line if its level asks for it."""
        self.meter.count(event, facts)
        if event.level >= self._level and self._writer is not None:
            self._put(self._writer, event, facts)

    def _put(self, writer: LineWriter, event: Event, facts: Facts) -> None:
        lost = writer.lost
        if lost != self._told_lost and writer.has_room:
            gap = {"count": lost - self._told_lost}
            self._told_lost = lost
            writer.put(Told(_now_us(), DROPPED, self._common, gap))
        writer.put(Told(_now_us(), event, self._common, facts))

    @property
    def lost(self) -> int:
        """Lines dropped since the start."""
        return 0 if self._writer is None else self._writer.lost

    def close(self) -> None:
        """Write what waits; nothing is written after that."""
        if self._writer is not None:
            self._writer.close(_CLOSE_S)


def _now_us() -> int:
    return time.time_ns() // _NS_PER_US
