"""Amounts and times as OFX files write them.

Rule kept here: an amount that can be read in two ways is not read.
Source: OFX 1.0.3 and 2.2, 3.2.8 (dates and times) and 3.2.9 (amounts).
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from typing import Final

from gateway.domain.exact import Exact, exact
from gateway.domain.money import MoneyFormatError

_PLAIN: Final = re.compile(r"([0-9]{0,28})(?:[.,]([0-9]{0,9}))?", re.ASCII)
_GROUPED: Final = re.compile(
    r"([0-9]{1,3}(?:,[0-9]{3})+)(?:\.([0-9]{0,9}))?|([0-9]{1,3}(?:\.[0-9]{3})+)(?:,([0-9]{0,9}))?"
    r"|([0-9]{1,3}(?: [0-9]{3})+)(?:[.,]([0-9]{0,9}))?",
    re.ASCII,
)
_TWO_WAYS: Final = re.compile(r"[1-9][0-9]{0,2},[0-9]{3}", re.ASCII)
_TIME: Final = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})"
    r"(?:([0-9]{2})([0-9]{2})(?:([0-9]{2})(?:[.:,][0-9]{0,6})?)?)?"
    r"\s*(?:\[([+-]?[0-9]{0,2}(?:\.[0-9]{1,2})?)(?::?[^\]]*)\]?)?.{0,8}",
    re.ASCII,
)
_SPLIT: Final = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})(?:[T ].{0,20})?", re.ASCII)
_HOURS_MAX: Final = 15
_PARTS: Final = 60


def amount(text: str) -> Exact | None:
    """A signed amount, with a point or a comma; None for what is none, or may be two."""
    bare = text.replace("\u2212", "-").strip()
    negative = bare.startswith("-") or bare.endswith("-")
    bare = bare.strip("+-").strip() if bare.count("-") + bare.count("+") <= 1 else ""
    if not any(it.isdigit() for it in bare) or _TWO_WAYS.fullmatch(bare):
        return None
    found = _PLAIN.fullmatch(bare)
    if found is not None:
        whole, fraction = found[1], found[2] or ""
    else:
        grouped = _GROUPED.fullmatch(bare)
        if grouped is None:
            return None
        pairs = ((grouped[it], grouped[it + 1]) for it in (1, 3, 5))
        whole, fraction = next(((a, b or "") for a, b in pairs if a), ("", ""))
        whole = re.sub("[., ]", "", whole)
    try:
        return exact(whole or "0", fraction, negative=negative)
    except MoneyFormatError:
        return None


def day(text: str) -> date | None:
    """The day as it is written, in whatever zone; None for what is no day."""
    found = _TIME.fullmatch(text) or _SPLIT.fullmatch(text)
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def instant(text: str) -> datetime | None:
    """The instant, where hour and zone are both written; None otherwise."""
    found = _TIME.fullmatch(text)
    if found is None or not found[4] or not (found[7] or "").strip("+-"):
        return None
    sign = -1 if found[7].startswith("-") else 1
    hours, _, part = found[7].strip("+-").partition(".")
    offset = sign * (int(hours or "0") * _PARTS + int((part or "0").ljust(2, "0")) * _PARTS // 100)
    if abs(offset) > _HOURS_MAX * _PARTS:
        return None
    try:
        return datetime(
            int(found[1]),
            int(found[2]),
            int(found[3]),
            int(found[4]),
            int(found[5]),
            int(found[6] or "0"),
            tzinfo=timezone(timedelta(minutes=offset)),
        )
    except ValueError:
        return None
