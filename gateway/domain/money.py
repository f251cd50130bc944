"""Exact money: an integer of minor units and a currency. No float, no rounding.

The text of an amount is gated by a regular expression BEFORE anything numeric
sees it, because ``Decimal`` accepts NaN, 1e3, 1_0 and full-width digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec


class Currency(msgspec.Struct, frozen=True, gc=False):
    """An ISO 4217 currency; ``digits`` counts the decimals of its minor unit."""

    code: str
    digits: int


_CURRENCIES: Final = {
    code: Currency(code, digits)
    for digits, codes in {
        0: "JPY KRW VND CLP ISK XAF XOF XPF PYG UGX",
        2: (
            "CNY USD EUR GBP HKD MOP TWD SGD CHF SEK DKK NOK CAD AUD NZD THB MYR RUB INR IDR PHP"
            " PLN CZK HUF RON BGN TRY ZAR BRL MXN AED SAR ILS LTL LVL"
        ),
        3: "BHD KWD OMR TND JOD IQD LYD",
    }.items()
    for code in codes.split()
}
CNY: Final = _CURRENCIES["CNY"]

_AMOUNT: Final = re.compile(r"(-?)(0|[1-9][0-9]{0,14})(?:\.([0-9]{1,5}))?", re.ASCII)


class MoneyFormatError(ValueError):
    """The text is not an amount. Carries a reason code, never the text itself."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def currency(code: str) -> Currency:
    """Look a currency up by its ISO code; ``RMB`` is not one. Raises MoneyFormatError."""
    try:
        return _CURRENCIES[code]
    except KeyError:
        raise MoneyFormatError("currency_unknown") from None


class Money(msgspec.Struct, frozen=True, gc=False):
    """An exact amount. ``minor`` counts minor units (fen for CNY) and may be negative."""

    minor: int
    currency: Currency

    @classmethod
    def parse(cls, text: str, unit: Currency, *, signed: bool = False) -> Money:
        """Read plain decimal text such as ``1200.50`` (ASCII digits, at most 15 before the point).

        Trailing zeros beyond the currency's decimals are refused like any other
        surplus decimal: nothing is ever rounded or cut. ``-0`` is refused.
        Raises MoneyFormatError with reason ``format``, ``decimals`` or ``sign``.
        """
        found = _AMOUNT.fullmatch(text)
        if found is None:
            raise MoneyFormatError("format")
        sign, whole, fraction = found.groups("")
        digits = unit.digits
        if len(fraction) > digits:
            raise MoneyFormatError("decimals")
        minor = int(whole + fraction.ljust(digits, "0"))
        if sign and (not signed or minor == 0):
            raise MoneyFormatError("sign")
        return cls(-minor if sign else minor, unit)

    def text(self) -> str:
        """Plain decimal text with all of the currency's decimals, the inverse of ``parse``."""
        sign = "-" if self.minor < 0 else ""
        digits = str(abs(self.minor)).rjust(self.currency.digits + 1, "0")
        if not self.currency.digits:
            return sign + digits
        return f"{sign}{digits[: -self.currency.digits]}.{digits[-self.currency.digits :]}"

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise MoneyFormatError("currency_mixed")


def total(amounts: Iterable[Money], unit: Currency) -> Money:
    """Sum amounts of one currency; an empty sum is zero. Raises MoneyFormatError when mixed."""
    minor = 0
    for amount in amounts:
        if amount.currency is not unit and amount.currency != unit:
            raise MoneyFormatError("currency_mixed")
        minor += amount.minor
    return Money(minor, unit)
