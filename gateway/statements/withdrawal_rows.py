"""The rows of a withdrawal: which lines of an import others told too, and where the rest goes.

Rule kept here: a withdrawn line is moved, not deleted: it stands in a table of its own, under its
import, which says by whom, when and why. Keys of equal lines stay without a gap, so that the next
statement finds the ones that are left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    Text,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    union_all,
    update,
)

from gateway.domain.statement import EntryStatus
from gateway.statements.line_rows import GONE, IMPORTED, WITHDRAWN
from gateway.statements.spans import END_OF_DAY
from gateway.statements.twin_gaps import Place, gaps
from gateway.store import tables
from gateway.store.instants import from_us
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

_l, _w, _a = tables.statement_line, tables.statement_withdrawn, tables.statement_also
_i, _p, _d = tables.statement_import, tables.statement_part, tables.statement_day
_b = tables.statement_balance
_TENANT: Final = bindparam("of_tenant", type_=String())
_ACCOUNT: Final = bindparam("of_account", type_=String())
_IMPORT: Final = bindparam("of_import", type_=String())
_FIRST: Final = bindparam("of_first", type_=String())
_LAST: Final = bindparam("of_last", type_=String())
_j: Final = _i.alias("teller")
_TOUCHED: Final = prepare(
    select(
        _p.c.account, func.min(_p.c.first_day).label("first"), func.max(_p.c.last_day).label("last")
    )
    .where(_p.c.tenant == _TENANT, _p.c.import_id == _IMPORT)
    .group_by(_p.c.account)
    .order_by(_p.c.account)
)
_LINES: Final = prepare(
    select(
        *(_l.c.day, _l.c.key, _l.c.status, _l.c.amount_minor, _l.c.currency, _l.c.bank_key),
        *(_l.c.reference, _l.c.entry_reference, _l.c.end_to_end_id),
        *(_l.c.counterparty_account, _l.c.remittance, _l.c.booked_at),
        _a.c.import_id.label("told_by"),
        _j.c.id.label("teller"),
    )
    .select_from(
        _l.outerjoin(
            _a,
            and_(
                _a.c.tenant == _l.c.tenant,
                _a.c.account == _l.c.account,
                _a.c.day == _l.c.day,
                _a.c.key == _l.c.key,
            ),
        ).outerjoin(
            _j,
            and_(_j.c.tenant == _a.c.tenant, _j.c.id == _a.c.import_id, _j.c.state == IMPORTED),
        )
    )
    .where(_l.c.tenant == _TENANT, _l.c.import_id == _IMPORT, _l.c.account == _ACCOUNT)
    .order_by(_l.c.day, _l.c.key)
)
_q: Final = _p.alias("again")
_SAME: Final = prepare(
    select(_p.c.first_day, _p.c.last_day, func.min(_q.c.import_id).label("teller"))
    .select_from(
        _p.join(
            _q,
            and_(
                _q.c.tenant == _p.c.tenant,
                _q.c.account == _p.c.account,
                _q.c.first_day == _p.c.first_day,
                _q.c.last_day == _p.c.last_day,
                _q.c.opening_minor == _p.c.opening_minor,
                _q.c.closing_minor == _p.c.closing_minor,
                _q.c.entries == _p.c.entries,
                _q.c.import_id != _p.c.import_id,
            ),
        ).join(_j, and_(_j.c.tenant == _q.c.tenant, _j.c.id == _q.c.import_id))
    )
    .where(
        _p.c.tenant == _TENANT,
        _p.c.import_id == _IMPORT,
        _p.c.account == _ACCOUNT,
        _j.c.state == IMPORTED,
        _j.c.source == bindparam("of_source", type_=String()),
    )
    .group_by(_p.c.first_day, _p.c.last_day)
)
_COVERING: Final = prepare(
    select(_p.c.first_day, _p.c.last_day, _p.c.import_id, _j.c.source, _j.c.format)
    .select_from(_p.join(_j, and_(_j.c.tenant == _p.c.tenant, _j.c.id == _p.c.import_id)))
    .where(
        _p.c.tenant == _TENANT,
        _p.c.account == _ACCOUNT,
        _p.c.last_day >= _FIRST,
        _p.c.first_day <= _LAST,
        _p.c.import_id != _IMPORT,
        _j.c.state == IMPORTED,
    )
    .order_by(_p.c.import_id, _p.c.place)
)
_OF_LINE: Final = (
    _l.c.tenant == _TENANT,
    _l.c.account == _ACCOUNT,
    _l.c.day == bindparam("of_day", type_=String()),
    _l.c.key == bindparam("of_key", type_=String()),
)
_ALSO: Final = (
    _a.c.tenant == _TENANT,
    _a.c.account == _ACCOUNT,
    _a.c.day == bindparam("of_day", type_=String()),
    _a.c.key == bindparam("of_key", type_=String()),
)
_HAND_OVER: Final = prepare(
    update(_l).where(*_OF_LINE).values(import_id=bindparam("to_import", type_=String()))
)
_FORGET: Final = prepare(delete(_a).where(*_ALSO))
_NOBODY_KNOWS: Final = prepare(
    update(_a).where(_a.c.tenant == _TENANT, _a.c.import_id == _IMPORT).values(import_id="")
)
_REST: Final = (_l.c.tenant == _TENANT, _l.c.import_id == _IMPORT, _l.c.account == _ACCOUNT)
_NAMES: Final = [it.name for it in _l.columns]
_PUT_ASIDE: Final = prepare(
    insert(_w).from_select(_NAMES, select(*(_l.c[it] for it in _NAMES)).where(*_REST))
)
_TAKE_AWAY: Final = prepare(delete(_l).where(*_REST))
_RENAME: Final = tuple(
    prepare(update(table).where(*where).values(key=bindparam("to_key", type_=String())))
    for table, where in ((_l, _OF_LINE), (_a, _ALSO))
)
_WITHDRAW: Final = prepare(
    update(_i)
    .where(_i.c.tenant == _TENANT, _i.c.id == _IMPORT)
    .values(
        state=WITHDRAWN,
        withdrawn_by=bindparam("by", type_=Text()),
        withdrawn_us=bindparam("at_us", type_=BigInteger()),
        withdrawn_why=bindparam("why", type_=Text()),
        withdrawn_lines=bindparam("lines", type_=Integer()),
        withdrawn_matches=bindparam("matches", type_=Integer()),
    )
)
_WAIT_AGAIN: Final = prepare(
    update(_l)
    .where(
        _l.c.tenant == _TENANT,
        _l.c.account == _ACCOUNT,
        _l.c.day >= _FIRST,
        _l.c.day <= _LAST,
        _l.c.status == GONE,
    )
    .values(status=EntryStatus.PENDING.value)
)
_DAYS: Final = prepare(
    select(_d.c.day, _d.c.asked_us).where(
        _d.c.tenant == _TENANT, _d.c.account == _ACCOUNT, _d.c.day >= _FIRST, _d.c.day <= _LAST
    )
)
_WHOLE: Final = prepare(
    update(_d)
    .where(
        _d.c.tenant == _TENANT,
        _d.c.account == _ACCOUNT,
        _d.c.day == bindparam("of_day", type_=String()),
    )
    .values(whole=bindparam("new_whole", type_=Integer()))
)
_NOBODYS: Final = prepare(
    update(_d)
    .where(
        _d.c.tenant == _TENANT,
        _d.c.account == _ACCOUNT,
        _d.c.day >= _FIRST,
        _d.c.day <= _LAST,
        _d.c.entries == 0,
        _d.c.asked == 0,
    )
    .values(source="")
)


def _known() -> Any:  # noqa: ANN401 - a subquery
    """The first and last days of everything that is known of an account."""
    of_parts = (
        select(_p.c.first_day.label("first"), _p.c.last_day.label("last"))
        .select_from(_p.join(_j, and_(_j.c.tenant == _p.c.tenant, _j.c.id == _p.c.import_id)))
        .where(_p.c.tenant == _TENANT, _p.c.account == _ACCOUNT, _j.c.state == IMPORTED)
    )
    of_lines = select(func.min(_l.c.day), func.max(_l.c.day)).where(
        _l.c.tenant == _TENANT, _l.c.account == _ACCOUNT
    )
    of_balances = select(func.min(_b.c.day), func.max(_b.c.day)).where(
        _b.c.tenant == _TENANT, _b.c.account == _ACCOUNT
    )
    of_asked = select(_d.c.day, _d.c.day).where(
        _d.c.tenant == _TENANT, _d.c.account == _ACCOUNT, _d.c.asked > 0
    )
    return union_all(of_parts, of_lines, of_balances, of_asked).subquery("known")


_known_days: Final = _known()
_SPAN: Final = prepare(
    select(func.min(_known_days.c.first).label("first"), func.max(_known_days.c.last).label("last"))
)
_PRUNE: Final = prepare(
    delete(_d).where(
        _d.c.tenant == _TENANT,
        _d.c.account == _ACCOUNT,
        (_d.c.day < _FIRST) | (_d.c.day > _LAST),
    )
)
_stated: Final = union_all(
    select(_p.c.last_day.label("day"))
    .select_from(_p.join(_j, and_(_j.c.tenant == _p.c.tenant, _j.c.id == _p.c.import_id)))
    .where(
        _p.c.tenant == _TENANT,
        _p.c.account == _ACCOUNT,
        _p.c.last_day < _FIRST,
        _p.c.closing_minor.is_not(None),
        _j.c.state == IMPORTED,
    ),
    select(_b.c.day).where(
        _b.c.tenant == _TENANT,
        _b.c.account == _ACCOUNT,
        _b.c.day < _FIRST,
        _b.c.use == "closing",
    ),
).subquery("stated")
_CLOSED_BEFORE: Final = prepare(select(func.max(_stated.c.day).label("day")))


class Held(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The lines of an import on one account, as a withdrawal finds them.

    ``stay`` names for each line that another import told too, which one has it from now on.
    """

    gone: tuple[Place, ...]
    stay: Mapping[Place, str]
    noted: tuple[Place, ...]
    """Those of either of which it was noted that another import told them too."""
    twins: tuple[tuple[str, str, str], ...]
    """Day, key and new key of equal lines of other imports, which take the keys of gone ones."""

    @property
    def let_go(self) -> list[Place]:
        """The lines that are not to be found under their keys any more."""
        return sorted({*self.gone, *((day, key) for day, key, _ in self.twins)})


def touched(uow: Uow, tenant: str, import_id: str) -> dict[str, tuple[str, str]]:
    """By account, the first and last day that the statements of an import speak of."""
    rows = uow.rows(_TOUCHED, {"of_tenant": tenant, "of_import": import_id})
    return {row.account: (row.first, row.last) for row in rows}


def held(uow: Uow, of: Mapping[str, object], days: tuple[str, str], source: str) -> Held:
    """What an import holds of an account; ``of`` names tenant, account and import."""
    same = uow.rows(_SAME, {**of, "of_source": source})
    around = [
        row
        for row in uow.rows(_COVERING, {**of, "of_first": days[0], "of_last": days[1]})
        if row.source == source
    ]
    stay: dict[Place, str] = {}
    gone: list[Any] = []
    noted: list[Place] = []
    for row in uow.rows(_LINES, of):
        if row.told_by is not None:
            noted.append((row.day, row.key))
        by = row.teller or _teller(row.day, same)
        if not by and row.told_by == "":  # somebody told it whose import was withdrawn as well
            by = next((it.import_id for it in around if _within(row.day, it)), "")
        if by:
            stay[row.day, row.key] = by
        else:
            gone.append(row)
    return Held(
        gone=tuple((row.day, row.key) for row in gone),
        stay=stay,
        noted=tuple(noted),
        twins=tuple(gaps(uow, (str(of["of_tenant"]), str(of["of_account"])), gone)),
    )


def _teller(day: str, same: Sequence[Any]) -> str:
    return next((row.teller for row in same if _within(day, row)), "")


def _within(day: str, row: Any) -> bool:  # noqa: ANN401 - a row with first_day and last_day
    return bool(row.first_day <= day <= row.last_day)


def move(uow: Uow, of: Mapping[str, object], it: Held) -> None:
    """Hand over what stays, put the rest aside, and close the gaps between equal lines."""
    if it.stay:
        over = [
            {**of, "of_day": day, "of_key": key, "to_import": by}
            for (day, key), by in it.stay.items()
        ]
        uow.change(_HAND_OVER, over)
    if it.noted:
        uow.change(_FORGET, [{**of, "of_day": day, "of_key": key} for day, key in it.noted])
    uow.change(_NOBODY_KNOWS, of)
    if it.gone:
        uow.change(_PUT_ASIDE, of)
        uow.change(_TAKE_AWAY, of)
    for statement in _RENAME if it.twins else ():
        uow.change(
            statement,
            [{**of, "of_day": day, "of_key": key, "to_key": new} for day, key, new in it.twins],
        )


def end(
    uow: Uow, of: Mapping[str, object], said: tuple[str, int, str], numbers: tuple[int, int]
) -> None:
    """Say of an import that it was withdrawn. ``said``: who, when, why.

    ``numbers`` are of the lines that went and of the matches that were opened.
    """
    told = {"by": said[0], "at_us": said[1], "why": said[2]}
    uow.change(_WITHDRAW, {**of, **told, "lines": numbers[0], "matches": numbers[1]})


def forget_days(uow: Uow, of: Mapping[str, object], days: tuple[str, str]) -> date | None:
    """Forget what only a withdrawn import said of days; from which on to judge, None for nothing.

    Pending lines that it had let go wait again. To be called when it is withdrawn.
    """
    span = {**of, "of_first": days[0], "of_last": days[1]}
    uow.change(_WAIT_AGAIN, span)
    ends = [row for row in uow.rows(_COVERING, span) if row.format.startswith(END_OF_DAY)]
    rows = [
        {
            **of,
            "of_day": row.day,
            "new_whole": int(
                any(_within(row.day, it) for it in ends)
                or (row.asked_us is not None and from_us(row.asked_us).date().isoformat() > row.day)
            ),
        }
        for row in uow.rows(_DAYS, span)
    ]
    if rows:
        uow.change(_WHOLE, rows)
    (known,) = uow.rows(_SPAN, of)
    none = known.first is None
    kept = ("", "") if none else (known.first, known.last)
    uow.change(_PRUNE, {**of, "of_first": kept[0] or "9", "of_last": kept[1]})
    if none:
        return None
    (before,) = uow.rows(_CLOSED_BEFORE, span)
    return date.fromisoformat(max(before.day or days[0], known.first))


def nobodys(uow: Uow, of: Mapping[str, object], days: tuple[str, str]) -> None:
    """Days without any line are nobody's again. To be called when they are judged."""
    uow.change(_NOBODYS, {**of, "of_first": days[0], "of_last": days[1]})
