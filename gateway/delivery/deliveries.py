"""Deliveries as people and ERPs see them: what waits, what is dead, once again.

They are of webhooks and of ERP systems alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, or_, select, update

from gateway.delivery.endpoints import endpoint_of
from gateway.delivery.standing import Only
from gateway.delivery.webhook_rows import Delivery
from gateway.domain.decision import Actor
from gateway.domain.errors import NotFound, NotOffered
from gateway.lifecycle.outbox import LANE
from gateway.ports.erp_systems import ENDPOINT as ERP
from gateway.ports.erp_told import ToldKind
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.instants import from_us, to_us
from gateway.store.journal import Record
from gateway.store.store import Store
from gateway.store.uow import Uow

LISTED_MAX: Final = 1000
_REFUSED: Final = "REFUSED"
_e, _p, _i = tables.webhook_event, tables.webhook_endpoint, tables.instruction
Seen = Callable[[Connection], Only]
"""The condition on instructions of which somebody may be told."""
_SHOWN: Final = (
    *(_e.c.id, _e.c.endpoint, _e.c.sequence, _e.c.instruction, _e.c.version, _e.c.state),
    *(_e.c.delivery, _e.c.tries, _e.c.due_us, _e.c.changed_us, _e.c.created_us),
    *(_e.c.status, _e.c.failure, _e.c.kind),
)
# One document of a merged payment is a subject of its own: the payment's id, a slash, a number.
_PAYMENT: Final = case(
    (
        _e.c.instruction.contains("/"),
        func.rtrim(func.rtrim(_e.c.instruction, "0123456789"), "/"),
    ),
    else_=_e.c.instruction,
)
_ONE: Final = (_e.c.tenant == bindparam("of_tenant"), _e.c.id == bindparam("of_id"))
_FIND: Final = select(*_SHOWN).where(*_ONE)
_later = tables.webhook_event.alias("later")
_OVERTAKEN: Final = select(_e.c.id).where(
    *_ONE,
    select(_later.c.sequence)
    .where(
        _later.c.tenant == _e.c.tenant,
        _later.c.endpoint == _e.c.endpoint,
        _later.c.instruction == _e.c.instruction,
        _later.c.version > _e.c.version,
        _later.c.delivery == Delivery.DELIVERED.value,
    )
    .exists(),
)
_AGAIN: Final = (
    update(_e)
    .where(*_ONE)
    .values(
        delivery=Delivery.PENDING.value,
        tries=bindparam("to_tries"),
        due_us=bindparam("now_us"),
        changed_us=bindparam("now_us"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One event and what became of it at its endpoint. ``status`` 0: nothing was answered."""

    id: str
    endpoint: str
    sequence: int
    instruction: str
    version: int
    state: str
    delivery: Delivery
    tries: int
    due_at: datetime
    created_at: datetime
    changed_at: datetime
    status: int
    failure: str
    kind: str
    """What it tells (``ToldKind``)."""


def every(db: Connection) -> Only:
    """Whoever may be told of every one."""
    del db
    return None


class Deliveries:
    """Lists deliveries and has them done again."""

    def __init__(self, store: Store, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime

    async def listed(
        self, tenant: Tenant, delivery: Delivery, after: str, seen: Seen = every
    ) -> list[Shown]:
        """A tenant's deliveries in one standing, oldest event first, at most 1000.

        ``after`` is the id of the last one seen, '' for the beginning; ``seen`` says of which
        instructions the caller may be told.
        """
        return await self._store.read(lambda db: _listed(db, tenant, delivery, after, seen(db)))

    async def again(self, tenant: Tenant, event: str, actor: Actor, seen: Seen = every) -> Shown:
        """Deliver an event again: a dead one with all its tries, a waiting one now.

        Raises NotFound, and NotOffered when its endpoint is no longer configured, or when an
        ERP system has taken something later of the same: it would be put back to an older state.
        """
        await self._store.read(lambda db: _require_seen(db, tenant, event, seen(db)))
        return await self._store.write(
            lambda uow: self._again(uow, tenant, event, actor), at_once=True
        )

    def _again(self, uow: Uow, tenant: Tenant, event: str, actor: Actor) -> Shown:
        key = {"of_tenant": tenant.id, "of_id": event}
        row = uow.first(_FIND, key)
        if row is None:
            raise NotFound
        is_erp = row.endpoint.startswith(ERP)
        configured = map(endpoint_of, tenant.erps) if is_erp else (it.id for it in tenant.webhooks)
        if row.endpoint not in set(configured):
            raise NotOffered(
                "the endpoint of this event is no longer configured", "该事件的接收端已不在配置中"
            )
        if is_erp and uow.first(_OVERTAKEN, key) is not None:
            raise NotOffered(
                "this ERP has been told something later of the same already",
                "该 ERP 已收到同一业务的更新状态，不再重投旧状态",
            )
        now_us = to_us(self._runtime.clock.now())
        waits = row.delivery == Delivery.PENDING.value
        uow.change(_AGAIN, key | {"now_us": now_us, "to_tries": row.tries if waits else 0})
        if not waits:
            uow.journal(
                Record(
                    tenant=tenant.id,
                    kind="webhook_redelivery",
                    subject=event,
                    at_us=now_us,
                    content={"actor": actor.label(), "endpoint": row.endpoint, "was": row.delivery},
                )
            )
        uow.rouse(tenant.id, LANE)
        found = uow.first(_FIND, key)
        assert found is not None
        return _shown(found)


def _require_seen(db: Connection, tenant: Tenant, event: str, only: Only) -> None:
    if only is None:
        return
    query = select(_e.c.id).where(_e.c.tenant == tenant.id, _e.c.id == event, _told(tenant, only))
    if db.execute(query).first() is None:
        raise NotFound


def _told(tenant: Tenant, only: ColumnElement[bool]) -> ColumnElement[bool]:
    """Events of instructions that may be told of, and those that are of none."""
    return or_(
        _e.c.kind != ToldKind.STATUS.value,
        _e.c.state == _REFUSED,  # a document that never became an instruction
        _PAYMENT.in_(select(_i.c.id).where(_i.c.tenant == tenant.id, only)),
    )


def _listed(
    db: Connection, tenant: Tenant, delivery: Delivery, after: str, only: Only
) -> list[Shown]:
    endpoints = select(_p.c.id).where(_p.c.tenant == tenant.id)
    statement = (
        select(*_SHOWN)
        .where(
            _e.c.tenant == tenant.id,
            _e.c.endpoint.in_(endpoints),  # first in the index, so nothing delivered is walked
            _e.c.delivery == delivery.value,
            _e.c.id > after,
        )
        .order_by(_e.c.id)
        .limit(LISTED_MAX)
    )
    if only is not None:
        statement = statement.where(_told(tenant, only))
    return [_shown(row) for row in db.execute(statement)]


def _shown(row: Any) -> Shown:  # noqa: ANN401 - a row, typed by its columns
    return Shown(
        id=row.id,
        endpoint=row.endpoint,
        sequence=row.sequence,
        instruction=row.instruction.partition("/")[0],
        version=row.version,
        state=row.state,
        delivery=Delivery(row.delivery),
        tries=row.tries,
        due_at=from_us(row.due_us),
        created_at=from_us(row.created_us),
        changed_at=from_us(row.changed_us),
        status=row.status,
        failure=row.failure,
        kind=row.kind,
    )
