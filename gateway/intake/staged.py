"""The rows of batches that are read in: seen by nobody until accepted, or removed."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, select

from gateway.domain.batch import Batch
from gateway.domain.errors import Overloaded, ReusedReference
from gateway.domain.ids import BatchId, TenantId
from gateway.lifecycle import staging
from gateway.store import tables
from gateway.store.instants import from_us, to_us
from gateway.store.lease import ended_lanes
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

_b = tables.batch
_ABANDONED: Final = _b.c.accepted_us.is_(None) & (
    (_b.c.holder == "") | _b.c.holder.in_(select(tables.lane.c.id).where(ended_lanes()))
)
"""Nobody is reading it in any more: it will never be accepted."""
_OF_REFERENCE: Final = prepare(
    select(_b, _ABANDONED.label("given_up"))
    .where(
        _b.c.tenant == bindparam("of_tenant"),
        _b.c.erp == bindparam("of_erp"),
        _b.c.reference == bindparam("of_reference"),
    )
    .with_for_update()
)
_LEFT: Final = prepare(select(_b.c.id).where(_ABANDONED).limit(1))
_GIVEN_UP: Final = prepare(
    select(_b.c.tenant, _b.c.id).where(_ABANDONED).with_for_update(skip_locked=True)
)


def met_again(uow: Uow, batch: Batch) -> Batch | None:
    """The accepted batch of an earlier same call, None if there is none.

    One whose reader has ended is removed: it was never accepted and never will be. Raises
    ReusedReference when the content differs, Overloaded while it is being read.
    """
    row = uow.first(
        _OF_REFERENCE,
        {"of_tenant": batch.tenant, "of_erp": batch.scope, "of_reference": batch.reference},
    )
    if row is None:
        return None
    if row.given_up:
        discard(uow, row.tenant, row.id)
        return None
    if row.digest != batch.digest:
        raise ReusedReference(stored_digest=row.digest, sent_digest=batch.digest)
    if row.accepted_us is None:
        raise Overloaded
    return _batch(row)


def begin(uow: Uow, batch: Batch, holder: str) -> None:
    """Note that the process with lane ``holder`` reads a batch in."""
    uow.add(
        _b,
        {
            "tenant": batch.tenant,
            "id": batch.id,
            "erp": batch.scope,
            "reference": batch.reference,
            "format": batch.format,
            "digest": batch.digest,
            "maker": batch.maker,
            "lines": 0,
            "accepted": 0,
            "created_us": to_us(batch.created_at),
            "accepted_us": None,
            "holder": holder,
        },
    )


def is_left_behind(db: Connection) -> bool:
    """Whether there is something for ``sweep`` to remove."""
    return bool(_LEFT.rows(db, {}))


def sweep(uow: Uow) -> int:
    """Remove what ended processes staged and never accepted; returns how many batches.

    Done at start, and by and by: other processes may end while this one runs.
    """
    rows = uow.rows(_GIVEN_UP)
    for row in rows:
        discard(uow, row.tenant, row.id)
    return len(rows)


def discard(uow: Uow, tenant: str, batch: str) -> None:
    """Remove an unaccepted batch; its lines were never visible to anybody."""
    staging.discard(uow, tenant, batch)
    uow.change(
        delete(tables.refused_line).where(
            tables.refused_line.c.tenant == tenant, tables.refused_line.c.batch == batch
        )
    )
    uow.change(
        delete(_b).where(_b.c.tenant == tenant, _b.c.id == batch, _b.c.accepted_us.is_(None))
    )


def _batch(row: Any) -> Batch:  # noqa: ANN401 - a row of _OF_REFERENCE
    return Batch(
        tenant=TenantId(row.tenant),
        id=BatchId(row.id),
        scope=row.erp,
        reference=row.reference,
        format=row.format,
        digest=row.digest,
        maker=row.maker,
        lines=row.lines,
        accepted=row.accepted,
        created_at=from_us(row.created_us),
        accepted_at=from_us(row.accepted_us),
    )
