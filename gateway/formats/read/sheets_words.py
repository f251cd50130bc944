"""What a table says above and below its lines: account, period, balances, totals.

Rule kept here: only words that are known are used; everything else above a table is its title.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.domain import money
from gateway.domain.exact import Exact
from gateway.formats.read.sheets_cells import Style
from gateway.formats.read.sheets_columns import CLOSING, NAMES, OPENING, TOTALS, plain
from gateway.formats.read.sheets_foreign import (
    ACCOUNT_WORDS,
    CURRENCY_WORDS,
    END_WORDS,
    START_WORDS,
)
from gateway.formats.read.sheets_rows import Row

_WORDS: Final[Mapping[str, str]] = {
    plain(name): field
    for field, names in {
        "account": (*NAMES["account"], "查询账号", "账户号码", "银行账号", "iban", *ACCOUNT_WORDS),
        "account_name": (*NAMES["account_name"], "单位名称", "客户名称", "account holder"),
        "currency": (*NAMES["currency"], *CURRENCY_WORDS),
        "opening": OPENING,
        "closing": CLOSING,
        "start": (
            "起始日期",
            "开始日期",
            "起始时间",
            "查询起始日期",
            "from",
            "start date",
            "from date",
            *START_WORDS,
        ),
        "end": (
            "截止日期",
            "结束日期",
            "终止日期",
            "截止时间",
            "查询截止日期",
            "to",
            "end date",
            "to date",
            *END_WORDS,
        ),
        "period": (
            *("查询期间", "起止日期", "日期范围", "查询时间段", "查询日期", "账单周期", "查询时间"),
            *("起止时间", "对账期间", "statement period", "period", "date range"),
        ),
        "count": ("总笔数", "笔数合计", "交易笔数", "合计笔数", "总条数", "记录数", "笔数"),
    }.items()
    for name in names
}
_ALONE: Final = frozenset(map(plain, (*ACCOUNT_WORDS, *CURRENCY_WORDS, *START_WORDS, *END_WORDS)))
"""Words that mean something only where nothing stands before them: ``Nom du compte : …``."""
_BRACKETS: Final = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
_TOTALS: Final = tuple(map(plain, TOTALS))
_OPENING: Final = tuple(map(plain, OPENING))
_CLOSING: Final = tuple(map(plain, CLOSING))
_PAIR: Final = re.compile(r"([^\s:：]{1,24})\s*[:：]\s*([^:：]*?)(?=\s+[^\s:：]{1,24}\s*[:：]|$)")
_DAY: Final = re.compile(r"\d{4}[-/.年]?\d{1,2}[-/.月]?\d{1,2}", re.ASCII)
_CODE: Final = re.compile(r"[A-Z]{3}", re.ASCII)
_CURRENCIES: Final[Mapping[str, str]] = {
    "人民币": "CNY",
    "人民币元": "CNY",
    "rmb": "CNY",
    "元": "CNY",
    "美元": "USD",
    "港币": "HKD",
    "港元": "HKD",
    "欧元": "EUR",
    "日元": "JPY",
    "英镑": "GBP",
    "澳元": "AUD",
    "加元": "CAD",
    "新加坡元": "SGD",
    "瑞士法郎": "CHF",
    "€": "EUR",
    "£": "GBP",
    "rur": "RUB",
    "zł": "PLN",
    "kč": "CZK",
    "r$": "BRL",
}


@dataclass(slots=True)
class Said:
    """What stands around a table's lines."""

    account: str = ""
    account_name: str = ""
    currency: str = ""
    start: date | None = None
    end: date | None = None
    opening: Exact | None = None
    closing: Exact | None = None
    count: int | None = None

    def take(self, row: Row, style: Style) -> bool:
        """Use what a row says; whether it said anything that is known."""
        used = False
        for field, text in _pairs(row):
            used = True
            if field in {"opening", "closing"}:
                amount = style.amount(text)
                if amount is not None:
                    setattr(self, field, amount)
            elif field in {"start", "end"}:
                setattr(self, field, style.day(text)[0] or getattr(self, field))
            elif field == "period":
                days = [style.day(it)[0] for it in _DAY.findall(text)]
                if len(days) == 2:  # noqa: PLR2004 - from and to
                    self.start, self.end = days
            elif field == "count":
                number = text.removesuffix("笔").strip()
                self.count = int(number) if number.isascii() and number.isdigit() else None
            elif field == "currency":
                self.currency = currency(text)
            else:
                setattr(self, field, text)
        return used


def currency(text: str) -> str:
    """A currency's code for what people call it; '' for a word that is not known."""
    bare = text.strip()
    known = _CURRENCIES.get(bare.casefold(), "") or _CURRENCIES.get(plain(bare), "")
    if not known and (found := _CODE.search(bare.upper())) is not None:
        known = "CNY" if found[0] == "RMB" else found[0]
    return known


def unit(text: str) -> str:
    """The currency that a column's name has in brackets; '' for any other remark."""
    code = currency(text)
    try:
        return money.currency(code).code
    except money.MoneyFormatError:
        return ""


def kind(texts: Iterable[str]) -> str:
    """``totals``, ``opening`` or ``closing`` for a row that is no line, '' for any other."""
    for text in texts:
        word = plain(text)
        if not word:
            continue
        if word.startswith(_TOTALS):
            return "totals"
        if word.startswith(_OPENING):
            return "opening"
        if word.startswith(_CLOSING):
            return "closing"
    return ""


def _pairs(row: Row) -> Iterator[tuple[str, str]]:
    texts = row.texts
    for at, text in enumerate(texts):
        left, mark, right = text.replace("：", ":").partition(":")
        field = _field(left)
        if field and mark and right.strip() and not _known_inside(right):
            yield field, right.strip()
        elif field and not right.strip():
            value = next((it for it in texts[at + 1 :] if it.strip()), "")
            if value:
                yield field, value.strip()
        else:
            for found in _PAIR.finditer(text):
                inner = _WORDS.get(plain(found[1]), "")
                if inner and plain(found[1]) not in _ALONE and found[2].strip():
                    yield inner, found[2].strip()


def _field(name: str) -> str:
    """What a name means, with or without what stands in brackets behind it."""
    return _WORDS.get(plain(name)) or _WORDS.get(plain(_BRACKETS.sub("", name)), "")


def _known_inside(text: str) -> bool:
    return any(plain(it[1]) in _WORDS for it in _PAIR.finditer(text))
