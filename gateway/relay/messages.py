"""Messages to the bank as rows. The only SQL that writes ``message`` and ``message_line``.

A message may move money while its fate is OPEN. The unique index over open lines keeps an
instruction from riding in two of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Row, Update, bindparam, select, update

from gateway.domain.message import Fate
from gateway.store import tables
from gateway.store.uow import Uow

_m = tables.message
_l = tables.message_line


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
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
    first_sent_us: int | None
    last_sent_us: int | None
    not_found_us: int | None
    instructions: tuple[str, ...]
    rounds: tuple[int, ...]
    """Per line: in how many batches that the bank refused it was before."""


def create(uow: Uow, message: StoredMessage, *, bank: str, customer: str, at_us: int) -> None:
    """Store a new message with its lines."""
    uow.add(
        _m,
        {
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
            "created_us": at_us,
            "first_sent_us": message.first_sent_us,
            "last_sent_us": message.last_sent_us,
            "not_found_us": None,
        },
    )
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
            for line, (instruction, rounds) in enumerate(
                zip(message.instructions, message.rounds, strict=True), start=1
            )
        ),
    )


@cache
def _change(columns: tuple[str, ...]) -> Update:
    """The UPDATE that sets these columns of one message, built once."""
    return (
        update(_m)
        .where(_m.c.tenant == bindparam("of_tenant"), _m.c.id == bindparam("of_id"))
        .values({name: bindparam(f"to_{name}") for name in columns})
    )


_FREE = (
    update(_l)
    .where(_l.c.tenant == bindparam("of_tenant"), _l.c.message == bindparam("of_message"))
    .values(open=False)
)
_LOAD = select(_m).where(_m.c.tenant == bindparam("of_tenant"), _m.c.id == bindparam("of_id"))
_LINES = (
    select(_l.c.instruction, _l.c.rounds)
    .where(_l.c.tenant == bindparam("of_tenant"), _l.c.message == bindparam("of_message"))
    .order_by(_l.c.line)
)
_PLANNED = (
    select(_m, _l.c.instruction, _l.c.rounds)
    .join(_l, (_l.c.tenant == _m.c.tenant) & (_l.c.message == _m.c.id))
    .where(
        _l.c.tenant == bindparam("of_tenant"),
        _l.c.instruction.in_(bindparam("of_ids", expanding=True)),
        _l.c.open.is_(True),
        _m.c.fate == Fate.PLANNED.value,
    )
)


def change(uow: Uow, tenant: str, message: str, **values: object) -> None:
    """Update columns of one message."""
    given = {f"to_{name}": value for name, value in values.items()}
    uow.change(_change(tuple(values)), {"of_tenant": tenant, "of_id": message, **given})


def close(uow: Uow, tenant: str, message: str) -> None:
    """The fate is sealed: nothing of this message can still happen, its lines are free."""
    change(uow, tenant, message, fate=Fate.CLOSED.value)
    uow.change(_FREE, {"of_tenant": tenant, "of_message": message})


def load(uow: Uow, tenant: str, message: str) -> StoredMessage | None:
    """One message with its lines, or None."""
    row = uow.first(_LOAD, {"of_tenant": tenant, "of_id": message})
    if row is None:
        return None
    lines = uow.rows(_LINES, {"of_tenant": tenant, "of_message": message})
    return _stored(
        row, tuple(line.instruction for line in lines), tuple(line.rounds for line in lines)
    )


def planned_for(uow: Uow, tenant: str, instructions: Sequence[str]) -> dict[str, StoredMessage]:
    """Messages of one line that carry these instructions and provably never left."""
    found: dict[str, StoredMessage] = {}
    for row in uow.rows(_PLANNED, {"of_tenant": tenant, "of_ids": list(instructions)}):
        found[row.instruction] = _stored(row, (row.instruction,), (row.rounds,))
    return found


def held_by_others(uow: Uow, tenant: str, connection: str, holder: str) -> list[str]:
    """Open messages another (dead) process was sending when it ended."""
    sending = tables.instruction.c.state == "SENDING"
    return [
        row.id
        for row in uow.rows(
            select(_m.c.id)
            .distinct()
            .join(_l, (_l.c.tenant == _m.c.tenant) & (_l.c.message == _m.c.id))
            .join(
                tables.instruction,
                (tables.instruction.c.tenant == _l.c.tenant)
                & (tables.instruction.c.id == _l.c.instruction),
            )
            .where(
                _m.c.tenant == tenant,
                _m.c.connection == connection,
                _m.c.holder != holder,
                _m.c.fate == Fate.OPEN.value,
                sending,
            )
        )
    ]


def _stored(row: Row[Any], instructions: tuple[str, ...], rounds: tuple[int, ...]) -> StoredMessage:
    return StoredMessage(
        tenant=row.tenant,
        id=row.id,
        connection=row.connection,
        serial=row.serial,
        operation=row.operation,
        fate=Fate(row.fate),
        sends=row.sends,
        enquiries=row.enquiries,
        resend_refused=row.resend_refused,
        holder=row.holder,
        first_sent_us=row.first_sent_us,
        last_sent_us=row.last_sent_us,
        not_found_us=row.not_found_us,
        instructions=instructions,
        rounds=rounds,
    )
