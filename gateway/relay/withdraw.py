"""Taking back what has not left: the message that was meant to carry it is closed."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, select, true

from gateway.domain.message import Fate
from gateway.relay import messages
from gateway.store import tables
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

_m, _l = tables.message, tables.message_line
_PLANNED: Final = prepare(
    select(_m.c.id)
    .join(_l, (_l.c.tenant == _m.c.tenant) & (_l.c.message == _m.c.id))
    .where(
        _l.c.tenant == bindparam("of_tenant"),
        _l.c.instruction == bindparam("of_instruction"),
        _l.c.open == true(),
        _m.c.fate == Fate.PLANNED.value,
    )
)


def withdraw(uow: Uow, tenant: str, instruction: str) -> None:
    """Close the message that carries an instruction and provably never left, if there is one.

    Nothing of such a message is at the bank, so its other instructions are free as well: they
    are queued, and are planned anew under another serial.
    """
    planned = uow.rows(_PLANNED, {"of_tenant": tenant, "of_instruction": instruction})
    messages.close(uow, tenant, [row.id for row in planned])
