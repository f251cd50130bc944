"""Which entries and items are compared at all: the same amount, account and currency, near in time.

Rule kept here: the work stays bounded. Where an amount occurs too often, only those with an equal
name (also by pinyin) or tail of an account are compared; any other could not win against them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl
from polars import DataFrame

from gateway.reconciliation.party import TAIL_MIN, folded, is_chinese, sound

_ALL_PAIRS: Final = 400
_PAIRS_MAX: Final = 250_000
_SIDE: Final = ("ledger", "units", "day", "name", "acct")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Pairs ``a b`` of classes, and classes of entries that have too many (``a``)."""

    pairs: DataFrame
    crowded: DataFrame


def candidates(entries: DataFrame, items: DataFrame, window: int) -> Candidates:
    """Compare classes of entries and of items whose days lie at most ``window`` apart."""
    left = entries.select("a", *_SIDE).drop_nulls("day")
    right = items.select("b", *_SIDE).drop_nulls("day")
    at = ["ledger", "units"]
    counts = (
        left.group_by(at)
        .agg(pl.len().cast(pl.Int64).alias("n"))
        .join(right.group_by(at).agg(pl.len().cast(pl.Int64).alias("m")), on=at)
    )
    few = counts.filter(pl.col("n") * pl.col("m") <= _ALL_PAIRS)
    many = counts.filter(pl.col("n") * pl.col("m") > _ALL_PAIRS)
    plain = _within(left.join(few, on=at, how="semi").join(right, on=at), window)
    if not many.height:
        return Candidates(pairs=plain, crowded=left.select("a").clear())
    lefts, rights = (_foldings(side.join(many, on=at, how="semi")) for side in (left, right))
    found, crowded = [plain], []
    joins = [
        ("fold", lefts, rights),
        ("tail", lefts, rights),
        ("sound", _sounding(lefts, rights, chinese=True), _sounding(rights, lefts, chinese=False)),
        ("sound", _sounding(lefts, rights, chinese=False), _sounding(rights, lefts, chinese=True)),
    ]
    for name, *sides in joins:
        some, others = (side.filter(pl.col(name) != "") for side in sides)
        keys = [*at, name]
        sizes = (
            some.group_by(keys)
            .agg(pl.len().cast(pl.Int64).alias("n"))
            .join(others.group_by(keys).agg(pl.len().cast(pl.Int64).alias("m")), on=keys)
        )
        small = sizes.filter(pl.col("n") * pl.col("m") <= _PAIRS_MAX)
        found.append(_within(some.join(small, on=keys, how="semi").join(others, on=keys), window))
        large = sizes.filter(pl.col("n") * pl.col("m") > _PAIRS_MAX)
        crowded.append(some.join(large, on=keys, how="semi").select("a"))
    return Candidates(pairs=pl.concat(found).unique(), crowded=pl.concat(crowded).unique())


def _within(pairs: DataFrame, window: int) -> DataFrame:
    near = (pl.col("day") - pl.col("day_right")).abs() <= window
    return pairs.filter(near).select("a", "b")


def _foldings(side: DataFrame) -> DataFrame:
    names = side.select("name").unique()
    folds = [folded(name) for name in names["name"]]
    told = names.with_columns(
        pl.Series("fold", folds, dtype=pl.String),
        pl.Series("chinese", [is_chinese(fold) for fold in folds], dtype=pl.Boolean),
    )
    tailed = side.with_columns(pl.col("acct").str.tail(TAIL_MIN).alias("tail"))
    return tailed.join(told, on="name", how="left")


def _sounding(side: DataFrame, other: DataFrame, *, chinese: bool) -> DataFrame:
    """Names of one script, as they sound, where the other side has one of the other script."""
    at = ["ledger", "units"]
    opposite = other.filter((pl.col("name") != "") & (pl.col("chinese") != chinese))
    some = side.filter((pl.col("name") != "") & (pl.col("chinese") == chinese))
    some = some.join(opposite.select(at).unique(), on=at, how="semi")
    names = some.select("name").unique()
    told = pl.Series("sound", [sound(name) for name in names["name"]], dtype=pl.String)
    return some.join(names.with_columns(told), on="name", how="left")
