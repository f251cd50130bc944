"""The rows of sheets, and what a sheet reads: the bank's days, and who made or released payments.

Rule kept here: a reviewed sheet never changes; the latest of an account closes its period.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    Text,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    update,
)

from gateway.domain.day_proof import DayState
from gateway.reconciliation.things import Ask
from gateway.store import tables
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

PREPARED, REVIEWED = "prepared", "reviewed"
_s, _d = tables.reconciliation_sheet, tables.statement_day
_i, _v = tables.instruction, tables.vote
_TENANT: Final = bindparam("of_tenant", type_=String())
_ACCOUNT: Final = bindparam("of_account", type_=String())
_OF: Final = (_s.c.tenant == _TENANT, _s.c.account == _ACCOUNT)
_ON: Final = (*_OF, _s.c.day == bindparam("of_day", type_=String()))
_SETTLED: Final = (DayState.PROVEN.value, DayState.QUIET.value)
_ONE: Final = prepare(select(_s).where(*_ON))
_CLOSED: Final = prepare(
    select(_s.c.day, _s.c.reviewed_us, _s.c.content)
    .where(*_OF, _s.c.state == REVIEWED)
    .order_by(_s.c.day.desc())
    .limit(1)
)
_LISTED: Final = prepare(
    select(_s).where(*_OF).order_by(_s.c.day.desc()).limit(bindparam("at_most", type_=Integer()))
)
_DROP: Final = prepare(delete(_s).where(*_ON, _s.c.state == PREPARED))
_REVIEW: Final = prepare(
    update(_s)
    .where(*_ON, _s.c.state == PREPARED, _s.c.digest == bindparam("of_digest", type_=String()))
    .values(
        state=REVIEWED,
        reviewed_by=bindparam("by", type_=Text()),
        reviewed_us=bindparam("at_us", type_=BigInteger()),
        reason=bindparam("why", type_=Text()),
    )
)
_BANK_DAY: Final = prepare(
    select(_d.c.day, _d.c.state, _d.c.closing_minor).where(
        _d.c.tenant == _TENANT,
        _d.c.account == _ACCOUNT,
        _d.c.day == bindparam("of_day", type_=String()),
    )
)
_TOLD: Final = or_(
    _d.c.entries > 0,
    _d.c.opening_minor.is_not(None),
    _d.c.closing_minor.is_not(None),
    _d.c.state.in_((DayState.PROVEN.value, DayState.QUIET.value)),
)
"""Something is known of the day: days before an account was opened are none of its period."""
_FIRST_DAY: Final = prepare(
    select(func.min(case((_TOLD, _d.c.day))).label("day"), func.max(_d.c.day).label("last")).where(
        _d.c.tenant == _TENANT, _d.c.account == _ACCOUNT
    )
)
_DOUBTED: Final = prepare(
    select(_d.c.day)
    .where(
        _d.c.tenant == _TENANT,
        _d.c.account == _ACCOUNT,
        _d.c.day >= bindparam("of_first", type_=String()),
        _d.c.day <= bindparam("of_last", type_=String()),
        _d.c.state.not_in(_SETTLED),
    )
    .order_by(_d.c.day)
)
_JUDGED: Final = prepare(
    select(
        _d.c.state,
        _d.c.why,
        func.count().label("number"),
        func.min(_d.c.day).label("first"),
        func.max(_d.c.day).label("last"),
    )
    .where(
        _d.c.tenant == _TENANT,
        _d.c.account == _ACCOUNT,
        _d.c.day >= bindparam("of_first", type_=String()),
        _d.c.day <= bindparam("of_last", type_=String()),
    )
    .group_by(_d.c.state, _d.c.why)
    .order_by(_d.c.state, _d.c.why)
)
_PERIOD: Final = (
    _i.c.tenant == _TENANT,
    _i.c.debtor_account == _ACCOUNT,
    _i.c.changed_us >= bindparam("since_us", type_=BigInteger()),
    _i.c.created_us < bindparam("until_us", type_=BigInteger()),
)
_MADE: Final = prepare(
    select(_i.c.id)
    .where(
        *_PERIOD,
        (_i.c.maker == bindparam("of_actor", type_=String()))
        | _i.c.makers.contains(bindparam("quoted", type_=String()), autoescape=False),
    )
    .limit(1)
)
_VOTED: Final = prepare(
    select(_v.c.instruction)
    .select_from(_v.join(_i, (_i.c.tenant == _v.c.tenant) & (_i.c.id == _v.c.instruction)))
    .where(
        _i.c.tenant == _TENANT,
        _i.c.debtor_account == _ACCOUNT,
        _v.c.actor == bindparam("of_actor", type_=String()),
        _v.c.at_us >= bindparam("since_us", type_=BigInteger()),
        _v.c.at_us < bindparam("until_us", type_=BigInteger()),
    )
    .limit(1)
)
_DAY: Final = timedelta(days=1)


class Closed(msgspec.Struct, frozen=True, gc=False):
    """The latest period of an account that was closed, and what was open at its end."""

    day: date
    at_us: int
    content: str

    @property
    def first_open(self) -> date:
        """The first day of the period after it."""
        return self.day + _DAY


class DayRun(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Days of one state and one reason (see DayState and DayProof), how many, between which."""

    state: str
    why: str
    days: int
    first: date
    last: date


def _of(account: tuple[str, str], **more: object) -> dict[str, object]:
    return {"of_tenant": account[0], "of_account": account[1], **more}


def closed_until(ask: Ask, account: tuple[str, str]) -> Closed | None:
    """The latest closed period of an account (tenant, number)."""
    rows = ask(_CLOSED, _of(account))
    if not rows:
        return None
    return Closed(date.fromisoformat(rows[0].day), int(rows[0].reviewed_us), rows[0].content)


def sheet_of(ask: Ask, account: tuple[str, str], day: date) -> Any | None:  # noqa: ANN401 - a row
    """The stored sheet of a day."""
    rows = ask(_ONE, _of(account, of_day=day.isoformat()))
    return rows[0] if rows else None


def sheets_of(ask: Ask, account: tuple[str, str], most: int) -> Sequence[Any]:
    """The stored sheets of an account, the latest first."""
    return ask(_LISTED, _of(account, at_most=most))


def put_sheet(uow: Uow, row: dict[str, object]) -> None:
    """Store a prepared sheet in the place of one that was prepared before."""
    account = (str(row["tenant"]), str(row["account"]))
    uow.change(_DROP, _of(account, of_day=row["day"]))
    uow.add(_s, row)


def review(
    uow: Uow, account: tuple[str, str], day: date, digest: str, said: tuple[str, int, str]
) -> bool:
    """Freeze a prepared sheet of just that content; ``said``: who, when, why."""
    told = {"by": said[0], "at_us": said[1], "why": said[2]}
    values = _of(account, of_day=day.isoformat(), of_digest=digest)
    return bool(uow.change(_REVIEW, values | told))


# ── what a sheet reads ────────────────────────────────────────────────────────────────────────


def bank_day(ask: Ask, account: tuple[str, str], day: date) -> Any | None:  # noqa: ANN401 - a row
    """The bank's kept day."""
    rows = ask(_BANK_DAY, _of(account, of_day=day.isoformat()))
    return rows[0] if rows else None


def kept_days(ask: Ask, account: tuple[str, str]) -> tuple[date, date] | None:
    """The first and the last kept day of the bank."""
    (row,) = ask(_FIRST_DAY, _of(account))
    if row.day is None:
        return None
    return date.fromisoformat(row.day), date.fromisoformat(row.last)


def doubted_days(ask: Ask, account: tuple[str, str], days: tuple[date, date]) -> tuple[date, ...]:
    """Days of a period that are not proven complete; those after the last kept one among them."""
    values = _of(account, of_first=days[0].isoformat(), of_last=days[1].isoformat())
    found = [date.fromisoformat(row.day) for row in ask(_DOUBTED, values)]
    kept = kept_days(ask, account)
    missing = days[0] if kept is None else max(days[0], kept[1] + _DAY)
    while missing <= days[1]:
        found.append(missing)
        missing += _DAY
    return tuple(found)


def judged_days(ask: Ask, account: tuple[str, str], days: tuple[date, date]) -> tuple[DayRun, ...]:
    """The days of a period by state and reason; those after the last kept one are missing."""
    values = _of(account, of_first=days[0].isoformat(), of_last=days[1].isoformat())
    found = [
        DayRun(
            state=row.state,
            why=row.why,
            days=int(row.number),
            first=date.fromisoformat(row.first),
            last=date.fromisoformat(row.last),
        )
        for row in ask(_JUDGED, values)
    ]
    kept = kept_days(ask, account)
    since = days[0] if kept is None else max(days[0], kept[1] + _DAY)
    if since <= days[1]:
        number = (days[1] - since).days + 1
        missing = DayState.MISSING.value
        found.append(DayRun(state=missing, why="", days=number, first=since, last=days[1]))
    return tuple(found)


def made_or_released(
    ask: Ask, account: tuple[str, str], actor: str, span_us: tuple[int, int]
) -> bool:
    """Whether somebody made a payment of the account in that time, or voted about one."""
    values = _of(
        account,
        of_actor=actor,
        since_us=span_us[0],
        until_us=span_us[1],
    )
    quoted = msgspec.json.encode(actor).decode()
    return bool(ask(_MADE, values | {"quoted": quoted}) or ask(_VOTED, values))
