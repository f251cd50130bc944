"""Balance of one account.

Source: none; invented.
"""

from __future__ import annotations

from adapters.bank._template import codes
from adapters.bank._template.envelope import asked, message
from gateway.domain.errors import WireError
from gateway.domain.ids import Serial
from gateway.domain.message import WireMessage, WireReply
from gateway.domain.money import Currency, MoneyFormatError, currency
from gateway.domain.statement import Balance
from gateway.ports.bank import BalanceQuestion, SignOn
from gateway.wire.write import element, leaf
from gateway.wire.xml import Node


def encode(question: BalanceQuestion, signon: SignOn, serial: Serial) -> WireMessage:
    """Ask for one account's balances."""
    return message(element("Balance", leaf("Account", question.account)), signon, serial)


def decode(question: BalanceQuestion, serial: Serial, reply: WireReply) -> Balance:
    """Read the balances; ``as_of`` is the time of the answer, which names no other.

    Raises BankRefused when the bank says no, WireError for anything else that is no balance
    of the account asked for.
    """
    answer = asked(reply, codes.BALANCE, serial)
    account = answer.body.one("Account")
    if account.need() != question.account:
        raise account.fault("account")
    unit = _unit(answer.body.one("Currency"))
    available = answer.body.maybe("Available")
    return Balance(
        account=question.account,
        ledger=answer.body.one("Ledger").money(unit, signed=True),
        available=None if available is None else available.money(unit, signed=True),
        as_of=answer.at,
        account_name=answer.body.child_text("Name"),
    )


def _unit(named: Node) -> Currency:
    try:
        return currency(named.need())
    except MoneyFormatError:
        raise WireError("currency", named.path, line=named.line) from None
