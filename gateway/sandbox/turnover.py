"""What closed days amounted to, summed from the postings alone.

Rule kept here: nothing is read but postings, so these answers prove a statement complete
instead of repeating it. Amounts are signed from the account holder's view (debit negative).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from gateway.domain.money import CNY, Money
from gateway.ports.bank_batch import DayBalance, OverviewLine, OverviewPage
from gateway.sandbox.ledger import instant

_DAYS: Final = (
    "SELECT day, SUM(amount < 0), SUM(amount > 0), SUM(MIN(amount, 0)), SUM(MAX(amount, 0))"
    " FROM posting WHERE account = ? AND day BETWEEN ? AND ? GROUP BY day"
)
_BEFORE: Final = (
    "SELECT balance_after FROM posting WHERE account = ? AND day < ? ORDER BY day DESC, id DESC"
    " LIMIT 1"
)
_CUSTOMER: Final = (
    " FROM posting p JOIN account a ON a.number = p.account WHERE a.customer = ? AND p.day = ?"
)

_Turnover = tuple[int, int, int, int]


def days(db: sqlite3.Connection, account: str, start: date, end: date) -> tuple[DayBalance, ...]:
    """Every day of the range, without those before the account's first booking.

    Debits and credits are counted and summed without sign.
    """
    moved: Mapping[str, _Turnover] = {
        day: (outs, ins, -debit_sum, credit_sum)
        for day, outs, ins, debit_sum, credit_sum in db.execute(
            _DAYS, (account, start.isoformat(), end.isoformat())
        )
    }
    before = db.execute(_BEFORE, (account, start.isoformat())).fetchone()
    closing: int | None = before[0] if before else None
    told: list[DayBalance] = []
    for offset in range((end - start).days + 1):
        day = start + timedelta(days=offset)
        outs, ins, debit_sum, credit_sum = moved.get(day.isoformat(), (0, 0, 0, 0))
        if closing is None and not outs + ins:
            continue
        closing = (closing or 0) + credit_sum - debit_sum
        told.append(
            DayBalance(
                day=day,
                closing=Money(closing, CNY),
                debits=outs,
                credits=ins,
                debit_sum=Money(debit_sum, CNY),
                credit_sum=Money(credit_sum, CNY),
            )
        )
    return tuple(told)


def overview(
    db: sqlite3.Connection, customer: str, day: date, *, page: int, size: int
) -> OverviewPage:
    """One page (from 1) of a customer's bookings on a day; the totals are those of the day."""
    which = (customer, day.isoformat())
    incomes, expenses, income_sum, expense_sum = db.execute(
        "SELECT COALESCE(SUM(p.amount > 0), 0), COALESCE(SUM(p.amount < 0), 0),"
        " COALESCE(SUM(MAX(p.amount, 0)), 0), COALESCE(SUM(MIN(p.amount, 0)), 0)" + _CUSTOMER,
        which,
    ).fetchone()
    found = db.execute(
        "SELECT p.account, p.amount, p.balance_after, p.counterparty_account, p.counterparty_name,"
        f" p.at, p.remittance{_CUSTOMER} ORDER BY p.id LIMIT ? OFFSET ?",
        (*which, size + 1, (page - 1) * size),
    ).fetchall()
    return OverviewPage(
        lines=tuple(_line(row) for row in found[:size]),
        more=len(found) > size,
        incomes=incomes,
        expenses=expenses,
        income_sum=Money(income_sum, CNY),
        expense_sum=Money(-expense_sum, CNY),
    )


def _line(row: tuple[str, int, int, str, str, int, str]) -> OverviewLine:
    account, amount, after, opposite, name, at, remittance = row
    return OverviewLine(
        account=account,
        amount=Money(amount, CNY),
        balance_after=Money(after, CNY),
        counterparty_account=opposite,
        counterparty_name=name,
        booked_at=instant(at),
        purpose=remittance,
    )
