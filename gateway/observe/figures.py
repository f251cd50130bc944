"""What the database says at one moment: queues, open fates, ages.

Rule kept here: every query walks an index over what is open or waiting, never the history, and
no figure carries a tenant, an account or a reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, and_, func, select

from gateway.domain.instruction import FATE_OPEN
from gateway.ports.erp_systems import ENDPOINT as ERP
from gateway.schedule.work import WorkKind
from gateway.store import tables

_line, _it, _work = tables.message_line, tables.instruction, tables.work
_OPEN: Final = (
    select(_it.c.state, func.count().label("number"), func.min(_it.c.changed_us).label("since_us"))
    .select_from(_line)
    .join(_it, (_it.c.tenant == _line.c.tenant) & (_it.c.id == _line.c.instruction))
    .where(_line.c.open)
    .group_by(_it.c.state)
)
_WAITING: Final = select(
    _work.c.kind, func.count().label("number"), func.min(_work.c.due_us).label("due_us")
).group_by(_work.c.kind)
_BLOCKED: Final = select(func.count()).where(tables.blockade.c.lifted_us.is_(None))
_STOPS: Final = select(func.count()).where(tables.stop.c.lifted_us.is_(None))
_LANES: Final = select(func.count()).where(tables.lane.c.ended_us.is_(None))
_CHECKPOINT: Final = (
    select(tables.checkpoint.c.at_us).order_by(tables.checkpoint.c.seq.desc()).limit(1)
)
_event, _told = tables.webhook_event, tables.webhook_endpoint
_IS_ERP: Final = _told.c.id.like(f"{ERP}%")
_UNDELIVERED: Final = (
    select(
        _event.c.delivery,
        _IS_ERP.label("is_erp"),
        func.count().label("number"),
        func.min(_event.c.created_us).label("since_us"),
    )
    # The endpoint first, as in the index: what was delivered is not walked.
    .select_from(_told)
    .join(
        _event,
        and_(
            _event.c.tenant == _told.c.tenant,
            _event.c.endpoint == _told.c.id,
            _event.c.delivery.in_(("pending", "dead")),
        ),
    )
    .group_by(_event.c.delivery, _IS_ERP)
)
ERPS, WEBHOOKS = "erp", "webhook"
"""Who is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The state of the whole deployment, as far as its database tells."""

    open_by_state: Mapping[str, int]
    """Instructions whose fate is open at a bank, by state; UNCONFIRMED is the one to watch."""
    open_since_us: Mapping[str, int]
    """By state, when the one that has been in it the longest came into it."""
    waiting: Mapping[str, int]
    """Appointments that wait: to send, to enquire, to release …"""
    due_us: Mapping[str, int]
    """By kind, when the earliest of them is due."""
    blocked: int
    """Connections that a refused sign-on stopped."""
    stops: int
    """Emergency stops that hold."""
    lanes: int
    """Processes that write, the dead ones not yet taken over included."""
    checkpoint_us: int | None
    """When the last checkpoint was signed."""
    dead: Mapping[str, int]
    """Events that nobody tries any more, by who was to be told: people have them told again."""
    untold: Mapping[str, int]
    """Events that wait to be told, by whom they are for."""
    untold_since_us: Mapping[str, int]
    """Since when the oldest of them waits."""


def figures(db: Connection) -> Figures:
    """Count. States and kinds of which there is none are told as 0."""
    open_ = db.execute(_OPEN).all()
    waiting = db.execute(_WAITING).all()
    left = [
        (row.delivery, ERPS if row.is_erp else WEBHOOKS, row.number, row.since_us)
        for row in db.execute(_UNDELIVERED)
    ]
    nobody = {ERPS: 0, WEBHOOKS: 0}
    return Figures(
        open_by_state={state.value: 0 for state in FATE_OPEN}
        | {row.state: row.number for row in open_},
        open_since_us={row.state: row.since_us for row in open_},
        waiting={kind.value: 0 for kind in WorkKind} | {row.kind: row.number for row in waiting},
        due_us={row.kind: row.due_us for row in waiting},
        blocked=db.execute(_BLOCKED).scalar_one(),
        stops=db.execute(_STOPS).scalar_one(),
        lanes=db.execute(_LANES).scalar_one(),
        checkpoint_us=db.execute(_CHECKPOINT).scalar(),
        dead=nobody | {who: number for delivery, who, number, _ in left if delivery == "dead"},
        untold=nobody | {who: number for delivery, who, number, _ in left if delivery != "dead"},
        untold_since_us={who: at for delivery, who, _, at in left if delivery != "dead"},
    )
