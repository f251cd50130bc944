"""The work table: one row per thing that must happen, found by lane, kind and due instant.

A row lives until its work is done, so a crash forgets nothing. ``lane`` is the connection
(or ``tenant`` for work without one).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from gateway.store import tables
from gateway.store.uow import Uow

_work = tables.work


class WorkKind(StrEnum):
    """What has to happen."""

    SEND = "send"
    ENQUIRE = "enquire"
    RELEASE = "release"
    REFUNDS = "refunds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One due thing."""

    tenant: str
    kind: WorkKind
    subject: str
    lane: str
    due_us: int
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Where work waits: one kind of it on one lane of a tenant."""

    tenant: str
    lane: str
    kind: WorkKind


def add(uow: Uow, *works: Work) -> None:
    """Plan new work; the subject must have none of this kind."""
    uow.add(
        _work,
        *(
            {
                "tenant": work.tenant,
                "kind": work.kind.value,
                "subject": work.subject,
                "lane": work.lane,
                "due_us": work.due_us,
                "tries": work.tries,
            }
            for work in works
        ),
    )


def put(uow: Uow, work: Work) -> None:
    """Plan work, or move what is planned already to the new instant."""
    if not postpone(uow, work):
        add(uow, work)


_POSTPONE = (
    update(_work)
    .where(
        _work.c.tenant == bindparam("of_tenant"),
        _work.c.kind == bindparam("of_kind"),
        _work.c.subject == bindparam("of_subject"),
    )
    .values(due_us=bindparam("to_due"), tries=bindparam("to_tries"))
)


def postpone(uow: Uow, work: Work) -> int:
    """Move planned work to a new instant; returns 0 when there is none."""
    return uow.change(
        _POSTPONE,
        {
            "of_tenant": work.tenant,
            "of_kind": work.kind.value,
            "of_subject": work.subject,
            "to_due": work.due_us,
            "to_tries": work.tries,
        },
    )


_DROP = delete(_work).where(
    _work.c.tenant == bindparam("of_tenant"),
    _work.c.kind == bindparam("of_kind"),
    _work.c.subject == bindparam("of_subject"),
)


def done(uow: Uow, tenant: str, kind: WorkKind, subjects: Sequence[str]) -> None:
    """Forget work that is done."""
    if subjects:
        uow.change(
            _DROP,
            [
                {"of_tenant": tenant, "of_kind": kind.value, "of_subject": subject}
                for subject in subjects
            ],
        )


_OF_QUEUE = (
    _work.c.tenant == bindparam("of_tenant"),
    _work.c.lane == bindparam("of_lane"),
    _work.c.kind == bindparam("of_kind"),
)
_DUE = (
    select(_work.c.subject, _work.c.due_us, _work.c.tries)
    .where(*_OF_QUEUE, _work.c.due_us <= bindparam("now_us"))
    .order_by(_work.c.due_us, _work.c.subject)
    .limit(bindparam("most"))
)
_NEXT = select(func.min(_work.c.due_us)).where(*_OF_QUEUE)


def due(uow: Uow, queue: Queue, now_us: int, limit: int) -> list[Work]:
    """Due work of a queue, oldest first, inside a unit of work."""
    rows = uow.rows(_DUE, _values(queue) | {"now_us": now_us, "most": limit})
    return [_work_of(queue, row) for row in rows]


def due_now(connection: Connection, queue: Queue, now_us: int, limit: int) -> list[Work]:
    """The same for a reader."""
    rows = connection.execute(_DUE, _values(queue) | {"now_us": now_us, "most": limit})
    return [_work_of(queue, row) for row in rows]


def next_due(connection: Connection, queue: Queue) -> int | None:
    """The earliest due instant of a queue, or None when nothing is planned."""
    return connection.execute(_NEXT, _values(queue)).scalar()


def _values(queue: Queue) -> dict[str, object]:
    return {"of_tenant": queue.tenant, "of_lane": queue.lane, "of_kind": queue.kind.value}


def _work_of(queue: Queue, row: Any) -> Work:  # noqa: ANN401 - a row, typed by its length
    return Work(
        tenant=queue.tenant,
        kind=queue.kind,
        subject=row.subject,
        lane=queue.lane,
        due_us=row.due_us,
        tries=row.tries,
    )
