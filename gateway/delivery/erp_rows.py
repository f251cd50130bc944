"""The rows of an ERP system that is told: what may go now, and whether it may have gone before.

Rule kept here: of one subject, what waits goes in the order of its versions. What is dead does not
hold up what came after it, for that says more; once something later was taken, what is dead is
superseded and never told again, so that an ERP is never put back to an older state.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, or_, select, update

from gateway.delivery import webhook_rows
from gateway.delivery.endpoints import ErpEndpoint
from gateway.delivery.webhook_rows import LAST, Attempt, Delivery, Event
from gateway.domain.instruction import FREED
from gateway.lifecycle.staging import accepted
from gateway.ports.erp_told import StatusTold, decoded
from gateway.store import tables
from gateway.store.instants import span_us
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

UNFORESEEN: Final = "unforeseen form"
"""How the failure of what could not be read begins."""
LETTERS_MAX: Final = 16 * 1024 * 1024
"""Most letters of the records of one round, but for a single one that is longer."""
REFUSED: Final = "REFUSED"
"""The state of a document that never became an instruction."""
_e, _i, _s = tables.webhook_event, tables.instruction, tables.merged_source
_ENDPOINT: Final = (
    _e.c.tenant == bindparam("of_tenant"),
    _e.c.endpoint == bindparam("of_endpoint"),
)
_PENDING: Final = (
    *_ENDPOINT,
    _e.c.delivery == Delivery.PENDING.value,
    _e.c.due_us <= bindparam("now_us"),
)
_STANDING: Final = prepare(
    select(_i.c.erp_reference).where(
        _i.c.tenant == bindparam("of_tenant"),
        _i.c.erp == bindparam("of_erp"),
        among(_i.c.erp_reference, "of_references"),
        accepted(),
    )
)
_MERGED: Final = prepare(
    select(_s.c.erp_reference)
    .join(_i, (_i.c.tenant == _s.c.tenant) & (_i.c.id == _s.c.instruction))
    .where(
        _s.c.tenant == bindparam("of_tenant"),
        _s.c.erp == bindparam("of_erp"),
        among(_s.c.erp_reference, "of_references"),
        _i.c.state.not_in([it.value for it in FREED]),
        accepted(),
    )
)
_GATHERED: Final = prepare(select(_e.c.sequence).where(*_PENDING).limit(1))
_earlier = tables.webhook_event.alias("earlier")
_FIRST: Final = (
    select(
        *(_e.c.sequence, _e.c.id, _e.c.body, _e.c.tries, _e.c.kind, _e.c.instruction),
        *(_e.c.version, _e.c.created_us, _e.c.changed_us, _e.c.status, _e.c.failure),
        *(_e.c.due_us, _e.c.state, func.length(_e.c.body).label("own")),
    )
    .where(
        *_PENDING,
        ~select(_earlier.c.sequence)
        .where(
            _earlier.c.tenant == _e.c.tenant,
            _earlier.c.endpoint == _e.c.endpoint,
            _earlier.c.instruction == _e.c.instruction,
            _earlier.c.version < _e.c.version,
            _earlier.c.delivery == Delivery.PENDING.value,
        )
        .exists(),
    )
    .order_by(_e.c.due_us, _e.c.sequence)
    .limit(bindparam("most"))
    .subquery("first")
)
_SUMMED: Final = select(
    _FIRST,
    func.sum(_FIRST.c.own)
    .over(order_by=(_FIRST.c.due_us, _FIRST.c.sequence))
    .label("with_those_before"),
).subquery("summed")
# However large the records (a statement holds a day of entries), a round holds some of them only.
_READY: Final = prepare(
    select(_SUMMED)
    .where(
        or_(
            _SUMMED.c.with_those_before <= LETTERS_MAX,
            _SUMMED.c.with_those_before == _SUMMED.c.own,
        )
    )
    .order_by(_SUMMED.c.due_us, _SUMMED.c.sequence)
)
_SUPERSEDE: Final = prepare(
    update(_e)
    .where(
        *_ENDPOINT,
        _e.c.instruction == bindparam("of_instruction"),
        _e.c.version < bindparam("of_version"),
        _e.c.delivery == Delivery.DEAD.value,
    )
    .values(
        delivery=Delivery.SUPERSEDED.value,
        due_us=bindparam("now_us"),
        changed_us=bindparam("now_us"),
    )
)
_PRUNE: Final = prepare(
    delete(_e).where(
        *_ENDPOINT,
        _e.c.delivery == Delivery.SUPERSEDED.value,
        _e.c.due_us < bindparam("before_us"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpEvent(Event):
    """An event for an ERP system. ``body`` is the record (``ports.erp_told.encoded``)."""

    subject: str
    version: int
    again: bool
    """It may have reached the ERP before: somebody tried, or may have tried and died."""
    alone: bool = False
    """It is carried by itself: something that it went with was of a form that nobody foresaw."""
    overtaken: bool = False
    """A document was refused, and has been accepted since: the refusal is no longer true."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpShelf:
    """The events of an ERP system. ``most`` of them go in one round."""

    endpoint: ErpEndpoint
    most: int

    def is_free(self, db: Connection, holder: str) -> bool:
        """Whether it can be taken; one that was never told anything is anybody's."""
        named = webhook_rows.of(self.endpoint)
        return not LAST.rows(db, named) or webhook_rows.is_free(db, self.endpoint, holder)

    def claim(self, uow: Uow, holder: str, now_us: int) -> int | None:
        """Take the system; gives the number of the newest event that a holder before us had.

        Each one up to that may have gone out without having been marked.
        """
        webhook_rows.ensure(uow, self.endpoint, now_us)
        if not webhook_rows.claim(uow, self.endpoint, holder):
            return None
        row = uow.first(LAST, webhook_rows.of(self.endpoint))
        return int(row.last_sequence) if row is not None else 0

    def ready(self, db: Connection, since: int, now_us: int, most: int) -> list[Event]:
        """What may go now, the longest due first; nothing before it has waited for company."""
        named = webhook_rows.of(self.endpoint)
        gather_us = span_us(timedelta(seconds=self.endpoint.system.gather_s))
        if gather_us and not _GATHERED.rows(db, named | {"now_us": now_us - gather_us}):
            return []
        rows = _READY.rows(db, named | {"now_us": now_us, "most": min(most, self.most)})
        overtaken = self._overtaken(db, rows)
        return [
            ErpEvent(
                sequence=row.sequence,
                id=row.id,
                body=row.body,
                tries=row.tries,
                kind=row.kind,
                subject=row.instruction,
                version=row.version,
                created_us=row.created_us,
                again=row.sequence <= since
                or bool(row.tries or row.status or row.failure)
                or row.changed_us != row.created_us,
                alone=row.failure.startswith(UNFORESEEN),
                overtaken=row.sequence in overtaken,
            )
            for row in rows
        ]

    def _overtaken(self, db: Connection, rows: Sequence[Any]) -> frozenset[int]:
        """Refusals of documents that stand as instructions by now.

        Told late, one would make the ERP pay a second time what is being paid.
        """
        refused = {
            row.sequence: reference
            for row in rows
            if row.state == REFUSED and (reference := _reference(row.body))
        }
        if not refused:
            return frozenset()
        values = {
            "of_tenant": self.endpoint.tenant,
            "of_erp": self.endpoint.system.id,
            "of_references": sorted(set(refused.values())),
        }
        standing = {row.erp_reference for it in (_STANDING, _MERGED) for row in it.rows(db, values)}
        return frozenset(at for at, reference in refused.items() if reference in standing)

    def mark(self, uow: Uow, attempts: Sequence[Attempt], now_us: int) -> None:
        """Write down what came of some attempts, and what they have overtaken."""
        webhook_rows.mark(uow, self.endpoint, attempts, now_us)
        overtaking = [
            {"of_instruction": it.event.subject, "of_version": it.event.version}
            for it in attempts
            if it.delivery is Delivery.DELIVERED
            and isinstance(it.event, ErpEvent)
            and it.event.version > 1
        ]
        if overtaking:
            named = webhook_rows.of(self.endpoint) | {"now_us": now_us}
            uow.change(_SUPERSEDE, [named | it for it in overtaking])

    def prune(self, uow: Uow, before_us: int) -> int:
        """Forget what was taken or overtaken before."""
        named = webhook_rows.of(self.endpoint) | {"before_us": before_us}
        return webhook_rows.prune(uow, self.endpoint, before_us) + uow.change(_PRUNE, named)


def _reference(body: str) -> str:
    """The ERP's reference in a record; '' where it cannot be read."""
    try:
        told = decoded(body)
    except msgspec.DecodeError:
        return ""
    return told.erp_reference if isinstance(told, StatusTold) else ""
