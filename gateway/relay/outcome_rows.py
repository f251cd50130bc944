"""Writing what a send or an enquiry brought: bytes in, evidence, next appointment; one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.domain.evidence import Evidence
from gateway.domain.ids import InstructionId
from gateway.domain.instruction import FINAL, Cause, State
from gateway.domain.message import Fate, WireReply
from gateway.domain.outcome import Grade, Outcome, Stage
from gateway.lifecycle.apply import apply, apply_all
from gateway.lifecycle.rows import Standing, standings
from gateway.relay import blockade, messages
from gateway.relay.answer import Reading
from gateway.relay.archive import Envelope, Wire
from gateway.relay.batching import ALONE
from gateway.relay.context import ENQUIRY_STEP_MAX, Link
from gateway.relay.lines import LineReading, read_lines
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
    """No byte left: the instructions wait again.

    A single one waits under the same message and serial. A batch is closed: who is in the next
    one may have changed by then.
    """
    unsent = _own_finding(link, message, Cause.NOT_SENT, State.QUEUED, why)
    subjects = standings(uow, message.tenant, message.instructions)
    if not apply(uow, link.runtime.ids, subjects, unsent).moved:
        return  # another process took the message over; it is no longer ours to judge
    if len(message.instructions) > 1:
        messages.close(uow, message.tenant, message.id)
    else:
        messages.change(
            uow,
            message.tenant,
            message.id,
            fate=Fate.PLANNED.value,
            sends=0,
            first_sent_us=None,
            last_sent_us=None,
        )
    _queue_again(link, uow, dict(zip(message.instructions, message.rounds, strict=True)), retry_us)


def in_doubt(link: Link, uow: Uow, message: StoredMessage, why: str) -> None:
    """It may have left and nothing came back: UNCONFIRMED, and an appointment to ask."""
    doubt = _own_finding(link, message, Cause.DOUBT, State.UNCONFIRMED, why)
    apply(uow, link.runtime.ids, standings(uow, message.tenant, message.instructions), doubt)
    appoint(link, uow, message, _after_quiet(link, message))


def answered(
    link: Link, uow: Uow, message: StoredMessage, reply: WireReply, outcome: Outcome
) -> None:
    """The bank answered a payment message: archive the bytes, then let the evidence speak.

    Only the answer to a first send that is still ours counts as one; after a take-over or a
    resend the same bytes are read as the answer to an enquiry.
    """
    subjects = in_order(uow, message)
    first = message.sends == 1 and all(it.state is State.SENDING for it in subjects)
    readings = read_lines(outcome, message.rounds, first=first)
    envelope = Envelope(
        tenant=message.tenant,
        connection=link.connection.id,
        purpose="pay",
        serial=message.serial,
        message=message.id,
    )
    wire = link.archive.store_in(uow, envelope, reply)
    moved = _apply_lines(link, uow, message, subjects, readings, wire)
    if not first and outcome.known_reject and outcome.stage is Stage.VALIDATION:
        messages.change(uow, message.tenant, message.id, resend_refused=True)
    again: dict[str, int] = {
        subject.id: it.rounds
        for subject, it in zip(subjects, readings, strict=True)
        if it.rounds is not None and it.reading.cause is Cause.REFUSED_UNEXECUTED
    }
    if again:
        messages.close(uow, message.tenant, message.id)
        _queue_again(link, uow, again, link.now_us())
    elif not _settled(subjects, moved):
        appoint(link, uow, message, _after_quiet(link, message))
    else:
        messages.close(uow, message.tenant, message.id)
        if not first:
            work.done(uow, message.tenant, WorkKind.ENQUIRE, [message.id])
    if any(it.reading.blocks for it in readings):
        blockade.block(uow, link, outcome)


def in_order(uow: Uow, message: StoredMessage) -> list[Standing]:
    """The standings of a message's instructions, in line order."""
    found = {it.id: it for it in standings(uow, message.tenant, message.instructions)}
    return [found[InstructionId(it)] for it in message.instructions]


def _apply_lines(  # noqa: PLR0913, PLR0917 - one answer, line by line
    link: Link,
    uow: Uow,
    message: StoredMessage,
    subjects: Sequence[Standing],
    readings: Sequence[LineReading],
    wire: Wire | None,
) -> list[Standing]:
    """Apply an answer; lines of which it says the same share one piece of evidence."""
    same: dict[LineReading, list[Standing]] = {}
    for subject, it in zip(subjects, readings, strict=True):
        same.setdefault(replace(it, rounds=None), []).append(subject)
    applied = apply_all(
        uow,
        link.runtime.ids,
        [
            (told, evidence_of(link, message, it.outcome, it.reading, wire))
            for it, told in same.items()
        ],
    )
    return [subject for it in applied for subject in it.moved]


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
    link: Link,
    uow: Uow,
    message: StoredMessage,
    *,
    outcome: Outcome,
    wire: Wire | None,
    due_us: int,
    tries: int = 0,
) -> None:
    """An enquiry brought an answer: apply it; close what is final, else keep the appointment."""
    subjects = in_order(uow, message)
    readings = read_lines(outcome, message.rounds, first=False)
    moved = _apply_lines(link, uow, message, subjects, readings, wire)
    if _settled(subjects, moved):
        messages.close(uow, message.tenant, message.id)
        work.done(uow, message.tenant, WorkKind.ENQUIRE, [message.id])
    else:
        appoint(link, uow, message, due_us, tries)
    if any(it.reading.blocks for it in readings):
        blockade.block(uow, link, outcome)


def replan(link: Link, uow: Uow, message: StoredMessage) -> None:
    """A batch is taken apart: what is still unknown of it leaves again, each line alone.

    While the bank says anything else of one open line, it knows the batch: nothing is freed.
    """
    subjects = in_order(uow, message)
    if any(it.state not in FINAL and it.state is not State.UNCONFIRMED for it in subjects):
        return
    why = "unknown to the bank, refused when sent again"
    evidence = _own_finding(link, message, Cause.REPLAN, State.QUEUED, why)
    moved = apply(uow, link.runtime.ids, subjects, evidence).moved
    messages.close(uow, message.tenant, message.id)
    work.done(uow, message.tenant, WorkKind.ENQUIRE, [message.id])
    _queue_again(link, uow, {it.id: ALONE for it in moved}, link.now_us())


def _settled(before: Sequence[Standing], moved: Sequence[Standing]) -> bool:
    """Whether every instruction of a message is final now."""
    states = {it.id: it.state for it in (*before, *moved)}
    return all(state in FINAL for state in states.values())


def _after_quiet(link: Link, message: StoredMessage) -> int:
    sent = message.last_sent_us if message.last_sent_us is not None else link.now_us()
    return sent + link.timeout_us() + link.quiet_us()


def _queue_again(link: Link, uow: Uow, rounds: Mapping[str, int], due_us: int) -> None:
    """Instructions wait again; their round counts ride in the work rows."""
    work.add(
        uow,
        *(
            Work(
                tenant=link.tenant.id,
                kind=WorkKind.SEND,
                subject=instruction,
                lane=link.connection.id,
                due_us=due_us,
                tries=count,
            )
            for instruction, count in rounds.items()
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
