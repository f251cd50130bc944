"""Equal twins as one: entries that differ in nothing that decides, and items likewise.

Rule kept here: whoever is named by a key or names a document is nobody's twin.
"""

from __future__ import annotations

import polars as pl
from polars import DataFrame, Expr

from gateway.reconciliation.naming import Named

_FIELDS = ("ledger", "units", "day", "name", "acct", "text")


def entry_classes(entries: DataFrame, told: Named) -> DataFrame:
    """Classes of equal entries: a, e (the first), es (all), n, and the fields they share."""
    like = told.forms.join(told.item_forms.select("form").unique(), on="form", how="semi")
    apart = pl.concat([told.pairs.select("e"), like.select("e")]).unique()
    return _classes(entries.join(_tagged(apart, "e"), on="e", how="left"), "e", "a")


def item_classes(items: DataFrame, told: Named) -> DataFrame:
    """Classes of equal items: b, i (the first), is (all), n, and the fields they share."""
    apart = told.pairs.select("i").unique()
    forms = told.item_forms.group_by("i").agg(pl.col("form").sort().str.join("|"))
    tagged = items.join(_tagged(apart, "i"), on="i", how="left").join(forms, on="i", how="left")
    return _classes(tagged, "i", "b", pl.col("form"))


def _tagged(apart: DataFrame, number: str) -> DataFrame:
    return apart.with_columns(pl.col(number).alias("tag"))


def _classes(frame: DataFrame, number: str, name: str, *more: Expr) -> DataFrame:
    grouped = frame.group_by([*_FIELDS, "tag", *more]).agg(
        pl.col(number).sort().alias(f"{number}s"), pl.col(number).min(), pl.len().alias("n")
    )
    return grouped.sort(number).with_row_index(name)


def dissolved(pairs: DataFrame) -> DataFrame:
    """Pairs of single members, in the order of their positions, from pairs of equal classes."""
    return pairs.explode(["es", "is"]).rename({"es": "e", "is": "i"})
