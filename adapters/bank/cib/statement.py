"""Statement lines of one account, page by page (SCUSTSTMTTRNRQ, versions 1 and 2.0).

Rule kept here: an entry is signed from the account holder's view. A negative TRNAMT is a
reversal: it takes back a movement of the direction it names.

Source: CIB interface document V4.0.4, §SCUSTSTMT.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Final

from msgspec.structs import replace

from adapters.bank.cib import codes
from adapters.bank.cib.amounts import amount, unit
from adapters.bank.cib.envelope import (
    PasswordForm,
    envelope,
    instant,
    message,
    plain_password,
    query,
)
from gateway.domain.errors import BankRefused
from gateway.domain.ids import Serial
from gateway.domain.message import WireMessage, WireReply
from gateway.domain.money import Currency, Money
from gateway.domain.statement import Entry, StatementPage
from gateway.ports.bank import EntryKind, SignOn, StatementQuestion
from gateway.wire.write import element, leaf
from gateway.wire.xml import Node

REPLY: Final = "SCUSTSTMTTRNRS"
PAGE_SIZE: Final = 100
VERSION_2: Final = "2.0"
"""VERSION of the richer line (core number, purpose of its own); '' asks for the older one."""
REFUNDS: Final = "3"
"""SELTYPE of returned payments only; without it everything is asked for."""
DEBIT, CREDIT = "DEBIT", "CREDIT"
_BOTH: Final = "2"
_SAME_DAY_REVERSAL: Final = "1"


def encode(
    question: StatementQuestion,
    signon: SignOn,
    serial: Serial,
    *,
    version: str = VERSION_2,
    password: PasswordForm = plain_password,
) -> WireMessage:
    """Ask for one page (from 1, 100 lines) of both directions, or of returned payments only."""
    transaction = element(
        "SCUSTSTMTTRNRQ",
        leaf("TRNUID", serial),
        element(
            "SCUSTSTMTRQ",
            leaf("VERSION", version) if version else None,
            element("ACCTFROM", leaf("ACCTID", question.account)),
            element(
                "INCTRAN",
                leaf("DTSTART", question.start.isoformat()),
                leaf("DTEND", question.end.isoformat()),
                leaf("PAGE", str(question.page)),
                leaf("TRNTYPE", _BOTH),
            ),
            leaf("SELTYPE", REFUNDS) if question.kind is EntryKind.REFUNDS else None,
        ),
    )
    return message(envelope(transaction, signon), password(signon.password))


def encode_refunds(
    question: StatementQuestion,
    signon: SignOn,
    serial: Serial,
    *,
    version: str = VERSION_2,
    password: PasswordForm = plain_password,
) -> WireMessage:
    """Ask for one page of returned payments, whatever kind the question names."""
    refunds = replace(question, kind=EntryKind.REFUNDS)
    return encode(refunds, signon, serial, version=version, password=password)


def decode(question: StatementQuestion, serial: Serial, reply: WireReply) -> StatementPage:
    """Read one page of either version; code 6421 is an empty page with balances.

    Raises BankRefused when the bank says no, WireError for anything that is no page of the
    account and period asked for.
    """
    answer = query(reply, REPLY, serial)
    empty = answer.status.code == codes.NO_ENTRIES
    if not answer.status.ok and not empty:
        raise BankRefused(answer.status.code, answer.status.text)
    read = answer.transaction.maybe if empty else answer.transaction.one
    body = read("SCUSTSTMTRS")
    if body is None:
        return StatementPage(account=question.account, entries=(), more=False)
    if (named := body.find("ACCTFROM/ACCTID")) is not None and named.text() != question.account:
        raise named.fault("account")
    currency = unit(body, "CURDEF")
    entries, more = _entries(question, body.maybe("TRANLIST"), currency)
    ledger, as_of = _balance(body.maybe("LEDGERBAL"), currency)
    available, _ = _balance(body.maybe("AVAILBAL"), currency)
    return StatementPage(
        account=question.account,
        entries=entries,
        more=more,
        ledger=ledger,
        available=available,
        as_of=as_of,
    )


def _entries(
    question: StatementQuestion, listed: Node | None, currency: Currency
) -> tuple[tuple[Entry, ...], bool]:
    if listed is None:
        return (), False
    for name, asked in (("DTSTART", question.start), ("DTEND", question.end)):
        told = listed.maybe(name)
        if told is not None and told.text() and told.day() != asked:
            raise told.fault("period")
    entries = tuple(_entry(line, currency) for line in listed.each("STMTTRN"))
    more = listed.attr("MORE")
    if more not in ("", "Y", "N"):
        raise listed.fault("more")
    # A full page that does not say whether it is the last: one page too many asks for nothing
    # worse than "no entries", one too few would lose lines.
    return entries, more == "Y" or (not more and len(entries) >= PAGE_SIZE)


def _entry(line: Node, currency: Currency) -> Entry:
    # One walk over the line's thirty children; asking for each by name would take thirty.
    cells: dict[str, Node] = {}
    for cell in line.children():
        if cell.name in cells:
            raise cell.fault("surplus")
        cells[cell.name] = cell

    def text(name: str) -> str:
        found = cells.get(name)
        return found.text() if found is not None else ""

    if text("CURRENCY"):
        currency = unit(line, "CURRENCY")
    moved, reversal = _moved(line, cells, currency)
    after = cells.get("BALAMT")
    booked_at, booking_date = _booked(line, text("DTACCT"))
    return Entry(
        amount=moved,
        booking_date=booking_date,
        booked_at=booked_at,
        bank_key=text("ATTACHINFO"),
        reference=text("HXJYLSBH") or text("SRVRTID"),
        balance_after=amount(after, currency) if after is not None and after.text() else None,
        counterparty_name=text("CORRELATE_NAME"),
        counterparty_account=text("CORRELATE_ACCTID"),
        counterparty_bank=text("CORRELATE_BANKNAME"),
        remittance=_remittance(text),
        reversal=reversal or text("CBBZ") == _SAME_DAY_REVERSAL,
    )


def _moved(line: Node, cells: dict[str, Node], currency: Currency) -> tuple[Money, bool]:
    if not {"TRNAMT", "TRNTYPE"} <= cells.keys():
        raise line.fault("missing")
    told = amount(cells["TRNAMT"], currency)
    direction = cells["TRNTYPE"]
    match direction.text():
        case "DEBIT":
            return -told, told.minor < 0
        case "CREDIT":
            return told, told.minor < 0
    raise direction.fault("direction")


def _booked(line: Node, text: str) -> tuple[datetime | None, date | None]:
    if not text:
        return None, None
    at = instant(text)
    if at is None:
        raise line.one("DTACCT").fault("date")
    return at, at.date()


def _remittance(text: Callable[[str], str]) -> str:
    """What the payer wrote. Version 1 packs "summary|purpose" into MEMO, 2.0 keeps them apart."""
    memo, purpose = text("MEMO"), text("PURPOSE")
    if purpose:
        return purpose if memo in ("", purpose) else f"{purpose} {memo}"
    _, _, packed = memo.partition("|")
    return packed or memo


def _balance(aggregate: Node | None, currency: Currency) -> tuple[Money | None, date | None]:
    if aggregate is None:
        return None, None
    day = aggregate.maybe("DTASOF")
    return (
        amount(aggregate.one("BALAMT"), currency),
        day.day() if day is not None and day.text() else None,
    )
