"""Days as the vendor's products write them, as everybody else writes them."""

from __future__ import annotations

import re
from typing import Final

_COMPACT: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})", re.ASCII)
_TIMED: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T][0-9:.]+", re.ASCII)


def day_text(text: str) -> str:
    """``20260915`` and ``2026-09-15 10:30:00`` as ``2026-09-15``; anything else as it is."""
    compact = _COMPACT.fullmatch(text)
    if compact is not None:
        return "-".join(compact.groups())
    return timed_day(text)


def timed_day(text: str) -> str:
    """A day with a time behind it without that; anything else as it is."""
    timed = _TIMED.fullmatch(text)
    return timed[1] if timed is not None else text
