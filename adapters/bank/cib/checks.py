"""What XFER cannot carry, found before a serial is spent.

Rule kept here: a text that does not fit is refused with its field's name, never cut. Lengths
count GBK bytes (a Chinese character is two).

Source: CIB interface document V4.0.4, §XFER, appendix 7 for the texts of the refusals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from adapters.bank.cib.own_bank import NAME
from adapters.bank.cib.transfer import super_channel
from gateway.domain.money import CNY
from gateway.ports.bank import FieldProblem, PayOrder
from gateway.wire.charset import UnencodableError, forbidden_characters, gbk_length

SUPER_LIMIT_MINOR: Final = 50_000_00
"""Largest SUPER payment, in fen."""
_AMOUNT_LIMIT_MINOR: Final = 10**17
"""N(17,2): below 10^15 yuan, in fen."""
_ACCOUNT: Final = re.compile(r"[0-9A-Za-z-]+", re.ASCII)
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
_ACCOUNTS: Final = ("debtor_account", "creditor_account")


def check(order: PayOrder) -> tuple[FieldProblem, ...]:
    """Every fault of an order that the bank would refuse; () when there is none.

    The due date (after today, at most 15 days) is not judged: there is no clock here.
    """
    texts = _texts(order)
    problems = [problem for name, text in texts.items() for problem in _text(name, text)]
    problems += _accounts(texts)
    problems += _amount(order)
    problems += _agent(order)
    return tuple(problems)


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


def _text(name: str, text: str) -> Iterator[FieldProblem]:
    if not text.strip():
        if name in _REQUIRED:
            yield FieldProblem(
                name=name, code="required", zh="必须填写", en="this field is required"
            )
        elif text:
            yield _blank(name)
        return
    if forbidden_characters(text):
        yield FieldProblem(
            name=name,
            code="characters",
            zh="含有银行不接受的字符（控制字符、换行、< > & 或不可见字符），请删除",
            en="holds characters the bank refuses (control, line break, < > &, invisible): remove",
        )
        return
    if text != text.strip():
        yield _blank(name)
    try:
        length = gbk_length(text)
    except UnencodableError as error:
        yield FieldProblem(
            name=name,
            code="unencodable",
            zh=f"第 {error.position + 1} 个字符不在银行字符集 GBK 中，请改用其他写法",
            en=f"character {error.position + 1} is not in the bank's character set GBK: respell",
        )
        return
    limit = _LENGTHS[name]
    if length > limit:
        yield FieldProblem(
            name=name,
            code="too_long",
            zh=f"长度 {length} 字节，超过 {limit} 字节（汉字计 2 字节），请缩短",
            en=f"{length} bytes, more than {limit} (a Chinese character counts 2): shorten",
        )


def _blank(name: str) -> FieldProblem:
    return FieldProblem(
        name=name,
        code="blank",
        zh="首尾不能有空格，请删除",
        en="starts or ends with white space: remove it",
    )


def _accounts(texts: dict[str, str]) -> Iterator[FieldProblem]:
    for name in _ACCOUNTS:
        if texts[name].strip() and not _ACCOUNT.fullmatch(texts[name]):
            yield FieldProblem(
                name=name,
                code="format",
                zh="账号只能含数字、字母和连字符",
                en="an account number holds digits, letters and hyphens only",
            )


def _amount(order: PayOrder) -> Iterator[FieldProblem]:
    if order.amount.currency != CNY:
        yield FieldProblem(
            name="currency",
            code="currency",
            zh="该业务只支持人民币",
            en="this operation carries CNY only",
        )
    elif not 0 < order.amount.minor < _AMOUNT_LIMIT_MINOR:
        yield FieldProblem(
            name="amount",
            code="range",
            zh="金额须在 0.01 元以上且整数部分不超过 15 位",
            en="the amount must be at least 0.01 and have at most 15 integer digits",
        )
    elif super_channel(order) and order.amount.minor > SUPER_LIMIT_MINOR:
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
    if not agent.name.strip():
        yield FieldProblem(
            name="creditor_agent_name",
            code="required",
            zh="跨行付款必须填写收款行名称",
            en="a payment to another bank needs the name of the payee's bank",
        )
    elif NAME in agent.name:
        yield FieldProblem(
            name="creditor_agent_name",
            code="own_bank_name",
            zh="跨行付款的收款行名称不能含“兴业银行”，请核对是否行内，或改用简称",
            en="another bank's name must not contain 兴业银行: is it own-bank? else abbreviate",
        )
    if super_channel(order) and not agent.cnaps:
        yield FieldProblem(
            name="creditor_agent_cnaps",
            code="required",
            zh="加急（超级网银）必须填写收款行行号（12 位）",
            en="an urgent payment needs the payee bank's number (12 digits)",
        )
    if not order.local and not agent.city and not agent.cnaps:
        yield FieldProblem(
            name="creditor_city",
            code="required",
            zh="异地跨行付款须填写收款行所在城市或行号",
            en="a payment to another bank in another city needs that city or the bank number",
        )
