"""The text that Prometheus reads, made when it asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from gateway.observe.gauges import Gauge
from gateway.observe.meter import Meter

if TYPE_CHECKING:
    from prometheus_client import Metric


def exposition(meter: Meter | None, gauges: Sequence[Gauge]) -> bytes:
    """Counters, histograms and gauges, and what the operating system says of this process."""
    # Imported on the first scrape: a process starts without it.
    from prometheus_client import (  # noqa: PLC0415
        CollectorRegistry,
        ProcessCollector,
        generate_latest,
    )

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Ready([*_counted(meter), *_gauges(gauges)]))
    if meter is not None:
        ProcessCollector(registry=registry)
    text: bytes = generate_latest(registry)
    return text


class _Ready:
    """Hands over families that are ready."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families

    def describe(self) -> Iterable[Metric]:
        return self._families


def _counted(meter: Meter | None) -> Iterator[Metric]:
    from prometheus_client.core import (  # noqa: PLC0415 - see exposition
        CounterMetricFamily,
        HistogramMetricFamily,
    )

    if meter is None:
        return
    for counter, values in meter.counts():
        counted = CounterMetricFamily(counter.name, counter.text, labels=counter.labels)
        for labels, value in values or ([((), 0)] if not counter.labels else []):
            counted.add_metric(labels, value)
        yield counted
    for histogram, spreads in meter.spreads():
        spread = HistogramMetricFamily(histogram.name, histogram.text, labels=histogram.labels)
        bounds = [*(str(float(it)) for it in histogram.buckets), "+Inf"]
        for labels, counts, total in spreads:
            spread.add_metric(labels, list(zip(bounds, accumulate(counts), strict=True)), total)
        yield spread


def _gauges(gauges: Iterable[Gauge]) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415 - see exposition

    for gauge in gauges:
        family = GaugeMetricFamily(gauge.name, gauge.text, labels=[gauge.label] * bool(gauge.label))
        for key, value in gauge.values.items():
            family.add_metric([key] if gauge.label else [], value)
        yield family
