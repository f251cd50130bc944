"""Cancelling what has not left: by the ERP that asked for it, or by a person.

Rule kept here: before SENDING a cancellation always succeeds and nothing leaves afterwards; from
SENDING on the money may be on its way, so only an enquiry can tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, bindparam, select

from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotFound, NotPermitted, Refused
from gateway.domain.evidence import Evidence
from gateway.domain.instruction import Cause, State
from gateway.lifecycle import history
from gateway.lifecycle.apply import apply, close_cases
from gateway.lifecycle.rows import standing
from gateway.lifecycle.staging import accepted
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import ApiKey
from gateway.schedule import work
from gateway.schedule.work import WorkKind
from gateway.store import tables
from gateway.store.instants import from_us, to_us
from gateway.store.store import Store
from gateway.store.uow import Uow

_i = tables.instruction
STOPPABLE: Final = frozenset(
    {State.RECEIVED, State.HELD, State.APPROVED, State.SCHEDULED, State.QUEUED}
)
"""States in which nothing has left."""
DECIDED_ON: Final = (
    select(_i)
    .where(_i.c.tenant == bindparam("of_tenant"), _i.c.id == bindparam("of_id"), accepted())
    .with_for_update()
)
"""An instruction about which people decide; until they have, nobody else changes it."""
_OURS: Final = (Cause.ERP.value, Cause.PERSON.value)

Withdraw = Callable[[Uow, str, str], None]
"""Closes the message that was to carry an instruction (tenant, id) and never left."""
Permitted = Callable[[Uow, ApiKey, Row[Any]], None]
"""Raises NotPermitted when a document does not let a caller cancel an instruction."""


class AlreadyLeft(Refused):
    """It has left for the bank, or has ended: it can no longer be cancelled here."""

    code = "already_left"
    zh = "该指令已发送或已有结果，不能取消；请查证其结果"
    en = "it has left or has ended and cannot be cancelled; enquire about it instead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """A cancellation as it was done, the same however often it is asked for."""

    id: str
    erp_reference: str
    by: str
    at: datetime
    reason: str


def forget_sending(uow: Uow, tenant: str, instruction: str, withdraw: Withdraw) -> None:
    """Drop what was planned to send an instruction that will not be sent."""
    work.done(uow, tenant, WorkKind.SEND, [instruction])
    withdraw(uow, tenant, instruction)


class Cancellations:
    """The use case behind ``POST /v1/instructions/{id}/cancellation``."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        withdraw: Withdraw,
        permitted: Permitted | None = None,
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._withdraw = withdraw
        self._permitted = permitted

    async def cancel(self, key: ApiKey, instruction: str, reason: str) -> Cancelled:
        """Cancel an instruction that has not left, once.

        Asked again, it returns what was done then. Raises NotFound, NotPermitted for another
        ERP's machine key, AlreadyLeft.
        """
        return await self._store.write(
            lambda uow: self._cancel(uow, key, instruction, reason), at_once=True
        )

    def _cancel(self, uow: Uow, key: ApiKey, instruction: str, reason: str) -> Cancelled:
        row = uow.first(DECIDED_ON, {"of_tenant": key.tenant, "of_id": instruction})
        if row is None:
            raise NotFound
        if key.actor.kind is ActorKind.MACHINE and row.erp != key.erp:
            raise NotPermitted(
                "it was submitted by another ERP system", "该指令由其他 ERP 系统提交，无权取消"
            )
        if State(row.state) not in STOPPABLE:
            return _earlier(uow, row)
        if self._permitted is not None:
            self._permitted(uow, key, row)
        at = self._runtime.clock.now()
        apply(uow, self._runtime.ids, [standing(row)], _evidence(key.actor, at, reason))
        forget_sending(uow, key.tenant, instruction, self._withdraw)
        close_cases(uow, key.tenant, instruction, "cancelled", to_us(at))
        return Cancelled(
            id=instruction,
            erp_reference=row.erp_reference,
            by=key.actor.label(),
            at=from_us(to_us(at)),
            reason=reason,
        )


def _evidence(actor: Actor, at: datetime, reason: str) -> Evidence:
    return Evidence(
        cause=Cause.PERSON if actor.kind is ActorKind.PERSON else Cause.ERP,
        target=State.CANCELLED,
        actor=actor.label(),
        at=at,
        reason=reason,
    )


def _earlier(uow: Uow, row: Row[Any]) -> Cancelled:
    """The cancellation that was done before it left. Raises AlreadyLeft when there is none."""
    done = next(
        (
            it
            for it in history.of(uow, row.tenant, row.id)
            if it.after == State.CANCELLED.value and it.cause in _OURS
        ),
        None,
    )
    if done is None:
        raise AlreadyLeft
    return Cancelled(
        id=row.id,
        erp_reference=row.erp_reference,
        by=done.actor,
        at=from_us(done.at_us),
        reason=done.reason,
    )
