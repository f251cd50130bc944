"""Planning: due instructions become messages whose exact bytes are durable before they leave.

One transaction takes the work rows, writes messages, archives bytes and moves the
instructions to SENDING. Only after its commit does anybody touch a socket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.domain.errors import WireError
from gateway.domain.evidence import Evidence
from gateway.domain.ids import Serial
from gateway.domain.instruction import Cause, State
from gateway.domain.message import Fate, WireMessage
from gateway.lifecycle.apply import apply, apply_all, open_case
from gateway.lifecycle.rows import Standing, instruction_of, select_instructions, standing
from gateway.lifecycle.stops import sendable
from gateway.relay import messages
from gateway.relay.archive import Envelope
from gateway.relay.batching import PAY, Due, Group, group
from gateway.relay.carrier import Order, order_of, paying
from gateway.relay.context import Link
from gateway.relay.messages import StoredMessage
from gateway.schedule import work
from gateway.schedule.work import Work, WorkKind
from gateway.store.uow import Uow

ALTERED: Final = "altered"
"""What is stored is not what was accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A message ready to leave. ``deadline`` is monotonic: after it this process may not send."""

    message: StoredMessage
    order: Order
    wire: WireMessage
    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """An instruction that may leave now."""

    standing: Standing
    due: Due


def plan(link: Link, uow: Uow, limit: int, deadline: float) -> list[Planned]:
    """Turn due instructions into at most ``limit`` messages, in the caller's transaction.

    What an emergency stop holds back, and what finds no free slot, keeps its work rows and is
    due again.
    """
    dialect, batching = link.dialect, link.tenant.policy.batching
    most = max(dialect.batch_lines_max, 1) if batching else 1
    found = sendable(uow, link.queue(WorkKind.SEND), link.now_us(), limit * most)
    if not found:
        return []
    ready = {it.standing.id: it for it in _ready(link, uow, found)}
    groups = group([it.due for it in ready.values()], dialect, batching=batching)
    leaving = [[ready[due.instruction.id] for due in it.members] for it in groups[:limit]]
    later = {due.instruction.id for it in groups[limit:] for due in it.members}
    gone = [item.subject for item in found if item.subject not in later]
    work.done(uow, link.tenant.id, WorkKind.SEND, gone)
    earlier = messages.planned_for(
        uow, link.tenant.id, [it.standing.id for members in leaving for it in members]
    )
    items: list[tuple[Sequence[Standing], Evidence]] = []
    planned: list[Planned] = []
    for it, members in zip(groups[:limit], leaving, strict=True):
        message, again = _message(link, it, earlier)
        order = order_of(it.operation, [due.instruction for due in it.members])
        try:
            wire = paying(link.dialect, it.operation).encode(
                order, link.sign_on(), Serial(message.serial)
            )
        except WireError as error:
            for member in members:
                _hold(link, uow, member.standing, "cannot_encode", error.path)
            continue
        _persist(link, uow, message, again=again, left_behind=earlier)
        evidence = _dispatched(link, uow, message, wire)
        items.append(([member.standing for member in members], evidence))
        planned.append(Planned(message=message, order=order, wire=wire, deadline=deadline))
    apply_all(uow, link.runtime.ids, items)
    return planned


def _dispatched(link: Link, uow: Uow, message: StoredMessage, wire: WireMessage) -> Evidence:
    """Archive the exact bytes; with them the instructions become SENDING."""
    envelope = Envelope(
        tenant=message.tenant,
        connection=link.connection.id,
        purpose=PAY,
        serial=message.serial,
        message=message.id,
    )
    archived = link.archive.store_out(uow, envelope, wire)
    return Evidence(
        cause=Cause.DISPATCH,
        target=State.SENDING,
        actor=link.actor(),
        at=link.runtime.clock.now(),
        message=message.id,
        wire=archived.id,
        wire_digest=archived.digest,
    )


def _message(
    link: Link, it: Group, earlier: Mapping[str, StoredMessage]
) -> tuple[StoredMessage, bool]:
    """The message of a group: the single one that never left (True), or a new one (False)."""
    now_us = link.now_us()
    first = earlier.get(it.members[0].instruction.id)
    if first is not None and len(it.members) == 1 and first.operation == it.operation:
        again = replace(
            first,
            fate=Fate.OPEN,
            sends=1,
            holder=link.store.lane.id,
            first_sent_us=now_us,
            last_sent_us=now_us,
        )
        return again, True
    message = StoredMessage(
        tenant=link.tenant.id,
        id=link.runtime.ids.new("msg"),
        connection=link.connection.id,
        serial=link.serial(),
        operation=it.operation,
        fate=Fate.OPEN,
        sends=1,
        enquiries=0,
        resend_refused=False,
        holder=link.store.lane.id,
        first_sent_us=now_us,
        last_sent_us=now_us,
        not_found_us=None,
        instructions=tuple(due.instruction.id for due in it.members),
        rounds=tuple(due.rounds for due in it.members),
    )
    return message, False


def _persist(
    link: Link,
    uow: Uow,
    message: StoredMessage,
    *,
    again: bool,
    left_behind: Mapping[str, StoredMessage],
) -> None:
    """Store the message; earlier ones of its members that never left are closed first."""
    if again:
        messages.change(
            uow,
            message.tenant,
            message.id,
            fate=message.fate.value,
            sends=message.sends,
            holder=message.holder,
            first_sent_us=message.first_sent_us,
            last_sent_us=message.last_sent_us,
        )
        return
    for instruction in message.instructions:
        if instruction in left_behind:
            messages.close(uow, message.tenant, left_behind[instruction].id)
    messages.create(
        uow,
        message,
        bank=link.connection.bank,
        customer=link.connection.customer,
        at_us=link.now_us(),
    )


def _ready(link: Link, uow: Uow, found: Sequence[Work]) -> list[_Ready]:
    """Those that may leave now. The sender recomputes the digest of what it is about to send."""
    ready: list[_Ready] = []
    subjects = [item.subject for item in found]
    rows = {row.id: row for row in uow.rows(select_instructions(link.tenant.id, subjects))}
    for item in found:
        row = rows.get(item.subject)
        if row is None:
            continue
        subject = standing(row)
        if subject.state is State.SCHEDULED:
            subject = _come_due(link, uow, subject)
        if subject.state is not State.QUEUED:
            continue  # cancelled or held since it was queued
        instruction = instruction_of(row, link.tenant)
        if instruction.digest() != subject.digest:
            _hold(link, uow, subject, ALTERED)
            continue
        due = Due(instruction=instruction, rounds=item.tries)
        ready.append(_Ready(standing=subject, due=due))
    return ready


def _come_due(link: Link, uow: Uow, subject: Standing) -> Standing:
    evidence = Evidence(
        cause=Cause.SCHEDULE,
        target=State.QUEUED,
        actor="schedule",
        at=link.runtime.clock.now(),
    )
    return apply(uow, link.runtime.ids, [subject], evidence).moved[0]


def _hold(link: Link, uow: Uow, subject: Standing, why: str, where: str = "") -> None:
    """It must not leave as it is: nothing is sent, people are called."""
    evidence = Evidence(
        cause=Cause.POLICY,
        target=State.HELD,
        actor=f"policy:{why}",
        at=link.runtime.clock.now(),
        reason=f"{why} {where}".strip(),
    )
    apply(uow, link.runtime.ids, [subject], evidence)
    open_case(uow, link.runtime.ids, subject, why, evidence)
