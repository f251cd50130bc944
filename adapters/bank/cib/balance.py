"""Balance of one account (CURRACCTQUERYTRNRQ).

Source: CIB interface document V4.0.4, §CURRACCTQUERY.
"""

from __future__ import annotations

from typing import Final

from adapters.bank.cib.amounts import amount, unit
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
from gateway.domain.statement import Balance
from gateway.ports.bank import BalanceQuestion, SignOn
from gateway.wire.write import element, leaf

REPLY: Final = "CURRACCTQUERYTRNRS"


def encode(
    question: BalanceQuestion,
    signon: SignOn,
    serial: Serial,
    *,
    password: PasswordForm = plain_password,
) -> WireMessage:
    """Ask for one account's balances."""
    transaction = element(
        "CURRACCTQUERYTRNRQ",
        leaf("TRNUID", serial),
        element("RQBODY", leaf("ACCTID", question.account)),
    )
    return message(envelope(transaction, signon), password(signon.password))


def decode(question: BalanceQuestion, serial: Serial, reply: WireReply) -> Balance:
    """Read the balances; ``as_of`` is the bank's server time (Beijing), the answer names no other.

    Raises BankRefused when the bank says no, WireError for anything else that is no balance
    of the account asked for.
    """
    answer = query(reply, REPLY, serial)
    if not answer.status.ok:
        raise BankRefused(answer.status.code, answer.status.text)
    body = answer.transaction.one("RSBODY")
    account = body.child_text("ACCTID") or question.account
    if account != question.account:
        raise body.one("ACCTID").fault("account")
    currency = unit(body, "CURRENCY")
    available = body.maybe("AVAILBAL")
    return Balance(
        account=account,
        ledger=amount(body.one("BALAMT"), currency),
        available=amount(available, currency) if available is not None else None,
        as_of=answer.server_time,
        account_name=body.child_text("NAME"),
    )
