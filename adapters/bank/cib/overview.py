"""Overview of a closed day over all accounts of the customer (TRADEOVERVIEWTRNRQ).

Rule kept here: it is a check of totals, no statement: its lines have no key of their own.

Source: CIB interface document V4.0.4, §TRADEOVERVIEW.
"""

from __future__ import annotations

from typing import Final

from adapters.bank.cib.amounts import amount, unit
from adapters.bank.cib.envelope import (
    PasswordForm,
    envelope,
    instant,
    message,
    plain_password,
    query,
)
from adapters.bank.cib.history import count
from adapters.bank.cib.statement import PAGE_SIZE
from gateway.domain.errors import BankRefused
from gateway.domain.ids import Serial
from gateway.domain.message import WireMessage, WireReply
from gateway.domain.money import CNY, Currency, Money
from gateway.ports.bank import SignOn
from gateway.ports.bank_batch import OverviewLine, OverviewPage, OverviewQuestion
from gateway.wire.write import element, leaf
from gateway.wire.xml import Node

REPLY: Final = "TRADEOVERVIEWTRNRS"


def encode(
    question: OverviewQuestion,
    signon: SignOn,
    serial: Serial,
    *,
    password: PasswordForm = plain_password,
) -> WireMessage:
    """Ask for one page (from 1, 100 lines) of a closed day."""
    transaction = element(
        "TRADEOVERVIEWTRNRQ",
        leaf("TRNUID", serial),
        element("RQBODY", leaf("QUERYDATE", question.day.isoformat()), PAGE=str(question.page)),
    )
    return message(envelope(transaction, signon), password(signon.password))


def decode(_question: OverviewQuestion, serial: Serial, reply: WireReply) -> OverviewPage:
    """Read one page; the totals are those of the day in CNY.

    Raises BankRefused when the bank says no: code 2002 means that the day is not loaded yet,
    never that it was empty. Raises WireError for anything that is no such page.
    """
    answer = query(reply, REPLY, serial)
    if not answer.status.ok:
        raise BankRefused(answer.status.code, answer.status.text)
    body = answer.transaction.one("RSBODY")
    lines = tuple(_line(line) for line in body.each("CONTENT"))
    more = body.attr("MORE")
    if more not in ("", "Y", "N"):
        raise body.fault("more")
    return OverviewPage(
        lines=lines,
        # As with statements: a full page that does not say asks for the next.
        more=more == "Y" or (not more and len(lines) >= PAGE_SIZE),
        incomes=count(body.one("INCOMENUMBER")),
        expenses=count(body.one("EXPENDNUMBER")),
        income_sum=amount(body.one("INCOMEAMT"), CNY),
        expense_sum=amount(body.one("EXPENDAMT"), CNY),
    )


def _line(line: Node) -> OverviewLine:
    currency = unit(line, "CURRENCY")
    after = line.maybe("BALAMT")
    return OverviewLine(
        account=line.one("ACCTID").need(),
        amount=_sum(line, "CREDIT_AMT", currency) - _sum(line, "DEBIT_AMT", currency),
        balance_after=amount(after, currency) if after is not None and after.text() else None,
        counterparty_account=_plain(line, "OPPT_ACCT_NUM"),
        counterparty_name=_plain(line, "OPPT_ACCT_NAME"),
        booked_at=instant(line.child_text("TXN_DATE")),
        purpose=_plain(line, "PURPOSE"),
    )


def _sum(line: Node, name: str, currency: Currency) -> Money:
    """Debit or credit side: the other one of a line may be empty, but not both missing."""
    found = line.maybe(name)
    if found is None or not found.text():
        other = "DEBIT_AMT" if name == "CREDIT_AMT" else "CREDIT_AMT"
        if not line.child_text(other):
            raise line.fault("missing")
        return Money(0, currency)
    return amount(found, currency)


def _plain(line: Node, name: str) -> str:
    """Text without the line breaks that the bank's warehouse leaves in it."""
    return " ".join(line.child_text(name).split())
