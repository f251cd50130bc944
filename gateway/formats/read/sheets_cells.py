"""Amounts, days and words as people's tables have them.

Rule kept here: how numbers and days are written is decided once for a table, by cells that can be
read in one way only; what then still has two meanings is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from typing import Final
from unicodedata import normalize

from gateway.domain.exact import Exact, exact
from gateway.domain.money import MoneyFormatError
from gateway.domain.statement import EntryStatus

CHINA: Final = timezone(timedelta(hours=8))
_SYMBOLS: Final = re.compile(
    r"^(?:[A-Z]{3}|RMB|R\$|[¥￥$€£₽₺₹])\s*|\s*(?:[A-Z]{3}|元|円|zł|Kč|kr\.?|R\$|[¥￥$€£₽₺₹])$"
)
_DEBIT_MARK: Final = re.compile(r"\s*(CR|DR|借|贷)$", re.IGNORECASE)
_NOTHING: Final = frozenset({"", "-", "--", "---", "—", "——", "/", "n/a", "null", "none", "无"})
_POINT: Final = re.compile(
    r"(\d{1,28}|\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})*,\d{3}|\d{1,3}(?:[ '’]\d{3})+)?"
    r"(?:\.(\d{0,9}))?"
)
_COMMA: Final = re.compile(r"(\d{1,28}|\d{1,3}(?:\.\d{3})+|\d{1,3}(?:[ '’]\d{3})+)?(?:,(\d{0,9}))?")
_MARKED: Final = re.compile(r"'(?=.{0,11}[0-9])([0-9A-Z][0-9A-Z*]{3,40})'?", re.ASCII)
"""A number that an apostrophe, or two, keep from being one in a spreadsheet."""
_SIMPLE: Final = re.compile(r"(-?)(\d{1,15})(?:([.,])(\d{1,9}))?", re.ASCII)
"""What most cells say: an amount that has no other reading."""
_ENDS_COMMA: Final = re.compile(r"\d,\d{1,2}\D*$", re.ASCII)
_ENDS_POINT: Final = re.compile(r"\d\.\d{1,2}\D*$", re.ASCII)
_YEAR_FIRST: Final = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(.*)")
_SOLID: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\.0)?((?:\s|T|\d{6}).*)?")
_YEAR_LAST: Final = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d{2})((?:\s|T|,).*)?")
_NAMED: Final = re.compile(r"(\d{1,2})[-/. ]?([A-Za-z]{3,9})\.?[-/., ]?\s?(\d{4}|\d{2})(\s.*)?")
_NAMED_US: Final = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})(\s.*)?")
_CLOCK: Final = re.compile(r"[T\s]*(\d{1,2})[:：时]?(\d{2})(?:[:：分]?(\d{2}))?(?:\.\d+)?秒?\s*")
_MONTHS: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
_DEBIT: Final = frozenset(
    {
        *("借", "支", "付", "支出", "付款", "借方", "付方", "转出", "往账", "出", "出账", "支取"),
        *("d", "dr", "db", "debit", "dbit", "out", "-", "s", "af", "withdrawal", "debet"),
        *("轉出", "débit", "cargo", "soll", "uit"),
    }
)
_CREDIT: Final = frozenset(
    {
        *("贷", "收", "收入", "收款", "贷方", "收方", "转入", "来账", "入", "入账", "存入"),
        *("c", "cr", "credit", "crdt", "in", "+", "h", "bij", "deposit", "haben"),
        *("轉入", "crédit", "abono"),
    }
)
_PENDING: Final = frozenset(
    {
        *("pending", "处理中", "待处理", "待入账", "未入账", "在途", "vorgemerkt", "reserverad"),
        *("umsatz vorgemerkt", "в обработке", "reserveret", "reservert", "en attente", "pendiente"),
    }
)
_FAILED: Final = frozenset(
    {
        *("info", "失败", "交易失败", "failed", "declined", "已撤销", "cancelled", "已冲正失败"),
        *("reverted", "rejected", "canceled", "geweigerd", "abgelehnt"),
    }
)
_CURRENCY: Final = re.compile(r"^(?:([A-Z]{3})|R\$|[€£])\s?[\d+-]|\d\s?(?:([A-Z]{3})|zł|Kč|[€£])$")
_DAYS_MAX: Final = 1 << 10
_MONTH_MAX: Final = 12
_SHORT_YEAR: Final = 2


class Style:
    """How one table writes numbers and days."""

    __slots__ = ("_century", "_comma", "_day_first", "_days")

    def __init__(self, *, comma: bool, day_first: bool | None, century: int) -> None:
        self._comma = comma
        self._day_first = day_first
        """None where no cell tells day and month apart."""
        self._century = century
        self._days: dict[str, tuple[date | None, str]] = {}
        """What was read before: a table has few days and many lines."""

    def amount(self, text: str) -> Exact | None:
        """A signed amount; None for what is none. An empty cell is none as well: ``blank``."""
        simple = _SIMPLE.fullmatch(text)
        if simple is not None and (not simple[3] or self._comma == (simple[3] == ",")):
            return exact(simple[2], simple[4] or "", negative=bool(simple[1]))
        bare = normalize("NFKC", text).replace("\u2212", "-").strip()
        negative = False
        if (mark := _DEBIT_MARK.search(bare)) is not None:
            negative, bare = mark[1].upper() in {"DR", "借"}, bare[: mark.start()]
        if bare.startswith("(") and bare.endswith(")"):
            negative, bare = not negative, bare[1:-1]
        signs, bare = _unsigned(bare)
        if signs is None:
            return None
        found = (_COMMA if self._comma else _POINT).fullmatch(bare)
        if found is None or not (found[1] or found[2]):
            return None
        whole = re.sub("[., '’]", "", found[1] or "0")
        try:
            return exact(whole, found[2] or "", negative=negative != signs)
        except MoneyFormatError:
            return None

    def day(self, text: str) -> tuple[date | None, str]:
        """A day and what stands behind it; None for what is none, or could be two days."""
        try:
            return self._days[text]
        except KeyError:
            found = self._day(text)
        if len(self._days) < _DAYS_MAX:
            self._days[text] = found
        return found

    def _day(self, text: str) -> tuple[date | None, str]:
        text = normalize("NFKC", text).strip()
        if (found := _YEAR_FIRST.fullmatch(text) or _SOLID.fullmatch(text)) is not None:
            return _date(int(found[1]), int(found[2]), int(found[3])), found[4] or ""
        if (found := _YEAR_LAST.fullmatch(text)) is not None:
            first, second, year = int(found[1]), int(found[3]), self._year(found[4])
            day_first = True if found[2] == "." else self._day_first
            if first != second and day_first is None:
                return None, ""
            if day_first:
                first, second = second, first
            return _date(year, first, second), found[5] or ""
        return self._named(text)

    def _named(self, text: str) -> tuple[date | None, str]:
        found = _NAMED.fullmatch(text)
        if found is not None:
            day, month, year = found[1], found[2], found[3]
        elif (found := _NAMED_US.fullmatch(text)) is not None:
            month, day, year = found[1], found[2], found[3]
        else:
            return None, ""
        name = month[:3].casefold()
        if name not in _MONTHS:
            return None, ""
        return _date(self._year(year), _MONTHS.index(name) + 1, int(day)), found[4] or ""

    def _year(self, text: str) -> int:
        return self._century + int(text) if len(text) == _SHORT_YEAR else int(text)


def style(amounts: Iterable[str], days: Iterable[str], *, century: int, form: str = "") -> Style:
    """Decide by a table's first cells. ``form`` is ``DMY`` or ``MDY`` where a mapping says so."""
    written = [normalize("NFKC", it) for it in amounts]
    comma = any(map(_ENDS_COMMA.search, written)) and not any(map(_ENDS_POINT.search, written))
    day_first: bool | None = {"DMY": True, "MDY": False}.get(form)
    for text in days if day_first is None else ():
        found = _YEAR_LAST.fullmatch(normalize("NFKC", text).strip())
        if found is not None and (int(found[1]) > _MONTH_MAX) != (int(found[3]) > _MONTH_MAX):
            day_first = int(found[1]) > _MONTH_MAX
            break
    return Style(comma=comma, day_first=day_first, century=century)


def currency_in(text: str) -> str:
    """What an amount's cell has beside its figures, where that can be one currency only."""
    bare = normalize("NFKC", text).strip()
    found = _CURRENCY.search(bare)
    return bare.strip("0123456789.,'’ +-()") if found is not None else ""


def blank(text: str) -> bool:
    """Whether a cell of an amount says that there is none."""
    return text.strip().casefold() in _NOTHING


def constant(text: str) -> str:
    """A text without what keeps spreadsheets from changing it: ``="…"``, a tab, an apostrophe."""
    bare = text.strip(" \t\r\n\u3000\ufeff\xa0")
    if bare[:1] not in {"=", "'"}:
        return bare
    if bare.startswith('="') and bare.endswith('"') and '"' not in bare[2:-1]:
        return bare[2:-1].strip()
    if (marked := _MARKED.fullmatch(bare)) is not None:
        return marked[1]
    if bare.startswith("'") and bare[1:2] in {"=", "+", "-", "@", "\t"}:
        return bare[1:]
    return bare


def way(text: str) -> bool | None:
    """Whether a word means money in; None for a word that is not known."""
    word = normalize("NFKC", text).strip().casefold().removesuffix(".")
    if word in _CREDIT or word in _DEBIT:
        return word in _CREDIT
    return None


def status(text: str) -> EntryStatus:
    """What a word about a line means; most words mean that it is booked."""
    word = text.strip().casefold()
    if word in _PENDING:
        return EntryStatus.PENDING
    return EntryStatus.INFO if word in _FAILED else EntryStatus.BOOKED


def instant(day: date | None, clock: str) -> datetime | None:
    """A day and a Chinese wall clock as an instant; None where one of them is missing."""
    found = _CLOCK.fullmatch(normalize("NFKC", clock))
    if found is None or day is None:
        return None
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    try:
        return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=CHINA)
    except ValueError:
        return None


def _unsigned(bare: str) -> tuple[bool | None, str]:
    """Whether a sign says negative, and the amount without signs and currency."""
    negative = False
    seen = 0
    for _ in range(3):
        bare = _SYMBOLS.sub("", bare.strip()).strip()
        if bare[:1] in {"+", "-"}:
            negative, bare, seen = bare[0] == "-", bare[1:], seen + 1
        elif bare[-1:] in {"+", "-"}:
            negative, bare, seen = bare[-1] == "-", bare[:-1], seen + 1
    return (negative, bare.strip()) if seen < 2 else (None, "")  # noqa: PLR2004 - one sign


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
