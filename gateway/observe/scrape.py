"""One answer to Prometheus: what was counted here, and what the database says."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from gateway.observe.exposition import exposition
from gateway.observe.figures import figures
from gateway.observe.gauges import Gauge, Here, own_gauges, shared_gauges
from gateway.observe.meter import Meter


def with_database(db: Connection, meter: Meter, here: Here) -> bytes:
    """The whole answer; slow the first time, so give it a thread that may wait."""
    return _text(meter, here, shared_gauges(figures(db), here.now_us))


def without_database(meter: Meter, here: Here) -> bytes:
    """What the process knows of itself."""
    return _text(meter, here, [])


def _text(meter: Meter, here: Here, shared: Sequence[Gauge]) -> bytes:
    return exposition(meter, [*own_gauges(here), *shared])
