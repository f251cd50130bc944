"""Answers about receipt files: the order, and a page of its files.

Source: CIB interface document V4.0.4, §ELECTRONICRECEIPT and §ASYNRECEIPTINFO.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from adapters.bank.cib.receipt_files import LINES, TASKS
from adapters.bank.cib.transfer import optional
from gateway.ports.bank import BankAnswer, BankRequest
from gateway.ports.bank_receipts import StoredReceiptTask
from gateway.wire.write import Element, element, leaf

_STATES: Final = MappingProxyType({state: code for code, state in TASKS.items()})


def receipt_order(_request: BankRequest, answer: BankAnswer) -> Element | None:
    """RSBODY of an order, or None when it was refused."""
    task = answer.receipts
    if task is None:
        return None
    return element(
        "RSBODY",
        leaf("ACCTID", task.account),
        leaf("CRE_TIME", task.created_on.isoformat()),
        leaf("CLT_REF_NO", task.original),
        leaf("STATUS", _state(task)),
    )


def receipt_files(_request: BankRequest, answer: BankAnswer) -> Element | None:
    """RSBODY of a page of files, or None when the bank knows no such order."""
    task = answer.receipts
    if task is None:
        return None
    expires = task.expires_on
    return element(
        "RSBODY",
        leaf("STATUS", _state(task)),
        optional("SRVC_NO", task.bank_reference),
        leaf("FILESUM", str(task.count)),
        leaf("ACCTID", task.account),
        leaf("RECEIPT_TYPE", LINES),
        optional("DUE_DATE", expires.isoformat() if expires is not None else ""),
        *(
            element(
                "CONTENT",
                leaf("SEQ", str(file.place)),
                leaf("FILE_ID", file.id),
                leaf("FILE_NAME", file.name),
            )
            for file in task.files
        ),
        MORE="Y" if task.more else "N",
    )


def _state(task: StoredReceiptTask) -> str:
    return task.word or _STATES[task.state]
