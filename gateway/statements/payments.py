"""The payments that questions are about: found by their ERP reference, told as they stand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, and_, select

from gateway.domain.decision import ActorKind
from gateway.domain.instruction import FINAL, State
from gateway.domain.money import Money, currency
from gateway.lifecycle.staging import accepted
from gateway.ports.erp_answers import Asker
from gateway.ports.erp_told import StatusTold
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.instants import from_us

_i, _m, _l = tables.instruction, tables.message, tables.message_line
_b = tables.batch.alias("own_batch")  # beside the one that ``accepted`` asks about
REASONS: Final = {
    State.HELD: "HELD",
    State.SCHEDULED: "SCHEDULED",
    State.UNCONFIRMED: "UNCONFIRMED",
}
"""States that are told with a reason: nothing has failed there."""


class Sent(NamedTuple):
    """The message that last carried a payment to the bank."""

    connection: str
    serial: str
    operation: str
    line: int


def by_reference(db: Connection, asker: Asker, reference: str) -> Sequence[Row[Any]]:
    """Accepted instructions with an ERP reference; a machine's own ERP's only."""
    where = [_i.c.tenant == asker.tenant, _i.c.erp_reference == reference, accepted()]
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


def status_told(row: Row[Any], tenant: Tenant) -> StatusTold:
    """Where it stands. What is not known keeps its state and a reason, never a failure."""
    state = State(row.state)
    own = tenant.accounts.get(row.debtor_account)
    return StatusTold(
        instruction=row.id,
        version=row.version,
        state=state.value,
        erp=row.erp,
        erp_reference=row.erp_reference,
        at=from_us(row.changed_us),
        amount=Money(row.amount_minor, currency(row.currency)).text(),
        currency=row.currency,
        final=state in FINAL,
        reason=REASONS.get(state, ""),
        code=row.code,
        text=row.text or row.reason,
        bank_reference=row.bank_reference,
        serial=row.serial or "",
        batch=row.batch,
        batch_reference=row.batch_reference or "",
        batch_format=row.batch_format or "",
        batch_lines=row.batch_lines or 0,
        line=row.line,
        debtor_account=row.debtor_account,
        debtor_name=own.party.name if own is not None else "",
        creditor_account=row.creditor_account,
        creditor_name=row.creditor_name,
        purpose=row.purpose,
        business_type=row.business_type,
        end_to_end_id=row.end_to_end_id,
        reconciliation_code=row.reconciliation_code,
        source=json.loads(row.source) if row.source else {},
    )
