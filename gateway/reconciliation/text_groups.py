"""Documents that an entry's text lists: all of them together, when they add up.

Rule kept here: every document that is named must be open and named by nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl
from polars import DataFrame

from gateway.reconciliation.claims import exclusive
from gateway.reconciliation.decisions import Found
from gateway.reconciliation.ground import Ground
from gateway.reconciliation.key_groups import mismatch
from gateway.reconciliation.naming import Named
from gateway.reconciliation.party import OTHER, compared
from gateway.reconciliation.reasons import AUTO, SUGGESTED, mask


def by_text_groups(
    ground: Ground, told: Named, entries: DataFrame, items: DataFrame
) -> list[Found]:
    """Decide about open entries whose text names items, as a whole."""
    pairs = told.pairs.filter(pl.col("reason") == "key_in_text").select("e", "i")
    pairs = pairs.join(entries.select("e", "name", total="units"), on="e")
    others = told.pairs.filter(pl.col("reason") != "key_in_text").select("e")
    pairs = pairs.join(others, on="e", how="anti").with_columns(
        (pl.len().over("i") == 1).alias("sole")
    )
    sides = items.select("i", "units", i_name="name").with_columns(pl.lit(1).alias("open"))
    joined = pairs.join(sides, on="i", how="left").sort("e", "i")
    grouped = joined.group_by("e", maintain_order=True).agg(
        pl.col("i"),
        pl.col("units").cast(pl.Int128).sum(),
        pl.col("total").first(),
        pl.col("name").first(),
        pl.col("i_name"),
        (pl.col("open") == 1).fill_null(value=False).all().alias("open"),
        pl.col("sole").all(),
    )
    found = []
    for e, some, units, total, name, names, is_open, sole in grouped.iter_rows():
        if units == total and is_open and len(some) > 1 and _one_party(name, names):
            level = AUTO if sole else SUGGESTED
            why = mask("key_in_text", "sum", *(() if sole else ("claimed",)))
            decided = Found(
                level=level, rule="key-in-text", entries=(e,), items=tuple(some), reasons=why
            )
            found.append(decided)
        elif is_open and sole and units != total:
            found.append(mismatch(ground, (e,), tuple(some), (total, units)))
    return exclusive(found)


def disputed(found: Iterable[Found]) -> frozenset[int]:
    """Items of lists that add up, and that somebody else names as well: they are nobody's."""
    lists = (it for it in found if it.level == SUGGESTED and it.rule == "key-in-text")
    return frozenset(i for it in lists for i in it.items)


def _one_party(name: str, names: list[str]) -> bool:
    return all(compared(name, it) != OTHER for it in names)
