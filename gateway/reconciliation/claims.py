"""Exclusive claims: what two decisions of one pass want belongs to neither.

Rule kept here: only automatic decisions claim; one that loses becomes a suggestion that says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from gateway.reconciliation.decisions import Found
from gateway.reconciliation.reasons import AUTO, BIT, SUGGESTED


def exclusive(found: Sequence[Found]) -> list[Found]:
    """The same decisions; automatic ones that share an entry or an item are only suggested."""
    entries: Counter[int] = Counter()
    items: Counter[int] = Counter()
    for it in found:
        if it.level == AUTO:
            entries.update(it.entries)
            items.update(it.items)
    return [_settled(it, entries, items) for it in found]


def _settled(it: Found, entries: Counter[int], items: Counter[int]) -> Found:
    contested = any(entries[e] > 1 for e in it.entries) or any(items[i] > 1 for i in it.items)
    if it.level != AUTO or not contested:
        return it
    return replace(it, level=SUGGESTED, reasons=it.reasons | BIT["claimed"])
