"""Field 61, the statement line, in every form that banks give it.

Rule kept here: the amount and its sign are certain or the line is none; everything else may be
missing.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

import msgspec

from gateway.domain.exact import DIGITS_MAX, SCALE_MAX, Exact
from gateway.domain.statement import EntryStatus
from gateway.formats.read.mt940_values import Days, Say, amount

# Value date, entry date, mark, funds code, amount, type code. Some banks break the line or put
# spaces between them.
_LINE: Final = re.compile(
    r"[ ]*([0-9]{6})([0-9]{4}|[ ]{4})?[ \n]*(R[CD]|E[CD]|[CD])([A-Z])?[ \n]*"
    r"([0-9][0-9.,']*|,[0-9]+)[ ]*([A-Z][A-Z0-9 ]{0,3})?"
)
_LONG: Final = re.compile(
    r"[ ]*((?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])|"
    r"[0-9]{6}(?=[0-9]{6}[ \n]*[A-Za-z])|[0-9]{8}|[0-9]{6})[ ]*"
    r"([0-9]{8}|[0-9]{6}|[0-9]{4})?[ \n]*"
    r"([Rr][CDcd]|[Ee][CDcd]|[CDcd])([A-Z])?"
    r"[ \n]*\+?([0-9][0-9.,']*(?:[ ][0-9]{3})*(?:,[0-9]*)?|[.,][0-9]+)[ ]*([A-Z][A-Z0-9 ]{0,3})?"
)
_AMOUNT: Final = re.compile(r"([0-9]{1,15}),([0-9]{0,5})")
_ORIGINAL: Final = re.compile(r"/OCMT/([A-Z]{3})([0-9]+[,.]?[0-9]*)")
_CHARGES: Final = re.compile(r"/CHGS/([A-Z]{3})([0-9]+[,.]?[0-9]*)")
_REFERENCE: Final = 16
"""Characters of the customer's reference; old fixed columns go on with a name."""
NONE: Final = frozenset({"NONREF", "NONE", "NOTPROVIDED"})
"""How files say that there is no reference."""


class Line(msgspec.Struct, kw_only=True, gc=False):
    """A statement line. ``sign_known`` things only: what is missing is '' or None."""

    amount: Exact
    value_date: date | None
    booking_date: date | None
    funds_code: str
    code: str
    status: EntryStatus
    reversal: bool
    reference: str
    """The customer's."""
    bank_reference: str
    name: str
    """A name in fixed columns behind the reference."""
    more: str
    """Supplementary details: the lines below."""


def statement_line(body: str, days: Days, say: Say) -> Line | None:
    """Read a field 61; None where amount or mark are not certain."""
    found = _matched(body)
    if found is None:
        return None
    value, entry, mark, funds, figures, code = found.groups()
    mark = mark.upper()
    units = _amount(figures, say, negative=mark in _OUT)
    if units is None:
        return None
    value_date = days.of(value)
    if value_date is None:
        say("date")
    booking_date = None
    if entry and entry != "    ":
        booking_date = days.booked(value, entry)
        if booking_date is None:
            say("date")
    rest = body[found.end() :]
    if not code:
        say("entry_code")
    elif code == "NONR" and rest.startswith("EF"):
        say("entry_code")
        code, rest = "", "NONREF" + rest[2:]
    first, _, more = rest.partition("\n")
    reference, slashes, bank = first.partition("//")
    if not slashes and more.startswith("//"):
        bank, _, more = more[2:].partition("\n")
    name = ""
    if len(reference) > _REFERENCE and "  " in reference[: _REFERENCE + 1]:
        reference, name = reference[:_REFERENCE], reference[_REFERENCE:].strip()
    reference, bank = reference.strip(), bank.strip()
    return Line(
        amount=units,
        value_date=value_date,
        booking_date=booking_date,
        funds_code=funds or "",
        code=(code or "").rstrip(),
        status=_PENDING if mark[0] == "E" else _BOOKED,
        reversal=mark[0] == "R",
        reference="" if reference in NONE else reference,
        bank_reference="" if bank in NONE else bank,
        name=name,
        more=more.strip(),
    )


def _matched(body: str) -> re.Match[str] | None:
    """The fields of a line; None too where figures follow what would be the amount."""
    for pattern in (_LINE, _LONG):
        found = pattern.match(body)
        if found and (found[6] or not body[found.end() : found.end() + 1].isdigit()):
            return found
    return None


_OUT: Final = frozenset({"D", "RC", "ED"})
"""Marks of money that goes out; the reversal of a credit does."""
_PENDING: Final = EntryStatus.PENDING
_BOOKED: Final = EntryStatus.BOOKED


def _amount(figures: str, say: Say, *, negative: bool) -> Exact | None:
    plain = _AMOUNT.fullmatch(figures)
    if plain is None:
        return amount(figures, say, negative=negative)
    whole, fraction = plain.groups()
    units = int(whole + fraction)
    return Exact(-units if negative else units, len(fraction))


def original(text: str) -> tuple[str, str]:
    """Currency and exact text of what was instructed (``/OCMT/``), '' and '' without."""
    return _stated(_ORIGINAL, text)


def charges(text: str) -> tuple[str, str]:
    """Currency and exact text of charges (``/CHGS/``), '' and '' without."""
    return _stated(_CHARGES, text)


def _stated(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    found = pattern.search(text)
    if found is None:
        return "", ""
    whole, _, fraction = found[2].replace(",", ".").partition(".")
    if len(whole) + len(fraction) > DIGITS_MAX or len(fraction) > SCALE_MAX:
        return "", ""
    whole = whole.lstrip("0") or "0"
    return found[1], f"{whole}.{fraction}" if fraction else whole
