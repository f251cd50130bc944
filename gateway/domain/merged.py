"""Merged payments (合并支付): the source documents that one payment carries, and their amounts.

Rule kept here: the parts of a payment are one text in one form, so that they can be a part of its
content: sorted by reference, amounts exact. Their sum is the payment's amount.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

PARTS_MAX: Final = 200
"""Most source documents of one payment: each of them is told by itself."""
_ECHOES: Final = "merged:sources"
"""Stands among what a reply must echo: the same for each source document."""


class MergedPart(msgspec.Struct, frozen=True, gc=False):
    """One source document. ``amount`` is exact decimal text, negative for 红字.

    ``source`` is what a reply about this document must echo beside what the payment's must.
    """

    reference: str
    amount: str
    source: Mapping[str, str] = {}


def merged_text(parts: Iterable[MergedPart]) -> str:
    """The parts as they stand in a payment's content; '' for none."""
    pairs = sorted((it.reference, it.amount) for it in parts)
    return json.dumps(pairs, ensure_ascii=False, separators=(",", ":")) if pairs else ""


def merged_parts(text: str, echoes: Mapping[str, Mapping[str, str]] = {}) -> tuple[MergedPart, ...]:
    """The parts in such a text, in its order; ``echoes`` by reference. Parts count from 1."""
    if not text:
        return ()
    return tuple(
        MergedPart(reference=reference, amount=amount, source=echoes.get(reference, {}))
        for reference, amount in json.loads(text)
    )


def echoed_parts(merged: str, source: str) -> tuple[dict[str, str], tuple[MergedPart, ...]]:
    """What a reply must echo, and the parts with what it must echo of each: from two columns."""
    own, sent = read_source(source)
    return own, merged_parts(merged, {it.reference: it.source for it in sent})


def source_text(source: Mapping[str, str], parts: Sequence[MergedPart] = ()) -> str:
    """What a reply must echo as it is stored: JSON, '' where there is nothing."""
    if not source and not parts:
        return ""
    held: dict[str, object] = dict(source)
    if parts:
        held[_ECHOES] = [[it.reference, it.amount, dict(it.source)] for it in parts]
    return json.dumps(held, ensure_ascii=False)


def read_source(text: str) -> tuple[dict[str, str], tuple[MergedPart, ...]]:
    """What was stored so: the payment's own, and that of its source documents as they were sent."""
    if not text:
        return {}, ()
    held = json.loads(text)
    parts = held.pop(_ECHOES, ())
    return held, tuple(MergedPart(*it) for it in parts)
