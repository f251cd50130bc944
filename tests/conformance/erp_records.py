"""Records that every ERP is told, and replies that nobody promised, for the suite."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from gateway.domain.instruction import State
from gateway.ports.erp_api import CallReply
from gateway.ports.erp_told import (
    BalanceTold,
    CreditTold,
    EntryTold,
    HeldMatch,
    MatchedLine,
    MatchTold,
    OpenItemsTold,
    ReceiptTold,
    StatementTold,
    StatusTold,
    ToldKind,
)
from tests.conformance.erp_found import ACCOUNT, AT, LARGE, TODAY, own_source


def status_told(name, state=State.SETTLED, **changes) -> StatusTold:
    fields = {
        "instruction": "ins_01",
        "version": 7,
        "state": str(state),
        "erp": "erp-under-test",
        "erp_reference": "FK-0001",
        "at": AT,
        "amount": "1234.50",
        "currency": "CNY",
        "final": state in {State.SETTLED, State.REJECTED},
        "reason": "UNCONFIRMED" if state is State.UNCONFIRMED else "",
        "bank_reference": "BK20260915000981",
        "serial": "20260915P0001",
        "debtor_account": ACCOUNT,
        "debtor_name": "示例制造有限公司",
        "creditor_account": "6200000000001234567",
        "creditor_name": "样本钢铁（上海）有限公司",
        "purpose": "货款",
        "source": own_source(name),
    }
    return StatusTold(**{**fields, **changes})


def entry(key, amount, **changes) -> EntryTold:
    fields = {
        "key": key,
        "amount": amount,
        "currency": "CNY",
        "booking_date": TODAY,
        "value_date": TODAY,
        "booked_at": AT,
        "reference": f"BK-{key}",
        "counterparty_name": "样本钢铁（上海）有限公司",
        "counterparty_account": "6200000000001234567",
        "counterparty_bank": "示例商业银行上海分行",
        "remittance": "货款 & <INV> 2026",
    }
    return EntryTold(**{**fields, **changes})


ENTRIES = (
    entry("k1", "-1234567.89", erp_reference="FK-0001", reconciliation_code="RC0001"),
    entry("k2", "0.01"),
    entry("k3", "-7.77"),
    entry("k4", "-7.77"),
    entry("k5", "2500.00", returned=True, remittance="退汇"),
)
"""Ours, a cent, twins, and one that came back."""


def statement_told(*entries, **changes) -> StatementTold:
    fields = {
        "statement_id": "900010100100000011-20260915",
        "account": ACCOUNT,
        "account_name": "示例制造有限公司",
        "currency": "CNY",
        "start": TODAY,
        "end": TODAY,
        "created": AT,
        "entries": entries or ENTRIES,
        "opening": "2000000.00",
        "closing": "767916.58",
        "available": "767916.58",
        "sequence": 325,
        "company": "100",
    }
    return StatementTold(**{**fields, **changes})


def balance_told(**changes) -> BalanceTold:
    fields = {
        "account": ACCOUNT,
        "account_name": "示例制造有限公司",
        "currency": "CNY",
        "ledger": "98765.44",
        "asked_at": AT,
        "day": TODAY,
        "available": "98765.43",
        "frozen": "0.01",
        "previous_day": "100000.00",
        "company": "100",
    }
    return BalanceTold(**{**fields, **changes})


def credit_told(**changes) -> CreditTold:
    fields = {
        "account": ACCOUNT,
        "account_name": "示例制造有限公司",
        "currency": "CNY",
        "entry": entry("k9", "2500.00", remittance="回款"),
        "seen_at": AT,
        "company": "100",
    }
    return CreditTold(**{**fields, **changes})


def receipt_told(**changes) -> ReceiptTold:
    fields = {
        "receipt_number": "RCPT0001",
        "account": ACCOUNT,
        "account_name": "示例制造有限公司",
        "currency": "CNY",
        "day": TODAY,
        "file_name": "RCPT0001.pdf",
        "file_sha256": "ab" * 32,
        "content": b"%PDF-1.7 invented",
        "amount": "-1234567.89",
        "bank_reference": "BK-k1",
        "entry_key": "k1",
        "company": "100",
    }
    return ReceiptTold(**{**fields, **changes})


def match_told(**changes) -> MatchTold:
    line = MatchedLine(
        key="c0ffee", amount="-1234567.89", booking_date=TODAY, reference="BK-k1", remittance="货款"
    )
    held = HeldMatch(
        match="rcm_1",
        kind="auto",
        rule="exact-key",
        by="policy:schedule",
        at=AT,
        amount="-1234567.89",
        lines=(line,),
    )
    fields = {
        "item_id": "GL-1",
        "version": 3,
        "state": "matched",
        "account": ACCOUNT,
        "account_name": "示例制造有限公司",
        "currency": "CNY",
        "amount": "-1234567.89",
        "matched": "-1234567.89",
        "at": AT,
        "erp_reference": "FK-0001",
        "matches": (held,),
        "company": "100",
    }
    return MatchTold(**{**fields, **changes})


def open_items_told(**changes) -> OpenItemsTold:
    fields = {
        "account": ACCOUNT,
        "account_name": "示例制造有限公司",
        "currency": "CNY",
        "state": "open",
        "version": 4,
        "at": AT,
        "bank_open": 2,
        "book_open": 1,
        "suggested": 1,
        "company": "100",
    }
    return OpenItemsTold(**{**fields, **changes})


def told(name, kind):
    """One record of a kind."""
    match kind:
        case ToldKind.STATUS:
            return status_told(name)
        case ToldKind.STATEMENT:
            return statement_told()
        case ToldKind.BALANCE:
            return balance_told()
        case ToldKind.CREDIT:
            return credit_told()
        case ToldKind.MATCH:
            return match_told()
        case ToldKind.OPEN_ITEMS:
            return open_items_told()
        case _:
            return receipt_told()


def large(name, kind):
    """The same with the largest amount."""
    match kind:
        case ToldKind.STATUS:
            return status_told(name, amount=LARGE)
        case ToldKind.STATEMENT:
            return statement_told(entry("k1", LARGE), opening="0.00", closing=LARGE)
        case ToldKind.BALANCE:
            return balance_told(ledger=LARGE, available=LARGE)
        case ToldKind.CREDIT:
            return credit_told(entry=entry("k9", LARGE))
        case ToldKind.MATCH:
            return match_told(amount=LARGE, matched=LARGE)
        case ToldKind.OPEN_ITEMS:
            return open_items_told()
        case _:
            return receipt_told(amount=LARGE)


SMALL = {
    ToldKind.STATUS: "12345",
    ToldKind.STATEMENT: "123456789",
    ToldKind.BALANCE: "9876544",
    ToldKind.CREDIT: "25",
    ToldKind.RECEIPT: "123456789",
    ToldKind.MATCH: "123456789",
    ToldKind.OPEN_ITEMS: "no amount at all",
}
"""Digits of an amount that ``told`` tells, by kind."""


def digits(text) -> str:
    """A text without what separates the digits of an amount."""
    return text.replace(".", "").replace(",", "")


@dataclass(frozen=True)
class Strange:
    """A reply that is not what anybody promised."""

    title: str
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    def reply(self) -> CallReply:
        return CallReply(status=self.status, body=self.body, headers=self.headers)


STRANGE = (
    Strange("empty", 200, b""),
    Strange("page", 200, b"<html><body><h1>Maintenance</h1></body></html>"),
    Strange("object", 200, b"{}"),
    Strange("cut", 200, b'{"code":"200","data":{"successCo'),
    Strange("cut-xml", 200, b"<?xml version='1.0'?><ufinterface roottag='sendresult'"),
    Strange("unknown-code", 200, b'{"code":"ZX-81","message":"?","status":"?","data":null}'),
    Strange("error-page", 500, b"<html>Internal Server Error</html>"),
    Strange("gateway", 502, b""),
    Strange("busy", 503, b'{"message":"busy"}'),
)
strange = pytest.mark.parametrize("odd", STRANGE, ids=lambda odd: odd.title)
