"""What single fields can carry: texts, account numbers, amounts, the payee's bank.

Rule kept here: a text that does not fit is refused with its field's name, never cut. Lengths
count GBK bytes (a Chinese character is two).

Source: CIB interface document V4.0.4, common building blocks; appendix 7 for the refusals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from adapters.bank.cib.own_bank import NAME
from gateway.domain.money import CNY, Money
from gateway.domain.party import Agent
from gateway.ports.bank import FieldProblem
from gateway.wire.charset import UnencodableError, forbidden_characters, gbk_length

AMOUNT_LIMIT_MINOR: Final = 10**17
"""N(17,2): below 10^15 yuan, in fen."""
_ACCOUNT: Final = re.compile(r"[0-9A-Za-z-]+", re.ASCII)


def text_problems(
    name: str, text: str, limit: int, *, required: bool = False, forbidden: str = ""
) -> tuple[FieldProblem, ...]:
    """Faults of a text of at most ``limit`` GBK bytes; ``forbidden`` adds characters to refuse."""
    if _fits(text, limit, required, forbidden):
        return ()
    return tuple(_text_problems(name, text, limit, required=required, forbidden=forbidden))


@lru_cache(maxsize=8192)
def _fits(text: str, limit: int, required: bool, forbidden: str) -> bool:  # noqa: FBT001 - a cache's key
    """Whether nothing is wrong with a text; remembered, for most lines repeat most texts."""
    if not text:
        return not required
    if text.isascii() and text.isalnum():
        return len(text) <= limit
    if text != text.strip() or forbidden_characters(text):
        return False
    if any(character in text for character in forbidden):
        return False
    try:
        return gbk_length(text) <= limit
    except UnencodableError:
        return False


def _text_problems(
    name: str, text: str, limit: int, *, required: bool, forbidden: str
) -> Iterator[FieldProblem]:
    if not text.strip():
        if required:
            yield FieldProblem(
                name=name, code="required", zh="必须填写", en="this field is required"
            )
        elif text:
            yield _blank(name)
        return
    if forbidden_characters(text) or any(character in text for character in forbidden):
        yield _characters(name, forbidden)
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
    if length > limit:
        yield FieldProblem(
            name=name,
            code="too_long",
            zh=f"长度 {length} 字节，超过 {limit} 字节（汉字计 2 字节），请缩短",
            en=f"{length} bytes, more than {limit} (a Chinese character counts 2): shorten",
        )


def _characters(name: str, forbidden: str) -> FieldProblem:
    more = "".join(f" {character}" for character in forbidden)
    return FieldProblem(
        name=name,
        code="characters",
        zh=f"含有银行不接受的字符（控制字符、换行、< > &{more} 或不可见字符），请删除",
        en=f"holds characters the bank refuses (control, line break, < > &{more}, invisible): "
        "remove",
    )


def _blank(name: str) -> FieldProblem:
    return FieldProblem(
        name=name,
        code="blank",
        zh="首尾不能有空格，请删除",
        en="starts or ends with white space: remove it",
    )


def all_fit(texts: tuple[str, ...], limits: tuple[int, ...], forbidden: str) -> bool:
    """Whether ``text_problems`` finds nothing in these texts, none of which is required.

    Asked of all at once, for the lines of a batch. False may also mean "look closer".
    """
    whole = "".join(texts)
    # What GBK has and is printable is nothing that a payment must not hold, but for markup.
    if not whole.isprintable() or "<" in whole or ">" in whole or "&" in whole:
        return False
    if forbidden in whole:
        return False
    if not whole.isascii():
        try:
            whole.encode("gbk")
        except UnicodeEncodeError:
            return False
    # The only white space that is printable; it must not stand at an end.
    if " " in whole and any(text != text.strip(" ") for text in texts):
        return False
    # A character takes two bytes at most; only a long text has to be counted.
    for text, limit in zip(texts, limits, strict=True):
        if 2 * len(text) > limit and gbk_length(text) > limit:
            return False
    return True


def account_problems(name: str, number: str) -> tuple[FieldProblem, ...]:
    """Faults of an account number's characters; an empty one is for ``text_problems``."""
    if _ACCOUNT.fullmatch(number) or not number.strip():
        return ()
    return (
        FieldProblem(
            name=name,
            code="format",
            zh="账号只能含数字、字母和连字符",
            en="an account number holds digits, letters and hyphens only",
        ),
    )


def amount_problems(name: str, currency_name: str, amount: Money) -> tuple[FieldProblem, ...]:
    """Faults of an amount: CNY, at least 0.01, at most 15 integer digits."""
    if amount.currency != CNY:
        return (
            FieldProblem(
                name=currency_name,
                code="currency",
                zh="该业务只支持人民币",
                en="this operation carries CNY only",
            ),
        )
    if 0 < amount.minor < AMOUNT_LIMIT_MINOR:
        return ()
    return (
        FieldProblem(
            name=name,
            code="range",
            zh="金额须在 0.01 元以上且整数部分不超过 15 位",
            en="the amount must be at least 0.01 and have at most 15 integer digits",
        ),
    )


def agent_name_problems(name: str, agent: Agent) -> Iterator[FieldProblem]:
    """Faults of another bank's name."""
    if not agent.name.strip():
        yield FieldProblem(
            name=name,
            code="required",
            zh="跨行付款必须填写收款行名称",
            en="a payment to another bank needs the name of the payee's bank",
        )
    elif NAME in agent.name:
        yield FieldProblem(
            name=name,
            code="own_bank_name",
            zh="跨行付款的收款行名称不能含“兴业银行”，请核对是否行内，或改用简称",
            en="another bank's name must not contain 兴业银行: is it own-bank? else abbreviate",
        )


def city_problems(name: str, agent: Agent) -> Iterator[FieldProblem]:
    """A payment to another bank in another city must say where."""
    if not agent.city and not agent.cnaps:
        yield FieldProblem(
            name=name,
            code="required",
            zh="异地跨行付款须填写收款行所在城市或行号",
            en="a payment to another bank in another city needs that city or the bank number",
        )


# ── whether, not what ─────────────────────────────────────────────────────────────────────


def account_fits(number: str) -> bool:
    """Whether ``account_problems`` finds nothing in a number that is not blank."""
    return _ACCOUNT.fullmatch(number) is not None


def amount_fits(amount: Money) -> bool:
    """Whether ``amount_problems`` finds nothing."""
    return 0 < amount.minor < AMOUNT_LIMIT_MINOR and amount.currency == CNY


def names_other_bank(agent: Agent) -> bool:
    """Whether ``agent_name_problems`` finds nothing."""
    return bool(agent.name.strip()) and NAME not in agent.name


def names_place(agent: Agent) -> bool:
    """Whether ``city_problems`` finds nothing."""
    return bool(agent.city or agent.cnaps)
