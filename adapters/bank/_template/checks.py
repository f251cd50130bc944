"""What the bank would refuse, found before a serial is spent.

Rule kept here: a text that does not fit is refused with its field's name, never cut.
Lengths count characters.

Source: none; invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from gateway.domain.money import CNY
from gateway.ports.bank import FieldProblem, PayOrder
from gateway.wire.charset import forbidden_characters

_AMOUNT_LIMIT_MINOR: Final = 10**15
"""Below ten trillion yuan, in fen."""
_ACCOUNT: Final = re.compile(r"[0-9A-Za-z-]{1,32}", re.ASCII)
_LENGTHS: Final = {
    "debtor_name": 60,
    "debtor_city": 30,
    "creditor_name": 60,
    "creditor_agent_name": 60,
    "creditor_city": 30,
    "purpose": 60,
    "memo": 60,
}
_REQUIRED: Final = frozenset({"creditor_name", "purpose"})


def check(order: PayOrder) -> tuple[FieldProblem, ...]:
    """Every fault of an order that the bank would refuse; () when there is none."""
    texts = {
        "debtor_name": order.debtor.name,
        "debtor_city": order.debtor.account.agent.city,
        "creditor_name": order.creditor.name,
        "creditor_agent_name": order.creditor.account.agent.name,
        "creditor_city": order.creditor.account.agent.city,
        "purpose": order.purpose,
        "memo": order.memo,
    }
    problems = [problem for name, text in texts.items() for problem in _text(name, text)]
    problems += _account("debtor_account", order.debtor.account.number)
    problems += _account("creditor_account", order.creditor.account.number)
    problems += _amount(order)
    if not order.own_bank and not order.creditor.account.agent.name:
        problems.append(
            _problem(
                "creditor_agent_name",
                "required",
                "跨行付款必须填写收款行名称",
                "a payment to another bank needs the name of the payee's bank",
            )
        )
    return tuple(problems)


def _problem(name: str, code: str, zh: str, en: str) -> FieldProblem:
    return FieldProblem(name=name, code=code, zh=zh, en=en)


def _text(name: str, text: str) -> Iterator[FieldProblem]:
    if not text:
        if name in _REQUIRED:
            yield _problem(name, "required", "必须填写", "this field is required")
    elif forbidden_characters(text):
        yield _problem(
            name,
            "characters",
            "含有银行不接受的字符，请删除",
            "holds characters the bank refuses: remove them",
        )
    elif text != text.strip():
        yield _problem(
            name,
            "blank",
            "首尾不能有空格，请删除",
            "starts or ends with white space: remove it",
        )
    elif len(text) > _LENGTHS[name]:
        yield _problem(
            name,
            "too_long",
            f"超过 {_LENGTHS[name]} 个字符，请缩短",
            f"more than {_LENGTHS[name]} characters: shorten",
        )


def _account(name: str, number: str) -> Iterator[FieldProblem]:
    if not _ACCOUNT.fullmatch(number):
        yield _problem(
            name,
            "format",
            "账号只能含数字、字母和连字符，最长 32 位",
            "an account number holds at most 32 digits, letters and hyphens",
        )


def _amount(order: PayOrder) -> Iterator[FieldProblem]:
    if order.amount.currency != CNY:
        yield _problem("currency", "currency", "只支持人民币", "carries CNY only")
    elif not 0 < order.amount.minor < _AMOUNT_LIMIT_MINOR:
        yield _problem(
            "amount",
            "range",
            "金额须大于零且低于十万亿元",
            "the amount must be above zero and below 10^13 yuan",
        )
