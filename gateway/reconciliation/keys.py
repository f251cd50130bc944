"""Pass 1: keys. What a reference names, checked by amount, currency, direction and account.

Rule kept here: a key decides alone only where exactly one entry and one item carry it; a fee or
a payment that came back under the same reference is no second one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl
from polars import DataFrame

from gateway.reconciliation.ground import Ground, keyed, says_back, says_fee, sharing, taken_out
from gateway.reconciliation.likeness import beside, consistent, judged, party_reasons
from gateway.reconciliation.reasons import RULE, mask

_ENTRY_KEYS: Final = ("e2e", "customer", "bank")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """What keys decided (``e i rule reasons``), and the pairs that they name beside that.

    ``pairs``: e i key, of open entries and items, fees and opposite directions included.
    ``sole``: those of them that are the only ones of their entry and their item.
    """

    decided: DataFrame
    pairs: DataFrame
    sole: DataFrame


def key_pairs(ground: Ground, entries: DataFrame) -> DataFrame:
    """Every entry and item that share a key on the same account and currency: e i key."""
    found = [
        pairs
        for name in _ENTRY_KEYS
        if (pairs := sharing(keyed(entries, "e", name), ground.keys)).height
    ]
    if len(found) == 1:
        return found[0].select("e", "i", "key")
    nothing = pl.DataFrame(schema={"e": pl.UInt32, "i": pl.UInt32, "key": pl.String})
    every = pl.concat([nothing, *(it.select("e", "i", "key") for it in found)])
    one = pl.col("e").cast(pl.UInt64) * (1 << 32) + pl.col("i")
    return every.filter(one.is_first_distinct())


def by_keys(ground: Ground, entries: DataFrame, items: DataFrame) -> Keyed:
    """Match what one key names on both sides, among open entries and items."""
    pairs = key_pairs(ground, entries)
    if items.height < ground.items.height:
        pairs = pairs.join(items.select("i"), on="i", how="semi")
    sole = _sole(ground, pairs)
    sole = sole.join(_came_back(ground, pairs), on="i", how="anti")
    told = judged(beside(ground, sole.select("e", "i")))
    decided = _decided(ground, _without_red(ground, told))
    return Keyed(
        decided=decided,
        pairs=taken_out(taken_out(pairs, "e", decided), "i", decided),
        sole=taken_out(sole, "e", decided).select("e", "i"),
    )


def _sole(ground: Ground, pairs: DataFrame) -> DataFrame:
    """Pairs of one direction whose entry and item have no other such pair; fees do not count."""
    entry, item = ground.entries, ground.items
    same_way = entry["units"].gather(pairs["e"]).sign() == item["units"].gather(pairs["i"]).sign()
    counted = pairs.filter(same_way)
    sole = ~pl.col("e").is_duplicated() & ~pl.col("i").is_duplicated()
    some = counted.filter(pl.col("i").is_duplicated())
    if not some.height:
        return counted.filter(sole)
    fees = some.select(
        "e", "i", fee=entry["fee"].gather(some["e"]), text=entry["text"].gather(some["e"])
    ).select("e", "i", says_fee().alias("fee"))
    counted = counted.join(fees, on=["e", "i"], how="left").with_columns(
        pl.col("fee").fill_null(value=False)
    )
    payments = (~pl.col("fee")).sum().over("i")
    counted = counted.filter(~pl.col("fee") | (payments == 0))
    return counted.filter(sole)


def _came_back(ground: Ground, pairs: DataFrame) -> DataFrame:
    """Items whose whole amount an entry of the same reference brings back: i."""
    entry, item = ground.entries, ground.items
    opposite = entry["units"].gather(pairs["e"]) == -item["units"].gather(pairs["i"])
    some = pairs.filter(opposite)
    told = some.select(
        "i", back=entry["back"].gather(some["e"]), text=entry["text"].gather(some["e"])
    )
    return told.filter(says_back()).select("i").unique()


def _without_red(ground: Ground, told: DataFrame) -> DataFrame:
    """Leave out what a red-letter item of the same reference may have taken back."""
    red = ground.items.filter(pl.col("red") & pl.col("ref").is_not_null())
    touched = ground.items.join(red.select("ledger", "ref"), on=["ledger", "ref"], how="semi")
    return told.join(touched, on="i", how="anti") if red.height else told


def _decided(ground: Ground, told: DataFrame) -> DataFrame:
    rules = ground.rules
    off = pl.col("e_units") - pl.col("i_units")
    rule = (
        pl.when(off == 0)
        .then(pl.lit(RULE["exact-key"]))
        .when(off.abs() <= rules.amount_tolerance)
        .then(pl.lit(RULE["key-tolerance"]))
        .when((off < 0) & (off >= -rules.fee_max))
        .then(pl.lit(RULE["key-fee"]))
    )
    why = (
        pl.when(off == 0)
        .then(pl.lit(mask("key", "amount"), pl.UInt64))
        .when(off.abs() <= rules.amount_tolerance)
        .then(pl.lit(mask("key", "tolerance"), pl.UInt64))
        .otherwise(pl.lit(mask("key", "fee"), pl.UInt64))
    )
    near = pl.col("apart").fill_null(0) <= rules.key_window_days
    return (
        told.filter(consistent() & near)
        .with_columns(rule.alias("rule"), (why + party_reasons()).alias("reasons"))
        .filter(pl.col("rule").is_not_null())
        .select("e", "i", "rule", "reasons")
    )
