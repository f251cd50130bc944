"""Pass 2: batch entries whose file lists their parts. Every part must find its own item.

Rule kept here: all parts or none; what one part shares with another entry decides nothing.
"""

from __future__ import annotations

import polars as pl
from polars import DataFrame

from gateway.reconciliation.decisions import Found
from gateway.reconciliation.ground import Ground, keyed, sharing, taken_out
from gateway.reconciliation.party import compared
from gateway.reconciliation.reasons import AUTO, mask

_CLEAR = 3
"""Codes of ``party`` up to this one are no contradiction."""


def by_parts(ground: Ground, entries: DataFrame, items: DataFrame) -> list[Found]:
    """Match batch entries with the items of their parts, among open entries and items."""
    if not ground.parts.height:
        return []
    parts = ground.parts.join(entries.select("e"), on="e", how="semi")
    named = _by_key(ground, parts, items)
    named = _not_named_elsewhere(ground, entries.join(parts, on="e", how="anti"), named)
    left = parts.join(named, on="p", how="anti")
    found = pl.concat([named, _by_party(ground, left, taken_out(items, "i", named))])
    return _whole(ground, parts, found)


def _by_key(ground: Ground, parts: DataFrame, items: DataFrame) -> DataFrame:
    """Parts and items that one key names, each once, of one amount: p i."""
    found = [
        sharing(keyed(parts, "p", name), ground.keys).select("p", "i") for name in ("e2e", "bank")
    ]
    pairs = (
        pl.concat(found)
        .join(parts.select("p", "units", "name"), on="p")
        .unique(subset=["p", "i"], keep="any")
    )
    pairs = pairs.join(items.select("i", i_units="units", i_name="name"), on="i")
    sole = pairs.filter((pl.len().over("p") == 1) & (pl.len().over("i") == 1))
    equal = sole.filter(pl.col("units") == pl.col("i_units"))
    clear = [compared(*names) <= _CLEAR for names in equal.select("name", "i_name").iter_rows()]
    return equal.filter(pl.Series(clear, dtype=pl.Boolean)).select("p", "i")


def _not_named_elsewhere(ground: Ground, others: DataFrame, named: DataFrame) -> DataFrame:
    """Leave out items that an entry of its own names as well."""
    keys = ground.keys.join(named, on="i", how="semi")
    claims = pl.concat(
        sharing(keyed(others, "e", name), keys).select("i") for name in ("e2e", "customer", "bank")
    )
    return named.join(claims, on="i", how="anti")


def _by_party(ground: Ground, parts: DataFrame, items: DataFrame) -> DataFrame:
    """Parts without a key: amount, name and account, within the window, each once: p i."""
    unkeyed = parts.filter(pl.col("e2e").is_null() & (pl.col("name") != ""))
    pairs = unkeyed.join(items, on=["ledger", "units", "name"], suffix="_item").filter(
        ((pl.col("day") - pl.col("day_item")).abs() <= ground.rules.date_window_days)
        & (
            (pl.col("acct") == pl.col("acct_item"))
            | (pl.col("acct") == "")
            | (pl.col("acct_item") == "")
        )
    )
    sole = pairs.filter((pl.len().over("p") == 1) & (pl.len().over("i") == 1))
    return sole.select("p", "i")


def _whole(ground: Ground, parts: DataFrame, found: DataFrame) -> list[Found]:
    """The entries all of whose parts have an item and add up to the entry."""
    linked = parts.join(found, on="p", how="left", maintain_order="left")
    grouped = linked.group_by("e", maintain_order=True).agg(
        pl.col("i"), pl.col("units").cast(pl.Int128).sum(), pl.len().alias("parts")
    )
    rows = grouped.filter(pl.col("i").list.drop_nulls().list.len() == pl.col("parts"))
    totals = ground.entries["units"].gather(rows["e"])
    complete = rows.filter(pl.col("units") == totals.cast(pl.Int128))
    return [
        Found(
            level=AUTO,
            rule="batch-parts",
            entries=(entry,),
            items=tuple(items),
            reasons=mask("parts", "sum"),
        )
        for entry, items in complete.select("e", "i").iter_rows()
    ]
