"""Many payments in one message: what the bank is asked, and how it stores them.

A batch is one message under one serial; its lines are told apart by our line number alone.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from gateway.domain.ids import Serial
from gateway.domain.money import Money, total
from gateway.domain.party import Party
from gateway.ports.bank_words import BankState, Reason


class BatchKind(StrEnum):
    """Which of the bank's batch products."""

    PAYMENT = "payment"
    """Payments to anybody, each line as a payment of its own."""
    PAYROLL = "payroll"
    """代发: one debit, credits to own-bank personal accounts."""


class BatchLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line. ``line`` counts from 1 and is the only key of a line in every answer."""

    line: int
    creditor: Party
    amount: Money
    purpose: str
    memo: str = ""
    own_bank: bool = True
    local: bool = True


class BatchOrder(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A batch as the bank must be asked for it; all lines pay from ``debtor``.

    ``purpose`` is the text of the whole (the debit side); for payroll ``payroll_purpose`` is
    the kind of pay in our words: salary, bonus, welfare, expense or other.
    """

    kind: BatchKind
    debtor: Party
    lines: tuple[BatchLine, ...]
    purpose: str
    payroll_purpose: str = ""
    due: date | None = None

    def total(self) -> Money:
        """The sum of the lines (there is at least one)."""
        unit = self.lines[0].amount.currency
        return total([line.amount for line in self.lines], unit)


class BatchStatusQuestion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of an earlier batch? ``order`` is what was sent, for the echo check."""

    original: Serial
    order: BatchOrder


class HistoryQuestion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Day-end balances and turnovers of closed days."""

    account: str
    start: date
    end: date


class DayBalance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One closed day of one account: proof that a statement is complete."""

    day: date
    closing: Money
    debits: int
    credits: int
    debit_sum: Money
    credit_sum: Money


class OverviewQuestion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One page (from 1) of everything booked on a closed day, over all accounts."""

    day: date
    page: int = 1


class OverviewLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One booking in the overview; ``amount`` is signed, debit negative. Not a statement line."""

    account: str
    amount: Money
    balance_after: Money | None
    counterparty_account: str
    counterparty_name: str
    booked_at: datetime | None
    purpose: str


class OverviewPage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One page of a day's overview with the bank's own totals."""

    lines: tuple[OverviewLine, ...]
    more: bool
    incomes: int
    expenses: int
    income_sum: Money
    expense_sum: Money


class ReceiptQuestion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The bank's instruction receipt of an earlier payment message."""

    original: Serial
    kind: BatchKind | None
    """None for a single payment."""


class ReceiptLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One payment on a receipt; ``state`` is the bank's word for it, decoded."""

    line: int
    creditor: Party
    amount: Money
    state: str


class InstructionReceipt(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An instruction receipt (指令回单): data, not a file."""

    number: str
    bank_reference: str
    debtor: Party
    total: Money
    lines: tuple[ReceiptLine, ...]
    maker: str
    checkers: tuple[str, ...]


# ── the bank side ────────────────────────────────────────────────────────────────────────


class BatchRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Pay this batch."""

    order: BatchOrder
    count: int | None = None
    """What the message says of itself, where it says it: number of lines and their sum."""
    amount: Money | None = None


class BatchStatusRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of the batch with this serial?"""

    original: str
    kind: BatchKind


class HistoryRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Day-end balances."""

    account: str
    start: date
    end: date


class OverviewRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A page of a day's bookings."""

    day: date
    page: int


class ReceiptRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The instruction receipt of a payment message."""

    original: str
    kind: BatchKind | None


class StoredLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of a stored batch."""

    line: int
    state: BankState
    reason: Reason = Reason.OK


class StoredBatch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A batch as the bank stores it. ``state`` is that of the whole; lines have their own.

    A batch refused at validation is not stored: the answer then lists in ``BankAnswer.faulty``
    the lines the bank names, perhaps none.
    """

    serial: str
    bank_reference: str
    order: BatchOrder
    state: BankState
    processed_at: datetime
    lines: tuple[StoredLine, ...]
    reason: Reason = Reason.OK
