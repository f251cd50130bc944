"""When a queue is looked at again, a message is asked about, and "not found" counts."""

from __future__ import annotations

from typing import Final

from gateway.relay.context import ENQUIRY_STEP_MAX, Link
from gateway.relay.messages import StoredMessage
from gateway.schedule.work import Work, WorkKind
from gateway.store.instants import span_us

SPIN_S: Final = 0.01
"""The shortest rest: what comes next comes at once, but nobody looks without end."""


def rest_until(link: Link, earliest_us: int | None) -> tuple[float, bool]:
    """Seconds to rest before a queue is looked at again, and whether something of it is due now.

    ``earliest_us`` is what comes first, None: nothing waits.
    """
    if earliest_us is None:
        return link.poll_s, False
    ahead_s = (earliest_us - link.now_us()) / 1_000_000
    return min(link.poll_s, max(ahead_s, SPIN_S)), ahead_s <= 0


def appointment(link: Link, message: StoredMessage, due_us: int, tries: int = 0) -> Work:
    """The next enquiry about a message."""
    return Work(
        tenant=message.tenant,
        kind=WorkKind.ENQUIRE,
        subject=message.id,
        lane=link.connection.id,
        due_us=due_us,
        tries=tries,
    )


def step_us(link: Link, tries: int) -> int:
    """How long to wait before asking again: the quiet time twice, then doubling to four hours."""
    doublings = max(0, min(tries - 1, 10))
    return min(link.quiet_us() << doublings, span_us(ENQUIRY_STEP_MAX))


def past_quiet(link: Link, message: StoredMessage, asked_us: int) -> bool:
    """Whether "not found" counts: asked long enough after the last send could have left."""
    return message.last_sent_us is not None and asked_us >= after_quiet(link, message)


def after_quiet(link: Link, message: StoredMessage) -> int:
    """When the quiet time after the last send is over, the send's own time-out included."""
    sent = message.last_sent_us if message.last_sent_us is not None else link.now_us()
    return sent + link.timeout_us() + link.quiet_us()
