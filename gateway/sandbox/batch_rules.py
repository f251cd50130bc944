"""What the bank says to a batch: pure decisions, as in ``rules``.

Rule kept here: one bad line refuses the whole batch before anything is stored; what fails
later, when the lines are carried out, fails line by line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from gateway.ports.bank import BankState, Reason
from gateway.ports.bank_batch import BatchKind, BatchLine, BatchOrder, BatchRequest
from gateway.sandbox import payees, rules
from gateway.sandbox.batches import Fate
from gateway.sandbox.ledger import AccountRow
from gateway.sandbox.options import Options

_COUNT_DIFFERS: Final = "总笔数不符"
_AMOUNT_DIFFERS: Final = "总金额不符"
# Naming an enum's member is a function call; these stand in what is done per line.
_OK: Final = Reason.OK
_PAID: Final = BankState.PAID
_PAYROLL: Final = BatchKind.PAYROLL


@dataclass(frozen=True, slots=True, kw_only=True)
class Payees:
    """What the books know about the payees of a batch, by account number.

    ``kept`` are accounts at this bank, ``unopened`` those of them that so far stand for their
    generated number only; ``fates`` as in the payee book.
    """

    kept: Mapping[str, AccountRow]
    fates: Mapping[str, str]
    unopened: frozenset[str] = frozenset()

    def fate(self, number: str) -> str:
        """'' or what becomes of payments to this account."""
        return payees.fate_by_number(number) or self.fates.get(number, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a whole batch is refused. ``faulty`` are the bad lines, ``named`` those told."""

    reason: Reason
    detail: str = ""
    faulty: tuple[int, ...] = ()
    named: bool = True


def judge(
    request: BatchRequest, facts: rules.PayFacts, known: Payees, options: Options
) -> Refusal | None:
    """None, or why nothing of the batch is stored. ``facts`` concern the payer."""
    order = request.order
    reason = rules.debtor(facts)
    if reason is _OK:
        reason = _whole(order, facts.today, options)
    if reason is not _OK:
        return Refusal(reason=reason)
    refusal = _numbers(order) or _totals(request)
    if refusal is not None:
        return refusal
    bad = {line.line: said for line in order.lines if (said := _line(order, line, known, options))}
    if not bad:
        return None
    silent = any(
        line.line in bad and known.fate(line.creditor.account.number) == payees.FATE_UNNAMED
        for line in order.lines
    )
    first = min(bad)
    return Refusal(reason=bad[first], faulty=tuple(sorted(bad)), named=not silent)


def _whole(order: BatchOrder, today: date, options: Options) -> Reason:
    """The batch apart from its lines: how many, why, when."""
    payroll = order.kind is _PAYROLL
    most = options.payroll_lines_max if payroll else options.batch_lines_max
    if not 0 < len(order.lines) <= most:
        return Reason.MALFORMED
    if not payroll and not order.purpose.strip():
        return Reason.PURPOSE_ILLEGAL
    reason = rules.texts(order.purpose, "", options)
    if reason is not _OK or order.due is None:
        return reason
    # A payroll may be due today; a batch of payments, as a single payment, only from tomorrow.
    first = today if payroll else today + timedelta(days=1)
    days = options.payroll_due_days_max if payroll else options.due_days_max
    last = today + timedelta(days=days)
    return _OK if first <= order.due <= last else Reason.DATE_INVALID


def _numbers(order: BatchOrder) -> Refusal | None:
    """Lines are numbered 1…n, each number once; the bad ones are those that break this."""
    seen = Counter(line.line for line in order.lines)
    bad = sorted(
        number for number, times in seen.items() if times > 1 or not 0 < number <= len(order.lines)
    )
    return Refusal(reason=Reason.MALFORMED, faulty=tuple(bad)) if bad else None


def _totals(request: BatchRequest) -> Refusal | None:
    """What the message says of itself must be what its lines say."""
    order = request.order
    if request.count is not None and request.count != len(order.lines):
        return Refusal(reason=Reason.MALFORMED, detail=_COUNT_DIFFERS)
    strange = any(line.amount.currency != order.lines[0].amount.currency for line in order.lines)
    if strange:
        return Refusal(reason=Reason.AMOUNT_INVALID)
    if request.amount is not None and request.amount != order.total():
        return Refusal(reason=Reason.AMOUNT_INVALID, detail=_AMOUNT_DIFFERS)
    return None


def _line(order: BatchOrder, line: BatchLine, known: Payees, options: Options) -> Reason | None:
    """Why this line alone refuses the batch, None if it does not."""
    creditor = (
        # The bank looks at the accounts of a payroll only when it credits them.
        rules.creditor_form(line.creditor)
        if order.kind is _PAYROLL
        else rules.creditor(line, known.kept.get(line.creditor.account.number), options)
    )
    for reason in (
        rules.amount(line.amount),
        rules.texts(line.purpose, line.memo, options),
        creditor,
    ):
        if reason is not _OK:
            return reason
    return None


def fate(order: BatchOrder, line: BatchLine, known: Payees, *, unlucky: bool) -> Fate:
    """What becomes of a line when the batch is carried out; an ``unlucky`` one fails anyway."""
    number = line.creditor.account.number
    kept = known.kept.get(number)
    if kept is not None:
        reason = rules.own_creditor(line.creditor.name, kept)
        if order.kind is _PAYROLL and kept.status != "active":
            reason = Reason.CREDITOR_UNKNOWN
    elif order.kind is _PAYROLL or line.own_bank:
        reason = Reason.CREDITOR_UNKNOWN
    else:
        failing = known.fate(number) == payees.FATE_LINE_FAILS
        reason = Reason.SYSTEM_FAILURE if failing else _OK
    if unlucky and reason is _OK:
        reason = Reason.SYSTEM_FAILURE
    return (_PAID if reason is _OK else BankState.FAILED), reason


def overall(fates: Mapping[int, Fate]) -> Fate:
    """The state of the whole after its lines, with the first reason where none was paid."""
    paid = sum(state is _PAID for state, _ in fates.values())
    if paid == len(fates):
        return _PAID, _OK
    if paid:
        return BankState.PARTLY_PAID, _OK
    return BankState.FAILED, fates[min(fates)][1]
