"""Days, amounts and balances of MT messages, as banks write them.

Rule kept here: what is not certain is None, and whoever asked makes it a finding.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from gateway.domain.bank_file import BalanceRead, BalanceUse
from gateway.domain.exact import DIGITS_MAX, SCALE_MAX, Exact, exact
from gateway.domain.money import MoneyFormatError

Say = Callable[[str], None]
"""Told the code of a finding."""

_CENTURY: Final = 100
_PAST: Final = 80
"""Two-digit years from here on belong to the century before: the network's own rule."""
_FIRST_YEAR: Final = 1900
"""Eight digits that say an earlier year are two dates, or none."""
_DAYS_MAX: Final = 1 << 12
_BALANCE: Final = re.compile(
    r"[ ]*(R?[CD])[ ]?([0-9]{8}(?=[A-Z])|[0-9]{6}|[A-Za-z]{4,8}(?=[A-Z]{3}|[0-9]))?"
    r"[ ]?([A-Z]{3})?O?[ ]*([0-9.,' ]+)[ ]*$"
)
_ONLY_CURRENCY: Final = re.compile(r"([CD])([0-9]{6})([A-Z]{3})[ ]*$")
_TIME: Final = re.compile(r"([0-9]{6})([0-9]{2})([0-9]{2})(?:[0-9]{2})?[ ]?(?:([+-])([0-9]{4}))?")
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}([.,'])[0-9]{3}(?:\1[0-9]{3})*(?:[.,]([0-9]*))?")
_ALONE: Final = 3
_MINUTES: Final = 60
_ZONE_MAX: Final = timedelta(hours=24)


class Days:
    """Dates of six digits, remembered: a statement has few days and many lines."""

    __slots__ = ("_booked", "_century", "_known")

    def __init__(self, century: int) -> None:
        self._century = century
        self._known: dict[str, date | None] = {}
        self._booked: dict[tuple[str, str], date | None] = {}

    def of(self, text: str) -> date | None:
        """YYMMDD, or YYYYMMDD; None for a day that the calendar does not have."""
        try:
            return self._known[text]
        except KeyError:
            found = self._read(text)
        if len(self._known) < _DAYS_MAX:
            self._known[text] = found
        return found

    def booked(self, value: str, month_day: str) -> date | None:
        """MMDD in the year that is nearest to the value date; None for no such day."""
        key = (value, month_day)
        try:
            return self._booked[key]
        except KeyError:
            found = self._near(value, month_day)
        if len(self._booked) < _DAYS_MAX:
            self._booked[key] = found
        return found

    def _read(self, text: str) -> date | None:
        if not (text.isascii() and text.isdigit() and len(text) in {6, 8}):
            return None
        year = self._year(text)
        return _day(year, int(text[-4:-2]), int(text[-2:])) if year >= _FIRST_YEAR else None

    def _year(self, text: str) -> int:
        if len(text) > len("YYMMDD"):
            return int(text[:4])
        year = int(text[:2])
        before = _CENTURY if year >= _PAST else 0
        return self._century + year - before

    def _near(self, value: str, month_day: str) -> date | None:
        if len(month_day) != len("MMDD"):
            return self._read(month_day)
        month, number, year = int(month_day[:2]), int(month_day[2:]), self._year(value)
        near = self.of(value)
        if near is None:
            return _day(year, month, number)
        some = (_day(it, month, number) for it in (year, year - 1, year + 1))
        days = [it for it in some if it is not None]
        return min(days, key=lambda it: abs(it - near)) if days else None


def _day(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None


def moment(text: str, days: Days) -> datetime | None:
    """YYMMDDhhmm with its zone (``:13D:``); None without one."""
    found = _TIME.match(text.strip())
    day = days.of(found[1]) if found else None
    if found is None or day is None or not found[4]:
        return None
    away = timedelta(hours=int(found[5][:2]), minutes=int(found[5][2:]))
    hour, minute = int(found[2]), int(found[3])
    if away >= _ZONE_MAX or hour >= 24 or minute >= _MINUTES:  # noqa: PLR2004 - a day's hours
        return None
    zone = timezone(-away if found[4] == "-" else away) if away else UTC
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)


def amount(text: str, say: Say, *, negative: bool = False) -> Exact | None:
    """Digits with a decimal comma, and what banks write instead; None for no amount."""
    whole, _, fraction = text.partition(",")
    if (
        whole.isdigit()
        and (not fraction or fraction.isdigit())
        and len(text) <= DIGITS_MAX
        and len(fraction) <= SCALE_MAX
        and text.isascii()
    ):
        units = int(whole + fraction)
        return Exact(-units if negative else units, len(fraction))
    return _unusual(text, say, negative=negative)


def _unusual(text: str, say: Say, *, negative: bool) -> Exact | None:
    """Points, thousands, spaces: anything but a plain decimal comma."""
    plain = text.replace(" ", "").replace("'", "")
    spaced, text = plain != text, plain
    marks = [it for it in text if it in ".,"]
    if len(marks) > 1:
        last = max(text.rfind("."), text.rfind(","))
        grouped = _THOUSANDS.fullmatch(text)
        if grouped is None:
            return None
        only = len(set(marks)) == 1
        if only and len(text) - last - 1 != _ALONE:
            return None
        whole, fraction = (text, "") if only else (text[:last], text[last + 1 :])
        whole = whole.replace(".", "").replace(",", "")
    else:
        whole, _, fraction = text.replace(",", ".").partition(".")
        if "." in text and len(fraction) == _ALONE:
            say("amount_unclear")
    if spaced or "." in text or len(marks) > 1:
        say("amount_form")
    try:
        return exact(whole or "0", fraction, negative=negative)
    except MoneyFormatError:
        return None


def currency_of(text: str, say: Say) -> str:
    """A currency as ISO 4217 has it."""
    if text == "RMB":
        say("currency_rmb")
        return "CNY"
    return text


def balance(tag: str, text: str, days: Days, currency: str, say: Say) -> BalanceRead | None:
    """A balance field; ``currency`` stands in where it names none. None if it is none."""
    found = _BALANCE.match(text) or _BALANCE.match(text.upper())
    if found is None:
        if _ONLY_CURRENCY.match(text):
            say("amount")
        say("balance")
        return None
    negative = found[1] in {"D", "RC"}
    value = amount(found[4].strip(), say, negative=negative)
    if value is None:
        say("balance")
        return None
    day = days.of(found[2]) if found[2] else None
    if day is None:
        say("date")
    if not found[3]:
        say("currency")
    return BalanceRead(
        use=_USES.get(tag[:2], BalanceUse.OTHER),
        code=tag,
        amount=value,
        currency=currency_of(found[3] or currency, say),
        day=day,
    )


_USES: Final = {
    "60": BalanceUse.OPENING,
    "62": BalanceUse.CLOSING,
    "64": BalanceUse.AVAILABLE,
}
