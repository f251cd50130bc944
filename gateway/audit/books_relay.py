"""Whether messages were made, archived and resent as they must be.

I2: one serial, one message; an instruction rides in one open message. I4: a resend follows a
"not found". I7: what left, and what came in and counted, is in the archive.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, func, select

from gateway.audit.breach import Breach
from gateway.audit.rows import stream
from gateway.domain.instruction import State
from gateway.domain.message import Fate
from gateway.lifecycle.history import all_steps
from gateway.store import tables

_m, _l, _w, _e = tables.message, tables.message_line, tables.wire, tables.evidence
_h = all_steps("every_step")
_PAY: Final = "pay"
_RESEND: Final = "resend"
_SENT: Final = (_w.c.direction == "out", _w.c.message != "")


def breaches(db: Connection) -> Iterator[Breach]:
    """Messages that cannot be (I2, I4)."""
    yield from _serials(db)
    yield from _open_twice(db)
    yield from _resends(db)


def _serials(db: Connection) -> Iterator[Breach]:
    names = (_m.c.bank, _m.c.customer, _m.c.serial)
    statement = select(_m.c.serial, func.count().label("messages"))
    for row in stream(db, statement.group_by(*names).having(func.count() > 1)):
        yield Breach(kind="serial_twice", subject=row.serial, detail=str(row.messages))


def _open_twice(db: Connection) -> Iterator[Breach]:
    statement = (
        select(_l.c.instruction, func.count().label("messages"))
        .join(_m, (_m.c.tenant == _l.c.tenant) & (_m.c.id == _l.c.message))
        .where(_m.c.fate != Fate.CLOSED.value)
        .group_by(_l.c.tenant, _l.c.instruction)
        .having(func.count() > 1)
    )
    for row in stream(db, statement):
        yield Breach(kind="two_open", subject=row.instruction, detail=str(row.messages))


def _resends(db: Connection) -> Iterator[Breach]:
    """Between two sends of a message that may have left lies a "not found" for its serial."""
    before = func.lag(_w.c.at_us).over(partition_by=(_w.c.tenant, _w.c.message), order_by=_w.c.id)
    sends = (
        select(_w.c.tenant, _w.c.message, _w.c.purpose, _w.c.at_us, before.label("before"))
        .where(*_SENT, _w.c.purpose.in_((_PAY, _RESEND)))
        .subquery()
    )
    told = (
        select(_e.c.id)
        .where(
            _e.c.tenant == sends.c.tenant,
            _e.c.message == sends.c.message,
            _e.c.verdict == "not_found",
            _e.c.at_us.between(sends.c.before, sends.c.at_us),
        )
        .exists()
    )
    statement = select(sends.c.message).where(
        sends.c.purpose == _RESEND, sends.c.before.is_(None) | ~told
    )
    for row in stream(db, statement):
        yield Breach(kind="resent", subject=row.message)


def unarchived(db: Connection) -> Iterator[Breach]:
    """What left without its bytes, and evidence without the bytes it rests on (I7)."""
    sent = select(_m.c.tenant, _m.c.id).where(_m.c.sends > 0)
    kept = select(_w.c.tenant, _w.c.message).where(*_SENT, _w.c.purpose == _PAY)
    for row in stream(db, sent.except_(kept)):
        yield Breach(kind="message_unarchived", subject=row.id)
    sending = select(_h.c.tenant, _h.c.instruction).where(_h.c.after == State.SENDING.value)
    carried = (
        select(_l.c.tenant, _l.c.instruction)
        .join(_w, (_w.c.tenant == _l.c.tenant) & (_w.c.message == _l.c.message))
        .where(*_SENT, _w.c.purpose == _PAY)
    )
    for row in stream(db, sending.except_(carried)):
        yield Breach(kind="step_unarchived", subject=row.instruction)
    rests = select(_e.c.tenant, _e.c.wire, func.min(_e.c.id).label("evidence"))
    missing = rests.where(_e.c.wire != "").group_by(_e.c.tenant, _e.c.wire).subquery()
    statement = (
        select(missing.c.evidence)
        .outerjoin(
            _w,
            (_w.c.tenant == missing.c.tenant)
            & (_w.c.id == missing.c.wire)
            & (_w.c.direction == "in"),
        )
        .where(_w.c.id.is_(None))
    )
    for row in stream(db, statement):
        yield Breach(kind="reply_unarchived", subject=row.evidence)
