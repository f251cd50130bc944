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
WITHDRAWN: Final = "withdrawn"
GONE: Final = "gone"
"""A pending line whose day was proven without it: kept, counted nowhere."""
_BOOKED, _PENDING = EntryStatus.BOOKED.value, EntryStatus.PENDING.value
_l, _i, _a = tables.statement_line, tables.statement_import, tables.statement_also
_wanted: Final = elements(bindparam("wanted", type_=Text()), "wanted")
_KNOWN: Final = prepare(
    select(_l.c.day, _l.c.key, _l.c.import_id)
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
_DONE: Final = (
    select(_i.c.id)
    .where(_i.c.tenant == _l.c.tenant, _i.c.id == _l.c.import_id, _i.c.state == IMPORTED)
    .exists()
)
_TOLD: Final = prepare(
    select(_a.c.day, _a.c.key)
    .select_from(
        _wanted.outerjoin(
            _a,
            and_(
                _a.c.tenant == bindparam("of_tenant"),
                _a.c.account == bindparam("of_account"),
                _a.c.day == text_at(_wanted, 0),
                _a.c.key == text_at(_wanted, 1),
            ),
        )
    )
    .where(func.coalesce(_a.c.key, "") != "")
)
_WAITING: Final = prepare(
    select(_l.c.day, _l.c.key, _l.c.likeness)
    .where(
        _l.c.tenant == bindparam("of_tenant"),
        _l.c.account == bindparam("of_account"),
        _l.c.status == _PENDING,
        _l.c.import_id != bindparam("of_import"),
        _DONE,
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
_UNSTAGE: Final = tuple(
    prepare(
        delete(it).where(
            it.c.tenant == bindparam("of_tenant"), it.c.import_id == bindparam("of_import")
        )
    )
    for it in (_l, _a)
)
_STAGED_OF_DAY: Final = prepare(
    delete(_l).where(
        _l.c.tenant == bindparam("of_tenant"),
        _l.c.account == bindparam("of_account"),
        _l.c.day == bindparam("of_day"),
        _l.c.import_id.in_(
            select(_i.c.id).where(_i.c.tenant == bindparam("of_tenant"), _i.c.state == STAGED)
        ),
    )
)
_HELD: Final = prepare(
    select(func.count().label("lines")).where(
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


def put_lines(  # noqa: PLR0913 - the last two by keyword
    uow: Uow,
    tenant: str,
    account: str,
    rows: Sequence[dict[str, object]],
    *,
    another: Callable[[str], str] | None = None,
    also: bool = False,
) -> int:
    """Store those that are not there yet; how many. All rows are of one account and import.

    With ``another`` all of them are new: one whose key is taken is a twin, and gets another key.
    With ``also`` it is noted of lines that another import brought that this one told them too.
    """
    known = _known(uow, tenant, account, rows)
    if another is None:
        if also and known:
            _note(uow, tenant, account, rows, known)
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


def _note(
    uow: Uow,
    tenant: str,
    account: str,
    rows: Sequence[Mapping[str, object]],
    known: Mapping[tuple[object, object], object],
) -> None:
    """Note that known lines were told again: one further teller of a line is enough."""
    by = rows[0]["import_id"]
    again = [it for it in rows if known.get((it["day"], it["key"]), by) != by]
    if not again:
        return
    told = set(map(tuple, uow.tuples(_TOLD, _asked(tenant, account, again))))
    uow.add(
        _a,
        *(
            {"tenant": tenant, "account": account, "day": it["day"], "key": it["key"]}
            | {"import_id": by}
            for it in again
            if (it["day"], it["key"]) not in told
        ),
    )


def drop_staged(uow: Uow, tenant: str, account: str, day: date) -> None:
    """Remove what an import under way has staged of a day: another one brings lines of it first.

    The import finds that out before it ends, and begins again.
    """
    of = {"of_tenant": tenant, "of_account": account, "of_day": day.isoformat()}
    uow.change(_STAGED_OF_DAY, of)


def held_of(uow: Uow, tenant: str, import_id: str) -> int:
    """How many lines of an import are there."""
    (row,) = uow.rows(_HELD, {"of_tenant": tenant, "of_import": import_id})
    return int(row.lines)


def keys_there(
    uow: Uow, tenant: str, account: str, places: Sequence[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Which of these lines, by day and key, are there."""
    asked = msgspec.json.encode(places).decode()
    of = {"of_tenant": tenant, "of_account": account, "wanted": asked}
    return {(str(day), str(key)) for day, key, _ in uow.tuples(_KNOWN, of)}


def _known(
    uow: Uow, tenant: str, account: str, rows: Sequence[Mapping[str, object]]
) -> dict[tuple[object, object], object]:
    """By day and key, which import brought the lines that are there."""
    found = uow.tuples(_KNOWN, _asked(tenant, account, rows))
    return {(day, key): import_id for day, key, import_id in found}


def _asked(tenant: str, account: str, rows: Sequence[Mapping[str, object]]) -> dict[str, object]:
    asked = msgspec.json.encode([(it["day"], it["key"]) for it in rows]).decode()
    return {"of_tenant": tenant, "of_account": account, "wanted": asked}


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
    for statement in _UNSTAGE:
        uow.change(statement, {"of_tenant": tenant, "of_import": import_id})


def _span(tenant: str, account: str, days: tuple[date, date]) -> dict[str, object]:
    return {
        "of_tenant": tenant,
        "of_account": account,
        "of_first": days[0].isoformat(),
        "of_last": days[1].isoformat(),
    }
