"""The rows of all who are told: events made of the outbox, what may be sent now, what became of it.

Rule kept here: of one instruction and one endpoint, only the oldest version that is not delivered
may be sent. Sequence numbers of an endpoint have no gaps, because they are given in the
transaction that writes their events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from gateway.delivery.endpoints import Endpoint, ErpEndpoint
from gateway.delivery.webhook_event import Envelope, Subject, event_text
from gateway.domain.instruction import BusinessType
from gateway.lifecycle.outbox import Told, forget, oldest
from gateway.ports.runtime import Ids
from gateway.store import tables
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_e, _p, _i, _o = tables.webhook_event, tables.webhook_endpoint, tables.instruction, tables.outbox
_c = tables.control_version
FAILURE_MAX: Final = 200


class Delivery(StrEnum):
    """What became of an event at one endpoint. The strings are stored and sent: for ever."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"
    """Tried as often as it may be; a person or the ERP has it delivered again."""
    SUPERSEDED = "superseded"
    """Of an ERP system: it was dead, and what came after it has been taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event that may be sent now."""

    sequence: int
    id: str
    body: str
    tries: int
    kind: str = ""
    """What is told (``ToldKind``)."""
    created_us: int = 0
    """When what it tells was first seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of sending one event. ``due_us`` is when it is tried again, if it is."""

    event: Event
    delivery: Delivery
    due_us: int
    status: int
    failure: str


# ── from the outbox to events ─────────────────────────────────────────────────────────────

_ENDPOINT: Final = (_p.c.tenant == bindparam("of_tenant"), _p.c.id == bindparam("of_endpoint"))
LAST: Final = prepare(select(_p.c.last_sequence).where(*_ENDPOINT))
_COUNT: Final = prepare(update(_p).where(*_ENDPOINT).values(last_sequence=bindparam("to_last")))
_SUBJECTS: Final = prepare(
    select(
        *(_i.c.id, _i.c.erp, _i.c.erp_reference, _i.c.batch),
        *(_i.c.business_type, _i.c.budget_item, _i.c.merged),
    ).where(_i.c.tenant == bindparam("of_tenant"), among(_i.c.id, "of_ids"))
)
# Whether a tenant lives by a control document, under which payroll is confidential.
_DOCUMENT: Final = prepare(
    select(_c.c.version).where(_c.c.tenant == bindparam("of_tenant"), _c.c.state == "in_force")
)
_SOMETHING: Final = prepare(select(_o.c.seq).where(_o.c.tenant == bindparam("of_tenant")).limit(1))


def something_told(db: Connection, tenant: str) -> bool:
    """Whether the outbox holds anything of a tenant."""
    return bool(_SOMETHING.rows(db, {"of_tenant": tenant}))


def expand(uow: Uow, ids: Ids, webhooks: Sequence[Endpoint], now_us: int) -> int:
    """Make events of the oldest changes of one tenant, for all its endpoints; returns how many.

    One process at a time does this for a tenant, so that sequence follows version.
    """
    tenant = webhooks[0].tenant
    uow.guard(f"outbox:{tenant}")
    found = oldest(uow, tenant)
    if not found.rows:
        return 0
    subjects = {
        row.id: Subject(
            erp=row.erp,
            erp_reference=row.erp_reference,
            batch=row.batch,
            payroll=row.business_type == BusinessType.PAYROLL.value,
            budget_item=row.budget_item,
            merged=row.merged,
        )
        for row in uow.rows(
            _SUBJECTS,
            {"of_tenant": tenant, "of_ids": sorted({it.instruction for it in found.told})},
        )
    }
    confidential = bool(uow.rows(_DOCUMENT, {"of_tenant": tenant}))
    for webhook in webhooks:
        wanted = [
            it
            for it in found.told
            if it.state in webhook.states
            and _concerns(webhook, subjects[it.instruction], confidential=confidential)
        ]
        said = _said(uow, webhook, subjects, wanted)
        add(uow, webhook, ids, said, now_us)
    forget(uow, tenant, found.rows)
    return len(found.told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An event to be: what it is about, which change it tells, and how it says so."""

    subject: str
    version: int
    state: str
    body: Callable[[Envelope], str]
    kind: str = "status"
    """What is told (``ToldKind``)."""


def _said(
    uow: Uow, endpoint: Endpoint, subjects: Mapping[str, Subject], wanted: Sequence[Told]
) -> list[Said]:
    """What says changes to an endpoint: a webhook's few words, or an ERP system's whole records."""
    if not isinstance(endpoint, ErpEndpoint):
        return [_posted(subjects[told.instruction], told) for told in wanted]
    from gateway.delivery.erp_status import status_texts  # noqa: PLC0415 - costs a start

    texts = status_texts(uow, endpoint, wanted)
    return [
        _record(subject, told, text)
        for told in wanted
        for subject, text in texts[told.instruction, told.version]
    ]


def _posted(about: Subject, told: Told) -> Said:
    return _changed(told.instruction, told, lambda envelope: event_text(envelope, about, told))


def _record(subject: str, told: Told, text: str) -> Said:
    return _changed(subject, told, lambda _: text)


def _changed(subject: str, told: Told, body: Callable[[Envelope], str]) -> Said:
    return Said(subject=subject, version=told.version, state=told.state.value, body=body)


def add(uow: Uow, endpoint: Endpoint, ids: Ids, said: Sequence[Said], now_us: int) -> None:
    """Write events that follow the endpoint's newest; inside the guard of the tenant's outbox."""
    last = _last_sequence(uow, endpoint, now_us)
    rows = [
        _row(endpoint, ids.new("evt"), number, it)
        | {"created_us": now_us, "due_us": now_us, "changed_us": now_us}
        for number, it in enumerate(said, start=last + 1)
    ]
    if rows:
        uow.add(_e, *rows)
        uow.change(_COUNT, of(endpoint) | {"to_last": last + len(rows)})


def _concerns(webhook: Endpoint, subject: Subject, *, confidential: bool) -> bool:
    """Whether an endpoint is told of an instruction at all."""
    if webhook.erps:
        return subject.erp in webhook.erps
    return not (confidential and subject.payroll)


def _last_sequence(uow: Uow, webhook: Endpoint, now_us: int) -> int:
    """The number of an endpoint's newest event; 0 before the first."""
    ensure(uow, webhook, now_us)
    row = uow.first(LAST, of(webhook))
    assert row is not None
    return int(row.last_sequence)


def _row(webhook: Endpoint, event: str, sequence: int, said: Said) -> dict[str, object]:
    envelope = Envelope(id=event, sequence=sequence, tenant=webhook.tenant, endpoint=webhook.id)
    return {
        "tenant": webhook.tenant,
        "endpoint": webhook.id,
        "sequence": sequence,
        "id": event,
        "instruction": said.subject,
        "version": said.version,
        "state": said.state,
        "kind": said.kind,
        "body": said.body(envelope),
        "delivery": Delivery.PENDING.value,
        "tries": 0,
        "status": 0,
        "failure": "",
    }


# ── who sends ─────────────────────────────────────────────────────────────────────────────

_HOLDER_LIVES: Final = (
    select(tables.lane.c.id)
    .where(tables.lane.c.id == _p.c.holder, tables.lane.c.ended_us.is_(None))
    .exists()
)
_FREE: Final = or_(_p.c.holder == bindparam("of_holder"), ~_HOLDER_LIVES)
_IS_FREE: Final = prepare(select(_p.c.id).where(*_ENDPOINT, _FREE))
_CLAIM: Final = prepare(update(_p).where(*_ENDPOINT, _FREE).values(holder=bindparam("of_holder")))
_RELEASE: Final = prepare(
    update(_p).where(*_ENDPOINT, _p.c.holder == bindparam("of_holder")).values(holder="")
)


def ensure(uow: Uow, webhook: Endpoint, now_us: int) -> None:
    """See that an endpoint has its row."""
    if uow.first(LAST, of(webhook)) is None:
        uow.add(
            _p,
            {
                "tenant": webhook.tenant,
                "id": webhook.id,
                "last_sequence": 0,
                "holder": "",
                "created_us": now_us,
            },
        )


def is_free(db: Connection, webhook: Endpoint, holder: str) -> bool:
    """Whether ``holder`` may claim an endpoint: nobody who lives has it."""
    return bool(_IS_FREE.rows(db, of(webhook) | {"of_holder": holder}))


def claim(uow: Uow, webhook: Endpoint, holder: str) -> bool:
    """Take an endpoint for one lane until that lane has ended; False when another has it."""
    return uow.change(_CLAIM, of(webhook) | {"of_holder": holder}) > 0


def release(uow: Uow, webhook: Endpoint, holder: str) -> None:
    """Leave an endpoint to others at once."""
    uow.change(_RELEASE, of(webhook) | {"of_holder": holder})


# ── sending ───────────────────────────────────────────────────────────────────────────────

_earlier = tables.webhook_event.alias("earlier")
_READY: Final = prepare(
    select(_e.c.sequence, _e.c.id, _e.c.body, _e.c.tries, _e.c.kind, _e.c.created_us)
    .where(
        _e.c.tenant == bindparam("of_tenant"),
        _e.c.endpoint == bindparam("of_endpoint"),
        _e.c.delivery == Delivery.PENDING.value,
        _e.c.due_us <= bindparam("now_us"),
        ~select(_earlier.c.sequence)
        .where(
            _earlier.c.tenant == _e.c.tenant,
            _earlier.c.endpoint == _e.c.endpoint,
            _earlier.c.instruction == _e.c.instruction,
            _earlier.c.version < _e.c.version,
            _earlier.c.delivery != Delivery.DELIVERED.value,
        )
        .exists(),
    )
    .order_by(_e.c.due_us, _e.c.sequence)
    .limit(bindparam("most"))
)
_MARK: Final = prepare(
    update(_e)
    .where(
        _e.c.tenant == bindparam("of_tenant"),
        _e.c.endpoint == bindparam("of_endpoint"),
        _e.c.sequence == bindparam("of_sequence"),
        _e.c.delivery == Delivery.PENDING.value,
    )
    .values(
        delivery=bindparam("to_delivery"),
        tries=_e.c.tries + 1,
        due_us=bindparam("to_due"),
        changed_us=bindparam("to_changed"),
        status=bindparam("to_status"),
        failure=bindparam("to_failure"),
    )
)
_PRUNE: Final = prepare(
    delete(_e).where(
        _e.c.tenant == bindparam("of_tenant"),
        _e.c.endpoint == bindparam("of_endpoint"),
        _e.c.delivery == Delivery.DELIVERED.value,
        _e.c.due_us < bindparam("before_us"),  # when it was delivered; the index ends in it
    )
)


def ready(db: Connection, webhook: Endpoint, now_us: int, most: int) -> list[Event]:
    """What may be sent now, longest due first: at most one event of each instruction."""
    return [
        Event(
            sequence=row.sequence,
            id=row.id,
            body=row.body,
            tries=row.tries,
            kind=row.kind,
            created_us=row.created_us,
        )
        for row in _READY.rows(db, of(webhook) | {"now_us": now_us, "most": most})
    ]


def mark(uow: Uow, webhook: Endpoint, attempts: Sequence[Attempt], now_us: int) -> None:
    """Write down what came of some attempts."""
    uow.change(
        _MARK,
        [
            of(webhook)
            | {
                "of_sequence": it.event.sequence,
                "to_delivery": it.delivery.value,
                "to_due": it.due_us,
                "to_changed": now_us,
                "to_status": it.status,
                "to_failure": it.failure[:FAILURE_MAX],
            }
            for it in attempts
        ],
    )


def prune(uow: Uow, webhook: Endpoint, before_us: int) -> int:
    """Forget what was delivered long ago; what is dead stays until it is delivered."""
    return uow.change(_PRUNE, of(webhook) | {"before_us": before_us})


def of(webhook: Endpoint) -> dict[str, object]:
    """The values that name an endpoint in a statement."""
    return {"of_tenant": webhook.tenant, "of_endpoint": webhook.id}
