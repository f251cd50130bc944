"""Writing what a send or an enquiry brought: bytes in, evidence, next appointment; one commit."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.domain.evidence import Evidence
from gateway.domain.instruction import FINAL, Cause, State
from gateway.domain.message import Fate, WireReply
from gateway.domain.outcome import Grade, Outcome, Stage
from gateway.lifecycle.apply import Applied, apply
from gateway.lifecycle.rows import Standing, standings
from gateway.relay import blockade, messages
from gateway.relay.answer import Reading, first_answer, later_answer
from gateway.relay.archive import Envelope, Wire
from gateway.relay.context import ENQUIRY_STEP_MAX, Link
from gateway.relay.messages import StoredMessage
from gateway.schedule import work
from gateway.schedule.work import Work, WorkKind
from gateway.store.instants import span_us
from gateway.store.uow import Uow


def appoint(link: Link, uow: Uow, message: StoredMessage, due_us: int, tries: int = 0) -> None:
    """Plan (or move) the next enquiry about a message."""
    work.put(
        uow,
        Work(
            tenant=message.tenant,
            kind=WorkKind.ENQUIRE,
            subject=message.id,
            lane=link.connection.id,
            due_us=due_us,
            tries=tries,
        ),
    )


def step_us(link: Link, tries: int) -> int:
    """How long to wait before asking again: the quiet time twice, then doubling to four hours."""
    doublings = max(0, min(tries - 1, 10))
    return min(link.quiet_us() << doublings, span_us(ENQUIRY_STEP_MAX))


def not_sent(link: Link, uow: Uow, message: StoredMessage, retry_us: int, why: str) -> None:
    """No byte left: the instructions wait again, under the same message and serial."""
    unsent = _own_finding(link, message, Cause.NOT_SENT, State.QUEUED, why)
    subjects = standings(uow, message.tenant, message.instructions)
    if not apply(uow, link.runtime.ids, subjects, unsent).moved:
        return  # another process took the message over; it is no longer ours to judge
    messages.change(
        uow,
        message.tenant,
        message.id,
        fate=Fate.PLANNED.value,
        sends=0,
        first_sent_us=None,
        last_sent_us=None,
    )
    _queue_again(link, uow, message, retry_us)


def in_doubt(link: Link, uow: Uow, message: StoredMessage, why: str) -> None:
    """It may have left and nothing came back: UNCONFIRMED, and an appointment to ask."""
    doubt = _own_finding(link, message, Cause.DOUBT, State.UNCONFIRMED, why)
    apply(uow, link.runtime.ids, standings(uow, message.tenant, message.instructions), doubt)
    appoint(link, uow, message, _after_quiet(link, message))


def answered(
    link: Link, uow: Uow, message: StoredMessage, reply: WireReply, outcome: Outcome
) -> Applied:
    """The bank answered a payment message: archive the bytes, then let the evidence speak.

    Only the answer to a first send that is still ours counts as one; after a take-over or a
    resend the same bytes are read as the answer to an enquiry.
    """
    subjects = standings(uow, message.tenant, message.instructions)
    first = message.sends == 1 and all(it.state is State.SENDING for it in subjects)
    reading = first_answer(outcome) if first else later_answer(outcome)
    envelope = Envelope(
        tenant=message.tenant,
        connection=link.connection.id,
        purpose="pay",
        serial=message.serial,
        message=message.id,
    )
    wire = link.archive.store_in(uow, envelope, reply)
    evidence = evidence_of(link, message, outcome, reading, wire)
    applied = apply(uow, link.runtime.ids, subjects, evidence)
    if not first and outcome.known_reject and outcome.stage is Stage.VALIDATION:
        messages.change(uow, message.tenant, message.id, resend_refused=True)
    if reading.cause is Cause.REFUSED_UNEXECUTED:
        messages.close(uow, message.tenant, message.id)
        _queue_again(link, uow, message, link.now_us())
    elif not _settled(subjects, applied):
        appoint(link, uow, message, _after_quiet(link, message))
    else:
        messages.close(uow, message.tenant, message.id)
        if not first:
            work.done(uow, message.tenant, WorkKind.ENQUIRE, [message.id])
    if reading.blocks:
        blockade.block(uow, link, outcome)
    return applied


def evidence_of(
    link: Link, message: StoredMessage, outcome: Outcome, reading: Reading, wire: Wire | None = None
) -> Evidence:
    """What the bank's answer is evidence of; ``wire`` are its archived bytes, if any."""
    return Evidence(
        cause=reading.cause,
        target=reading.target,
        grade=reading.grade,
        actor=link.actor(),
        at=link.runtime.clock.now(),
        outcome=outcome,
        message=message.id,
        wire=wire.id if wire else "",
        wire_digest=wire.digest if wire else "",
    )


def enquired(  # noqa: PLR0913 - keyword-only after the message
    link: Link, uow: Uow, message: StoredMessage, *, evidence: Evidence, due_us: int, tries: int = 0
) -> None:
    """An enquiry brought evidence: apply it; close what is final, else keep the appointment."""
    subjects = standings(uow, message.tenant, message.instructions)
    applied = apply(uow, link.runtime.ids, subjects, evidence)
    if _settled(subjects, applied):
        messages.close(uow, message.tenant, message.id)
        work.done(uow, message.tenant, WorkKind.ENQUIRE, [message.id])
    else:
        appoint(link, uow, message, due_us, tries)


def _settled(before: Sequence[Standing], applied: Applied) -> bool:
    """Whether every instruction of a message is final now."""
    states = {it.id: it.state for it in (*before, *applied.moved)}
    return all(state in FINAL for state in states.values())


def _after_quiet(link: Link, message: StoredMessage) -> int:
    sent = message.last_sent_us if message.last_sent_us is not None else link.now_us()
    return sent + link.timeout_us() + link.quiet_us()


def _queue_again(link: Link, uow: Uow, message: StoredMessage, due_us: int) -> None:
    work.add(
        uow,
        *(
            Work(
                tenant=message.tenant,
                kind=WorkKind.SEND,
                subject=instruction,
                lane=link.connection.id,
                due_us=due_us,
            )
            for instruction in message.instructions
        ),
    )


def _own_finding(
    link: Link, message: StoredMessage, cause: Cause, target: State, reason: str
) -> Evidence:
    """Evidence that is ours and not the bank's: what we know of our own send."""
    return Evidence(
        cause=cause,
        target=target,
        grade=Grade.NONE,
        actor=link.actor(),
        at=link.runtime.clock.now(),
        message=message.id,
        reason=reason,
    )
