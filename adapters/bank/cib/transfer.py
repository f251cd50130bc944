"""XFERINFO: one transfer, written in the bank's order, and compared with its echo.

Rule kept here: INTERBANK="Y" means that the payee's account is at CIB ITSELF.

Source: CIB interface document V4.0.4, §XFER and common building blocks.
"""

from __future__ import annotations

from typing import Final

from adapters.bank.cib import codes
from adapters.bank.cib.judgement import Judged
from gateway.domain.instruction import Urgency
from gateway.domain.money import CNY
from gateway.domain.outcome import Outcome, Verdict
from gateway.domain.party import Party
from gateway.ports.bank import PayOrder
from gateway.ports.bank_batch import BatchLine
from gateway.wire.write import Element, element, leaf
from gateway.wire.xml import Node

SUPER: Final = "SUPER"
"""PMTMODE of the inter-bank real-time channel."""
_UNECHOED: Final = frozenset({Verdict.UNCONFIRMED, Verdict.NOT_FOUND})


def transfer_info(order: PayOrder) -> Element:
    """The order as XFERINFO. Optional fields without a value are left out, never sent empty."""
    return element(
        "XFERINFO",
        payer(order.debtor),
        payee(order),
        leaf("CURSYM", codes.RMB),
        leaf("TRNAMT", order.amount.text()),
        leaf("PMTMODE", SUPER) if super_channel(order) else None,
        leaf("PURPOSE", order.purpose),
        leaf("DTDUE", order.due.isoformat()) if order.due is not None else None,
        optional("MEMO", order.memo),
    )


def super_channel(order: PayOrder) -> bool:
    """Whether the order goes through SUPER. Own-bank payments are real time without it."""
    return order.urgency is Urgency.URGENT and not order.own_bank


def optional(name: str, text: str) -> Element | None:
    """A leaf, or nothing when there is no text."""
    return leaf(name, text) if text else None


def payer(debtor: Party) -> Element:
    """ACCTFROM."""
    return element(
        "ACCTFROM",
        leaf("ACCTID", debtor.account.number),
        optional("NAME", debtor.name),
        optional("BANKDESC", debtor.account.agent.name),
        optional("CITY", debtor.account.agent.city),
    )


def payee(order: PayOrder | BatchLine) -> Element:
    """ACCTTO of a payment or of one line of a batch."""
    agent = order.creditor.account.agent
    return element(
        "ACCTTO",
        leaf("ACCTID", order.creditor.account.number),
        leaf("NAME", order.creditor.name),
        optional("BANKDESC", agent.name),
        optional("BANKNUM", agent.cnaps),
        # The city names the payee's bank elsewhere; in the same city it must stay away.
        None if order.local else optional("CITY", agent.city),
        INTERBANK="Y" if order.own_bank else "N",
        LOCAL="Y" if order.local else "N",
    )


def checked(order: PayOrder, judged: Judged, *, needed: bool) -> Outcome:
    """The outcome, if its echo speaks about what was sent; else UNCONFIRMED.

    An old serial replayed with other content returns the OLD instruction, so accounts, amount
    and purpose are compared. Names, bank and INTERBANK are not: the bank enriches and corrects
    them. ``needed`` demands an echo of payee and amount where nothing else ties the answer to
    the instruction. Raises WireError("amount") for an echo that is no amount.
    """
    outcome = judged.outcome
    if outcome.verdict in _UNECHOED:
        return outcome
    fault = _echo_fault(order, judged.echo, needed=needed)
    return Outcome.unconfirmed(fault, code=outcome.code, text=outcome.text) if fault else outcome


def _echo_fault(order: PayOrder, info: Node | None, *, needed: bool) -> str:
    told = _told(info)
    if needed and not (told["payee"] and told["amount"]):
        return "echo_missing"
    sent = (
        ("payee", order.creditor.account.number),
        ("payer", order.debtor.account.number),
        ("purpose", order.purpose),
    )
    if any(told[name] and told[name] != text.strip() for name, text in sent):
        return "echo_mismatch"
    if codes.CURRENCIES.get(told["currency"]) != CNY:
        return "echo_mismatch"
    if info is not None and told["amount"] and info.one("TRNAMT").money(CNY) != order.amount:
        return "echo_mismatch"
    return ""


def _told(info: Node | None) -> dict[str, str]:
    """What the echo says, '' for what it leaves out."""
    if info is None:
        return dict.fromkeys(("payee", "payer", "purpose", "currency", "amount"), "")
    payee, payer = info.maybe("ACCTTO"), info.maybe("ACCTFROM")
    return {
        "payee": payee.child_text("ACCTID") if payee is not None else "",
        "payer": payer.child_text("ACCTID") if payer is not None else "",
        "purpose": info.child_text("PURPOSE"),
        "currency": info.child_text("CURSYM"),
        "amount": info.child_text("TRNAMT"),
    }
