"""Balances and statements, as the bank tells them.

Rule kept here: today's statement must be asked for alone, and the balances told are those
of the moment of asking, whatever the period asked about.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from gateway.domain.money import CNY, Money
from gateway.domain.statement import Balance, StatementPage
from gateway.ports.bank import BankAnswer, Reason, SignOn, StatementRequest
from gateway.sandbox import rules
from gateway.sandbox.ledger import AccountRow, Ledger, LineQuery


def balance(ledger: Ledger, who: SignOn, number: str, at: datetime) -> BankAnswer:
    """The balances of an account the operator may query."""
    account, reason = _queried(ledger, who, number)
    if account is None:
        return BankAnswer(at=at, message=reason)
    told = Balance(
        account=number,
        ledger=Money(account.balance, CNY),
        available=_available(account),
        as_of=at,
        account_name=account.name,
    )
    return BankAnswer(at=at, balance=told)


def statement(
    ledger: Ledger, who: SignOn, body: StatementRequest, at: datetime, *, page_size: int
) -> BankAnswer:
    """One page of lines, or balances alone where no period is asked for."""
    account, reason = _queried(ledger, who, body.account)
    if account is None:
        return BankAnswer(at=at, message=reason)
    page = StatementPage(
        account=body.account,
        entries=(),
        more=False,
        ledger=Money(account.balance, CNY),
        available=_available(account),
        as_of=at.date(),
    )
    if body.start is None:
        return BankAnswer(at=at, page=page)
    end = body.end or body.start
    reason = rules.statement_days(body.start, end, at.date())
    if reason is not Reason.OK:
        return BankAnswer(at=at, message=reason)
    entries, more = ledger.lines(
        LineQuery(
            account=body.account,
            start=body.start,
            end=end,
            direction=body.direction,
            page=max(body.page, 1),
            size=page_size,
        )
    )
    none = Reason.OK if entries else Reason.NO_ENTRIES
    return BankAnswer(at=at, message=none, page=replace(page, entries=entries, more=more))


def _queried(ledger: Ledger, who: SignOn, number: str) -> tuple[AccountRow | None, Reason]:
    account = ledger.account(number)
    if account is None or account.kind != "customer":
        return None, Reason.ACCOUNT_UNKNOWN
    if not ledger.permitted(who.customer, who.operator, number, rules.QUERY):
        return None, Reason.NOT_PERMITTED
    return account, Reason.OK


def _available(account: AccountRow) -> Money:
    return Money(0 if account.status == "frozen" else account.available, CNY)
