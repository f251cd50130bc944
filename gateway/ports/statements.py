"""Where rooms ask for what the bank booked, without knowing who asks the bank."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from gateway.domain.statement import Balance, StatementPage
from gateway.ports.bank_batch import DayBalance, InstructionReceipt
from gateway.ports.bank_receipts import ReceiptFilesPage, ReceiptOrdered
from gateway.ports.tenancy import Connection, OwnAccount


class StatementSource(Protocol):
    """Asks the bank for what it booked."""

    async def statement(
        self, tenant: str, account: OwnAccount, start: date, end: date
    ) -> Sequence[StatementPage]:
        """All pages of a statement; today must be asked for alone. Raises as ``refunds`` does."""
        ...


class RefundSource(Protocol):
    """Asks the bank for returned payments."""

    async def refunds(
        self, tenant: str, account: OwnAccount, start: date, end: date
    ) -> Sequence[StatementPage]:
        """All pages of the returned payments (退汇) of some days; today must be asked for alone.

        Raises NotOffered where the dialect has no such query, BankRefused, NotSent,
        Unconfirmed or WireError.
        """
        ...


class QuestionSource(StatementSource, Protocol):
    """Asks the bank whatever an ERP may ask. All of it raises as ``refunds`` does."""

    def interval_s(self, tenant: str, connection: str) -> float:
        """Seconds within which the bank is not asked the same thing twice."""
        ...

    async def balance(self, tenant: str, account: OwnAccount) -> Balance:
        """An account's balance now."""
        ...

    async def history(
        self, tenant: str, account: OwnAccount, start: date, end: date
    ) -> tuple[DayBalance, ...]:
        """Day-end balances of closed days (历史余额)."""
        ...

    async def receipt(
        self, tenant: str, connection: str, serial: str, operation: str
    ) -> InstructionReceipt:
        """The bank's receipt (指令回单) of an earlier payment message of ours."""
        ...


class ReceiptSource(Protocol):
    """Orders a bank's receipt files. What asks raises as ``refunds`` does."""

    def offers_receipt_files(self, tenant: str, connection: str) -> bool:
        """Whether the bank makes such files on order."""
        ...

    def order_number(self, tenant: str, connection: str) -> str:
        """A fresh number for an order; whoever takes it makes it durable before it leaves."""
        ...

    async def order_receipts(
        self, tenant: str, account: OwnAccount, day: date, number: str
    ) -> ReceiptOrdered:
        """Order the receipts of a closed day under ``number``."""
        ...

    async def receipt_files(
        self, tenant: str, account: OwnAccount, number: str
    ) -> Sequence[ReceiptFilesPage]:
        """All pages of the files of an order."""
        ...


class FileFetcher(Protocol):
    """How a connection's files are fetched: the bank's document does not say, its site does."""

    async def fetch(self, connection: Connection, file_id: str, size_max: int) -> bytes:
        """The bytes of a file. Raises Unconfirmed when it did not come whole."""
        ...


class StatusEnquiry(Protocol):
    """Has the bank asked about a payment (查证)."""

    async def enquire_soon(self, tenant: str, instruction: str) -> str:
        """Ask as soon as the quiet time allows; when that is, as ISO text.

        Raises NotFound, or NotOffered when nothing of it is open at the bank.
        """
        ...
