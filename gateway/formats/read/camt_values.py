"""Values of camt files: amounts, dates and times as banks really write them.

Rule kept here: a value is read exactly or not at all (None); nothing is rounded and no zone is
made up.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Final

from gateway.domain.bank_file import Finding, Gravity
from gateway.domain.exact import DIGITS_MAX, SCALE_MAX, Exact
from gateway.domain.money import MoneyFormatError

_DAY: Final = re.compile(
    r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:Z|[+-][0-9]{2}:?[0-9]{2}|[T ].*)?", re.ASCII
)
_INSTANT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]+)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})",
    re.ASCII,
)
_AMOUNT: Final = re.compile(r"([+-]?)0*([0-9]*)(?:[.,]([0-9]*))?", re.ASCII)
_COUNT: Final = re.compile(r"0*([0-9]{1,15})", re.ASCII)
_KEPT: Final = 4096
"""So many different dates are remembered: a statement has few."""
NONE_GIVEN: Final = frozenset(
    {"NOTPROVIDED", "NOT PROVIDED", "NOTPROVIDE", "NOTAVAILABLE", "NONREF", "NONE", "N/A"}
)
"""What stands where a reference must, and there is none."""


def amount(text: str) -> Exact | None:
    """An amount; a sign, leading zeros and a decimal comma are let pass. None for anything else."""
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    if (
        text.isascii()
        and digits.isdigit()
        and whole
        and len(fraction) <= SCALE_MAX
        and len(digits) <= DIGITS_MAX
    ):
        return Exact(int(digits), len(fraction))
    return _unusual(text)


def _unusual(text: str) -> Exact | None:
    found = _AMOUNT.fullmatch(text.replace(" ", ""))
    if found is None or not any(map(str.isdigit, text)):
        return None
    sign, whole, fraction = found[1], found[2], found[3] or ""
    if len(fraction) > SCALE_MAX:
        fraction = fraction.rstrip("0")
    if len(fraction) > SCALE_MAX or len(whole + fraction) > DIGITS_MAX:
        return None
    units = int(whole + fraction or "0")
    return Exact(-units if sign == "-" else units, len(fraction))


@lru_cache(maxsize=_KEPT)
def day(text: str) -> date | None:
    """The calendar day of an ISODate or ISODateTime, as it is written; None if it is none."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


@lru_cache(maxsize=_KEPT)
def instant(text: str) -> datetime | None:
    """An aware instant; None where no zone is given, because then it is none."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    fraction = (found[2] or "")[:7]
    try:
        return datetime.fromisoformat(found[1] + fraction.ljust(7, "0") * bool(fraction) + found[3])
    except ValueError:
        return None


def count(text: str) -> int | None:
    """A number of things; None if it is none."""
    found = _COUNT.fullmatch(text)
    return int(found[1]) if found else None


def given(text: str) -> str:
    """A reference, '' for words that say that there is none."""
    # Asked of every reference there is; most are something.
    return "" if not text or (text[0] in "Nn" and text.upper() in NONE_GIVEN) else text


def total(amounts: list[Exact]) -> int:
    """The sum in units of the finest scale that is read."""
    return sum(it.units * 10 ** (SCALE_MAX - it.scale) for it in amounts)


def of_nano(units: int) -> Exact:
    """An amount from units of the finest scale, written as short as it can be."""
    scale = SCALE_MAX
    while scale and units % 10 == 0:
        units //= 10
        scale -= 1
    return Exact(units, scale)


def plain(text: str) -> str:
    """An amount as exact decimal text, '' if it is none."""
    found = amount(text)
    if found is None:
        return ""
    try:
        return found.text(min(found.scale, 2))
    except MoneyFormatError:
        return ""


def finding(
    code: str, path: str, line: int, gravity: Gravity = Gravity.WARNING, *, texts: str = ""
) -> Finding:
    """Something that is wrong at ``path``. ``code`` is a key of the table below."""
    zh, en = TEXTS[texts or code]
    return Finding(code=code, zh=zh, en=en, path=path, line=line, gravity=gravity)


TEXTS: Final = {
    "amount": (
        "金额无法读取，该明细按零金额列出，整份对账单须人工核对",
        "the amount cannot be read; the entry is listed with zero, a person must look",
    ),
    "direction": (
        "借贷标志（CdtDbtInd）缺失或有误，该明细按零金额列出，整份对账单须人工核对",
        "CdtDbtInd is missing or wrong; the entry is listed with zero, a person must look",
    ),
    "direction_of_details": (
        "借贷标志（CdtDbtInd）缺失，已取自交易明细",
        "CdtDbtInd is missing; that of the transaction details was taken",
    ),
    "negative_amount": (
        "金额带负号，已按红字（反方向）处理，请核对",
        "the amount has a minus sign; it was read as the opposite direction, please check",
    ),
    "currency": (
        "金额缺少币种（Ccy），已取账户币种",
        "the amount has no currency (Ccy); that of the account was taken",
    ),
    "currency_unknown": (
        "金额与账户均未注明币种",
        "neither the amount nor the account says its currency",
    ),
    "date": ("日期格式错误，已留空", "this is not a date; it was left empty"),
    "status": (
        "记账状态未知，按仅供参考处理，不计入余额",
        "the status is not known; the entry is treated as information and moves no balance",
    ),
    "status_missing": ("缺少记账状态（Sts），按已记账处理", "Sts is missing; taken as booked"),
    "part_amount": (
        "交易明细的金额无法读取，已留空",
        "the amount of a transaction cannot be read; it was left empty",
    ),
    "remainder": (
        "交易明细之和不等于该笔金额，差额已单列",
        "the transactions do not add up to the entry; what is left stands as a part of its own",
    ),
    "batch_size": (
        "交易明细多于文件所称笔数（NbOfTxs）",
        "there are more transaction details than NbOfTxs says",
    ),
    "surplus": ("元素重复，取第一个", "the element comes more than once; the first one counts"),
    "balance": (
        "余额无法读取（类型、金额或方向有误），未采用",
        "a balance cannot be read (its type, amount or direction) and is not used",
    ),
    "totals_count": (
        "汇总笔数（TxsSummry）与明细不符，对账单不完整或有误",
        "the number of entries is not the one TxsSummry states: entries are missing or wrong",
    ),
    "totals_sum": (
        "汇总金额（TxsSummry）与明细不符，对账单不完整或有误",
        "the sum of the entries is not the one TxsSummry states: entries are missing or wrong",
    ),
    "totals_unread": (
        "汇总（TxsSummry）无法读取，未核对",
        "a total of TxsSummry cannot be read; it was not checked",
    ),
    "account": ("缺少账号", "the account is not named"),
    "version_unknown": (
        "缺少命名空间，版本未知，已按报文容器判断",
        "there is no namespace, so the version is not known; told by the container",
    ),
    "version_untrue": (
        "命名空间与报文容器不符，已按报文容器判断",
        "namespace and container contradict each other; told by the container",
    ),
    "copy": (
        "这是副本或重发（CpyDplctInd），请勿重复记账",
        "this is a copy or duplicate (CpyDplctInd): do not book it twice",
    ),
    "pages": (
        "对账单分页，本页单独不能自证完整",
        "one page of several: alone it cannot prove itself complete",
    ),
    "currency_differs": (
        "期初、期末余额与明细的币种不一致，余额无法佐证明细",
        "balances and entries are of different currencies: nothing proves the entries complete",
    ),
    "interim": (
        "日内报告的余额与本报告明细不能相互印证（明细可能只含新增部分）",
        "an intraday report whose balances its entries do not explain; it may list only new ones",
    ),
}
