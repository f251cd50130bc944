"""Balances, statements, day ends and the day's overview, as the bank tells them.

Rule kept here: today's statement must be asked for alone, and the balances told are those
of the moment of asking, whatever the period asked about.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from gateway.domain.money import CNY, Money
from gateway.domain.statement import Balance, StatementPage
from gateway.ports.bank import (
    BalanceRequest,
    BankAnswer,
    EntryKind,
    Reason,
    SignOn,
    StatementRequest,
)
from gateway.ports.bank_batch import HistoryRequest, OverviewRequest
from gateway.sandbox import rules, turnover
from gateway.sandbox.ledger import AccountRow, Ledger, LineQuery

Query = BalanceRequest | StatementRequest | HistoryRequest | OverviewRequest


def answer(ledger: Ledger, who: SignOn, body: Query, at: datetime, *, page_size: int) -> BankAnswer:
    """The answer to any query about accounts. ``page_size`` counts lines."""
    match body:
        case BalanceRequest(account=number):
            return balance(ledger, who, number, at)
        case StatementRequest():
            return statement(ledger, who, body, at, page_size=page_size)
        case HistoryRequest():
            return history(ledger, who, body, at)
        case OverviewRequest():
            return overview(ledger, who, body, at, page_size=page_size)


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
            returns=body.kind is EntryKind.REFUNDS,
        )
    )
    none = Reason.OK if entries else Reason.NO_ENTRIES
    return BankAnswer(at=at, message=none, page=replace(page, entries=entries, more=more))


def history(ledger: Ledger, who: SignOn, body: HistoryRequest, at: datetime) -> BankAnswer:
    """Day-end balances and turnovers of closed days, from the account's first booking on."""
    account, reason = _queried(ledger, who, body.account)
    if account is not None:
        reason = rules.history_days(body.start, body.end, at.date())
    if reason is not Reason.OK:
        return BankAnswer(at=at, message=reason)
    days = turnover.days(ledger.db, body.account, body.start, body.end)
    return BankAnswer(at=at, message=Reason.OK if days else Reason.NO_ENTRIES, days=days)


def overview(
    ledger: Ledger, who: SignOn, body: OverviewRequest, at: datetime, *, page_size: int
) -> BankAnswer:
    """One page of a closed day over all accounts of the customer; no right is asked for."""
    if body.day >= at.date():
        return BankAnswer(at=at, message=Reason.DATE_INVALID)
    page = turnover.overview(
        ledger.db, who.customer, body.day, page=max(body.page, 1), size=page_size
    )
    if not page.lines:
        return BankAnswer(at=at, message=Reason.NO_ENTRIES)
    return BankAnswer(at=at, overview=page)


def _queried(ledger: Ledger, who: SignOn, number: str) -> tuple[AccountRow | None, Reason]:
    account = ledger.account(number)
    if account is None or account.kind != "customer":
        return None, Reason.ACCOUNT_UNKNOWN
    if not ledger.permitted(who.customer, who.operator, number, rules.QUERY):
        return None, Reason.NOT_PERMITTED
    return account, Reason.OK


def _available(account: AccountRow) -> Money:
    return Money(0 if account.status == "frozen" else account.available, CNY)
