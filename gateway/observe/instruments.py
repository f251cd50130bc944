"""Every counter and histogram, and which events move it. Pure table.

Rule kept here: labels come from closed sets. A tenant, an account or a reference is no label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.ports import events
from gateway.ports.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """Counts events, or sums one of their facts. ``name`` is without the ``_total``."""

    name: str
    text: str
    of: tuple[Event, ...]
    labels: tuple[str, ...] = ()
    """Facts that become labels; ``event`` stands for the event's own name."""
    amount: str = ""
    """The fact to sum; '' counts events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Spreads one fact of events over buckets."""

    name: str
    text: str
    of: tuple[Event, ...]
    amount: str
    buckets: tuple[float, ...]
    labels: tuple[str, ...] = ()


_E = events
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_COMMIT_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_TOLD_SECONDS: Final = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0)
_JOBS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_MOVING: Final = (
    _E.RELEASED,
    _E.HELD,
    _E.DUE,
    _E.SENDING,
    _E.NOT_SENT,
    _E.UNCONFIRMED,
    _E.ANSWERED,
    _E.REFUSED_UNEXECUTED,
    _E.ENQUIRY_ANSWERED,
    _E.PROVEN,
    _E.DECIDED,
    _E.WITHDRAWN,
    _E.REPLANNED,
)
"""Events that move instructions from one state to another."""

COUNTERS: Final = (
    Counter(
        name="gateway_requests",
        text="Requests answered.",
        of=(_E.CALLED,),
        labels=("operation", "status"),
    ),
    Counter(
        name="gateway_accepted",
        text="Calls answered with an acceptance.",
        of=(_E.ACCEPTED,),
        labels=("kind",),
    ),
    Counter(
        name="gateway_accepted_instructions",
        text="Instructions answered with an acceptance; a repeated call counts again.",
        of=(_E.ACCEPTED,),
        labels=("kind",),
        amount="lines",
    ),
    Counter(
        name="gateway_refused",
        text="Calls refused, by the code of the problem document.",
        of=(_E.REFUSED,),
        labels=("code",),
    ),
    Counter(name="gateway_failed", text="Calls that failed inside.", of=(_E.FAILED,)),
    Counter(
        name="gateway_signatures_refused",
        text="Requests whose signature was refused.",
        of=(_E.SIGNATURE_REFUSED,),
        labels=("flaw",),
    ),
    Counter(
        name="gateway_log_ins_refused",
        text="Log-ins and forms of people that were refused.",
        of=(_E.LOG_IN_REFUSED,),
        labels=("flaw",),
    ),
    Counter(
        name="gateway_sends",
        text="Payment messages given to the transport, first sends.",
        of=(_E.SENT,),
        labels=("bank", "outcome"),
    ),
    Counter(
        name="gateway_resends",
        text="Payment messages sent again under their serial.",
        of=(_E.RESENT,),
        labels=("bank", "outcome"),
    ),
    Counter(
        name="gateway_enquiries",
        text="Enquiries about payment messages.",
        of=(_E.ENQUIRED,),
        labels=("bank", "outcome"),
    ),
    Counter(
        name="gateway_evidence",
        text="Answers of banks applied to instructions.",
        of=(_E.ANSWERED, _E.REFUSED_UNEXECUTED, _E.ENQUIRY_ANSWERED, _E.PROVEN),
        labels=("cause", "verdict"),
    ),
    Counter(
        name="gateway_instructions",
        text="Instructions that moved into a state.",
        of=_MOVING,
        labels=("state",),
        amount="moved",
    ),
    Counter(
        name="gateway_cases",
        text="Cases opened for people.",
        of=(_E.CASE_OPENED,),
        labels=("kind",),
    ),
    Counter(
        name="gateway_connections_blocked",
        text="Connections stopped by a refused sign-on.",
        of=(_E.BLOCKED,),
        labels=("bank",),
    ),
    Counter(
        name="gateway_stops",
        text="Emergency stops pulled and lifted.",
        of=(_E.STOP_PULLED, _E.STOP_LIFTED),
        labels=("event",),
    ),
    Counter(
        name="gateway_slow_commits",
        text="Commits that took longer than [log] slow_commit_ms.",
        of=(_E.COMMIT_SLOW,),
    ),
    Counter(
        name="gateway_leases",
        text="Leases renewed, lost, and taken over from dead processes.",
        of=(_E.LEASE_RENEWED, _E.LEASE_LOST, _E.TAKEN_OVER),
        labels=("event",),
    ),
    Counter(
        name="gateway_database_losses",
        text="Times the database connection was lost.",
        of=(_E.DATABASE_LOST,),
    ),
    Counter(
        name="gateway_database_full",
        text="Writes that found the database's disk full.",
        of=(_E.DATABASE_FULL,),
    ),
    Counter(name="gateway_checkpoints", text="Audit checkpoints signed.", of=(_E.CHECKPOINT,)),
    Counter(name="gateway_books_checks", text="Checks of the books.", of=(_E.BOOKS_CHECKED,)),
    Counter(
        name="gateway_books_broken",
        text="Breaches that checks of the books found, by invariant; any is an alarm.",
        of=(_E.BOOKS_BROKEN,),
        labels=("code",),
    ),
    Counter(
        name="gateway_drift_checks",
        text="Comparisons of banks with the settings.",
        of=(_E.DRIFT_CHECKED,),
    ),
    Counter(
        name="gateway_drift_found",
        text="Differences between banks and the settings, by their kind.",
        of=(_E.DRIFT_FOUND,),
        labels=("bank", "code"),
    ),
    Counter(
        name="gateway_webhooks",
        text="Webhook attempts, by how they ended.",
        of=(_E.WEBHOOK_DELIVERED, _E.WEBHOOK_FAILED, _E.WEBHOOK_DEAD),
        labels=("event",),
    ),
    Counter(
        name="gateway_erp_told",
        text="Attempts to tell ERP systems, by how they ended.",
        of=(_E.ERP_TOLD, _E.ERP_TELL_FAILED, _E.ERP_TELL_DEAD, _E.ERP_OVERTAKEN),
        labels=("event",),
    ),
    Counter(
        name="gateway_feeds_broken",
        text="Statements that did not add up and were not told.",
        of=(_E.FEED_BROKEN,),
    ),
)

HISTOGRAMS: Final = (
    Histogram(
        name="gateway_request_seconds",
        text="Seconds spent answering a request.",
        of=(_E.CALLED,),
        amount="seconds",
        buckets=_SECONDS,
        labels=("operation",),
    ),
    Histogram(
        name="gateway_exchange_seconds",
        text="Seconds an exchange with the bank took, answered or not.",
        of=(_E.SENT, _E.RESENT, _E.ENQUIRED, _E.QUERIED),
        amount="seconds",
        buckets=_SECONDS,
        labels=("bank", "event"),
    ),
    Histogram(
        name="gateway_told_seconds",
        text="Seconds from when a thing was first seen here until the ERP had taken it.",
        of=(_E.ERP_TOLD,),
        amount="seconds",
        buckets=_TOLD_SECONDS,
        labels=("kind",),
    ),
    Histogram(
        name="gateway_commit_seconds",
        text="Seconds a group commit took, from its first job to its end.",
        of=(),
        amount="seconds",
        buckets=_COMMIT_SECONDS,
    ),
    Histogram(
        name="gateway_commit_jobs",
        text="Jobs that shared a commit.",
        of=(),
        amount="jobs",
        buckets=_JOBS,
    ),
)
