"""The rows of monthly confirmations, and what of a month's days and sheets they read.

Rule kept here: a row only moves along the table of states, and only from where it was read; a
month has one confirmation that may have effect, whoever writes at once.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Integer, String, Text, bindparam, select, update

from gateway.domain.confirmation import ConfirmState, allowed, last_day
from gateway.domain.day_proof import DayState
from gateway.domain.errors import Corrupt
from gateway.reconciliation.things import Ask
from gateway.store import tables
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

_c, _d = tables.reconciliation_confirmation, tables.statement_day
_SETTLED: Final = frozenset({DayState.PROVEN.value, DayState.QUIET.value})
_DAY: Final = timedelta(days=1)
_TENANT: Final = bindparam("of_tenant", type_=String())
_OF: Final = (_c.c.tenant == _TENANT, _c.c.account == bindparam("of_account", type_=String()))
_ONE: Final = prepare(
    select(_c).where(_c.c.tenant == _TENANT, _c.c.id == bindparam("of_id", type_=String()))
)
_MONTH: Final = prepare(
    select(_c)
    .where(*_OF, _c.c.month == bindparam("of_month", type_=String()))
    .order_by(_c.c.attempt.desc())
)
_LISTED: Final = prepare(
    select(_c)
    .where(*_OF)
    .order_by(_c.c.month.desc(), _c.c.attempt.desc())
    .limit(bindparam("at_most", type_=Integer()))
)
_DUE: Final = prepare(
    select(_c)
    .where(_c.c.tenant == _TENANT, _c.c.due_us <= bindparam("now_us", type_=BigInteger()))
    .order_by(_c.c.due_us, _c.c.id)
    .limit(bindparam("at_most", type_=Integer()))
)
_MOVED: Final = prepare(
    update(_c)
    .where(
        _c.c.tenant == _TENANT,
        _c.c.id == bindparam("of_id", type_=String()),
        _c.c.state == bindparam("of_state", type_=String()),
        _c.c.tries == bindparam("of_tries", type_=Integer()),
    )
    .values(
        state=bindparam("to_state", type_=String()),
        ended_by=bindparam("to_ended_by", type_=String()),
        ended_us=bindparam("to_ended_us", type_=BigInteger()),
        reason=bindparam("to_reason", type_=Text()),
        serial=bindparam("to_serial", type_=String()),
        tries=bindparam("to_tries", type_=Integer()),
        first_sent_us=bindparam("to_first_sent_us", type_=BigInteger()),
        due_us=bindparam("to_due_us", type_=BigInteger()),
        bank_code=bindparam("to_bank_code", type_=String()),
        bank_text=bindparam("to_bank_text", type_=Text()),
        bank_minor=bindparam("to_bank_minor", type_=BigInteger()),
        changed_us=bindparam("to_changed_us", type_=BigInteger()),
    )
)
_CHANGES: Final = (
    "ended_by",
    "ended_us",
    "reason",
    "serial",
    "tries",
    "first_sent_us",
    "due_us",
    "bank_code",
    "bank_text",
    "bank_minor",
    "changed_us",
)
_DAYS: Final = prepare(
    select(_d.c.day, _d.c.state, _d.c.entries, _d.c.opening_minor, _d.c.closing_minor)
    .where(
        _d.c.tenant == _TENANT,
        _d.c.account == bindparam("of_account", type_=String()),
        _d.c.day >= bindparam("of_first", type_=String()),
        _d.c.day <= bindparam("of_last", type_=String()),
    )
    .order_by(_d.c.day)
)
_EARLIER: Final = prepare(
    select(_d.c.day)
    .where(
        _d.c.tenant == _TENANT,
        _d.c.account == bindparam("of_account", type_=String()),
        _d.c.day < bindparam("of_first", type_=String()),
    )
    .limit(1)
)
_CODE_MAX: Final = 40


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """A stored confirmation of one account's ``month`` (YYYY-MM)."""

    tenant: str
    id: str
    account: str
    month: str
    attempt: int
    state: ConfirmState
    content: str
    digest: str
    balance_minor: int
    currency: str
    prepared_by: str
    prepared_us: int
    comment: str = ""
    ended_by: str = ""
    ended_us: int | None = None
    reason: str = ""
    serial: str = ""
    tries: int = 0
    first_sent_us: int | None = None
    due_us: int | None = None
    bank_code: str = ""
    bank_text: str = ""
    bank_minor: int | None = None
    changed_us: int = 0

    @property
    def place(self) -> tuple[str, str]:
        """Tenant and number of the account."""
        return self.tenant, self.account

    @property
    def first_day(self) -> date:
        """The first day of its month."""
        return date.fromisoformat(f"{self.month}-01")

    @property
    def differs(self) -> bool:
        """Whether the bank stated another balance than ours."""
        return self.bank_minor is not None and self.bank_minor != self.balance_minor


def guard_of(place: tuple[str, str]) -> str:
    """One at a time prepares or signs for an account."""
    return f"confirmation:{place[0]}:{place[1]}"


def add(uow: Uow, it: Confirmation) -> None:
    """Store a new one; the table's unique rule refuses a second of the month and attempt."""
    uow.add(_c, msgspec.structs.asdict(it) | {"state": it.state.value})


def move(uow: Uow, before: Confirmation, after: Confirmation) -> bool:
    """Store a later state of what was read as ``before``; False where it moved meanwhile.

    The same state again (asked once more) is no step. Raises Corrupt for a step that the table of
    states does not have, and for another serial than the one that was written first.
    """
    if after.state is not before.state:
        allowed(before.state, after.state)
    if before.serial and after.serial != before.serial:
        raise Corrupt("a confirmation has one serial for ever")
    cut = msgspec.structs.replace(after, bank_code=after.bank_code[:_CODE_MAX])
    values = {f"to_{name}": getattr(cut, name) for name in _CHANGES}
    return bool(
        uow.change(
            _MOVED,
            {
                "of_tenant": before.tenant,
                "of_id": before.id,
                "of_state": before.state.value,
                "of_tries": before.tries,
                "to_state": after.state.value,
                **values,
            },
        )
    )


def one(ask: Ask, tenant: str, confirmation: str) -> Confirmation | None:
    """The confirmation of that id."""
    rows = ask(_ONE, {"of_tenant": tenant, "of_id": confirmation})
    return _read(rows[0]) if rows else None


def of_month(ask: Ask, place: tuple[str, str], month: str) -> list[Confirmation]:
    """Those of an account's month, the latest attempt first."""
    values = {"of_tenant": place[0], "of_account": place[1], "of_month": month}
    return [_read(row) for row in ask(_MONTH, values)]


def listed(ask: Ask, place: tuple[str, str], most: int) -> list[Confirmation]:
    """Those of an account, the latest month first."""
    values = {"of_tenant": place[0], "of_account": place[1], "at_most": most}
    return [_read(row) for row in ask(_LISTED, values)]


def due(ask: Ask, tenant: str, now_us: int, most: int) -> list[Confirmation]:
    """Those whose time to talk to the bank has come, the earliest first."""
    rows = ask(_DUE, {"of_tenant": tenant, "now_us": now_us, "at_most": most})
    return [_read(row) for row in rows]


def _read(row: Any) -> Confirmation:  # noqa: ANN401 - a row of confirmations
    told = row._asdict()
    return Confirmation(**(told | {"state": ConfirmState(told["state"])}))


# ── what a month's confirmation reads ─────────────────────────────────────────────────────────


class MonthDays(msgspec.Struct, frozen=True, kw_only=True):
    """A month of an account at its bank: days that nothing proves, lines, and its last balance."""

    unproven: tuple[date, ...]
    entries: int
    closing_minor: int | None


def days_of(ask: Ask, place: tuple[str, str], month: date) -> MonthDays:
    """Judge a month strictly: every day is proven, or before an account that began with nothing."""
    end = last_day(month)
    of = {"of_tenant": place[0], "of_account": place[1]}
    span = {"of_first": month.isoformat(), "of_last": end.isoformat()}
    rows = {date.fromisoformat(row.day): row for row in ask(_DAYS, of | span)}
    settled = {day for day, row in rows.items() if row.state in _SETTLED}
    wanted = [month + _DAY * number for number in range((end - month).days + 1)]
    began = min(settled, default=None)
    if began is not None and rows[began].opening_minor == 0:
        earlier = ask(_EARLIER, of | {"of_first": began.isoformat()})
        if not earlier:
            wanted = [day for day in wanted if day >= began]
    last = rows.get(end)
    closing = last.closing_minor if last is not None and end in settled else None
    return MonthDays(
        unproven=tuple(day for day in wanted if day not in settled),
        entries=sum(int(row.entries) for row in rows.values()),
        closing_minor=None if closing is None else int(closing),
    )
