"""Counting for /metrics: plain integers while requests pass, Prometheus only when it asks.

Rule kept here: no figure carries a tenant, an account or a reference.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from gateway.store import tables

if TYPE_CHECKING:
    from prometheus_client import Metric


@dataclass(slots=True)
class Meter:
    """What has been counted since the start."""

    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By (operation, status)."""
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Seconds spent, by operation; the only figure that is no integer."""
    signatures_refused: Counter[str] = field(default_factory=Counter)
    """By what was wrong with them: the caller is not told, the operator is."""
    accepted: Counter[str] = field(default_factory=Counter)
    """Acceptances answered with 200, by kind (instruction, batch, file)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the database says at one moment."""

    open_by_state: Mapping[str, int]
    """Instructions whose fate is open at a bank, by state; UNCONFIRMED is the one to watch."""
    work_by_kind: Mapping[str, int]
    """Appointments waiting: to send, to enquire, to release."""
    blocked: int
    """Connections that a refused sign-on stopped."""


def figures(db: Connection) -> Figures:
    """Count; every query walks an index over what is open, never the whole history."""
    line, it, work = tables.message_line, tables.instruction, tables.work
    blockade = tables.blockade
    open_ = db.execute(
        select(it.c.state, func.count())
        .select_from(line)
        .join(it, (it.c.tenant == line.c.tenant) & (it.c.id == line.c.instruction))
        .where(line.c.open)
        .group_by(it.c.state)
    )
    waiting = db.execute(select(work.c.kind, func.count()).group_by(work.c.kind))
    stopped = db.execute(
        select(func.count()).select_from(blockade).where(blockade.c.lifted_us.is_(None))
    )
    return Figures(
        open_by_state={"UNCONFIRMED": 0, **{row[0]: row[1] for row in open_}},
        work_by_kind={row[0]: row[1] for row in waiting},
        blocked=stopped.scalar() or 0,
    )


def exposition(meter: Meter, found: Figures) -> bytes:
    """The text that Prometheus reads."""
    # Imported on the first scrape: serving starts without it.
    from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(list(_families(meter, found))))
    text: bytes = generate_latest(registry)
    return text


class _Collector:
    """Hands over families that are ready."""

    def __init__(self, ready: list[Metric]) -> None:
        self._ready = ready

    def collect(self) -> Iterable[Metric]:
        return self._ready

    def describe(self) -> Iterable[Metric]:
        return self._ready


def _families(meter: Meter, found: Figures) -> Iterator[Metric]:
    from prometheus_client.core import (  # noqa: PLC0415 - see exposition
        CounterMetricFamily,
        GaugeMetricFamily,
    )

    requests = CounterMetricFamily(
        "gateway_requests", "Requests answered.", labels=["operation", "status"]
    )
    for (operation, status), count in sorted(meter.requests.items()):
        requests.add_metric([operation, str(status)], count)
    yield requests
    totals: tuple[tuple[str, str, str, Mapping[str, float]], ...] = (
        ("gateway_request_seconds", "Seconds spent answering.", "operation", meter.seconds),
        (
            "gateway_signatures_refused",
            "Requests whose signature was refused.",
            "flaw",
            meter.signatures_refused,
        ),
        ("gateway_accepted", "Calls answered with an acceptance.", "kind", meter.accepted),
    )
    for name, text, label, amounts in totals:
        family = CounterMetricFamily(name, text, labels=[label])
        for key, amount in sorted(amounts.items()):
            family.add_metric([key], amount)
        yield family
    for name, text, label, values in (
        (
            "gateway_open_instructions",
            "Instructions whose fate is open at a bank.",
            "state",
            found.open_by_state,
        ),
        ("gateway_waiting_work", "Appointments that wait.", "kind", found.work_by_kind),
    ):
        gauge = GaugeMetricFamily(name, text, labels=[label])
        for key, value in sorted(values.items()):
            gauge.add_metric([key], value)
        yield gauge
    yield GaugeMetricFamily(
        "gateway_blocked_connections",
        "Connections stopped by a refused sign-on.",
        value=found.blocked,
    )
