"""Days as people and machines write them, and spans of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

_WRITTEN: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DAY: Final = timedelta(days=1)


def day_of(text: str) -> date | None:
    """A real day written YYYY-MM-DD; None for anything else."""
    # the pattern first: ``fromisoformat`` also reads 20260915 and week dates
    if _WRITTEN.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from ``first`` to ``last``, both counted; none where ``last`` comes before."""
    return (first + _DAY * number for number in range((last - first).days + 1))
