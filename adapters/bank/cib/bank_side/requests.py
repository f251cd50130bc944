"""A request as the bank reads it.

Rule kept here: whatever can be read is read, by name; what breaks the bank's form is named in
``malformed`` and the ledger refuses it. Only bytes that are no request at all raise.

Source: CIB interface document V4.0.4, request tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from adapters.bank.cib import codes
from adapters.bank.cib.bank_side import confirmations
from adapters.bank.cib.bank_side.batch_requests import batch, payroll, payroll_status
from adapters.bank.cib.bank_side.order import first_fault
from adapters.bank.cib.bank_side.reading import Faults, inside, party
from adapters.bank.cib.envelope import BEIJING, instant, root
from adapters.bank.cib.receipt_files import LINES
from adapters.bank.cib.statement import REFUNDS
from adapters.bank.cib.transfer import SUPER
from gateway.domain.instruction import Urgency
from gateway.ports.bank import (
    BalanceRequest,
    BankBody,
    BankRequest,
    CoreRequest,
    EntryKind,
    PayOrder,
    PayRequest,
    SignOn,
    SignOnRequest,
    StatementRequest,
    StatusRequest,
)
from gateway.ports.bank_batch import (
    BatchKind,
    HistoryRequest,
    OverviewRequest,
    ReceiptRequest,
)
from gateway.ports.bank_receipts import ReceiptFilesRequest, ReceiptOrderRequest
from gateway.wire.xml import Node

_NEVER: Final = datetime(1970, 1, 1, tzinfo=BEIJING)
"""Stands for a client time that cannot be read; the request is malformed then."""
_TIME_LENGTH: Final = len("YYYY-MM-DD HH:MM:SS")
_PAGE: Final = re.compile("[1-9][0-9]{0,5}", re.ASCII)
_RECEIPTS: Final = MappingProxyType({"1": None, "2": BatchKind.PAYMENT, "3": BatchKind.PAYROLL})
_KINDS: Final = MappingProxyType(
    {"": EntryKind.ALL, "1": EntryKind.ALL, REFUNDS: EntryKind.REFUNDS}
)
_DIRECTIONS: Final = MappingProxyType({"": "both", "0": "debit", "1": "credit", "2": "both"})


def decode(body: bytes) -> BankRequest:
    """Read a request. Raises WireError for bytes that are no FOX request of a known operation."""
    fox = root(body)
    sonrq = fox.at("SIGNONMSGSRQV1/SONRQ")
    faults = Faults(first_fault(fox))
    signon = _signon(sonrq, faults)
    section = fox.maybe("SECURITIES_MSGSRQV1")
    transaction = next(section.children(), None) if section is not None else None
    if transaction is None:
        return BankRequest(
            signon=signon,
            serial="",
            operation=codes.SIGN_ON,
            body=SignOnRequest(),
            malformed=faults.first,
        )
    operation = codes.OPERATIONS.get(transaction.name.removesuffix("TRNRQ"), "")
    reader = _READERS.get(operation)
    if reader is None:
        raise transaction.fault("operation")
    asked = reader(transaction, faults)
    return BankRequest(
        signon=signon,
        serial=transaction.child_text("TRNUID"),
        operation=operation,
        body=asked,
        malformed=faults.first,
    )


def _signon(sonrq: Node, faults: Faults) -> SignOn:
    at = instant(sonrq.child_text("DTCLIENT")[:_TIME_LENGTH])
    if at is None:
        faults.add(f"{sonrq.path}/DTCLIENT")
    if not sonrq.has("USERKEY"):
        for name in ("USERID", "USERPASS"):
            if not sonrq.child_text(name):
                faults.add(f"{sonrq.path}/{name}")
    return SignOn(
        customer=sonrq.child_text("CID"),
        operator=sonrq.child_text("USERID"),
        password=sonrq.child_text("USERPASS"),
        at=at or _NEVER,
    )


def _pay(transaction: Node, faults: Faults) -> PayRequest:
    info = inside(transaction, "XFERRQ/XFERINFO", faults)
    payer = inside(info, "ACCTFROM", faults)
    payee = inside(info, "ACCTTO", faults)
    super_channel = info.child_text("PMTMODE") == SUPER
    return PayRequest(
        order=PayOrder(
            debtor=party(payer, faults),
            creditor=party(payee, faults),
            amount=faults.money(info, "TRNAMT"),
            purpose=info.child_text("PURPOSE"),
            memo=info.child_text("MEMO"),
            own_bank=payee.attr("INTERBANK") == "Y",
            local=payee.attr("LOCAL") == "Y",
            urgency=Urgency.URGENT if super_channel else Urgency.NORMAL,
            due=faults.day(info, "DTDUE"),
        ),
        super_channel=super_channel,
    )


def _status(transaction: Node, faults: Faults) -> StatusRequest:
    asked = inside(transaction, "XFERINQRQ", faults)
    return StatusRequest(original=asked.child_text("CLIENTREF"))


def _core(transaction: Node, faults: Faults) -> CoreRequest:
    asked = inside(transaction, "INQSTATECOND", faults)
    original, reference = asked.child_text("CLIENTREF"), asked.child_text("SRVRID")
    if bool(original) == bool(reference):
        faults.add(asked.path)
    return CoreRequest(original=original, bank_reference=reference)


def _balance(transaction: Node, faults: Faults) -> BalanceRequest:
    return BalanceRequest(account=inside(transaction, "RQBODY", faults).child_text("ACCTID"))


def _statement(transaction: Node, faults: Faults) -> StatementRequest:
    asked = inside(transaction, "SCUSTSTMTRQ", faults)
    account = inside(asked, "ACCTFROM", faults).child_text("ACCTID")
    version = asked.child_text("VERSION")
    period, selected = asked.maybe("INCTRAN"), asked.child_text("SELTYPE")
    if selected not in _KINDS:
        faults.add(f"{asked.path}/SELTYPE")
    if period is None:
        return StatementRequest(account=account, start=None, end=None, page=1, version=version)
    direction = period.child_text("TRNTYPE")
    if direction not in _DIRECTIONS:
        faults.add(f"{period.path}/TRNTYPE")
    return StatementRequest(
        account=account,
        start=faults.day(period, "DTSTART"),
        end=faults.day(period, "DTEND"),
        page=_page(period.child_text("PAGE"), f"{period.path}/PAGE", faults),
        version=version,
        direction=_DIRECTIONS.get(direction, "both"),
        kind=_KINDS.get(selected, EntryKind.ALL),
    )


def _page(text: str, path: str, faults: Faults) -> int:
    if _PAGE.fullmatch(text):
        return int(text)
    faults.add(path)
    return 1


def _history(transaction: Node, faults: Faults) -> HistoryRequest:
    asked = inside(transaction, "HISBALQUERYRQ/HISBALQUERYINFO", faults)
    return HistoryRequest(
        account=asked.child_text("ACCTID"),
        start=_day(asked, "DTSTART", faults),
        end=_day(asked, "DTEND", faults),
    )


def _day(asked: Node, name: str, faults: Faults) -> date:
    found = faults.day(asked, name)
    if found is None:
        faults.add(f"{asked.path}/{name}")
    return found or _NEVER.date()


def _overview(transaction: Node, faults: Faults) -> OverviewRequest:
    asked = inside(transaction, "RQBODY", faults)
    return OverviewRequest(
        day=_day(asked, "QUERYDATE", faults),
        page=_page(asked.attr("PAGE"), f"{asked.path}/@PAGE", faults),
    )


def _receipt(transaction: Node, faults: Faults) -> ReceiptRequest:
    kind = transaction.child_text("BIZTYPE")
    if kind not in _RECEIPTS:
        faults.add(f"{transaction.path}/BIZTYPE")
    return ReceiptRequest(original=transaction.child_text("TRNUID"), kind=_RECEIPTS.get(kind))


def _receipt_order(transaction: Node, faults: Faults) -> ReceiptOrderRequest:
    asked = inside(transaction, "RQBODY", faults)
    if asked.child_text("RECEIPT_TYPE") != LINES:
        faults.add(f"{asked.path}/RECEIPT_TYPE")
    return ReceiptOrderRequest(
        account=asked.child_text("ACCTID"), day=_day(asked, "RECEIPTDATE", faults)
    )


def _receipt_files(transaction: Node, faults: Faults) -> ReceiptFilesRequest:
    asked = inside(transaction, "RQBODY", faults)
    return ReceiptFilesRequest(
        original=asked.child_text("CLT_REF_NO"),
        page=_page(asked.attr("PAGE"), f"{asked.path}/@PAGE", faults),
    )


_READERS: Final[MappingProxyType[str, Callable[[Node, Faults], BankBody]]] = MappingProxyType(
    {
        codes.PAYMENT: _pay,
        codes.PAYMENT_STATUS: _status,
        codes.CORE_RESULT: _core,
        codes.BALANCE: _balance,
        codes.STATEMENT: _statement,
        codes.BATCH: batch,
        codes.PAYROLL: payroll,
        codes.PAYROLL_STATUS: payroll_status,
        codes.HISTORY: _history,
        codes.OVERVIEW: _overview,
        codes.RECEIPT: _receipt,
        codes.RECEIPT_ORDER: _receipt_order,
        codes.RECEIPT_FILES: _receipt_files,
        codes.CONFIRM: confirmations.order,
        codes.CONFIRM_RESULT: confirmations.result,
    }
)
