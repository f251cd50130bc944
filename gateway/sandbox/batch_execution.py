"""Batches come to their end: carried out line by line, held, refunded, returned, decided.

Rule kept here: a payment batch moves money once per line; a payroll debits its total once,
credits each person once, and gives back in one credit exactly what could not be credited.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from msgspec import structs

from gateway.domain.errors import NotFound
from gateway.ports.bank import BankState, Reason
from gateway.ports.bank_batch import BatchKind, BatchLine, BatchOrder
from gateway.sandbox import batch_rules, payees, rules
from gateway.sandbox.batch_rules import Payees
from gateway.sandbox.batches import BatchBook, BatchRow
from gateway.sandbox.execution import TARGETS, Decision, account_limits, may_decide
from gateway.sandbox.ledger import (
    BANK_TIME,
    CLEARING,
    PAYROLL_TRANSIT,
    AccountRow,
    Booking,
    Ledger,
    Leg,
    instant,
    seconds,
)
from gateway.sandbox.options import Options
from gateway.sandbox.payments import Event, PaymentBook

_REFUND_TEXT: Final = "代发工资不成功退回款项"
_PAYROLL_TEXT: Final = "代发工资"
# Naming an enum's member is a function call; these stand in what is done per line.
_PAYROLL: Final = BatchKind.PAYROLL
_PAID: Final = BankState.PAID
_CARRIED_OUT: Final = frozenset({BankState.PAID, BankState.PARTLY_PAID})


class BatchExecution:
    """Carries batches out over one ledger. Times are instants in whole seconds."""

    def __init__(self, ledger: Ledger, options: Options) -> None:
        self._ledger = ledger
        self._payments = PaymentBook(ledger)
        self._book = BatchBook(ledger)
        self._options = options

    def payees(self, order: BatchOrder) -> Payees:
        """What the books know about the payees now."""
        numbers = {line.creditor.account.number for line in order.lines}
        kept = self._ledger.accounts(numbers)
        generated = {
            number: row
            for number in numbers - kept.keys()
            if (row := payees.generated(number)) is not None
        }
        return Payees(
            kept=kept | generated,
            fates=self._payments.fates(numbers),
            unopened=frozenset(generated),
        )

    def accept(self, row: BatchRow, debtor: AccountRow, known: Payees, *, signed: bool) -> BatchRow:
        """Store a judged batch and take it as far as it goes now.

        Unless ``signed``, it waits for people of the client.
        """
        lines = tuple(_corrected(line, known) for line in row.order.lines)
        judged = replace(row, order=structs.replace(row.order, lines=lines))
        decided = self._decided(judged, debtor, known, signed=signed)
        stored = self._book.add(decided)
        self._effects(stored, known)
        return stored

    def carry_out(self, event: Event) -> None:
        """Do what has become due. An event that time has overtaken does nothing."""
        row = self._book.by_id(event.batch) if event.batch else None
        if row is None:
            return
        if event.event == "execute" and row.state is BankState.AUDITED:
            self._continue(row, event.due)
        elif event.event == "run" and row.state is BankState.PROCESSING:
            self._run(row, event.due)
        elif event.event == "refund" and row.state is BankState.PARTLY_PAID:
            self._refund(row, event.due)
        elif event.event == "return" and row.state in _CARRIED_OUT:
            self._give_back(row, event.line, event.due)
        elif event.event == "expire" and row.state in {BankState.AUDITING, BankState.SENT_BACK}:
            self._move(replace(row, state=BankState.EXPIRED, reason=Reason.OK, at=event.due))

    def decide(self, row: BatchRow, decision: Decision, at: int) -> BatchRow:
        """A person decides about the whole. Raises NotPermitted where it does not wait for that."""
        may_decide(row.state, decision)
        if decision is Decision.APPROVE:
            return self._continue(row, at)
        state, reason = TARGETS[decision]
        return self._move(replace(row, state=state, reason=reason, at=at))

    def only(self, serial: str, customer: str = "") -> BatchRow:
        """The one batch of a serial. Raises NotFound, also when two customers used it."""
        found = self._book.matching(serial, customer)
        if len(found) != 1:
            raise NotFound(
                "no single batch has this serial; name the customer too",
                "该流水号没有唯一对应的批量指令，请同时提供客户号",
            )
        return found[0]

    # ── steps ────────────────────────────────────────────────────────────────────────────

    def _continue(self, row: BatchRow, at: int) -> BatchRow:
        """An approved or due batch goes on; payer and payees are looked at afresh."""
        debtor = self._ledger.account(row.order.debtor.account.number)
        known = self.payees(row.order)
        reviewed = row.state is BankState.BRANCH_REVIEW
        decided = self._decided(replace(row, at=at), debtor, known, reviewed=reviewed)
        return self._move(decided, known)

    def _run(self, row: BatchRow, at: int) -> BatchRow:
        """The lines of a running batch are carried out from the money held for it."""
        self._ledger.hold(row.order.debtor.account.number, -row.order.total().minor)
        known = self.payees(row.order)
        return self._move(self._with_fates(replace(row, at=at), known), known)

    def _move(self, row: BatchRow, known: Payees | None = None) -> BatchRow:
        moved = self._book.move(row)
        self._effects(moved, known or self.payees(row.order))
        return moved

    def _decided(
        self,
        row: BatchRow,
        debtor: AccountRow | None,
        known: Payees,
        *,
        signed: bool = True,
        reviewed: bool = False,
    ) -> BatchRow:
        """The batch in the state it goes to now."""
        limits = account_limits(self._ledger, self._payments, debtor, row.at)
        standing = rules.Standing(
            amount=row.order.total().minor,
            due=row.order.due,
            super_channel=False,
            debtor=debtor,
            today=instant(row.at).date(),
            signed=signed,
            reviewed=reviewed,
            limit=min(limits, default=None) if self._options.limits else None,
        )
        state, reason = rules.destination(standing)
        if state is not BankState.PAID:
            return replace(row, state=state, reason=reason)
        if self._options.batch_after:
            return replace(row, state=BankState.PROCESSING, reason=Reason.OK)
        return self._with_fates(row, known)

    def _with_fates(self, row: BatchRow, known: Payees) -> BatchRow:
        order = row.order
        fates = {
            line.line: batch_rules.fate(order, line, known, unlucky=self._unlucky(row, line))
            for line in order.lines
        }
        state, reason = batch_rules.overall(fates)
        paid_on = self._ledger.accounting_day(row.at).isoformat() if state in _CARRIED_OUT else ""
        return replace(row, state=state, reason=reason, fates=fates, paid_on=paid_on)

    def _effects(self, row: BatchRow, known: Payees) -> None:
        """What entering the batch's state does to the money and to the agenda."""
        if row.state in _CARRIED_OUT:
            self._pay(row, known)
        elif row.state is BankState.PROCESSING:
            self._ledger.hold(row.order.debtor.account.number, row.order.total().minor)
            self._plan(row, "run", row.at + int(self._options.batch_after.total_seconds()))
        elif row.state is BankState.AUDITED and row.order.due is not None:
            due = datetime.combine(row.order.due, self._options.due_at, BANK_TIME)
            self._plan(row, "execute", seconds(due))
        elif row.state is BankState.AUDITING:
            within = int(self._options.approval_within.total_seconds())
            self._plan(row, "expire", row.at + within)

    # ── money ────────────────────────────────────────────────────────────────────────────

    def _pay(self, row: BatchRow, known: Payees) -> None:
        order = row.order
        payroll = order.kind is _PAYROLL
        if payroll:
            self._payroll_voucher(row, "payroll", row.at, -order.total().minor)
        paid = tuple(_paid(row))
        numbers = {line.creditor.account.number for line in paid} & known.unopened
        self._ledger.open_account(*(known.kept[number] for number in sorted(numbers)))
        self._ledger.book(*(_line_booking(row, line) for line in paid))
        for line in paid:
            at_home = line.creditor.account.number in known.kept
            if not at_home and self._is_returned(row, line, known):
                day = self._options.working_day(instant(row.at).date(), self._options.return_days)
                due = datetime.combine(day, self._options.return_at, BANK_TIME)
                self._plan(row, "return", seconds(due), line.line)
        if payroll and row.state is BankState.PARTLY_PAID:
            after = int(self._options.payroll_refund_after.total_seconds())
            self._plan(row, "refund", row.at + after)

    def _refund(self, row: BatchRow, at: int) -> None:
        paid = sum(line.amount.minor for line in _paid(row))
        self._payroll_voucher(row, "refund", at, row.order.total().minor - paid)

    def _payroll_voucher(self, row: BatchRow, kind: str, at: int, amount: int) -> None:
        """The payer's side of a payroll: one debit, or one credit of what could not be paid."""
        debtor = row.order.debtor
        text = _REFUND_TEXT if amount > 0 else row.order.purpose or _PAYROLL_TEXT
        payer = Leg(account=debtor.account.number, amount=amount, counterparty_name=_PAYROLL_TEXT)
        transit = Leg(
            account=PAYROLL_TRANSIT,
            amount=-amount,
            counterparty_name=debtor.name,
            counterparty_account=debtor.account.number,
        )
        self._ledger.book(
            Booking(
                kind=kind,
                at=at,
                batch=row.id,
                remittance=text,
                reference=row.bank_reference,
                legs=(payer, transit),
            )
        )

    def _give_back(self, row: BatchRow, number: int, at: int) -> None:
        (line,) = (line for line in row.order.lines if line.line == number)
        paid = _line_booking(row, line)
        self._ledger.book(
            replace(
                paid,
                kind="return",
                at=at,
                remittance=f"退汇 {paid.remittance}",
                legs=tuple(replace(leg, amount=-leg.amount) for leg in paid.legs),
            )
        )

    def _is_returned(self, row: BatchRow, line: BatchLine, known: Payees) -> bool:
        options = self._options
        marked = known.fate(line.creditor.account.number) == payees.FATE_RETURNED
        drawn_from = (options.seed, row.customer, row.serial, "return", line.line)
        return marked or rules.drawn(options.return_rate, *drawn_from)

    def _unlucky(self, row: BatchRow, line: BatchLine) -> bool:
        options = self._options
        drawn_from = (options.seed, row.customer, row.serial, "line", line.line)
        return rules.drawn(options.line_fail_rate, *drawn_from)

    def _plan(self, row: BatchRow, event: str, due: int, line: int = 0) -> None:
        self._payments.plan(Event(due=due, event=event, batch=row.id, line=line))


def _corrected(line: BatchLine, known: Payees) -> BatchLine:
    """The line as the bank stores it: it knows its own accounts, whatever was claimed."""
    own_bank = line.creditor.account.number in known.kept
    return line if line.own_bank is own_bank else structs.replace(line, own_bank=own_bank)


def _paid(row: BatchRow) -> Iterable[BatchLine]:
    return (line for line in row.order.lines if row.fates[line.line][0] is _PAID)


def _line_booking(row: BatchRow, line: BatchLine) -> Booking:
    """One line: from the payer, or for payroll from what was debited for all, to the payee."""
    order, debtor, creditor = row.order, row.order.debtor, line.creditor
    payroll = order.kind is _PAYROLL
    purpose = line.purpose or order.purpose or _PAYROLL_TEXT
    return Booking(
        kind="line",
        at=row.at,
        batch=row.id,
        line=line.line,
        remittance=f"{purpose} {line.memo}".strip(),
        reference=row.bank_reference,
        legs=(
            Leg(
                account=PAYROLL_TRANSIT if payroll else debtor.account.number,
                amount=-line.amount.minor,
                counterparty_name=creditor.name,
                counterparty_account=creditor.account.number,
                counterparty_bank=creditor.account.agent.name,
            ),
            Leg(
                account=creditor.account.number if line.own_bank else CLEARING,
                amount=line.amount.minor,
                counterparty_name=debtor.name,
                counterparty_account=debtor.account.number,
            ),
        ),
    )
