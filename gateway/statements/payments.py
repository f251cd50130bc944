"""The payments that questions are about: found by their ERP reference, told as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, select

from gateway.domain.decision import ActorKind
from gateway.domain.instruction import State
from gateway.lifecycle.carried import named
from gateway.lifecycle.outbox import Told
from gateway.lifecycle.staging import accepted
from gateway.lifecycle.telling import status_told
from gateway.ports.erp_answers import Asker
from gateway.ports.erp_told import StatusTold
from gateway.ports.tenancy import Tenant
from gateway.store import tables

_i, _m, _l = tables.instruction, tables.message, tables.message_line
_b = tables.batch.alias("own_batch")  # beside the one that ``accepted`` asks about


class Sent(NamedTuple):
    """The message that last carried a payment to the bank."""

    connection: str
    serial: str
    operation: str
    line: int


def by_reference(db: Connection, asker: Asker, reference: str) -> Sequence[Row[Any]]:
    """Accepted instructions with an ERP reference, and merged ones that carry a document with it.

    A machine's own ERP's only.
    """
    own = asker.erp if asker.actor.kind is ActorKind.MACHINE else None
    return _found(db, asker, named(db, asker.tenant, own, reference))


def by_id(db: Connection, asker: Asker, instruction: str) -> Row[Any] | None:
    """One accepted instruction by our id; a machine's own ERP's only."""
    rows = _found(db, asker, _i.c.id == instruction)
    return rows[0] if rows else None


def _found(db: Connection, asker: Asker, condition: ColumnElement[bool]) -> Sequence[Row[Any]]:
    where = [_i.c.tenant == asker.tenant, condition, accepted()]
    if asker.actor.kind is ActorKind.MACHINE:
        where.append(_i.c.erp == asker.erp)
    statement = (
        select(
            _i,
            _b.c.reference.label("batch_reference"),
            _b.c.format.label("batch_format"),
            _b.c.accepted.label("batch_lines"),
            _m.c.serial.label("serial"),
        )
        .select_from(
            _i.outerjoin(_b, and_(_b.c.tenant == _i.c.tenant, _b.c.id == _i.c.batch)).outerjoin(
                _m, and_(_m.c.tenant == _i.c.tenant, _m.c.id == _i.c.message)
            )
        )
        .where(*where)
        .order_by(_i.c.id)
    )
    return db.execute(statement).all()


def sent(db: Connection, tenant: str, row: Row[Any]) -> Sent | None:
    """The message of a payment; None for one that never left."""
    found = db.execute(
        select(_m.c.connection, _m.c.serial, _m.c.operation, _l.c.line)
        .join(_l, and_(_l.c.tenant == _m.c.tenant, _l.c.message == _m.c.id))
        .where(
            _m.c.tenant == tenant,
            _m.c.id == row.message,
            _l.c.instruction == row.id,
            _m.c.sends > 0,
        )
    ).first()
    return Sent(*found) if found is not None else None


def standing_told(row: Row[Any], tenant: Tenant, reference: str) -> StatusTold:
    """Where it stands now: of a merged payment the document that was asked for, by its number."""
    now = Told(
        instruction=row.id,
        version=row.version,
        state=State(row.state),
        at_us=row.changed_us,
        code=row.code,
        text=row.text,
        reason=row.reason,
        bank_reference=row.bank_reference,
    )
    whole = status_told(row, tenant, now)
    if reference == whole.erp_reference:
        return whole
    return next((it for it in whole.by_source() if it.erp_reference == reference), whole)
