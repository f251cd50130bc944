"""Day-end balances and turnovers of closed days (HISBALQUERYTRNRQ).

Source: CIB interface document V4.0.4, §HISBALQUERY.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from adapters.bank.cib.amounts import amount
from adapters.bank.cib.envelope import (
    PasswordForm,
    envelope,
    message,
    plain_password,
    query,
)
from gateway.domain.errors import BankRefused
from gateway.domain.ids import Serial
from gateway.domain.message import WireMessage, WireReply
from gateway.domain.money import CNY
from gateway.ports.bank import SignOn
from gateway.ports.bank_batch import DayBalance, HistoryQuestion
from gateway.wire.write import element, leaf
from gateway.wire.xml import Node

REPLY: Final = "HISBALQUERYTRNRS"
_COUNT_LENGTH: Final = 12


def encode(
    question: HistoryQuestion,
    signon: SignOn,
    serial: Serial,
    *,
    password: PasswordForm = plain_password,
) -> WireMessage:
    """Ask for the closed days from ``start`` to ``end``."""
    transaction = element(
        "HISBALQUERYTRNRQ",
        leaf("TRNUID", serial),
        element(
            "HISBALQUERYRQ",
            element(
                "HISBALQUERYINFO",
                leaf("ACCTID", question.account),
                leaf("DTSTART", question.start.isoformat()),
                leaf("DTEND", question.end.isoformat()),
            ),
        ),
    )
    return message(envelope(transaction, signon), password(signon.password))


def decode(question: HistoryQuestion, serial: Serial, reply: WireReply) -> tuple[DayBalance, ...]:
    """Read the days as the bank lists them; CNY, as the answer names no currency.

    Raises BankRefused when the bank says no (too far back, account not enabled), WireError for
    another account, a day outside the period or a day told twice.
    """
    answer = query(reply, REPLY, serial)
    if not answer.status.ok:
        raise BankRefused(answer.status.code, answer.status.text)
    told = answer.transaction.at("HISBALQUERYRS/HISBALQUERYINFO")
    account = told.maybe("ACCTID")
    if account is not None and account.text() and account.text() != question.account:
        raise account.fault("account")
    listed = told.maybe("DETAILS")
    days: dict[date, DayBalance] = {}
    for line in listed.each("DETAIL") if listed is not None else ():
        day = _day(line)
        if not question.start <= day.day <= question.end:
            raise line.fault("period")
        if day.day in days:
            raise line.fault("surplus")
        days[day.day] = day
    return tuple(days.values())


def _day(line: Node) -> DayBalance:
    return DayBalance(
        day=line.one("DTFLOW").day(),
        closing=amount(line.one("HISBALANCE"), CNY),
        debits=count(line.one("DEBITFLOWS")),
        credits=count(line.one("CREDITFLOWS")),
        debit_sum=amount(line.one("DEBITAMOUNT"), CNY),
        credit_sum=amount(line.one("CREDITAMOUNT"), CNY),
    )


def count(node: Node) -> int:
    """A number of bookings. Raises WireError("count") for what is none."""
    text = node.text()
    if not (text.isascii() and text.isdigit() and len(text) <= _COUNT_LENGTH):
        raise node.fault("count")
    return int(text)
