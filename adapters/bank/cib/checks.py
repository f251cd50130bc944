"""What XFER cannot carry, found before a serial is spent.

Rule kept here: a text that does not fit is refused with its field's name, never cut. Lengths
count GBK bytes (a Chinese character is two).

Source: CIB interface document V4.0.4, §XFER, appendix 7 for the texts of the refusals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from adapters.bank.cib.fields import (
    account_problems,
    agent_name_problems,
    amount_problems,
    city_problems,
    text_problems,
)
from adapters.bank.cib.transfer import super_channel
from gateway.ports.bank import FieldProblem, PayOrder

SUPER_LIMIT_MINOR: Final = 50_000_00
"""Largest SUPER payment, in fen."""
_LENGTHS: Final = {
    "debtor_account": 18,
    "debtor_name": 50,
    "debtor_agent_name": 50,
    "debtor_city": 30,
    "creditor_account": 32,
    "creditor_name": 50,
    "creditor_agent_name": 50,
    "creditor_city": 30,
    "purpose": 60,
    "memo": 60,
}
_REQUIRED: Final = frozenset({"debtor_account", "creditor_account", "creditor_name", "purpose"})
_REPEATED: Final = frozenset(
    {
        *("debtor_account", "debtor_name", "debtor_agent_name", "debtor_city"),
        *("creditor_agent_name", "creditor_city", "purpose", "memo"),
    }
)
_ACCOUNTS: Final = ("debtor_account", "creditor_account")


def check(order: PayOrder) -> tuple[FieldProblem, ...]:
    """Every fault of an order that the bank would refuse; () when there is none.

    The due date (after today, at most 15 days) is not judged: there is no clock here.
    """
    texts = _texts(order)
    problems = [
        problem
        for name, text in texts.items()
        for problem in (_seldom_new if name in _REPEATED else _text_problems)(name, text)
    ]
    problems += [p for name in _ACCOUNTS for p in account_problems(name, texts[name])]
    problems += _amount(order)
    problems += _agent(order)
    return tuple(problems)


def _text_problems(name: str, text: str) -> Iterable[FieldProblem]:
    return text_problems(name, text, _LENGTHS[name], required=name in _REQUIRED)


@lru_cache(maxsize=2048)
def _seldom_new(name: str, text: str) -> tuple[FieldProblem, ...]:
    """Remembered, because these texts are the same in most lines of a file."""
    return tuple(_text_problems(name, text))


def _texts(order: PayOrder) -> dict[str, str]:
    debtor, creditor = order.debtor.account, order.creditor.account
    return {
        "debtor_account": debtor.number,
        "debtor_name": order.debtor.name,
        "debtor_agent_name": debtor.agent.name,
        "debtor_city": debtor.agent.city,
        "creditor_account": creditor.number,
        "creditor_name": order.creditor.name,
        "creditor_agent_name": creditor.agent.name,
        "creditor_city": creditor.agent.city,
        "purpose": order.purpose,
        "memo": order.memo,
    }


def _amount(order: PayOrder) -> Iterator[FieldProblem]:
    found = tuple(amount_problems("amount", "currency", order.amount))
    yield from found
    if not found and super_channel(order) and order.amount.minor > SUPER_LIMIT_MINOR:
        yield FieldProblem(
            name="amount",
            code="over_limit",
            zh="加急（超级网银）单笔不超过 50,000 元，请改为普通",
            en="urgent payments are limited to 50,000.00 each: send as normal",
        )


def _agent(order: PayOrder) -> Iterator[FieldProblem]:
    if order.own_bank:
        return
    agent = order.creditor.account.agent
    yield from agent_name_problems("creditor_agent_name", agent)
    if super_channel(order) and not agent.cnaps:
        yield FieldProblem(
            name="creditor_agent_cnaps",
            code="required",
            zh="加急（超级网银）必须填写收款行行号（12 位）",
            en="an urgent payment needs the payee bank's number (12 digits)",
        )
    if not order.local:
        yield from city_problems("creditor_city", agent)
