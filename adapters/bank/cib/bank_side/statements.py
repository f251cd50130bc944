"""A page of statement lines as the bank writes it, in both versions.

Source: CIB interface document V4.0.4, §SCUSTSTMT.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from adapters.bank.cib import codes
from adapters.bank.cib.amounts import amount_text
from adapters.bank.cib.statement import CREDIT, DEBIT, VERSION_2
from adapters.bank.cib.transfer import optional
from gateway.domain.money import Money
from gateway.domain.statement import Entry, StatementPage
from gateway.ports.bank import BankAnswer, BankRequest, StatementRequest
from gateway.wire.write import Element, element, leaf

_TELLER_SERIAL: Final = 8
_NETBANK: Final = "204"


def statement(request: BankRequest, answer: BankAnswer) -> Element | None:
    """SCUSTSTMTRS for the page in the answer; without entries or period only the balances."""
    page, asked = answer.page, request.body
    if page is None or not isinstance(asked, StatementRequest):
        return None
    return element(
        "SCUSTSTMTRS",
        leaf("CURDEF", codes.RMB),
        element("ACCTFROM", leaf("ACCTID", page.account)),
        _lines(asked, page),
        _balance("LEDGERBAL", page.ledger, page.as_of),
        _balance("AVAILBAL", page.available, page.as_of),
    )


def _lines(asked: StatementRequest, page: StatementPage) -> Element | None:
    if not page.entries or asked.start is None or asked.end is None:
        return None
    rich = asked.version == VERSION_2
    return element(
        "TRANLIST",
        leaf("DTSTART", asked.start.isoformat()),
        leaf("DTEND", asked.end.isoformat()),
        *(_line(entry, rich=rich) for entry in page.entries),
        MORE="Y" if page.more else "N",
    )


def _line(entry: Entry, *, rich: bool) -> Element:
    # A reversal is written with the direction it takes back, and a negative amount.
    debit = (entry.amount.minor < 0) is not entry.reversal
    moved = -entry.amount if debit else entry.amount
    return element(
        "STMTTRN",
        leaf("SRVRTID", entry.reference[-_TELLER_SERIAL:] if rich else entry.reference),
        leaf("TRNTYPE", DEBIT if debit else CREDIT),
        optional("DTACCT", _booked(entry)),
        leaf("TRNAMT", amount_text(moved)),
        optional(
            "BALAMT", amount_text(entry.balance_after) if entry.balance_after is not None else ""
        ),
        leaf("CURRENCY", codes.RMB),
        leaf("MEMO", "" if rich else entry.remittance),
        leaf("CORRELATE_ACCTID", entry.counterparty_account),
        leaf("CORRELATE_NAME", entry.counterparty_name),
        leaf("BILLTYPE", ""),
        leaf("BILLNUMBER", ""),
        leaf("CORRELATE_BANKNAME", entry.counterparty_bank),
        leaf("BUSINESSTYPE", ""),
        leaf("ATTACHINFO", entry.bank_key),
        *(_rich(entry) if rich else ()),
    )


def _rich(entry: Entry) -> tuple[Element, ...]:
    return (
        leaf("HXJYLSBH", entry.reference),
        leaf("SUMMNAME", ""),
        leaf("PURPOSE", entry.remittance),
        leaf("CHANNELCODE", _NETBANK),
        leaf("CASHFLAG", "1"),
        leaf("CBBZ", "1" if entry.reversal else "0"),
        leaf("BCZBZ", "0"),
    )


def _booked(entry: Entry) -> str:
    if entry.booked_at is not None:
        return entry.booked_at.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{entry.booking_date.isoformat()}T00:00:00" if entry.booking_date else ""


def _balance(name: str, amount: Money | None, as_of: date | None) -> Element | None:
    if amount is None:
        return None
    return element(
        name,
        leaf("BALAMT", amount_text(amount)),
        optional("DTASOF", as_of.isoformat() if as_of else ""),
    )
