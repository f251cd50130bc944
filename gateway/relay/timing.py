"""When a message is asked about, and from when on "not found" counts."""

from __future__ import annotations

from gateway.relay.context import ENQUIRY_STEP_MAX, Link
from gateway.relay.messages import StoredMessage
from gateway.schedule.work import Work, WorkKind
from gateway.store.instants import span_us


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
