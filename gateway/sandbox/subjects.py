"""What a request is, in the words a fault may be aimed at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.ports.bank import (
    BalanceRequest,
    BankBody,
    BankRequest,
    CoreRequest,
    EntryKind,
    PayRequest,
    SignOnRequest,
    StatementRequest,
    StatusRequest,
)
from gateway.ports.bank_batch import (
    BatchKind,
    BatchRequest,
    BatchStatusRequest,
    HistoryRequest,
    OverviewRequest,
    ReceiptRequest,
)
from gateway.ports.bank_confirm import ConfirmRequest, ConfirmResultRequest
from gateway.ports.bank_receipts import ReceiptFilesRequest, ReceiptOrderRequest
from gateway.sandbox.faults import Subject

_QUERIES: Final[Mapping[type[BankBody], str]] = {
    BalanceRequest: "balance",
    SignOnRequest: "sign_on",
    HistoryRequest: "history",
    OverviewRequest: "overview",
    ReceiptOrderRequest: "receipt_order",
    ReceiptFilesRequest: "receipt_files",
    ConfirmRequest: "confirm",
    ConfirmResultRequest: "confirm_result",
}
_BATCHES: Final = {BatchKind.PAYMENT: "batch", BatchKind.PAYROLL: "payroll"}


def subject(request: BankRequest) -> Subject:
    """The operation, the serial of the instruction it is about, and who is to be paid."""
    match request.body:
        case PayRequest(order=order):
            number = order.creditor.account.number
            return Subject(operation="pay", serial=request.serial, creditor_account=number)
        case StatusRequest(original=original):
            return Subject(operation="payment_status", serial=original)
        case CoreRequest(original=original):
            return Subject(operation="core_result", serial=original)
        case BatchRequest(order=batch):
            numbers = frozenset(line.creditor.account.number for line in batch.lines)
            return Subject(
                operation=_BATCHES[batch.kind], serial=request.serial, line_accounts=numbers
            )
        case BatchStatusRequest(original=original, kind=kind):
            return Subject(operation=f"{_BATCHES[kind]}_status", serial=original)
        case ReceiptRequest(original=original):
            return Subject(operation="receipt", serial=original)
        case StatementRequest(kind=entries):
            operation = "refunds" if entries is EntryKind.REFUNDS else "statement"
            return Subject(operation=operation, serial=request.serial)
        case body:
            return Subject(operation=_QUERIES[type(body)], serial=request.serial)
