"""Pieces that several answers are made of.

Source: CIB interface document V4.0.4, common building blocks of the answer tables.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from adapters.bank.cib.bank_side import wording
from adapters.bank.cib.bank_side.wording import Wording
from adapters.bank.cib.envelope import BEIJING
from adapters.bank.cib.own_bank import NAME
from adapters.bank.cib.transfer import optional
from gateway.domain.party import Party
from gateway.ports.bank import BankState, PayOrder
from gateway.ports.bank_batch import BatchLine
from gateway.wire.write import Element, element, leaf

_VOUCHER_KIND: Final = "99"


def status(words: Wording) -> Element:
    """STATUS of sign-on or message."""
    return element(
        "STATUS",
        leaf("CODE", words.code),
        leaf("SEVERITY", words.severity),
        optional("MESSAGE", words.text),
    )


def payer(debtor: Party) -> Element:
    """ACCTFROM as the bank enriches it."""
    return element(
        "ACCTFROM",
        leaf("ACCTID", debtor.account.number),
        optional("NAME", debtor.name),
        leaf("BANKDESC", debtor.account.agent.name or NAME),
        optional("CITY", debtor.account.agent.city),
    )


def payee(order: PayOrder | BatchLine) -> Element:
    """ACCTTO as the bank enriches and corrects it."""
    agent = order.creditor.account.agent
    return element(
        "ACCTTO",
        leaf("ACCTID", order.creditor.account.number),
        leaf("NAME", order.creditor.name),
        leaf("BANKDESC", agent.name or (NAME if order.own_bank else "")),
        optional("BANKNUM", agent.cnaps),
        optional("CITY", agent.city),
        # The stored flag: the bank knows its own accounts and corrects what was sent.
        INTERBANK="Y" if order.own_bank else "N",
        LOCAL="Y" if order.local else "N",
    )


def voucher(bank_reference: str) -> str:
    """CHEQUENUM: kind of voucher and its number."""
    return _VOUCHER_KIND + bank_reference[-7:].rjust(7, "0")


def own_result(state: BankState, text: str, at: datetime) -> Element:
    """XFERPRCSTS."""
    return element(
        "XFERPRCSTS",
        leaf("XFERPRCCODE", wording.STATES[state]),
        leaf("DTXFERPRC", time_text(at)),
        optional("MESSAGE", text),
    )


def local_time(at: datetime) -> datetime:
    """The same instant by the bank's clock."""
    return at.astimezone(BEIJING) if at.tzinfo is not None else at


def time_text(at: datetime) -> str:
    """The bank's spelling of an instant."""
    return local_time(at).strftime("%Y-%m-%d %H:%M:%S")
