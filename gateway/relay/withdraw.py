"""Taking back what has not left: the message that was meant to carry it is closed."""

from __future__ import annotations

from sqlalchemy import select

from gateway.domain.message import Fate
from gateway.relay import messages
from gateway.store import tables
from gateway.store.uow import Uow


def withdraw(uow: Uow, tenant: str, instruction: str) -> None:
    """Close the message that carries an instruction and provably never left, if there is one.

    Nothing of such a message is at the bank, so its other instructions are free as well: they
    are queued, and are planned anew under another serial.
    """
    message, line = tables.message, tables.message_line
    planned = uow.rows(
        select(message.c.id)
        .join(line, (line.c.tenant == message.c.tenant) & (line.c.message == message.c.id))
        .where(
            line.c.tenant == tenant,
            line.c.instruction == instruction,
            line.c.open.is_(True),
            message.c.fate == Fate.PLANNED.value,
        )
    )
    for row in planned:
        messages.close(uow, tenant, row.id)
