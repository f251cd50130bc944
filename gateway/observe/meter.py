"""Counting for /metrics: plain numbers while work passes, Prometheus's text only when it asks."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from gateway.observe.instruments import COUNTERS, HISTOGRAMS, Counter, Histogram
from gateway.observe.words import Fact, cleaned
from gateway.ports.events import Event

Labels = tuple[str, ...]
T = TypeVar("T", Counter, Histogram)
_SERIES_MAX: Final = 500
"""Label sets of one instrument: a bound that only a fault of ours could reach."""
_OTHER: Final = "other"


class Spread:
    """One histogram's numbers for one set of labels."""

    __slots__ = ("counts", "total")

    def __init__(self, buckets: int) -> None:
        self.counts = [0] * (buckets + 1)
        self.total: float = 0

    def add(self, value: float, bounds: tuple[float, ...]) -> None:
        """Count a value in its bucket (upper bounds are inclusive)."""
        self.counts[bisect_left(bounds, value)] += 1
        self.total += value


class Meter:
    """What has been counted since the start. Any thread may count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, defaultdict[Labels, float]] = {
            it.name: defaultdict(int) for it in COUNTERS
        }
        self._spreads: dict[str, dict[Labels, Spread]] = {it.name: {} for it in HISTOGRAMS}
        counters, histograms = _by_event(COUNTERS), _by_event(HISTOGRAMS)
        self._moved = {
            name: (
                [(it, self._counts[it.name]) for it in counters.get(name, ())],
                histograms.get(name, []),
            )
            for name in counters.keys() | histograms.keys()
        }
        """By event, the counters with their numbers, and the histograms, that it moves."""
        self._bounds = {it.name: it.buckets for it in HISTOGRAMS}

    def counts_any(self, event: Event) -> bool:
        """Whether ``event`` moves anything."""
        return event.name in self._moved

    def count(self, event: Event, facts: Mapping[str, object]) -> None:
        """Let an event move what counts it."""
        moved = self._moved.get(event.name)
        if moved is None:
            return
        counters, histograms = moved
        with self._lock:
            for counter, series in counters:
                amount = facts.get(counter.amount, 0) if counter.amount else 1
                if amount:
                    series[_labels(series, counter.labels, event, facts)] += _number(amount)
            for histogram in histograms:
                value = facts.get(histogram.amount)
                if value is not None:
                    self._spread(histogram.name, histogram.labels, event, facts).add(
                        _number(value), histogram.buckets
                    )

    def observe(self, name: str, value: float) -> None:
        """Count a value in a histogram that has no labels."""
        with self._lock:
            spreads = self._spreads[name]
            spread = spreads.get(()) or spreads.setdefault((), Spread(len(self._bounds[name])))
            spread.add(value, self._bounds[name])

    def counts(self) -> Iterator[tuple[Counter, list[tuple[Labels, float]]]]:
        """Every counter with its numbers, at one moment."""
        with self._lock:
            held = {name: sorted(series.items()) for name, series in self._counts.items()}
        for counter in COUNTERS:
            yield counter, held[counter.name]

    def spreads(self) -> Iterator[tuple[Histogram, list[tuple[Labels, list[int], float]]]]:
        """Every histogram with its counts per bucket (not yet cumulative) and its sum."""
        with self._lock:
            held = {
                name: [(labels, list(it.counts), it.total) for labels, it in sorted(series.items())]
                for name, series in self._spreads.items()
            }
        for histogram in HISTOGRAMS:
            yield histogram, held[histogram.name]

    def _spread(
        self, name: str, labels: tuple[str, ...], event: Event, facts: Mapping[str, object]
    ) -> Spread:
        series = self._spreads[name]
        key = _labels(series, labels, event, facts)
        found = series.get(key)
        if found is None:
            found = series[key] = Spread(len(self._bounds[name]))
        return found


def _by_event(table: tuple[T, ...]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for instrument in table:
        for event in instrument.of:
            found.setdefault(event.name, []).append(instrument)
    return found


def _labels(
    series: Mapping[Labels, object],
    names: tuple[str, ...],
    event: Event,
    facts: Mapping[str, object],
) -> Labels:
    if not names:
        return ()
    key = tuple([event.name if name == "event" else str(facts.get(name, "")) for name in names])
    if key in series:
        return key
    if len(series) >= _SERIES_MAX:
        return (_OTHER,) * len(names)
    shown: dict[str, Fact] = cleaned(dict(zip(names, key, strict=True)))
    return tuple(str(shown.get(name, "")) for name in names)


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return value
