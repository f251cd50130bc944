"""Writing what sends and enquiries brought: bytes in, evidence, next appointment; one commit.

Many findings about a connection are written together: one look at where their instructions
stand, then each table once. Each is judged alone; if one cannot be written, the store writes
every one on its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import replace

from gateway.domain.errors import Corrupt
from gateway.domain.evidence import Evidence
from gateway.domain.instruction import FINAL, Cause, State
from gateway.domain.message import WireReply
from gateway.domain.outcome import Grade, Outcome, Stage, Verdict
from gateway.lifecycle.apply import apply, apply_all
from gateway.lifecycle.rows import Standing, standings
from gateway.relay import blockade, messages, timing
from gateway.relay.answer import Reading
from gateway.relay.archive import Envelope, Wire
from gateway.relay.batching import ALONE
from gateway.relay.context import Link
from gateway.relay.lines import LineReading, read_lines
from gateway.relay.messages import StoredMessage
from gateway.schedule import work
from gateway.schedule.work import Work, WorkKind
from gateway.store.uow import Uow

_SENDING = State.SENDING

# ── what there is to write ────────────────────────────────────────────────────────────────


class Answered(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The bank answered a payment message.

    Only the answer to a first send that is still ours counts as one; after a take-over or a
    resend the same bytes are read as the answer to an enquiry.
    """

    message: StoredMessage
    reply: WireReply
    outcome: Outcome


class InDoubt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """It may have left and nothing came back: UNCONFIRMED, and an appointment to ask."""

    message: StoredMessage
    why: str


class Unsent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """No byte left: the instructions wait again.

    A single one waits under the same message and serial. A batch is closed: who is in the next
    one may have changed by then.
    """

    message: StoredMessage
    why: str


class Enquired(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An enquiry brought an answer: apply it; close what is final, else keep the appointment.

    ``reply`` are the bytes the answer came in, if it came in any, archived as ``envelope`` says.
    """

    message: StoredMessage
    outcome: Outcome
    asked_us: int
    due_us: int
    tries: int = 0
    reply: WireReply | None = None
    envelope: Envelope | None = None


Finding = Answered | InDoubt | Unsent | Enquired


class _Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A finding with what it says of each line, and the evidence that follows."""

    finding: Finding
    subjects: Sequence[Standing]
    pieces: Sequence[tuple[Sequence[Standing], Evidence]]
    readings: Sequence[LineReading] = ()
    outcome: Outcome | None = None
    first: bool = False


@dataclass(slots=True)
class _Rows:
    """What follows from findings, gathered so that each table is written once."""

    landed: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    """Closed by the answer to a send, which has thereby landed."""
    proven: list[str] = field(default_factory=list)
    """Closed by an enquiry; a send of it may still be under way."""
    unsent: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unknown: dict[str, int] = field(default_factory=dict)
    settled: list[str] = field(default_factory=list)
    """Nothing is to be asked about them any more."""
    works: list[Work] = field(default_factory=list)
    appointments: list[Work] = field(default_factory=list)

    def write(self, uow: Uow, link: Link) -> None:
        """Write it."""
        tenant = link.tenant.id
        messages.landed(uow, tenant, self.landed)
        messages.close(uow, tenant, self.closed, landed=True)
        messages.close(uow, tenant, self.proven)
        messages.unsent(uow, tenant, self.unsent)
        messages.resend_refused(uow, tenant, self.refused)
        messages.not_found(uow, tenant, self.unknown)
        work.done(uow, tenant, WorkKind.ENQUIRE, self.settled)
        work.put(uow, *self.appointments)
        if self.works:
            work.add(uow, *self.works)
            uow.rouse(tenant, link.connection.id)


class Findings:
    """Writes what became of a connection's messages."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def write(self, finding: Finding) -> None:
        """Write it with whatever else came in meanwhile; returns once it is durable."""
        await self._link.store.gather(self.write_many, finding)

    def write_many(self, uow: Uow, findings: Sequence[Finding]) -> Sequence[None]:
        """Write them in the caller's transaction."""
        for part in _apart(findings):
            write(self._link, uow, part)
        return [None] * len(findings)


def write(link: Link, uow: Uow, findings: Sequence[Finding]) -> None:
    """Write findings about different messages, in the caller's transaction."""
    wanted = [it for finding in findings for it in finding.message.instructions]
    found: dict[str, Standing] = {it.id: it for it in standings(uow, link.tenant.id, wanted)}
    if not found.keys() >= set(wanted):
        raise Corrupt("an instruction of a message is gone", "报文中的指令已不存在")
    judged = [
        _judge(link, uow, it, [found[line] for line in it.message.instructions]) for it in findings
    ]
    applied = iter(
        apply_all(uow, link.runtime.ids, [piece for it in judged for piece in it.pieces])
    )
    rows = _Rows()
    for it in judged:
        moved = [subject for _ in it.pieces for subject in next(applied).moved]
        _conclude(link, uow, it, moved, rows)
    rows.write(uow, link)


def _apart(findings: Sequence[Finding]) -> Iterator[list[Finding]]:
    """In parts with no message twice: what comes second must see what came first."""
    waiting = list(findings)
    while waiting:
        part: dict[str, Finding] = {}
        later: list[Finding] = []
        for it in waiting:
            if it.message.id in part:
                later.append(it)
            else:
                part[it.message.id] = it
        yield list(part.values())
        waiting = later


# ── what a finding says ───────────────────────────────────────────────────────────────────


def _judge(link: Link, uow: Uow, finding: Finding, subjects: Sequence[Standing]) -> _Judged:
    message = finding.message
    if isinstance(finding, InDoubt):
        own = _own_finding(link, message, Cause.DOUBT, State.UNCONFIRMED, finding.why)
        return _Judged(finding=finding, subjects=subjects, pieces=((subjects, own),))
    if isinstance(finding, Unsent):
        own = _own_finding(link, message, Cause.NOT_SENT, State.QUEUED, finding.why)
        return _Judged(finding=finding, subjects=subjects, pieces=((subjects, own),))
    first = (
        isinstance(finding, Answered)
        and message.sends == 1
        and all(it.state is _SENDING for it in subjects)
    )
    readings = read_lines(finding.outcome, message.rounds, first=first)
    wire = _archived(link, uow, finding)
    return _Judged(
        finding=finding,
        subjects=subjects,
        pieces=_pieces(link, message, subjects, readings, wire),
        readings=readings,
        outcome=finding.outcome,
        first=first,
    )


def _archived(link: Link, uow: Uow, finding: Answered | Enquired) -> Wire | None:
    """The bytes an answer came in, in the archive."""
    if isinstance(finding, Answered):
        return link.archive.store_in(uow, _envelope(link, finding.message), finding.reply)
    if finding.reply is None or finding.envelope is None:
        return None
    return link.archive.store_in(uow, finding.envelope, finding.reply)


def _pieces(
    link: Link,
    message: StoredMessage,
    subjects: Sequence[Standing],
    readings: Sequence[LineReading],
    wire: Wire | None,
) -> list[tuple[Sequence[Standing], Evidence]]:
    """An answer as evidence; lines of which it says the same share one piece."""
    if len(readings) == 1:
        only = readings[0]
        return [(subjects, evidence_of(link, message, only.outcome, only.reading, wire))]
    alike: dict[int, LineReading] = {}
    same: dict[LineReading, list[Standing]] = {}
    for subject, it in zip(subjects, readings, strict=True):
        key = alike.get(id(it))
        if key is None:
            key = alike[id(it)] = it if it.rounds is None else replace(it, rounds=None)
            same.setdefault(key, [])
        same[key].append(subject)
    return [
        (told, evidence_of(link, message, it.outcome, it.reading, wire))
        for it, told in same.items()
    ]


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


def _envelope(link: Link, message: StoredMessage) -> Envelope:
    return Envelope(
        tenant=message.tenant,
        connection=link.connection.id,
        purpose="pay",
        serial=message.serial,
        message=message.id,
    )


# ── what follows ──────────────────────────────────────────────────────────────────────────


def _conclude(link: Link, uow: Uow, it: _Judged, moved: Sequence[Standing], rows: _Rows) -> None:
    message = it.finding.message
    match it.finding:
        case Unsent():
            _wait_again(link, message, moved, rows)
        case InDoubt():
            rows.landed.append(message.id)
            if not _settled(it.subjects, moved):
                rows.appointments.append(
                    timing.appointment(link, message, timing.after_quiet(link, message))
                )
        case Answered():
            _after_answer(link, it, moved, rows)
        case Enquired() as enquired:
            _after_enquiry(link, enquired, settled=_settled(it.subjects, moved), rows=rows)
    if it.outcome is not None and any(line.reading.blocks for line in it.readings):
        blockade.block(uow, link, it.outcome)


def _wait_again(link: Link, message: StoredMessage, moved: Sequence[Standing], rows: _Rows) -> None:
    """What never left waits again, unless it was settled in another way meanwhile."""
    if not moved:
        rows.landed.append(message.id)
        return
    if len(message.instructions) > 1:
        rows.closed.append(message.id)
    else:
        rows.unsent.append(message.id)
    rounds = dict(zip(message.instructions, message.rounds, strict=True))
    rows.works += _queue_again(link, rounds, link.now_us())


def _after_answer(link: Link, it: _Judged, moved: Sequence[Standing], rows: _Rows) -> None:
    message = it.finding.message
    again: dict[str, int] = {
        subject.id: line.rounds
        for subject, line in zip(it.subjects, it.readings, strict=True)
        if line.rounds is not None and line.reading.cause is Cause.REFUSED_UNEXECUTED
    }
    if again:
        rows.closed.append(message.id)
        rows.works += _queue_again(link, again, link.now_us())
    elif not _settled(it.subjects, moved):
        rows.landed.append(message.id)
        rows.appointments.append(
            timing.appointment(link, message, timing.after_quiet(link, message))
        )
    else:
        rows.closed.append(message.id)
        if not it.first:
            rows.settled.append(message.id)
    if not it.first and _refused(it.outcome):
        rows.refused.append(message.id)


def _refused(outcome: Outcome | None) -> bool:
    """Whether the message was refused by a refusal that executes nothing."""
    return outcome is not None and outcome.known_reject and outcome.stage is Stage.VALIDATION


def _after_enquiry(link: Link, it: Enquired, *, settled: bool, rows: _Rows) -> None:
    message = it.message
    if it.outcome.verdict is Verdict.NOT_FOUND and timing.past_quiet(link, message, it.asked_us):
        rows.unknown[message.id] = it.asked_us
    if settled:
        rows.proven.append(message.id)
        rows.settled.append(message.id)
    else:
        rows.appointments.append(timing.appointment(link, message, it.due_us, it.tries))


def replan(link: Link, uow: Uow, message: StoredMessage) -> None:
    """A batch is taken apart: what is still unknown of it leaves again, each line alone.

    While the bank says anything else of one open line, it knows the batch: nothing is freed.
    """
    subjects = standings(uow, message.tenant, message.instructions)
    if any(it.state not in FINAL and it.state is not State.UNCONFIRMED for it in subjects):
        return
    why = "unknown to the bank, refused when sent again"
    evidence = _own_finding(link, message, Cause.REPLAN, State.QUEUED, why)
    moved = apply(uow, link.runtime.ids, subjects, evidence).moved
    rows = _Rows(proven=[message.id], settled=[message.id])
    rows.works += _queue_again(link, {it.id: ALONE for it in moved}, link.now_us())
    rows.write(uow, link)


def _settled(before: Sequence[Standing], moved: Sequence[Standing]) -> bool:
    """Whether every instruction of a message is final now."""
    if len(moved) == len(before):  # what moved is of these, each once
        return FINAL.issuperset([it.state for it in moved])
    states = {it.id: it.state for it in (*before, *moved)}
    return all(state in FINAL for state in states.values())


def _queue_again(link: Link, rounds: Mapping[str, int], due_us: int) -> list[Work]:
    """Instructions wait again; their round counts ride in the work rows."""
    return [
        Work(
            tenant=link.tenant.id,
            kind=WorkKind.SEND,
            subject=instruction,
            lane=link.connection.id,
            due_us=due_us,
            tries=count,
        )
        for instruction, count in rounds.items()
    ]


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
