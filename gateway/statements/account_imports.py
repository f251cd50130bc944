"""Which imports brought statements of an account about a period, for people to look at."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import Connection, Integer, bindparam, select

from gateway.statements import import_rows
from gateway.statements.import_rows import Import
from gateway.statements.line_rows import STAGED
from gateway.store import tables
from gateway.store.prepared import prepare

_i, _p = tables.statement_import, tables.statement_part
_TOUCHED: Final = prepare(
    select(_i.c.id)
    .where(
        _i.c.tenant == bindparam("of_tenant"),
        _i.c.state != STAGED,
        _i.c.id.in_(
            select(_p.c.import_id).where(
                _p.c.tenant == bindparam("of_tenant"),
                _p.c.account == bindparam("of_account"),
                _p.c.last_day >= bindparam("of_first"),
                _p.c.first_day <= bindparam("of_last"),
            )
        ),
    )
    .order_by(_i.c.id.desc())
    .limit(bindparam("at_most", type_=Integer()))
)


def imports_of(
    db: Connection, account: tuple[str, str], days: tuple[date, date], at_most: int
) -> list[Import]:
    """The latest imports with statements of an account (tenant, number) about a period."""
    values = {
        "of_tenant": account[0],
        "of_account": account[1],
        "of_first": days[0].isoformat(),
        "of_last": days[1].isoformat(),
        "at_most": at_most,
    }
    found = (import_rows.one(db, account[0], row.id) for row in _TOUCHED.rows(db, values))
    return [it for it in found if it is not None]
