"""What the bank says to a request: pure decisions over the facts of its books.

Rule kept here: no decision reads the books or the clock by itself, so each one can be
tested as a table. What ``judge`` refuses leaves nothing stored; what ``destination`` lets
fail was judged by the bank's core (funds, limits, frozen account) and is a stored instruction.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from gateway.domain.money import CNY, Money
from gateway.domain.party import Agent, Party
from gateway.ports.bank import BankState, PayOrder, PayRequest, Reason
from gateway.ports.bank_batch import BatchLine
from gateway.sandbox.ledger import AccountRow, OperatorRow
from gateway.sandbox.options import Options

PAY, QUERY = "pay", "query"
_ACCOUNT: Final = re.compile(r"[0-9A-Za-z-]{1,32}", re.ASCII)
_FORBIDDEN: Final = re.compile(r"[<>&\x00-\x1f\x7f-\x9f\u2028\u2029]")
_AMOUNT_MAX: Final = 10**17
HISTORY_DAYS_MAX: Final = 365
_DRAW_RANGE: Final = 2**32
# Naming an enum's member is a function call; these stand in what is done per line.
_OK: Final = Reason.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class PayFacts:
    """What the books know about a payment request.

    ``creditor`` is filled for accounts at this bank.
    """

    today: date
    customer: str
    debtor: AccountRow | None
    may_pay: bool
    creditor: AccountRow | None


def secret(customer: str, user: str, password: str) -> str:
    """The digest under which the bank keeps a password.

    One round is enough here: the sandbox knows invented passwords only, and every request
    carries one, so a slow digest would be the slowest part of every message.
    """
    return hashlib.sha256(f"{customer}/{user}\n{password}".encode()).hexdigest()


def sign_on(operator: OperatorRow | None, offered: str) -> Reason:
    """Whether the operator may sign on with the digest ``offered``."""
    if operator is None:
        return Reason.OPERATOR_UNKNOWN
    if operator.locked:
        return Reason.PASSWORD_LOCKED
    return _OK if offered == operator.secret else Reason.PASSWORD_WRONG


def judge(request: PayRequest, facts: PayFacts, options: Options) -> Reason:
    """OK, or why the whole payment message is refused and nothing of it is stored."""
    order = request.order
    for reason in (
        debtor(facts),
        amount(order.amount),
        _text(order, options),
        creditor(order, facts.creditor, options),
        _due(order, facts.today, options),
        _channel(request),
    ):
        if reason is not _OK:
            return reason
    return _OK


def debtor(facts: PayFacts) -> Reason:
    """Whether the customer's operator may pay from the account at all."""
    account = facts.debtor
    if account is None or account.kind != "customer":
        return Reason.DEBTOR_UNKNOWN
    if account.customer != facts.customer:
        return Reason.NOT_PERMITTED
    if account.status == "closed":
        return Reason.DEBTOR_CLOSED
    if PAY not in account.business.split(","):
        return Reason.BUSINESS_NOT_OPEN
    return _OK if facts.may_pay else Reason.NOT_PERMITTED


def amount(asked: Money) -> Reason:
    """Whether this can be paid: yuan, more than nothing, within the field's length."""
    right = asked.currency == CNY and 0 < asked.minor < _AMOUNT_MAX
    return _OK if right else Reason.AMOUNT_INVALID


def _text(order: PayOrder, options: Options) -> Reason:
    if not order.purpose.strip():
        return Reason.PURPOSE_ILLEGAL
    return texts(order.purpose, order.memo, options)


def texts(purpose: str, memo: str, options: Options) -> Reason:
    """Whether purpose and memo hold legal characters and the purpose fits its field."""
    if _FORBIDDEN.search(purpose) or _FORBIDDEN.search(memo):
        return Reason.PURPOSE_ILLEGAL
    too_long = len(purpose.encode("gb18030", "replace")) > options.purpose_bytes_max
    return Reason.PURPOSE_ILLEGAL if too_long else _OK


def creditor_form(party: Party) -> Reason:
    """Whether the payee's account and name can be read at all."""
    if not _ACCOUNT.fullmatch(party.account.number):
        return Reason.CREDITOR_MALFORMED
    illegible = not party.name.strip() or _FORBIDDEN.search(party.name)
    return Reason.MALFORMED if illegible else _OK


def own_creditor(name: str, kept: AccountRow) -> Reason:
    """Whether money for ``name`` may be credited to this account of the bank."""
    if kept.status == "closed" or kept.kind != "customer":
        return Reason.CREDITOR_UNKNOWN
    return _OK if kept.name == name.strip() else Reason.NAME_MISMATCH


def creditor(order: PayOrder | BatchLine, kept: AccountRow | None, options: Options) -> Reason:
    """Whether the payee may be paid; ``kept`` is the payee's account where it is at this bank."""
    party = order.creditor
    reason = creditor_form(party)
    if reason is not _OK:
        return reason
    if kept is not None:
        return own_creditor(party.name, kept)
    if order.own_bank or _claims_own_bank(party.account.agent, options):
        return Reason.NOT_OWN_BANK
    return _OK if party.account.agent.name else Reason.MALFORMED


def _claims_own_bank(agent: Agent, options: Options) -> bool:
    if options.own_bank is None:
        return False
    try:
        return options.own_bank(agent.cnaps, agent.bic, agent.name) is True
    except ValueError:
        return True  # signs that contradict each other: refused, as one of them says own bank


def _due(order: PayOrder, today: date, options: Options) -> Reason:
    if order.due is None:
        return _OK
    latest = today + timedelta(days=options.due_days_max)
    return _OK if today < order.due <= latest else Reason.DATE_INVALID


def _channel(request: PayRequest) -> Reason:
    if not request.super_channel or request.order.own_bank:
        return _OK
    named = request.order.creditor.account.agent.cnaps
    return _OK if named else Reason.CREDITOR_MALFORMED


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a stored instruction stands before it is decided. ``amount`` is the whole, in fen.

    ``signed`` means that the client asks for no further approval, ``reviewed`` that the branch
    has looked at it; ``limit`` is what may still be paid today in one payment (fen, None = any).
    """

    amount: int
    due: date | None
    super_channel: bool
    debtor: AccountRow | None
    today: date
    signed: bool
    reviewed: bool
    limit: int | None = None


def destination(standing: Standing) -> tuple[BankState, Reason]:
    """The state an accepted instruction goes to now, and why if it fails."""
    wanted, debtor = standing.amount, standing.debtor
    if not standing.signed:
        return BankState.AUDITING, _OK
    if standing.due is not None and standing.due > standing.today:
        return BankState.AUDITED, _OK
    if debtor is None or debtor.status == "closed":
        return BankState.FAILED, Reason.DEBTOR_CLOSED
    if debtor.status == "frozen":
        return BankState.FAILED, Reason.DEBTOR_FROZEN
    if debtor.review_above and wanted > debtor.review_above and not standing.reviewed:
        return BankState.BRANCH_REVIEW, _OK
    if standing.limit is not None and wanted > standing.limit:
        return BankState.FAILED, Reason.OVER_LIMIT
    if debtor.available < wanted:
        return BankState.FAILED, Reason.INSUFFICIENT_FUNDS
    return (BankState.PENDING if standing.super_channel else BankState.PAID), _OK


def statement_days(start: date, end: date, today: date) -> Reason:
    """Today must be asked for alone, a range must lie before it."""
    if start > end or end > today or (start < end and end == today):
        return Reason.DATE_INVALID
    return _OK


def history_days(start: date, end: date, today: date) -> Reason:
    """Day-end balances: closed days only, at most a year back."""
    oldest = today - timedelta(days=HISTORY_DAYS_MAX)
    return _OK if oldest <= start <= end < today else Reason.DATE_INVALID


def drawn(rate: float, *parts: str | int) -> bool:
    """A draw with probability ``rate`` that is the same for the same parts for ever."""
    if not rate:
        return False
    digest = hashlib.sha256("\n".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4]) < rate * _DRAW_RANGE
