"""The work table: one row per thing that must happen, found by lane, kind and due instant.

A row lives until its work is done, so a crash forgets nothing. ``lane`` is the connection
(or ``tenant`` for work without one). Work that takes longer than one transaction is claimed: its
row names the lane of the process that is at it, and nobody else takes it while that lane lives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Connection, bindparam, delete, func, select, update

from gateway.store import tables
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_work = tables.work
_lane = tables.lane


class WorkKind(StrEnum):
    """What has to happen."""

    SEND = "send"
    ENQUIRE = "enquire"
    RELEASE = "release"
    REFUNDS = "refunds"
    BOOKS = "books"
    DRIFT = "drift"
    DEBITS = "debits"
    ERP_IN = "erp_in"
    """Look for what an ERP system has for us: files, documents, rows."""
    FEEDS = "feeds"
    """Tell an ERP system what happened on accounts."""
    RECONCILE = "reconcile"
    """Match what banks booked with the items of ledgers."""
    RETURNS = "returns"
    """Look whether new statement lines are payments of ours that came back."""
    CONFIRM = "confirm"
    """Order the confirmation of months, and ask what came of it."""
    RECEIPTS = "receipts"
    """Order receipt files of closed days, and fetch what was made."""
    NOTICED = "noticed"
    """Fetch today's statement of an account of which the bank told a booking."""
    STATEMENT_FILES = "files"
    """Look for statement files that were put somewhere for us."""
    STATEMENTS = "statements"
    """Fetch what banks booked, and what is missing of it."""


_WORDS: Final = {kind: kind.value for kind in WorkKind}


class Work(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One due thing."""

    tenant: str
    kind: WorkKind
    subject: str
    lane: str
    due_us: int
    tries: int = 0


class Queue(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where work waits: one kind of it on one lane of a tenant."""

    tenant: str
    lane: str
    kind: WorkKind


_SUBJECTS: Final = (
    _work.c.tenant == bindparam("of_tenant"),
    _work.c.kind == bindparam("of_kind"),
    among(_work.c.subject, "of_subjects"),
)
_ONE: Final = (
    _work.c.tenant == bindparam("of_tenant"),
    _work.c.kind == bindparam("of_kind"),
    _work.c.subject == bindparam("of_subject"),
)
_OF_QUEUE: Final = (
    _work.c.tenant == bindparam("of_tenant"),
    _work.c.lane == bindparam("of_lane"),
    _work.c.kind == bindparam("of_kind"),
)
_OVER: Final = (
    select(_lane.c.id).where(_lane.c.id == _work.c.holder, _lane.c.ended_us.is_not(None)).exists()
)
"""Whoever was at it writes no more."""
_KNOWN: Final = prepare(
    select(_work.c.subject).where(*_SUBJECTS).order_by(_work.c.subject).with_for_update()
)
_MOVE: Final = prepare(
    update(_work)
    .where(*_ONE)
    .values(due_us=bindparam("to_due", type_=BigInteger()), tries=bindparam("to_tries"))
)
_DROP: Final = prepare(delete(_work).where(*_SUBJECTS))
_DUE: Final = (
    select(_work.c.subject, _work.c.due_us, _work.c.tries)
    .where(*_OF_QUEUE, _work.c.due_us <= bindparam("now_us", type_=BigInteger()))
    .order_by(_work.c.due_us, _work.c.subject)
    .limit(bindparam("most"))
)
_TAKE: Final = prepare(_DUE.with_for_update(skip_locked=True))
_TAKE_FREE: Final = prepare(
    _DUE.where((_work.c.holder == "") | _OVER).with_for_update(skip_locked=True)
)
_HOLD: Final = prepare(update(_work).where(*_SUBJECTS).values(holder=bindparam("to_holder")))
_FREE: Final = prepare(
    update(_work).where(*_SUBJECTS, _work.c.holder == bindparam("of_holder")).values(holder="")
)
_DROP_UNMOVED: Final = prepare(
    delete(_work).where(
        *_ONE,
        _work.c.holder == bindparam("of_holder"),
        _work.c.due_us == bindparam("of_due", type_=BigInteger()),
    )
)
_HELD: Final = prepare(
    select(func.count().label("held")).where(*_OF_QUEUE, _work.c.holder != "", ~_OVER)
)
_NEXT: Final = prepare(select(func.min(_work.c.due_us).label("earliest")).where(*_OF_QUEUE))


def add(uow: Uow, *works: Work) -> None:
    """Plan new work; the subject must have none of this kind."""
    uow.add(
        _work,
        *[
            {
                "tenant": work.tenant,
                "kind": _WORDS[work.kind],
                "subject": work.subject,
                "lane": work.lane,
                "due_us": work.due_us,
                "tries": work.tries,
            }
            for work in works
        ],
    )


def put(uow: Uow, *works: Work) -> None:
    """Plan work, or move what is planned already to the new instant; who holds it goes on."""
    for (tenant, kind), given in _by_kind(works).items():
        known = {
            row.subject
            for row in uow.rows(_KNOWN, _subjects(tenant, kind, [it.subject for it in given]))
        }
        moved = [it for it in given if it.subject in known]
        if moved:
            uow.change(
                _MOVE,
                [
                    {
                        "of_tenant": tenant,
                        "of_kind": kind.value,
                        "of_subject": it.subject,
                        "to_due": it.due_us,
                        "to_tries": it.tries,
                    }
                    for it in moved
                ],
            )
        add(uow, *(it for it in given if it.subject not in known))


def done(uow: Uow, tenant: str, kind: WorkKind, subjects: Sequence[str]) -> None:
    """Forget work that is done."""
    if subjects:
        uow.change(_DROP, _subjects(tenant, kind, subjects))


def due(uow: Uow, queue: Queue, now_us: int, limit: int) -> list[Work]:
    """Due work of a queue, oldest first; nobody else sees it until the transaction ends."""
    return _works(queue, uow.tuples(_TAKE, _of_queue(queue) | {"now_us": now_us, "most": limit}))


def claim(uow: Uow, queue: Queue, holder: str, now_us: int, limit: int) -> list[Work]:
    """Take due work that nobody is at, oldest first, for the lane ``holder``.

    It stays the holder's until ``release`` or ``done``, or until its lane has ended.
    """
    found = _works(
        queue, uow.tuples(_TAKE_FREE, _of_queue(queue) | {"now_us": now_us, "most": limit})
    )
    if found:
        values = _subjects(queue.tenant, queue.kind, [it.subject for it in found])
        uow.change(_HOLD, values | {"to_holder": holder})
    return found


def release(uow: Uow, tenant: str, kind: WorkKind, holder: str, subjects: Sequence[str]) -> None:
    """Let others take work again that ``holder`` was at."""
    if subjects:
        uow.change(_FREE, _subjects(tenant, kind, subjects) | {"of_holder": holder})


def finish(uow: Uow, claimed: Work, holder: str) -> None:
    """Forget claimed work that was done; planned anew meanwhile, it is let go, due as it is."""
    one = {"of_tenant": claimed.tenant, "of_kind": claimed.kind.value}
    one |= {"of_subject": claimed.subject, "of_holder": holder}
    uow.change(_DROP_UNMOVED, one | {"of_due": claimed.due_us})
    release(uow, claimed.tenant, claimed.kind, holder, [claimed.subject])


def held(uow: Uow, queue: Queue) -> int:
    """How much of a queue somebody is at, over all processes that live."""
    return int(uow.rows(_HELD, _of_queue(queue))[0].held)


def next_due(connection: Connection, queue: Queue) -> int | None:
    """The earliest due instant of a queue, or None when nothing is planned."""
    earliest: int | None = _NEXT.rows(connection, _of_queue(queue))[0].earliest
    return earliest


def _by_kind(works: Iterable[Work]) -> dict[tuple[str, WorkKind], list[Work]]:
    found: dict[tuple[str, WorkKind], list[Work]] = {}
    for work in works:
        found.setdefault((work.tenant, work.kind), []).append(work)
    return found


def _subjects(tenant: str, kind: WorkKind, subjects: Sequence[str]) -> dict[str, object]:
    return {"of_tenant": tenant, "of_kind": kind.value, "of_subjects": list(subjects)}


def _of_queue(queue: Queue) -> dict[str, object]:
    return {"of_tenant": queue.tenant, "of_lane": queue.lane, "of_kind": queue.kind.value}


def _works(queue: Queue, rows: Iterable[Sequence[Any]]) -> list[Work]:
    tenant, kind, lane = queue.tenant, queue.kind, queue.lane
    return [
        Work(tenant=tenant, kind=kind, subject=subject, lane=lane, due_us=due_us, tries=tries)
        for subject, due_us, tries in rows
    ]
