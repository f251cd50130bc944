"""The rows of kept statement lines: put in once, pending ones replaced in place, added up by day.

Rule kept here: what an import has staged is seen by nobody until the import is done; what an
ended process left staged is removed, never finished by guessing.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import (
    Connection,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    delete,
    func,
    select,
    update,
)

from gateway.domain.statement import EntryStatus
from gateway.store import tables
from gateway.store.elements import elements, text_at
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

STAGED, IMPORTED, QUARANTINED, REFUSED = "staged", "imported", "quarantined", "refused"
GONE: Final = "gone"
"""A pending line whose day was proven without it: kept, counted nowhere."""
_BOOKED, _PENDING = EntryStatus.BOOKED.value, EntryStatus.PENDING.value
_l, _i = tables.statement_line, tables.statement_import
_wanted: Final = elements(bindparam("wanted", type_=Text()), "wanted")
_KNOWN: Final = prepare(
    select(_l.c.day, _l.c.key)
    # An outer join, and what it adds left out again: so each line is looked up by its key.
    .select_from(
        _wanted.outerjoin(
            _l,
            and_(
                _l.c.tenant == bindparam("of_tenant"),
                _l.c.account == bindparam("of_account"),
                _l.c.day == text_at(_wanted, 0),
                _l.c.key == text_at(_wanted, 1),
            ),
        )
    )
    .where(func.coalesce(_l.c.key, "") != "")
)
_WAITING: Final = prepare(
    select(_l.c.day, _l.c.key, _l.c.likeness)
    .where(
        _l.c.tenant == bindparam("of_tenant"),
        _l.c.account == bindparam("of_account"),
        _l.c.status == _PENDING,
        _l.c.import_id != bindparam("of_import"),
    )
    .order_by(_l.c.day, _l.c.place, _l.c.key)
)
_BOOKED_NOW: Final = prepare(
    select(_l.c.likeness).where(
        _l.c.tenant == bindparam("of_tenant"),
        _l.c.import_id == bindparam("of_import"),
        _l.c.account == bindparam("of_account"),
        _l.c.status == _BOOKED,
        among(_l.c.likeness, "of_likeness"),
    )
)
_REPLACED: Final = prepare(
    delete(_l).where(
        _l.c.tenant == bindparam("of_tenant"),
        _l.c.account == bindparam("of_account"),
        _l.c.day == bindparam("of_day"),
        _l.c.key == bindparam("of_key"),
    )
)
_DONE: Final = (
    select(_i.c.id)
    .where(_i.c.tenant == _l.c.tenant, _i.c.id == _l.c.import_id, _i.c.state == IMPORTED)
    .exists()
)
_SPAN: Final = (
    _l.c.tenant == bindparam("of_tenant"),
    _l.c.account == bindparam("of_account"),
    _l.c.day >= bindparam("of_first"),
    _l.c.day <= bindparam("of_last"),
)
_SUMS: Final = prepare(
    select(
        _l.c.day,
        func.count().label("entries"),
        func.sum(case((_l.c.amount_minor > 0, _l.c.amount_minor), else_=0)).label("credit"),
        func.sum(case((_l.c.amount_minor < 0, -_l.c.amount_minor), else_=0)).label("debit"),
    )
    .where(*_SPAN, _l.c.status == _BOOKED, _DONE)
    .group_by(_l.c.day)
)
_LEFT_PENDING: Final = prepare(
    update(_l)
    .where(
        _l.c.tenant == bindparam("of_tenant"),
        _l.c.account == bindparam("of_account"),
        _l.c.day == bindparam("of_day"),
        _l.c.status == _PENDING,
    )
    .values(status=GONE)
)
_LISTED: Final = prepare(
    select(_l)
    .where(*_SPAN, _DONE)
    .order_by(_l.c.day, _l.c.place, _l.c.key)
    .limit(bindparam("at_most", type_=Integer()))
    .offset(bindparam("from_place", type_=Integer()))
)
_UNSTAGE: Final = prepare(
    delete(_l).where(
        _l.c.tenant == bindparam("of_tenant"), _l.c.import_id == bindparam("of_import")
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySum:
    """What is booked of a day: how many lines, and both directions in minor units."""

    entries: int = 0
    credit: int = 0
    debit: int = 0

    @property
    def moved(self) -> int:
        """What the balance moved by."""
        return self.credit - self.debit


def put_lines(
    uow: Uow,
    tenant: str,
    account: str,
    rows: Sequence[dict[str, object]],
    another: Callable[[str], str] | None = None,
) -> int:
    """Store those that are not there yet; how many. All rows are of one account.

    With ``another`` all of them are new: one whose key is taken is a twin, and gets another key.
    """
    known = _known(uow, tenant, account, rows)
    if another is None:
        rows = [it for it in rows if (it["day"], it["key"]) not in known]
    else:
        twins = [it for it in rows if (it["day"], it["key"]) in known]
        while twins:
            for it in twins:
                it["key"] = another(str(it["key"]))
            known = _known(uow, tenant, account, twins)
            twins = [it for it in twins if (it["day"], it["key"]) in known]
    uow.add(_l, *rows)
    return len(rows)


def _known(
    uow: Uow, tenant: str, account: str, rows: Sequence[Mapping[str, object]]
) -> set[tuple[object, object]]:
    asked = msgspec.json.encode([(it["day"], it["key"]) for it in rows]).decode()
    of = {"of_tenant": tenant, "of_account": account, "wanted": asked}
    return {(day, key) for day, key in uow.tuples(_KNOWN, of)}


def replace_pending(uow: Uow, tenant: str, account: str, import_id: str) -> int:
    """Remove pending lines whose place a booked one of this import takes, each once; how many."""
    of = {"of_tenant": tenant, "of_account": account, "of_import": import_id}
    waiting: defaultdict[str, deque[tuple[str, str]]] = defaultdict(deque)
    for day, key, likeness in uow.tuples(_WAITING, of):
        waiting[likeness].append((day, key))
    if not waiting:
        return 0
    booked = uow.tuples(_BOOKED_NOW, {**of, "of_likeness": sorted(waiting)})
    taken = [waiting[likeness].popleft() for (likeness,) in booked if waiting[likeness]]
    if taken:
        uow.change(_REPLACED, [{**of, "of_day": day, "of_key": key} for day, key in taken])
    return len(taken)


def sums(uow: Uow, tenant: str, account: str, days: tuple[date, date]) -> dict[date, DaySum]:
    """What is booked by day, of imports that are done."""
    return {
        date.fromisoformat(row.day): DaySum(
            entries=int(row.entries), credit=int(row.credit), debit=int(row.debit)
        )
        for row in uow.rows(_SUMS, _span(tenant, account, days))
    }


def let_pending_go(uow: Uow, tenant: str, account: str, days: Collection[date]) -> None:
    """Pending lines of days that were proven without them count nowhere any more."""
    of = {"of_tenant": tenant, "of_account": account}
    if days:
        uow.change(_LEFT_PENDING, [of | {"of_day": day.isoformat()} for day in sorted(days)])


def listed(
    db: Connection, account: tuple[str, str], days: tuple[date, date], page: tuple[int, int]
) -> Sequence[Any]:
    """Kept lines of an account (tenant, number) in the bank's order: ``page`` is first, most."""
    of = _span(*account, days)
    return _LISTED.rows(db, of | {"from_place": page[0], "at_most": page[1]})


def unstage(uow: Uow, tenant: str, import_id: str) -> None:
    """Remove what an import that will never be done has staged."""
    uow.change(_UNSTAGE, {"of_tenant": tenant, "of_import": import_id})


def _span(tenant: str, account: str, days: tuple[date, date]) -> dict[str, object]:
    return {
        "of_tenant": tenant,
        "of_account": account,
        "of_first": days[0].isoformat(),
        "of_last": days[1].isoformat(),
    }
