"""Messages to the bank as rows. The only SQL that writes ``message`` and ``message_line``.

A message may move money while its fate is OPEN. The unique index over open lines keeps an
instruction from riding in two of them. Who decides about a message locks its row first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, bindparam, false, select, true, update

from gateway.domain.message import Fate
from gateway.store import tables
from gateway.store.prepared import Prepared, among, prepare
from gateway.store.uow import Uow

_m = tables.message
_l = tables.message_line
_lane = tables.lane


class StoredMessage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A message row with its instructions."""

    tenant: str
    id: str
    connection: str
    serial: str
    operation: str
    fate: Fate
    sends: int
    enquiries: int
    resend_refused: bool
    """A resend was refused by a refusal that executes nothing: resending more is useless."""
    holder: str
    """The lane of the process that sent it last."""
    in_flight: bool
    """Between the commit that let it leave and what came back."""
    first_sent_us: int | None
    last_sent_us: int | None
    """The latest instant at which it may have left, so far as is known."""
    not_found_us: int | None
    instructions: tuple[str, ...]
    rounds: tuple[int, ...]
    """Per line: in how many batches that the bank refused it was before."""


_TENANT: Final = _m.c.tenant == bindparam("of_tenant")
_MANY: Final = (_TENANT, among(_m.c.id, "of_ids"))
_ONE: Final = (_TENANT, _m.c.id == bindparam("of_id"))
_AT: Final = BigInteger()
_LEAVE_AGAIN: Final = prepare(
    update(_m)
    .where(*_ONE)
    .values(
        fate=Fate.OPEN.value,
        sends=1,
        holder=bindparam("to_holder"),
        in_flight=true(),
        first_sent_us=bindparam("to_at", type_=_AT),
        last_sent_us=bindparam("to_at", type_=_AT),
    )
)
_RESEND: Final = prepare(
    update(_m)
    .where(*_ONE)
    .values(
        sends=_m.c.sends + 1,
        holder=bindparam("to_holder"),
        in_flight=true(),
        last_sent_us=bindparam("to_at", type_=_AT),
        not_found_us=None,
    )
)
_UNSENT: Final = prepare(
    update(_m)
    .where(*_MANY)
    .values(
        fate=Fate.PLANNED.value, sends=0, in_flight=false(), first_sent_us=None, last_sent_us=None
    )
)
_LANDED: Final = prepare(update(_m).where(*_MANY).values(in_flight=false()))
_LANDED_CLOSED: Final = prepare(
    update(_m).where(*_MANY).values(in_flight=false(), fate=Fate.CLOSED.value)
)
_CLOSED: Final = prepare(update(_m).where(*_MANY).values(fate=Fate.CLOSED.value))
_REFUSED: Final = prepare(update(_m).where(*_MANY).values(resend_refused=true()))
_ASKED: Final = prepare(update(_m).where(*_MANY).values(enquiries=_m.c.enquiries + 1))
_SENT_LATEST: Final = prepare(
    update(_m).where(*_ONE).values(last_sent_us=bindparam("to_at", type_=_AT))
)
_NOT_FOUND: Final = prepare(
    update(_m).where(*_ONE).values(not_found_us=bindparam("to_at", type_=_AT))
)
_FREE: Final = prepare(
    update(_l)
    .where(_l.c.tenant == bindparam("of_tenant"), among(_l.c.message, "of_ids"))
    .values(open=false())
)
_LOAD: Final = prepare(select(_m).where(*_MANY).order_by(_m.c.id).with_for_update())
_LINES: Final = prepare(
    select(_l.c.message, _l.c.instruction, _l.c.rounds)
    .where(_l.c.tenant == bindparam("of_tenant"), among(_l.c.message, "of_ids"))
    .order_by(_l.c.message, _l.c.line)
)
_PLANNED: Final = prepare(
    select(_m, _l.c.instruction, _l.c.rounds)
    .join(_l, (_l.c.tenant == _m.c.tenant) & (_l.c.message == _m.c.id))
    .where(
        _l.c.tenant == bindparam("of_tenant"),
        among(_l.c.instruction, "of_ids"),
        _l.c.open == true(),
        _m.c.fate == Fate.PLANNED.value,
    )
)
_LEFT_BEHIND: Final = prepare(
    select(_m.c.id)
    .join(_lane, _lane.c.id == _m.c.holder)
    .where(
        _TENANT,
        _m.c.connection == bindparam("of_connection"),
        _m.c.in_flight == true(),
        _lane.c.ended_us.is_not(None),
    )
    .order_by(_m.c.id)
    .limit(bindparam("most"))
)
_ORPHANED: Final = prepare(
    select(_m.c.tenant, _m.c.connection)
    .join(_lane, _lane.c.id == _m.c.holder)
    .where(_m.c.in_flight == true(), _lane.c.ended_us.is_not(None))
    .distinct()
)


def create(
    uow: Uow, messages: Sequence[StoredMessage], *, bank: str, customer: str, at_us: int
) -> None:
    """Store new messages with their lines."""
    uow.add(_m, *(_row(it, bank, customer, at_us) for it in messages))
    uow.add(
        _l,
        *(
            {
                "tenant": message.tenant,
                "message": message.id,
                "line": line,
                "instruction": instruction,
                "rounds": rounds,
                "open": True,
            }
            for message in messages
            for line, (instruction, rounds) in enumerate(
                zip(message.instructions, message.rounds, strict=True), start=1
            )
        ),
    )


def _row(message: StoredMessage, bank: str, customer: str, at_us: int) -> dict[str, object]:
    return {
        "tenant": message.tenant,
        "id": message.id,
        "connection": message.connection,
        "bank": bank,
        "customer": customer,
        "serial": message.serial,
        "operation": message.operation,
        "fate": message.fate.value,
        "sends": message.sends,
        "enquiries": 0,
        "resend_refused": False,
        "holder": message.holder,
        "in_flight": message.in_flight,
        "created_us": at_us,
        "first_sent_us": message.first_sent_us,
        "last_sent_us": message.last_sent_us,
        "not_found_us": None,
    }


def leave_again(uow: Uow, messages: Sequence[StoredMessage]) -> None:
    """Messages that never left are about to leave, under the same serials."""
    if messages:
        uow.change(
            _LEAVE_AGAIN,
            [
                _one(it.tenant, it.id) | {"to_holder": it.holder, "to_at": it.last_sent_us}
                for it in messages
            ],
        )


def resend(uow: Uow, message: StoredMessage, holder: str, at_us: int) -> None:
    """The message is about to leave once more: what was "not found" before counts no longer."""
    uow.change(_RESEND, _one(message.tenant, message.id) | {"to_holder": holder, "to_at": at_us})


def unsent(uow: Uow, tenant: str, messages: Sequence[str]) -> None:
    """No byte left: their instructions may be cancelled, or leave under the same messages."""
    _of_many(uow, _UNSENT, tenant, messages)


def landed(uow: Uow, tenant: str, messages: Sequence[str]) -> None:
    """Nothing of them is under way any more; what became of them may be open."""
    _of_many(uow, _LANDED, tenant, messages)


def close(uow: Uow, tenant: str, messages: Sequence[str], *, landed: bool = False) -> None:
    """Their fate is sealed: nothing of them can still happen, their lines are free.

    ``landed`` says that no send of them is under way either.
    """
    _of_many(uow, _LANDED_CLOSED if landed else _CLOSED, tenant, messages)
    _of_many(uow, _FREE, tenant, messages)


def resend_refused(uow: Uow, tenant: str, messages: Sequence[str]) -> None:
    """The bank refused them when they were sent again: it is no use to try once more."""
    _of_many(uow, _REFUSED, tenant, messages)


def asked(uow: Uow, tenant: str, messages: Sequence[str]) -> None:
    """One more enquiry about each."""
    _of_many(uow, _ASKED, tenant, messages)


def sent_latest(uow: Uow, messages: Sequence[StoredMessage]) -> None:
    """Until their ``last_sent_us`` they may have left: nobody knows when their sender ended."""
    if messages:
        rows = [_one(it.tenant, it.id) | {"to_at": it.last_sent_us} for it in messages]
        uow.change(_SENT_LATEST, rows)


def not_found(uow: Uow, tenant: str, found: Mapping[str, int]) -> None:
    """By message: the bank knew nothing of it when it was asked at this instant."""
    if found:
        uow.change(
            _NOT_FOUND, [_one(tenant, message) | {"to_at": at} for message, at in found.items()]
        )


def load(uow: Uow, tenant: str, ids: Sequence[str]) -> list[StoredMessage]:
    """Messages with their lines, by id; they are locked until the transaction ends."""
    if not ids:
        return []
    values = {"of_tenant": tenant, "of_ids": list(ids)}
    rows = uow.rows(_LOAD, values)
    lines: dict[str, list[Any]] = {row.id: [] for row in rows}
    for line in uow.rows(_LINES, values):
        lines[line.message].append(line)
    return [_stored(row, lines[row.id]) for row in rows]


def load_one(uow: Uow, tenant: str, message: str) -> StoredMessage | None:
    """One of them, or None."""
    found = load(uow, tenant, [message])
    return found[0] if found else None


def planned_for(uow: Uow, tenant: str, instructions: Sequence[str]) -> dict[str, StoredMessage]:
    """Messages of one line that carry these instructions and provably never left."""
    if not instructions:
        return {}
    rows = uow.rows(_PLANNED, {"of_tenant": tenant, "of_ids": list(instructions)})
    return {row.instruction: _stored(row, [row]) for row in rows}


def left_behind(uow: Uow, tenant: str, connection: str, limit: int) -> list[StoredMessage]:
    """Messages that a process was sending when its lane ended."""
    values = {"of_tenant": tenant, "of_connection": connection, "most": limit}
    found = load(uow, tenant, [row.id for row in uow.rows(_LEFT_BEHIND, values)])
    return [it for it in found if it.in_flight]


def orphaned(uow: Uow) -> list[tuple[str, str]]:
    """(tenant, connection) with messages that were left behind."""
    return [(row.tenant, row.connection) for row in uow.rows(_ORPHANED)]


def _of_many(uow: Uow, statement: Prepared, tenant: str, ids: Sequence[str]) -> None:
    if ids:
        uow.change(statement, {"of_tenant": tenant, "of_ids": list(ids)})


def _one(tenant: str, message: str) -> dict[str, object]:
    return {"of_tenant": tenant, "of_id": message}


def _stored(row: Any, lines: Sequence[Any]) -> StoredMessage:  # noqa: ANN401 - a row
    return StoredMessage(
        tenant=row.tenant,
        id=row.id,
        connection=row.connection,
        serial=row.serial,
        operation=row.operation,
        fate=Fate(row.fate),
        sends=row.sends,
        enquiries=row.enquiries,
        resend_refused=bool(row.resend_refused),
        holder=row.holder,
        in_flight=bool(row.in_flight),
        first_sent_us=row.first_sent_us,
        last_sent_us=row.last_sent_us,
        not_found_us=row.not_found_us,
        instructions=tuple(line.instruction for line in lines),
        rounds=tuple(line.rounds for line in lines),
    )
