"""What XFER cannot carry, found before a serial is spent.

Rule kept here: a text that does not fit is refused with its field's name, never cut. Lengths
count GBK bytes (a Chinese character is two).

Source: CIB interface document V4.0.4, §XFER, appendix 7 for the texts of the refusals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Final

from adapters.bank.cib.fields import (
    account_fits,
    account_problems,
    agent_name_problems,
    all_fit,
    amount_fits,
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
_OWN: Final = ("creditor_account", "creditor_name", "purpose", "memo")
_OWN_MAX: Final = tuple(_LENGTHS[name] for name in _OWN)
_REPEATED: Final = tuple(name for name in _LENGTHS if name not in _OWN)
_MARKUP: Final = "<"
_Texts = tuple[str, ...]


def check(order: PayOrder) -> tuple[FieldProblem, ...]:
    """Every fault of an order that the bank would refuse; () when there is none.

    The due date (after today, at most 15 days) is not judged: there is no clock here.
    """
    debtor, creditor = order.debtor, order.creditor
    own, theirs = debtor.account, creditor.account
    # Most lines of a file repeat both banks and the payer: these are judged in one, and once.
    own_texts = (theirs.number, creditor.name, order.purpose, order.memo)
    repeated = (
        *(own.number, debtor.name, own.agent.name, own.agent.city),
        *(theirs.agent.name, theirs.agent.city),
    )
    plain = all_fit(own_texts, _OWN_MAX, _MARKUP) and not _seldom_new(repeated)
    plain = plain and bool(theirs.number and creditor.name and order.purpose)
    if plain and order.own_bank and account_fits(theirs.number) and amount_fits(order.amount):
        return ()
    problems: list[FieldProblem] = []
    if not plain:
        texts = (*repeated[:4], *own_texts[:2], *repeated[4:], *own_texts[2:])
        problems += chain.from_iterable(map(_text_problems, _LENGTHS, texts))
        problems += account_problems("debtor_account", own.number)
    problems += account_problems("creditor_account", theirs.number)
    problems += _amount(order)
    problems += _agent(order)
    return tuple(problems)


def _text_problems(name: str, text: str) -> tuple[FieldProblem, ...]:
    return text_problems(name, text, _LENGTHS[name], required=name in _REQUIRED)


@lru_cache(maxsize=2048)
def _seldom_new(texts: _Texts) -> bool:
    """Whether one of the payer's and the payee's bank's texts, the account first, is wrong."""
    return any(map(_text_problems, _REPEATED, texts)) or bool(
        account_problems("debtor_account", texts[0])
    )


def _amount(order: PayOrder) -> tuple[FieldProblem, ...]:
    found = amount_problems("amount", "currency", order.amount)
    if found or not super_channel(order) or order.amount.minor <= SUPER_LIMIT_MINOR:
        return found
    return (
        FieldProblem(
            name="amount",
            code="over_limit",
            zh="加急（超级网银）单笔不超过 50,000 元，请改为普通",
            en="urgent payments are limited to 50,000.00 each: send as normal",
        ),
    )


def _agent(order: PayOrder) -> Iterable[FieldProblem]:
    return () if order.own_bank else _other_agent(order)


def _other_agent(order: PayOrder) -> Iterator[FieldProblem]:
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
