"""Amounts in Chinese capitals (大写金额), as receipts and vouchers write them beside the figures.

Rule kept here: a text stands for one amount only, and every amount has one text: zeros that lie
between other digits are written once, those at the end of a group are not.
Source: People's Bank of China, Payment and Settlement Measures (支付结算办法), annex 1, on filling
in notes: 零 for zeros between digits, 整 after whole yuan or jiao, 零 between yuan and a lone fen.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.domain.money import Money

DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_PLACES: Final = ("", "拾", "佰", "仟")
_PARTS: Final = ("角", "分", "厘")
_WHOLE: Final = "整"
_GROUP: Final = 10_000
_YI: Final = 100_000_000
NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "CNY": "人民币",
        "USD": "美元",
        "EUR": "欧元",
        "GBP": "英镑",
        "HKD": "港币",
        "MOP": "澳门元",
        "TWD": "新台币",
        "JPY": "日元",
        "KRW": "韩元",
        "SGD": "新加坡元",
        "CHF": "瑞士法郎",
        "AUD": "澳大利亚元",
        "CAD": "加拿大元",
    }
)
"""What stands before the amount; of other currencies the ISO code does."""


def capitals(amount: Money) -> str:
    """The amount in words: ``人民币壹仟陆佰捌拾元零叁角贰分``; 负 before a negative one.

    Decimals are 角, 分 and 厘, as many as the currency has.
    """
    minor, digits = abs(amount.minor), amount.currency.digits
    whole, part = divmod(minor, 10**digits)
    sign = "负" if amount.minor < 0 else ""
    name = NAMES.get(amount.currency.code, amount.currency.code)
    return f"{name}{sign}{_words(whole, str(part).rjust(digits, '0') if digits else '')}"


def _words(whole: int, decimals: str) -> str:
    kept = decimals.rstrip("0")
    head = f"{_integer(whole)}元" if whole or not kept else ""
    words = [head]
    if head and kept and (whole % 10 == 0 or kept[0] == "0"):
        words.append(DIGITS[0])
    said = zero = False
    for figure, unit in zip(kept, _PARTS, strict=False):
        if figure == "0":
            zero = said
        else:
            words.append(f"{DIGITS[0] if zero else ''}{DIGITS[int(figure)]}{unit}")
            said, zero = True, False
    if len(kept) < max(2, len(decimals)):
        words.append(_WHOLE)
    return "".join(words)


def _integer(number: int) -> str:
    for size, unit in ((_YI, "亿"), (_GROUP, "万")):
        if number >= size:
            high, low = divmod(number, size)
            gap = DIGITS[0] if low and low * 10 < size else ""
            return f"{_integer(high)}{unit}{gap}{_integer(low) if low else ''}"
    return _below(number) if number else DIGITS[0]


def _below(number: int) -> str:
    """A number from 1 to 9999."""
    words, zero = "", False
    for place in (3, 2, 1, 0):
        figure = number // 10**place % 10
        if figure == 0:
            zero = bool(words)
        else:
            words += f"{DIGITS[0] if zero else ''}{DIGITS[figure]}{_PLACES[place]}"
            zero = False
    return words
