"""Finding merged payments by the source documents that they carry."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement, Connection, bindparam, or_, select

from gateway.store import tables
from gateway.store.prepared import prepare

_i, _s = tables.instruction, tables.merged_source
_OF_ANY: Final = select(_s.c.instruction).where(
    _s.c.tenant == bindparam("of_tenant"), _s.c.erp_reference == bindparam("of_reference")
)
_OF_ONE: Final = prepare(_OF_ANY.where(_s.c.erp == bindparam("of_erp")))
_OF_ALL: Final = prepare(_OF_ANY)


def named(db: Connection, tenant: str, erp: str | None, reference: str) -> ColumnElement[bool]:
    """The condition that an instruction has this ERP reference, or carries a document that has.

    ``erp`` None: whatever ERP sent it. Merged payments are looked up first, so that both halves
    of the condition are found by key.
    """
    values = {"of_tenant": tenant, "of_reference": reference}
    query = _OF_ALL if erp is None else _OF_ONE
    rows = query.rows(db, values if erp is None else values | {"of_erp": erp})
    own = _i.c.erp_reference == reference
    ids = [row.instruction for row in rows]
    return or_(own, _i.c.id.in_(ids)) if ids else own
