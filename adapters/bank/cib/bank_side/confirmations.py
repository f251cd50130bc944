"""Orders to confirm a month's balances, and their results: read and answered by the bank.

Source: CIB interface document V4.0.4, §BATCHCHECK and §BATCHCHECKQUERY.
"""

from __future__ import annotations

import re
from datetime import date
from types import MappingProxyType
from typing import Final

from adapters.bank.cib import codes
from adapters.bank.cib.amounts import amount_text
from adapters.bank.cib.bank_side.reading import Faults, inside
from adapters.bank.cib.confirmation import ORDERS, month_text
from adapters.bank.cib.transfer import optional
from gateway.ports.bank import BankAnswer, BankRequest
from gateway.ports.bank_confirm import (
    ConfirmedLine,
    ConfirmRequest,
    ConfirmResultRequest,
    ResultVerdict,
)
from gateway.wire.write import Element, element, leaf
from gateway.wire.xml import Node

_MONTH: Final = re.compile(r"([0-9]{4})(0[1-9]|1[0-2])", re.ASCII)
_NEVER: Final = date(1970, 1, 1)
_WORDS: Final = MappingProxyType({verdict: text for text, verdict in ORDERS.items()})
_LINE_WORDS: Final = MappingProxyType(
    {
        ResultVerdict.AGREED: "处理成功",
        ResultVerdict.NOTHING_DUE: "无账期",
        ResultVerdict.FAILED: "处理失败",
        ResultVerdict.OTHER: "待人工处理",
    }
)


def order(transaction: Node, faults: Faults) -> ConfirmRequest:
    """BATCHCHECKTRNRQ; without an account it means all of them."""
    asked = inside(transaction, "RQBODY", faults)
    found = _MONTH.fullmatch(asked.child_text("RECONCILEDATE"))
    if found is None:
        faults.add(f"{asked.path}/RECONCILEDATE")
    month = date(int(found[1]), int(found[2]), 1) if found else _NEVER
    return ConfirmRequest(account=asked.child_text("RECONCILEACCOUNT"), month=month)


def result(transaction: Node, faults: Faults) -> ConfirmResultRequest:
    """BATCHCHECKQUERYTRNRQ."""
    asked = inside(transaction, "RQBODY", faults)
    page = asked.attr("PAGE")
    if page and not (page.isascii() and page.isdigit()):
        faults.add(f"{asked.path}/@PAGE")
        page = ""
    return ConfirmResultRequest(original=asked.child_text("CLT_REF_NO"), page=int(page or "1"))


def ordered(_request: BankRequest, answer: BankAnswer) -> Element | None:
    """RSBODY of an order, or None when there is none."""
    stored = answer.confirmation
    if stored is None:
        return None
    return element(
        "RSBODY",
        leaf("PAYMENTDAYS", month_text(stored.month)),
        leaf("RECONCILERESULT", _WORDS.get(stored.verdict, "")),
    )


def told(_request: BankRequest, answer: BankAnswer) -> Element | None:
    """RSBODY of a result, or None when there is none (yet)."""
    stored = answer.confirmation
    if stored is None:
        return None
    return element(
        "RSBODY",
        leaf("BATCHNUM", stored.serial),
        # The sample puts the period here; the spelling is the bank's.
        leaf("EXCUTETIME", month_text(stored.month)),
        leaf("EXCUTERESULT", _WORDS.get(stored.verdict, "")),
        *(_line(line) for line in stored.lines),
        MORE="N",
    )


def _line(line: ConfirmedLine) -> Element:
    balance = line.balance
    return element(
        "CONTENT",
        leaf("RECONCILEACCT", line.account),
        optional("ACCTNAME", line.name),
        leaf("CURRENCYTYPE", "" if balance is None else codes.currency_number(balance.currency)),
        leaf("ACCTBALANCE", "" if balance is None else amount_text(balance)),
        leaf("RECONCILERESULT", _LINE_WORDS.get(line.verdict, "")),
    )
