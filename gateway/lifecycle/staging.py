"""Instructions that are stored but not yet accepted: invisible until their batch is."""

from __future__ import annotations

from sqlalchemy import ColumnElement, delete, or_, select

from gateway.store import tables
from gateway.store.uow import Uow

_i = tables.instruction


def accepted() -> ColumnElement[bool]:
    """The condition that an instruction row is accepted: alone, or with its batch."""
    batch = tables.batch
    visible = (
        select(batch.c.id)
        .where(
            batch.c.tenant == _i.c.tenant,
            batch.c.id == _i.c.batch,
            batch.c.accepted_us.is_not(None),
        )
        .exists()
    )
    return or_(_i.c.batch == "", visible)


def discard(uow: Uow, tenant: str, batch: str) -> None:
    """Remove staged lines of a batch that will never be accepted, with their history."""
    ours = (_i.c.tenant == tenant, _i.c.batch == batch)
    step, row = tables.step, tables.history
    # Staged lines have taken one step only: their arrival, with no lines of other batches.
    arrivals = select(_i.c.step).where(*ours)
    uow.change(delete(step).where(step.c.tenant == tenant, step.c.id.in_(arrivals)))
    staged = select(_i.c.id).where(*ours)
    uow.change(delete(row).where(row.c.tenant == tenant, row.c.instruction.in_(staged)))
    part = tables.merged_source
    uow.change(delete(part).where(part.c.tenant == tenant, part.c.instruction.in_(staged)))
    uow.change(delete(_i).where(_i.c.tenant == tenant, _i.c.batch == batch))
