"""Changes of instructions as whole records for the ERP that sent them.

Rule kept here: state, code and words are those of the version that is told, whatever happened
since; everything else of an instruction never changes. A line of a batch keeps its number, and
one of merged payments stands for itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from sqlalchemy import bindparam, func, select

from gateway.delivery.standing import PENDING_REASON
from gateway.domain.instruction import FINAL
from gateway.domain.money import Money, currency
from gateway.lifecycle.outbox import Told
from gateway.ports.erp_told import StatusTold, encoded
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.instants import from_us
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_i, _b, _m = tables.instruction, tables.batch, tables.message
_ROWS: Final = prepare(
    select(
        *(_i.c.id, _i.c.erp, _i.c.erp_reference, _i.c.batch, _i.c.line, _i.c.amount_minor),
        *(_i.c.currency, _i.c.debtor_account, _i.c.creditor_account, _i.c.creditor_name),
        *(_i.c.purpose, _i.c.business_type, _i.c.end_to_end_id, _i.c.reconciliation_code),
        *(_i.c.source, func.coalesce(_m.c.serial, "").label("serial")),
        func.coalesce(_b.c.reference, "").label("batch_reference"),
        func.coalesce(_b.c.format, "").label("batch_format"),
        func.coalesce(_b.c.accepted, 0).label("batch_lines"),
    )
    .select_from(
        _i.outerjoin(_b, (_b.c.tenant == _i.c.tenant) & (_b.c.id == _i.c.batch)).outerjoin(
            _m, (_m.c.tenant == _i.c.tenant) & (_m.c.id == _i.c.message)
        )
    )
    .where(_i.c.tenant == bindparam("of_tenant"), among(_i.c.id, "of_ids"))
)


class Hearer(Protocol):
    """The ERP system that is told."""

    @property
    def owner(self) -> Tenant:
        """Whose it is."""
        ...

    def written(self, account: str) -> str:
        """An account's number as it writes it."""
        ...


def status_texts(
    uow: Uow, hearer: Hearer, changes: Sequence[Told]
) -> Mapping[tuple[str, int], str]:
    """By instruction and version, the record as it stands in the outbox."""
    if not changes:
        return {}
    ids = sorted({it.instruction for it in changes})
    rows = {row.id: row for row in uow.rows(_ROWS, {"of_tenant": hearer.owner.id, "of_ids": ids})}
    return {
        (it.instruction, it.version): encoded(_status(hearer, rows[it.instruction], it))
        for it in changes
    }


def _status(hearer: Hearer, row: Any, told: Told) -> StatusTold:  # noqa: ANN401 - a row
    own = hearer.owner.accounts.get(row.debtor_account)
    return StatusTold(
        instruction=row.id,
        version=told.version,
        state=told.state.value,
        erp=row.erp,
        erp_reference=row.erp_reference,
        at=from_us(told.at_us),
        amount=Money(row.amount_minor, currency(row.currency)).text(),
        currency=row.currency,
        final=told.state in FINAL,
        reason=PENDING_REASON.get(told.state, ""),
        code=told.code,
        text=told.text or told.reason,
        bank_reference=told.bank_reference,
        serial=row.serial,
        batch=row.batch,
        batch_reference=row.batch_reference,
        batch_format=row.batch_format,
        batch_lines=row.batch_lines,
        line=row.line,
        debtor_account=hearer.written(row.debtor_account),
        debtor_name=own.party.name if own is not None else "",
        creditor_account=row.creditor_account,
        creditor_name=row.creditor_name,
        purpose=row.purpose,
        business_type=row.business_type,
        end_to_end_id=row.end_to_end_id,
        reconciliation_code=row.reconciliation_code,
        source=json.loads(row.source) if row.source else {},
    )
