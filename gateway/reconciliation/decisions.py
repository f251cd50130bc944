"""Decisions as columns, told as records only when somebody reads them.

Rule kept here: every entry and every item stands in exactly one ``auto`` or ``none`` decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec
import polars as pl

from gateway.reconciliation.reasons import LEVELS, RULE, RULES, words

if TYPE_CHECKING:
    from polars import DataFrame

SCHEMA: Final = pl.Schema(
    {
        "level": pl.UInt8(),
        "rule": pl.UInt8(),
        "entries": pl.List(pl.UInt32()),
        "items": pl.List(pl.UInt32()),
        "reasons": pl.UInt64(),
        "notes": pl.List(pl.String()),
    }
)
"""``level`` and ``rule`` are positions in LEVELS and RULES, ``reasons`` a mask of REASONS."""
_SLICE: Final = 1 << 16


class Decision(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One decision. ``entries`` and ``items`` are positions in the columns."""

    level: str
    rule: str
    entries: tuple[int, ...]
    items: tuple[int, ...]
    reasons: tuple[str, ...]


class Found(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A decision that a pass arrives at, before it is laid out as columns."""

    level: str
    rule: str
    entries: tuple[int, ...] = ()
    items: tuple[int, ...] = ()
    reasons: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decisions:
    """All decisions of a run, automatic ones by pass, then suggestions, then what has none."""

    frame: DataFrame

    def records(self) -> Iterator[Decision]:
        """Every decision in words, a slice of the columns at a time."""
        for part in self.frame.iter_slices(_SLICE):
            for level, rule, entries, items, reasons, notes in part.iter_rows():
                yield Decision(
                    level=LEVELS[level],
                    rule=RULES[rule],
                    entries=tuple(entries),
                    items=tuple(items),
                    reasons=(*words(reasons), *(notes or ())),
                )

    def counts(self) -> dict[tuple[str, str], int]:
        """How many decisions each level and rule has."""
        grouped = self.frame.group_by("level", "rule").len().sort("level", "rule")
        return {(LEVELS[level], RULES[rule]): count for level, rule, count in grouped.iter_rows()}


def laid_out(found: Sequence[Found]) -> DataFrame:
    """Columns of some decisions."""
    return pl.DataFrame(
        {
            "level": [LEVELS.index(it.level) for it in found],
            "rule": [RULE[it.rule] for it in found],
            "entries": [it.entries for it in found],
            "items": [it.items for it in found],
            "reasons": [it.reasons for it in found],
            "notes": [it.notes for it in found],
        },
        schema=SCHEMA,
    )


def pairs_laid_out(pairs: DataFrame, level: str) -> DataFrame:
    """Columns of one-to-one decisions; ``pairs`` has ``e``, ``i``, ``rule`` and ``reasons``."""
    return pairs.sort("e", "i").select(
        pl.lit(LEVELS.index(level), pl.UInt8).alias("level"),
        pl.col("rule").cast(pl.UInt8),
        pl.col("e").reshape((-1, 1)).arr.to_list().alias("entries"),
        pl.col("i").reshape((-1, 1)).arr.to_list().alias("items"),
        pl.col("reasons").cast(pl.UInt64),
        pl.lit(None, pl.List(pl.String)).alias("notes"),
    )


def joined(frames: Iterable[DataFrame]) -> Decisions:
    """One frame of all, in the order of the passes."""
    return Decisions(pl.concat(list(frames)))
