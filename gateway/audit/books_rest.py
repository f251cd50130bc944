"""Whether everything accepted is there (I3, I12) and somebody will look at it again (I19)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select, true

from gateway.audit.breach import Breach
from gateway.audit.rows import stream
from gateway.domain.instruction import FATE_OPEN, FINAL, State
from gateway.schedule.work import WorkKind
from gateway.store import tables
from gateway.store.instants import span_us

_i, _b, _w, _m = tables.instruction, tables.batch, tables.work, tables.message
_ENDED: Final = [state.value for state in FINAL]
_WAITS: Final = [State.QUEUED.value, State.SCHEDULED.value]
_ASKED_ABOUT: Final = [state.value for state in FATE_OPEN if state is not State.SENDING]
"""A SENDING one needs no appointment: whoever holds it writes its end, or is taken over."""
_OVERDUE: Final = timedelta(hours=30)
"""People are called at the first enquiry after 24 hours, and at most 4 hours lie between two."""
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What an ERP was told: this reference is accepted as this instruction, for this amount.

    ``id`` '' and ``amount_minor`` None where nobody noted them.
    """

    tenant: str
    erp: str
    erp_reference: str
    id: str = ""
    amount_minor: int | None = None


def gone(db: Connection) -> Iterator[Breach]:
    """What is gone or there twice (I3, I12)."""
    yield from _keys(db)
    yield from _batches(db)
    yield from _twice(db)


def forgotten(db: Connection, now_us: int | None) -> Iterator[Breach]:
    """What nobody will look at again, or has looked at for too long without calling people."""
    yield from _forgotten(db)
    if now_us is not None:
        yield from _overdue(db, now_us)


def broken_promises(db: Connection, promises: Iterable[Promise]) -> Iterator[Breach]:
    """Promises that the database does not keep."""
    coming = iter(promises)
    while some := list(islice(coming, _AT_ONCE)):
        statement = select(
            _i.c.tenant, _i.c.erp, _i.c.erp_reference, _i.c.id, _i.c.amount_minor
        ).where(_i.c.erp_reference.in_([it.erp_reference for it in some]))
        there = {
            (row.tenant, row.erp, row.erp_reference): (row.id, row.amount_minor)
            for row in stream(db, statement)
        }
        for it in some:
            found = there.get((it.tenant, it.erp, it.erp_reference))
            if found is None:
                yield Breach(kind="promise_gone", subject=it.erp_reference)
                continue
            amount = found[1] if it.amount_minor is None else it.amount_minor
            if found != (it.id or found[0], amount):
                yield Breach(kind="promise_other", subject=it.erp_reference, detail=found[0])


def unfinished(db: Connection) -> Iterator[Breach]:
    """Where nothing is under way any more: neither final nor with a person, or not let go of."""
    statement = select(_i.c.id, _i.c.state).where(
        _i.c.state.not_in([*_ENDED, State.HELD.value]), ~_with_a_person()
    )
    for row in stream(db, statement):
        yield Breach(kind="unfinished", subject=row.id, detail=row.state)
    held = select(_m.c.id, _m.c.holder).where(_m.c.in_flight == true())
    for row in stream(db, held):
        yield Breach(kind="under_way", subject=row.id, detail=row.holder)


def _with_a_person() -> ColumnElement[bool]:
    """Whether a case about the instruction is open."""
    case = tables.case
    return (
        select(case.c.id)
        .where(
            case.c.tenant == _i.c.tenant,
            case.c.instruction == _i.c.id,
            case.c.closed_us.is_(None),
        )
        .exists()
    )


def _planned(kind: WorkKind, subject: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether an appointment of this kind is kept."""
    return (
        select(_w.c.subject)
        .where(_w.c.tenant == _i.c.tenant, _w.c.kind == kind.value, _w.c.subject == subject)
        .exists()
    )


def _forgotten(db: Connection) -> Iterator[Breach]:
    """Not final, and nobody will come: neither an appointment nor a person."""
    staged = (
        select(_b.c.id)
        .where(_b.c.tenant == _i.c.tenant, _b.c.id == _i.c.batch, _b.c.accepted_us.is_(None))
        .exists()
    )
    waits = _i.c.state.in_(_WAITS) & ~_planned(WorkKind.SEND, _i.c.id)
    asked = _i.c.state.in_(_ASKED_ABOUT) & ~_planned(WorkKind.ENQUIRE, _i.c.message)
    received = (
        (_i.c.state == State.RECEIVED.value) & ~_planned(WorkKind.RELEASE, _i.c.batch) & ~staged
    )
    approved = _i.c.state == State.APPROVED.value  # passed through within one commit
    statement = select(_i.c.id, _i.c.state).where(
        waits | asked | received | approved, ~_with_a_person()
    )
    for row in stream(db, statement):
        yield Breach(kind="forgotten", subject=row.id, detail=row.state)


def _overdue(db: Connection, now_us: int) -> Iterator[Breach]:
    """Open at the bank for more than a day without a case."""
    statement = (
        select(_i.c.id, _i.c.state)
        .join(_m, (_m.c.tenant == _i.c.tenant) & (_m.c.id == _i.c.message))
        .where(
            _i.c.state.in_(_ASKED_ABOUT),
            _m.c.first_sent_us < now_us - span_us(_OVERDUE),
            ~_with_a_person(),
        )
    )
    for row in stream(db, statement):
        yield Breach(kind="overdue", subject=row.id, detail=row.state)


def _keys(db: Connection) -> Iterator[Breach]:
    """Idempotency keys whose answer is gone."""
    key = tables.acceptance
    remembered = select(key.c.tenant, key.c.subject)
    for row in stream(
        db,
        remembered.except_(
            select(_i.c.tenant, _i.c.id).union_all(select(_b.c.tenant, _b.c.id)).subquery().select()
        ),
    ):
        yield Breach(kind="key_orphan", subject=row.subject)


def _batches(db: Connection) -> Iterator[Breach]:
    """Accepted batches that have more or fewer lines than their ERP was told."""
    line = tables.refused_line
    there = (
        select(_i.c.tenant, _i.c.batch, func.count().label("lines"))
        .where(_i.c.batch != "")
        .group_by(_i.c.tenant, _i.c.batch)
        .subquery()
    )
    refused = (
        select(line.c.tenant, line.c.batch, func.count().label("lines"))
        .group_by(line.c.tenant, line.c.batch)
        .subquery()
    )
    kept = func.coalesce(there.c.lines, 0)
    listed = func.coalesce(refused.c.lines, 0)
    statement = (
        select(_b.c.id, _b.c.lines, _b.c.accepted, kept.label("kept"), listed.label("listed"))
        .outerjoin(there, (there.c.tenant == _b.c.tenant) & (there.c.batch == _b.c.id))
        .outerjoin(refused, (refused.c.tenant == _b.c.tenant) & (refused.c.batch == _b.c.id))
        .where(
            _b.c.accepted_us.is_not(None),
            (kept != _b.c.accepted) | (kept + listed != _b.c.lines),
        )
    )
    for row in stream(db, statement):
        detail = f"{row.accepted}/{row.lines}, {row.kept}+{row.listed}"
        yield Breach(kind="batch_count", subject=row.id, detail=detail)


def _twice(db: Connection) -> Iterator[Breach]:
    names = (_i.c.tenant, _i.c.erp, _i.c.erp_reference)
    statement = select(_i.c.erp_reference, func.count().label("times"))
    for row in stream(db, statement.group_by(*names).having(func.count() > 1)):
        yield Breach(kind="reference_twice", subject=row.erp_reference, detail=str(row.times))
