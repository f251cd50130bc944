"""Planning: due instructions become messages whose exact bytes are durable before they leave.

One transaction takes the work rows, writes messages, archives bytes and moves the
instructions to SENDING. Only after its commit does anybody touch a socket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.domain.evidence import Evidence
from gateway.domain.ids import Serial
from gateway.domain.instruction import Cause, State
from gateway.domain.message import Fate, WireMessage
from gateway.lifecycle.apply import apply, apply_all, open_case
from gateway.lifecycle.rows import Standing, instruction_of, select_instructions, standing
from gateway.ports.bank import PayOrder
from gateway.ports.bank_order import pay_order
from gateway.relay import messages
from gateway.relay.archive import Envelope
from gateway.relay.context import Link
from gateway.relay.messages import StoredMessage
from gateway.schedule import work
from gateway.schedule.work import WorkKind
from gateway.store.uow import Uow

PAY: Final = "pay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A message ready to leave. ``deadline`` is monotonic: after it this process may not send."""

    message: StoredMessage
    order: PayOrder
    wire: WireMessage
    deadline: float


def plan(link: Link, uow: Uow, limit: int, deadline: float) -> list[Planned]:
    """Turn up to ``limit`` due instructions into messages, in the caller's transaction."""
    tenant, now_us = link.tenant.id, link.now_us()
    due = work.due(uow, link.queue(WorkKind.SEND), now_us, limit)
    if not due:
        return []
    subjects = [item.subject for item in due]
    work.done(uow, tenant, WorkKind.SEND, subjects)
    ready = _ready(link, uow, subjects)
    earlier = messages.planned_for(uow, tenant, [subject.id for subject, _ in ready])
    planned: list[Planned] = []
    items: list[tuple[Sequence[Standing], Evidence]] = []
    for subject, order in ready:
        message = _message(link, uow, subject, earlier.get(subject.id), now_us)
        wire = link.pay().encode(order, link.sign_on(), Serial(message.serial))
        envelope = Envelope(
            tenant=tenant,
            connection=link.connection.id,
            purpose=PAY,
            serial=message.serial,
            message=message.id,
        )
        archived = link.archive.store_out(uow, envelope, wire)
        evidence = Evidence(
            cause=Cause.DISPATCH,
            target=State.SENDING,
            actor=link.actor(),
            at=link.runtime.clock.now(),
            message=message.id,
            wire=archived.id,
            wire_digest=archived.digest,
        )
        items.append(((subject,), evidence))
        planned.append(Planned(message=message, order=order, wire=wire, deadline=deadline))
    apply_all(uow, link.runtime.ids, items)
    return planned


def _message(
    link: Link, uow: Uow, subject: Standing, earlier: StoredMessage | None, now_us: int
) -> StoredMessage:
    """The message that carries the instruction: the one that never left, or a new one."""
    if earlier is not None:
        messages.change(
            uow,
            subject.tenant,
            earlier.id,
            fate=Fate.OPEN.value,
            sends=1,
            holder=link.store.lane.id,
            first_sent_us=now_us,
            last_sent_us=now_us,
        )
        return replace(
            earlier,
            fate=Fate.OPEN,
            sends=1,
            holder=link.store.lane.id,
            first_sent_us=now_us,
            last_sent_us=now_us,
        )
    message = StoredMessage(
        tenant=subject.tenant,
        id=link.runtime.ids.new("msg"),
        connection=link.connection.id,
        serial=link.serial(),
        operation=PAY,
        fate=Fate.OPEN,
        sends=1,
        enquiries=0,
        resend_refused=False,
        holder=link.store.lane.id,
        first_sent_us=now_us,
        last_sent_us=now_us,
        not_found_us=None,
        instructions=(subject.id,),
    )
    messages.create(
        uow, message, bank=link.connection.bank, customer=link.connection.customer, at_us=now_us
    )
    return message


def _ready(link: Link, uow: Uow, subjects: Sequence[str]) -> list[tuple[Standing, PayOrder]]:
    """Those that may leave now. The sender recomputes the digest of what it is about to send."""
    ready: list[tuple[Standing, PayOrder]] = []
    rows = {row.id: row for row in uow.rows(select_instructions(link.tenant.id, subjects))}
    for subject_id in subjects:
        row = rows.get(subject_id)
        if row is None:
            continue
        subject = standing(row)
        if subject.state is State.SCHEDULED:
            subject = _come_due(link, uow, subject)
        if subject.state is not State.QUEUED:
            continue  # cancelled or held since it was queued
        instruction = instruction_of(row, link.tenant)
        if instruction.digest() != subject.digest:
            _hold_altered(link, uow, subject)
            continue
        ready.append((subject, pay_order(instruction)))
    return ready


def _come_due(link: Link, uow: Uow, subject: Standing) -> Standing:
    evidence = Evidence(
        cause=Cause.SCHEDULE,
        target=State.QUEUED,
        actor="schedule",
        at=link.runtime.clock.now(),
    )
    return apply(uow, link.runtime.ids, [subject], evidence).moved[0]


def _hold_altered(link: Link, uow: Uow, subject: Standing) -> None:
    """What is stored is not what was accepted: nothing is sent, people are called."""
    evidence = Evidence(
        cause=Cause.POLICY,
        target=State.HELD,
        actor="policy:digest",
        at=link.runtime.clock.now(),
        reason="altered",
    )
    apply(uow, link.runtime.ids, [subject], evidence)
    open_case(uow, link.runtime.ids, subject, "altered", evidence)
