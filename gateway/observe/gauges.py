"""The figures of one moment as gauges: of the database, and of this process. Pure table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from gateway.observe.figures import Figures

_US: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """A metric that goes up and down, with its values at one moment."""

    name: str
    text: str
    values: Mapping[str, float]
    """By the value of ``label``; '' where there is none."""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """What this process says of itself."""

    role: str
    version: str
    now_us: int
    """Business time, as the database's instants are."""
    store_waiting: int = 0
    lease_s: float | None = None
    """Seconds for which it may still send; None where it holds no lease that ends."""
    in_flight: int = 0
    lines_dropped: int = 0
    ready: bool = True


def own_gauges(here: Here) -> list[Gauge]:
    """What every process tells, without its database."""
    gauges = [
        Gauge(
            name="gateway_up",
            text="1: ready for work; 0: alive, not ready.",
            values={here.role: int(here.ready)},
            label="role",
        ),
        Gauge(
            name="gateway_build",
            text="Always 1; the label is the version.",
            values={here.version: 1},
            label="version",
        ),
        Gauge(
            name="gateway_log_lines_dropped",
            text="Log lines dropped since the start because nobody took them.",
            values={"": here.lines_dropped},
        ),
        Gauge(
            name="gateway_store_waiting",
            text="Jobs waiting for a group commit.",
            values={"": here.store_waiting},
        ),
        Gauge(
            name="gateway_in_flight",
            text="Messages and enquiries of this process under way to a bank.",
            values={"": here.in_flight},
        ),
    ]
    if here.lease_s is not None:
        gauges.append(
            Gauge(
                name="gateway_lease_seconds",
                text="Seconds for which this process may still send; below 0 it may not.",
                values={"": here.lease_s},
            )
        )
    return gauges


def shared_gauges(found: Figures, now_us: int) -> list[Gauge]:
    """What the database tells: the same from every process, so take it from one."""
    since = partial(_since, now_us)

    gauges = [
        Gauge(
            name="gateway_open_instructions",
            text="Instructions whose fate is open at a bank.",
            values=dict(sorted(found.open_by_state.items())),
            label="state",
        ),
        Gauge(
            name="gateway_open_oldest_seconds",
            text="How long the oldest of them has been in its state.",
            values=dict.fromkeys(sorted(found.open_by_state), 0.0) | since(found.open_since_us),
            label="state",
        ),
        Gauge(
            name="gateway_waiting_work",
            text="Appointments that wait, due or not.",
            values=dict(sorted(found.waiting.items())),
            label="kind",
        ),
        Gauge(
            name="gateway_late_seconds",
            text="How long the earliest appointment is overdue.",
            values=dict.fromkeys(sorted(found.waiting), 0.0) | since(found.due_us),
            label="kind",
        ),
        Gauge(
            name="gateway_blocked_connections",
            text="Connections stopped by a refused sign-on.",
            values={"": found.blocked},
        ),
        Gauge(
            name="gateway_standing_stops",
            text="Emergency stops that hold.",
            values={"": found.stops},
        ),
        *_of_deliveries(found, now_us),
        Gauge(
            name="gateway_live_lanes",
            text="Processes that write, dead ones not yet taken over included.",
            values={"": found.lanes},
        ),
    ]
    if found.checkpoint_us is not None:
        gauges.append(
            Gauge(
                name="gateway_checkpoint_age_seconds",
                text="Age of the last audit checkpoint.",
                values={"": max(0, now_us - found.checkpoint_us) / _US},
            )
        )
    return gauges


def _since(now_us: int, instants: Mapping[str, int]) -> dict[str, float]:
    """Seconds since each instant."""
    return {key: max(0, now_us - at_us) / _US for key, at_us in sorted(instants.items())}


def _of_deliveries(found: Figures, now_us: int) -> list[Gauge]:
    """Of what is to be told to webhooks and ERP systems."""
    return [
        Gauge(
            name="gateway_dead_deliveries",
            text="Events that nobody tries any more, by who was to be told.",
            values=dict(sorted(found.dead.items())),
            label="receiver",
        ),
        Gauge(
            name="gateway_waiting_deliveries",
            text="Events that wait to be told, by whom they are for.",
            values=dict(sorted(found.untold.items())),
            label="receiver",
        ),
        Gauge(
            name="gateway_waiting_deliveries_oldest_seconds",
            text="How long the oldest of them has been waiting.",
            values=dict.fromkeys(sorted(found.untold), 0.0) | _since(now_us, found.untold_since_us),
            label="receiver",
        ),
    ]
