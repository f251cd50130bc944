"""Planning: due instructions become messages whose exact bytes are durable before they leave.

One transaction takes the work rows, writes messages, archives bytes and moves the
instructions to SENDING. Only after its commit does anybody touch a socket.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from sqlalchemy import bindparam, select

from gateway.domain.errors import WireError
from gateway.domain.evidence import Evidence
from gateway.domain.ids import Serial
from gateway.domain.instruction import Cause, State
from gateway.domain.message import Fate, WireMessage
from gateway.lifecycle.apply import apply, apply_all, open_case
from gateway.lifecycle.release import Leaving
from gateway.lifecycle.rows import CONTENT, STANDING, Standing, instruction_at, standing_at
from gateway.lifecycle.stops import sendable, stop_guard
from gateway.relay import messages, shares
from gateway.relay.archive import Envelope
from gateway.relay.batching import PAY, Due, Group, group
from gateway.relay.carrier import Order, order_of, paying
from gateway.relay.context import Link
from gateway.relay.messages import StoredMessage
from gateway.schedule import work
from gateway.schedule.work import Work, WorkKind
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_ID, _CONTENT_FROM = 1, len(STANDING)
_SEAL_FROM: Final = _CONTENT_FROM + len(CONTENT)
_SCHEDULED, _QUEUED = State.SCHEDULED, State.QUEUED
ALTERED: Final = "altered"
"""What is stored is not what was accepted."""
_LINES_MAX: Final = 500
"""Most instructions of one planning transaction: others wait for the same writer."""
_PATIENCE_US: Final = 1_000_000
"""So long a batch with places left may wait for more lines while whole ones are leaving."""
_BUSY_S: Final = 0.01
_i = tables.instruction
_INSTRUCTIONS: Final = prepare(
    select(*STANDING, *CONTENT, _i.c.seal, _i.c.control_version)
    .where(_i.c.tenant == bindparam("of_tenant"), among(_i.c.id, "of_ids"))
    .order_by(_i.c.id)
    .with_for_update()
)


class Planned(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A message ready to leave. ``deadline`` is monotonic: later than that it may not."""

    message: StoredMessage
    order: Order
    wire: WireMessage
    deadline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one look brought. ``more``: other work is due that found no place, or no turn.

    ``rest_s`` is how long it makes sense to wait before the next look.
    """

    planned: tuple[Planned, ...] = ()
    more: bool = False
    rest_s: float = 0.0


class _Ready(Due, frozen=True, kw_only=True, gc=False):
    """An instruction that may leave now."""

    standing: Standing
    due_us: int


def plan(link: Link, uow: Uow, limit: int, deadline: float) -> Round:
    """Turn due instructions into at most ``limit`` messages, in the caller's transaction.

    What an emergency stop holds back, and what finds no free slot, keeps its work rows and is
    due again.
    """
    tenant, connection = link.tenant.id, link.connection
    turn = None
    if link.store.shared:
        turn = shares.take_turn(uow, tenant, connection)
        if turn is None:
            return Round(more=True, rest_s=_BUSY_S)
        if turn.wait_s:
            return Round(more=True, rest_s=turn.wait_s)
        limit = min(limit, turn.calls)
    room = shares.room(uow, tenant, connection)
    if room.blocked:
        return Round(rest_s=link.poll_s)
    if not room.slots:
        return Round(more=True, rest_s=link.poll_s)
    found = _plan(link, uow, min(limit, room.slots), deadline)
    if turn is not None:
        shares.spend(uow, tenant, connection, turn, len(found.planned))
    return found


def _plan(link: Link, uow: Uow, limit: int, deadline: float) -> Round:
    tenant, batching = link.tenant.id, link.tenant.policy.batching
    most = max(link.dialect.batch_lines_max, 1) if batching else 1
    look = min(limit * most, max(_LINES_MAX, most))
    # A stop that is pulled waits until this commit, or this waits for the stop's.
    uow.guard(stop_guard(tenant), shared=True)
    found = sendable(uow, link.queue(WorkKind.SEND), link.now_us(), look)
    if not found:
        return Round(rest_s=link.poll_s)
    seen_all = len(found) < look
    ready = _ready(link, uow, found)
    groups = group(ready, link.dialect, batching=batching)
    leaving = _leaving(link, groups, seen_all=seen_all)[:limit]
    now = {item.standing.id for it in leaving for item in it.members}
    later = {item.standing.id for item in ready} - now
    gone = [item.subject for item in found if item.subject not in later]
    work.done(uow, tenant, WorkKind.SEND, gone)
    planned = _dispatch(link, uow, leaving, deadline)
    return Round(planned=tuple(planned), more=bool(later) or not seen_all)


def _leaving(link: Link, groups: Sequence[Group[_Ready]], *, seen_all: bool) -> list[Group[_Ready]]:
    """Which groups leave first.

    While more is due than was looked at, a batch with places left waits for its next lines,
    but not for long; when nothing more is due it leaves at once.
    """
    whole = [it for it in groups if it.whole]
    rest = [it for it in groups if not it.whole]
    since_us = link.now_us() - _PATIENCE_US
    aged = [it for it in rest if it.members[0].due_us <= since_us]
    if whole and not seen_all:
        return [*aged, *whole]
    return [*aged, *whole, *(it for it in rest if it.members[0].due_us > since_us)]


def _dispatch(
    link: Link, uow: Uow, groups: Sequence[Group[_Ready]], deadline: float
) -> list[Planned]:
    """Encode, archive and store the messages; their instructions become SENDING."""
    earlier = messages.planned_for(
        uow,
        link.tenant.id,
        [
            item.standing.id
            for it in groups
            for item in it.members
            # Only who was in a message before can have left one behind.
            if item.standing.message
        ],
    )
    planned: list[Planned] = []
    items: list[tuple[Sequence[Standing], Evidence]] = []
    again: list[StoredMessage] = []
    sign_on, at = link.sign_on(), link.runtime.clock.now()
    now_us = to_us(at)
    for it in groups:
        members = [item.standing for item in it.members]
        known = _never_left(it, earlier)
        message = _message(link, it, known, now_us)
        order = it.order or order_of(it.operation, [item.instruction for item in it.members])
        try:
            wire = paying(link.dialect, it.operation).encode(order, sign_on, Serial(message.serial))
        except WireError as error:
            for member in members:
                _hold(link, uow, member, "cannot_encode", error.path)
            continue
        if known is not None:
            again.append(message)
        items.append((members, _dispatched(link, uow, message, wire, at)))
        planned.append(Planned(message=message, order=order, wire=wire, deadline=deadline))
    _persist(link, uow, [it.message for it in planned], again, earlier)
    apply_all(uow, link.runtime.ids, items)
    return planned


def _dispatched(
    link: Link, uow: Uow, message: StoredMessage, wire: WireMessage, at: datetime
) -> Evidence:
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
        at=at,
        message=message.id,
        wire=archived.id,
        wire_digest=archived.digest,
    )


def _never_left(it: Group[_Ready], earlier: Mapping[str, StoredMessage]) -> StoredMessage | None:
    """The single message of this instruction that never left, if it is of the same kind."""
    first = earlier.get(it.members[0].standing.id)
    same = first is not None and len(it.members) == 1 and first.operation == it.operation
    return first if same else None


def _message(
    link: Link, it: Group[_Ready], known: StoredMessage | None, now_us: int
) -> StoredMessage:
    """The message of a group: the one that never left, or a new one."""
    holder = link.store.lane.id
    if known is not None:
        return replace(
            known,
            fate=Fate.OPEN,
            sends=1,
            holder=holder,
            in_flight=True,
            first_sent_us=now_us,
            last_sent_us=now_us,
        )
    return StoredMessage(
        tenant=link.tenant.id,
        id=link.runtime.ids.new("msg"),
        connection=link.connection.id,
        serial=link.serial(),
        operation=it.operation,
        fate=Fate.OPEN,
        sends=1,
        enquiries=0,
        resend_refused=False,
        holder=holder,
        in_flight=True,
        first_sent_us=now_us,
        last_sent_us=now_us,
        not_found_us=None,
        instructions=tuple([item.standing.id for item in it.members]),
        rounds=tuple([item.rounds for item in it.members]),
    )


def _persist(
    link: Link,
    uow: Uow,
    leaving: Sequence[StoredMessage],
    again: Sequence[StoredMessage],
    earlier: Mapping[str, StoredMessage],
) -> None:
    """Store messages; earlier ones of their members that never left are closed first."""
    tenant = link.tenant.id
    kept = {it.id for it in again}
    members = {member for it in leaving for member in it.instructions}
    messages.close(
        uow,
        tenant,
        [it.id for member, it in earlier.items() if member in members and it.id not in kept],
    )
    messages.leave_again(uow, again)
    messages.create(
        uow,
        [it for it in leaving if it.id not in kept],
        bank=link.connection.bank,
        customer=link.connection.customer,
        at_us=link.now_us(),
    )


def _ready(link: Link, uow: Uow, found: Sequence[Work]) -> list[_Ready]:
    """Those that may leave now. The sender recomputes the digest of what it is about to send."""
    tenant = link.tenant
    values = {"of_tenant": tenant.id, "of_ids": [item.subject for item in found]}
    rows = {row[_ID]: row for row in uow.tuples(_INSTRUCTIONS, values)}
    present = {name: standing_at(row) for name, row in rows.items()}
    present |= _come_due(link, uow, [it for it in present.values() if it.state is _SCHEDULED])
    ready: list[_Ready] = []
    for item in found:
        subject = present.get(item.subject)
        if subject is None or subject.state is not _QUEUED:
            continue  # cancelled or held since it was queued
        instruction = instruction_at(rows[item.subject][_CONTENT_FROM:_SEAL_FROM], tenant)
        if instruction.digest() != subject.digest:
            _hold(link, uow, subject, ALTERED)
            continue
        ready.append(
            _Ready(instruction=instruction, rounds=item.tries, standing=subject, due_us=item.due_us)
        )
    return _released(link, uow, ready, rows)


def _released(
    link: Link, uow: Uow, ready: list[_Ready], rows: Mapping[str, Sequence[Any]]
) -> list[_Ready]:
    """Those that the gateway itself released, and that may leave by the rules of now."""
    if link.check is None or not ready:
        return ready
    leaving = [
        Leaving(it.standing.id, it.standing.digest, *rows[it.standing.id][_SEAL_FROM:])
        for it in ready
    ]
    refused = link.check.refused(uow, link.tenant, leaving)
    for it in ready:
        why = refused.get(it.standing.id)
        if why is not None:
            _hold(link, uow, it.standing, why)
    return [it for it in ready if it.standing.id not in refused] if refused else ready


def _come_due(link: Link, uow: Uow, subjects: Sequence[Standing]) -> dict[str, Standing]:
    """Their day has come."""
    if not subjects:
        return {}
    evidence = Evidence(
        cause=Cause.SCHEDULE,
        target=State.QUEUED,
        actor="schedule",
        at=link.runtime.clock.now(),
    )
    applied = apply_all(uow, link.runtime.ids, [((it,), evidence) for it in subjects])
    return {moved.id: moved for it in applied for moved in it.moved}


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
