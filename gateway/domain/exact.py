"""Exact amounts of files that nobody here wrote: an integer and how many decimals it has.

Banks print five decimals, leading zeros and currencies that no list knows; ``Money`` allows none
of that. Rule kept here: nothing is rounded and nothing is cut; what becomes ``Money`` fits it.
"""

from __future__ import annotations

from typing import Final

import msgspec

from gateway.domain.money import Currency, Money, MoneyFormatError

SCALE_MAX: Final = 9
"""Most decimals of any amount that is read."""
DIGITS_MAX: Final = 30


class Exact(msgspec.Struct, frozen=True, gc=False):
    """``units`` of 10^-``scale``, signed. Equal amounts may be written with different scales."""

    units: int
    scale: int = 0

    def text(self, digits: int = 0) -> str:
        """Plain decimal text with at least ``digits`` decimals and as many as it needs."""
        units, scale = abs(self.units), self.scale
        while scale > digits and units % 10 == 0:
            units //= 10
            scale -= 1
        units *= 10 ** max(digits - scale, 0)
        scale = max(scale, digits)
        sign = "-" if self.units < 0 else ""
        if not scale:
            return f"{sign}{units}"
        whole = str(units).rjust(scale + 1, "0")
        return f"{sign}{whole[:-scale]}.{whole[-scale:]}"

    def at(self, scale: int) -> int:
        """The amount in units of 10^-``scale``. Raises MoneyFormatError when it is finer."""
        if scale >= self.scale:
            up: int = 10 ** (scale - self.scale)
            return self.units * up
        step: int = 10 ** (self.scale - scale)
        if self.units % step:
            raise MoneyFormatError("decimals")
        return self.units // step

    def money(self, unit: Currency) -> Money:
        """The same as money. Raises MoneyFormatError ``decimals`` when it is finer than that."""
        return Money(self.at(unit.digits), unit)

    def __neg__(self) -> Exact:
        return Exact(-self.units, self.scale)


def exact(whole: str, fraction: str = "", *, negative: bool = False) -> Exact:
    """Read the digits before and after the separator; leading zeros are allowed.

    Raises MoneyFormatError ``format`` for anything but ASCII digits, none, or too many.
    """
    digits = whole + fraction
    if (
        not digits.isascii()
        or not digits.isdigit()
        or len(digits) > DIGITS_MAX
        or len(fraction) > SCALE_MAX
    ):
        raise MoneyFormatError("format")
    units = int(digits)
    return Exact(-units if negative else units, len(fraction))


def exact_sum(amounts: list[Exact]) -> Exact:
    """Add up, at the finest scale among them; nothing adds up to zero."""
    scale = max((it.scale for it in amounts), default=0)
    return Exact(sum(it.units * 10 ** (scale - it.scale) for it in amounts), scale)
