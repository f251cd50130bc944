"""Changes of instructions as whole records for the ERP that sent them.

Rule kept here: state, code and words are those of the version that is told, whatever happened
since; everything else of an instruction never changes. A line of a batch keeps its number, and
each source document of a merged payment is told of by itself where the ERP has a place for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from msgspec.structs import replace
from sqlalchemy import bindparam, func, select

from gateway.lifecycle.outbox import Told
from gateway.lifecycle.telling import status_told
from gateway.ports.erp_told import StatusTold, encoded
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_i, _b, _m = tables.instruction, tables.batch, tables.message
_ROWS: Final = prepare(
    select(
        *(_i.c.id, _i.c.erp, _i.c.erp_reference, _i.c.batch, _i.c.line, _i.c.amount_minor),
        *(_i.c.currency, _i.c.debtor_account, _i.c.creditor_account, _i.c.creditor_name),
        *(_i.c.purpose, _i.c.business_type, _i.c.end_to_end_id, _i.c.reconciliation_code),
        *(_i.c.source, _i.c.merged, func.coalesce(_m.c.serial, "").label("serial")),
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

    @property
    def per_source(self) -> bool:
        """Whether it is told of each source document of a merged payment by itself."""
        ...

    def written(self, account: str) -> str:
        """An account's number as it writes it."""
        ...


def status_texts(
    uow: Uow, hearer: Hearer, changes: Sequence[Told]
) -> Mapping[tuple[str, int], Sequence[tuple[str, str]]]:
    """By instruction and version: subject and record, as they stand in the outbox.

    There is one for each instruction; of merged payments one for each source document where the
    ERP is told so. Each document is a subject of its own, so that its order and that it is told
    once do not hang on the others.
    """
    if not changes:
        return {}
    ids = sorted({it.instruction for it in changes})
    rows = {row.id: row for row in uow.rows(_ROWS, {"of_tenant": hearer.owner.id, "of_ids": ids})}
    return {
        (it.instruction, it.version): [
            (one.subject(), encoded(one)) for one in _statuses(hearer, rows[it.instruction], it)
        ]
        for it in changes
    }


def _statuses(hearer: Hearer, row: Any, told: Told) -> Sequence[StatusTold]:  # noqa: ANN401 - a row
    made = status_told(row, hearer.owner, told)
    whole = replace(made, debtor_account=hearer.written(row.debtor_account))
    return whole.by_source() if hearer.per_source else (whole,)
