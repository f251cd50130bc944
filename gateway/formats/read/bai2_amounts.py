"""What BAI2's codes mean: which way money goes, how many decimals are implied, and when.

Source: BAI Cash Management Balance Reporting Specifications, version 2, appendix A (type codes)
and D (funds types).
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final, NamedTuple

from gateway.domain.bank_file import BalanceUse
from gateway.domain.exact import Exact, exact
from gateway.domain.money import MoneyFormatError, currency
from gateway.formats.read.bai2_records import Fields

DEFAULT_CURRENCY: Final = "USD"
"""What the specification says of a file that names none."""
OPENING: Final = "010"
CLOSING: Final = "015"
CREDITS: Final = "100"
DEBITS: Final = "400"
NO_MONEY: Final = "890"
_USES: Final = {
    OPENING: BalanceUse.OPENING,
    CLOSING: BalanceUse.CLOSING,
    "045": BalanceUse.AVAILABLE,
}
_BALANCES: Final = range(1, 100)
_AMOUNT: Final = re.compile(r"([+-]?)([0-9]{1,28})(?:\.([0-9]{0,9}))?([+-]?)", re.ASCII)
_DAY: Final = re.compile(r"(?:(?P<c>[0-9]{2}))?(?P<y>[0-9]{2})(?P<m>[0-9]{2})(?P<d>[0-9]{2})")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_PAIRS_MAX: Final = 400
_IMPLIED: Final = 2


class Amount(NamedTuple):
    """An amount as it is written: ``units`` is what a control total adds up."""

    units: int
    value: Exact
    pointed: bool
    """It has a decimal point, which the specification does not allow."""


def digits_of(code: str) -> int | None:
    """How many decimals a currency implies; None for one that is not known here."""
    try:
        return currency(code).digits
    except MoneyFormatError:
        return None


def amount(text: str, digits: int | None) -> Amount | None:
    """An amount in minor units, signed; None for what is none."""
    found = _AMOUNT.fullmatch(text)
    if found is None or (found[1] and found[4]):
        return None
    whole, fraction = found[2], found[3]
    negative = "-" in (found[1], found[4])
    scale = _IMPLIED if digits is None else digits
    try:
        if fraction is not None:
            value = exact(whole, fraction, negative=negative)
        else:
            value = Exact(exact(whole, negative=negative).units, scale)
    except MoneyFormatError:
        return None
    return Amount(value.units, value, fraction is not None)


def is_credit(code: str) -> bool | None:
    """Whether a detail of this type brings money in; None where its number does not say."""
    if not (code.isascii() and code.isdigit() and len(code) == len(OPENING)):
        return None
    number = int(code)
    ranges = (
        (range(100, 400), True),
        (range(400, 700), False),
        (range(720, 760), True),
        (range(760, 800), False),
        (range(920, 960), True),
        (range(960, 1000), False),
    )
    return next((way for span, way in ranges if number in span), None)


def use_of(code: str) -> BalanceUse | None:
    """What a balance is for; None for a code that is no balance."""
    if code in _USES:
        return _USES[code]
    known = code.isascii() and code.isdigit() and int(code) in _BALANCES
    return BalanceUse.OTHER if known else None


def day(text: str, century: int) -> date | None:
    """YYMMDD, or YYYYMMDD as version 3 has it; None for what is no day."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    year = int(f"{found['c']}{found['y']}") if found["c"] else century + int(found["y"])
    try:
        return date(year, int(found["m"]), int(found["d"]))
    except ValueError:
        return None


def number(text: str) -> int | None:
    """A count or a control total; None for what is none."""
    plain = text.replace(".", "")
    return int(plain) if _NUMBER.fullmatch(plain) else None


def funds(fields: Fields, century: int) -> date | None:
    """Take the funds type with everything that belongs to it; the value date, where it has one.

    A bank that writes S, V or D and leaves out what must follow is read as if it had not.
    """
    kind = fields.take().upper()
    if kind == "V":
        found = day(fields.look(), century)
        if found is not None or not fields.look():
            fields.take()
            if not fields.look() or _NUMBER.fullmatch(fields.look()):
                fields.take()
        return found
    if kind == "S":
        for _ in range(3):
            if fields.look() and not _AMOUNT.fullmatch(fields.look()):
                break
            fields.take()
    elif kind == "D":
        pairs = number(fields.look())
        if pairs is not None and 0 <= pairs <= _PAIRS_MAX:
            fields.take()
            for _ in range(2 * pairs):
                fields.take()
    return None
