"""The rows of imports: what was brought, by whom, what came of it, which statements it held.

Rule kept here: an import is visible from the commit that ends it; one whose process has ended
before that is removed with everything it staged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    Connection,
    Integer,
    String,
    Text,
    bindparam,
    delete,
    select,
    update,
)

from gateway.domain.bank_file import Finding
from gateway.statements.line_rows import IMPORTED, QUARANTINED, STAGED, unstage
from gateway.statements.return_rows import look_for_returns
from gateway.statements.spans import Span
from gateway.store import tables
from gateway.store.instants import from_us, to_us
from gateway.store.journal import Record
from gateway.store.lease import ended_lanes
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

_i, _p = tables.statement_import, tables.statement_part
_OF: Final = (_i.c.tenant == bindparam("of_tenant"), _i.c.id == bindparam("of_id"))
_OF_DIGEST: Final = prepare(
    select(_i)
    .where(
        _i.c.tenant == bindparam("of_tenant"),
        _i.c.digest == bindparam("of_digest"),
        _i.c.state.in_((IMPORTED, QUARANTINED)),
    )
    .order_by(_i.c.id.desc())
    .limit(1)
)
_ABANDONED: Final = (_i.c.state == STAGED) & (
    _i.c.holder.in_(select(tables.lane.c.id).where(ended_lanes()))
)
_STAGING: Final = prepare(
    select(_i.c.id, _ABANDONED.label("given_up")).where(
        _i.c.tenant == bindparam("of_tenant"), _i.c.state == STAGED
    )
)
_LEFT: Final = prepare(select(_i.c.tenant, _i.c.id).where(_ABANDONED))
_STATE: Final = prepare(
    update(_i)
    .where(*_OF)
    .values(
        state=bindparam("new_state", type_=String()),
        added=bindparam("new_added", type_=Integer()),
        changed=bindparam("new_changed", type_=Integer()),
        findings=bindparam("new_findings", type_=Text()),
        ended_us=bindparam("at_us", type_=BigInteger()),
    )
)
_ONE: Final = prepare(select(_i).where(*_OF))
_ACCOUNTS: Final = prepare(
    select(_p.c.account)
    .where(_p.c.tenant == bindparam("of_tenant"), _p.c.import_id == bindparam("of_id"))
    .distinct()
    .order_by(_p.c.account)
)
_NEWEST: Final = prepare(
    select(_i)
    .where(_i.c.tenant == bindparam("of_tenant"), _i.c.state != STAGED)
    .order_by(_i.c.id.desc())
    .limit(bindparam("at_most", type_=Integer()))
)
_SHOW: Final = prepare(update(_i).where(*_OF).values(state=IMPORTED))
_TOUCHING: Final = prepare(
    select(
        *(_i.c.source, _p.c.first_day, _p.c.last_day, _p.c.statement_id),
        *(_p.c.opening_minor, _p.c.closing_minor, _p.c.entries),
    )
    .select_from(_p.join(_i, (_i.c.tenant == _p.c.tenant) & (_i.c.id == _p.c.import_id)))
    .where(
        _p.c.tenant == bindparam("of_tenant"),
        _p.c.account == bindparam("of_account"),
        _p.c.last_day >= bindparam("of_first"),
        _p.c.first_day <= bindparam("of_last"),
        _i.c.state == IMPORTED,
    )
    .order_by(_p.c.import_id, _p.c.place)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One import. ``added`` lines are new, ``changed`` ones took a pending line's place."""

    tenant: str
    id: str
    source: str
    format: str
    name: str
    digest: str
    actor: str
    begun: datetime
    holder: str = ""
    state: str = STAGED
    statements: int = 0
    entries: int = 0
    added: int = 0
    changed: int = 0
    findings: tuple[Finding, ...] = ()
    ended_at: datetime | None = None
    withdrawn_by: str = ""
    withdrawn_at: datetime | None = None
    withdrawn_why: str = ""
    withdrawn_lines: int = 0
    withdrawn_matches: int = 0
    repeated: bool = False
    """The same bytes were imported before: this is that import, and nothing was added now."""

    def ended(
        self,
        state: str,
        *,
        added: int,
        changed: int,
        findings: Sequence[Finding],
        at: datetime,
    ) -> Import:
        """The same with what came of it."""
        return replace(
            self,
            state=state,
            added=added,
            changed=changed,
            findings=tuple(findings),
            ended_at=at,
        )


def of_digest(db: Connection, tenant: str, digest: str) -> Import | None:
    """The import of the same bytes, done or quarantined; None if there is none."""
    rows = _OF_DIGEST.rows(db, {"of_tenant": tenant, "of_digest": digest})
    return _import(rows[0]) if rows else None


def one(db: Connection | Uow, tenant: str, import_id: str) -> Import | None:
    """An import by its id."""
    of = {"of_tenant": tenant, "of_id": import_id}
    rows = db.rows(_ONE, of) if isinstance(db, Uow) else _ONE.rows(db, of)
    return _import(rows[0]) if rows else None


def accounts_of(db: Connection, tenant: str, import_id: str) -> tuple[str, ...] | None:
    """The accounts that the statements of an import speak of; None where there is no such import.

    One that kept nothing speaks of none.
    """
    if one(db, tenant, import_id) is None:
        return None
    rows = _ACCOUNTS.rows(db, {"of_tenant": tenant, "of_id": import_id})
    return tuple(row.account for row in rows)


def alone(uow: Uow, tenant: str) -> bool:
    """Keep other imports of the tenant from beginning until the commit.

    False while one is under way; what dead ones left is removed.
    """
    uow.guard(f"statement-import:{tenant}")
    for row in uow.rows(_STAGING, {"of_tenant": tenant}):
        if not row.given_up:
            return False
        discard(uow, tenant, row.id)
    return True


def newest(db: Connection, tenant: str, at_most: int) -> list[Import]:
    """The latest imports, the newest first."""
    return [_import(row) for row in _NEWEST.rows(db, {"of_tenant": tenant, "at_most": at_most})]


def begin(uow: Uow, new: Import) -> bool:
    """Begin staging; False while another import of the tenant is under way."""
    if not alone(uow, new.tenant):
        return False
    add(uow, new)
    return True


def add(uow: Uow, new: Import) -> None:
    """Remember an import; one that has ended is journaled."""
    uow.add(
        _i,
        {
            "tenant": new.tenant,
            "id": new.id,
            "state": new.state,
            "source": new.source,
            "format": new.format,
            "name": new.name,
            "digest": new.digest,
            "actor": new.actor,
            "holder": new.holder,
            "statements": new.statements,
            "entries": new.entries,
            "added": new.added,
            "changed": new.changed,
            "findings": _findings(new.findings),
            "begun_us": to_us(new.begun),
            "ended_us": to_us(new.ended_at) if new.ended_at else None,
        },
    )
    if new.ended_at is not None:
        _tell(uow, new)


def end(uow: Uow, ended: Import) -> None:
    """Say what came of an import that was staged, and journal it."""
    uow.change(
        _STATE,
        {
            "of_tenant": ended.tenant,
            "of_id": ended.id,
            "new_state": ended.state,
            "new_added": ended.added,
            "new_changed": ended.changed,
            "new_findings": _findings(ended.findings),
            "at_us": to_us(ended.ended_at or ended.begun),
        },
    )
    _tell(uow, ended)


def add_spans(uow: Uow, of: Import, spans: Sequence[Span]) -> None:
    """Keep which statements an import holds."""
    uow.add(
        _p,
        *(
            {
                "tenant": of.tenant,
                "import_id": of.id,
                "place": place,
                "account": it.account,
                "first_day": it.first.isoformat(),
                "last_day": it.last.isoformat(),
                "statement_id": it.statement_id,
                "opening_minor": it.opening,
                "closing_minor": it.closing,
                "entries": it.entries,
            }
            for place, it in enumerate(spans)
        ),
    )


def spans_of(
    uow: Uow | Connection, tenant: str, account: str, days: tuple[date, date]
) -> list[tuple[str, Span]]:
    """The statements of an account that touch these days, of imports that are done, by source."""
    of = {
        "of_tenant": tenant,
        "of_account": account,
        "of_first": days[0].isoformat(),
        "of_last": days[1].isoformat(),
    }
    rows = uow.rows(_TOUCHING, of) if isinstance(uow, Uow) else _TOUCHING.rows(uow, of)
    return [
        (
            row.source,
            Span(
                account=account,
                first=date.fromisoformat(row.first_day),
                last=date.fromisoformat(row.last_day),
                statement_id=row.statement_id,
                entries=row.entries,
                opening=row.opening_minor,
                closing=row.closing_minor,
            ),
        )
        for row in rows
    ]


def show(uow: Uow, it: Import) -> None:
    """Let everybody see what an import has staged."""
    uow.change(_SHOW, {"of_tenant": it.tenant, "of_id": it.id})


def is_left_behind(db: Connection) -> bool:
    """Whether there is something for ``sweep`` to remove."""
    return bool(_LEFT.rows(db, {}))


def sweep(uow: Uow) -> int:
    """Remove what ended processes staged and never ended; returns how many imports."""
    rows = uow.rows(_LEFT)
    for row in rows:
        discard(uow, row.tenant, row.id)
    return len(rows)


def discard(uow: Uow, tenant: str, import_id: str) -> None:
    """Remove an import that is not done; its lines were never visible to anybody."""
    unstage(uow, tenant, import_id)
    uow.change(delete(_i).where(_i.c.tenant == tenant, _i.c.id == import_id, _i.c.state == STAGED))


def _tell(uow: Uow, it: Import) -> None:
    """Journal what came of an import; new lines are looked through for returns (退票)."""
    if it.state == IMPORTED and it.added + it.changed:
        look_for_returns(uow, it.tenant, it.id, to_us(it.ended_at or it.begun))
    uow.journal(
        Record(
            tenant=it.tenant,
            kind=f"statement_{it.state}",
            subject=it.id,
            at_us=to_us(it.ended_at or it.begun),
            content={
                "actor": it.actor,
                "source": it.source,
                "format": it.format,
                "digest": it.digest,
                "statements": it.statements,
                "entries": it.entries,
                "added": it.added,
                "changed": it.changed,
                "findings": len(it.findings),
            },
        )
    )


def _findings(found: Sequence[Finding]) -> str:
    return msgspec.json.encode(found).decode() if found else ""


def _import(row: Any) -> Import:  # noqa: ANN401 - a row of the table
    return Import(
        tenant=row.tenant,
        id=row.id,
        state=row.state,
        source=row.source,
        format=row.format,
        name=row.name,
        digest=row.digest,
        actor=row.actor,
        holder=row.holder,
        statements=row.statements,
        entries=row.entries,
        added=row.added,
        changed=row.changed,
        findings=(
            msgspec.json.decode(row.findings, type=tuple[Finding, ...]) if row.findings else ()
        ),
        begun=from_us(row.begun_us),
        ended_at=from_us(row.ended_us) if row.ended_us is not None else None,
        withdrawn_by=row.withdrawn_by,
        withdrawn_at=from_us(row.withdrawn_us) if row.withdrawn_us is not None else None,
        withdrawn_why=row.withdrawn_why,
        withdrawn_lines=row.withdrawn_lines,
        withdrawn_matches=row.withdrawn_matches,
    )
