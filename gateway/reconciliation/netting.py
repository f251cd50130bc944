"""Pass 6: what takes itself back on one side: reversals and returns, red letters.

Rule kept here: only what says that it takes back may net, with one original only, of the same
amount and the same party or reference; what may have been taken back is matched to nobody.
"""

from __future__ import annotations

from typing import Final

import polars as pl
from polars import DataFrame

from gateway.reconciliation.decisions import Found
from gateway.reconciliation.ground import Ground
from gateway.reconciliation.party import PINYIN, UNKNOWN, compared, same_account
from gateway.reconciliation.reasons import AUTO, mask

_ENTRY: Final = ("e", "back", ("e2e", "customer", "bank"))
_ITEM: Final = ("i", "red", ("ref",))


def taken_back(ground: Ground, frame: DataFrame, number: str) -> DataFrame:
    """Lines that take back and what they may take back, on one side: back origin by_key."""
    _, flag, keys = _ENTRY if number == "e" else _ITEM
    names = ["ledger", "units", "day", "name", "acct", "text", *keys]
    back = frame.filter(flag).select(pl.col(number).alias("back"), *names)
    back = back.with_columns(-pl.col("units"))
    origin = frame.filter(~pl.col(flag)).select(pl.col(number).alias("origin"), *names)
    pairs = back.join(origin, on=["ledger", "units"], suffix="_o").filter(
        (pl.col("day") - pl.col("day_o")).is_between(-1, ground.rules.netting_window_days)
    )
    shared = pl.any_horizontal(
        (pl.col(one) == pl.col(f"{other}_o")).fill_null(value=False)
        for one in keys
        for other in keys
    )
    if number == "i":  # a red letter often names what it takes back in its text only
        shared = shared | pl.col("text").str.contains(pl.col("ref_o"), literal=True).fill_null(
            value=False
        )
    told = pairs.with_columns(shared.alias("by_key"))
    party = [
        compared(*row[:2]) in range(1, PINYIN + 1) or _same(row[2], row[3])
        for row in told.select("name", "name_o", "acct", "acct_o").iter_rows()
    ]
    kept = told.filter(pl.col("by_key") | pl.Series(party, dtype=pl.Boolean))
    return kept.select("back", "origin", "by_key")


def _same(left: str, right: str) -> bool:
    return same_account(left, right) in range(UNKNOWN + 1, PINYIN)


def contested(taken: DataFrame, fits: pl.Series) -> DataFrame:
    """Originals that something without a counterpart of its own may have taken back: origin."""
    free = taken.filter(~pl.col("back").is_in(fits.implode()))
    return free.select("origin").unique()


def by_netting(
    ground: Ground, entries: DataFrame, items: DataFrame, open_pairs: DataFrame
) -> list[Found]:
    """Net what is open on both sides, each for itself."""
    points = ground.rules.points
    fits = open_pairs.filter(pl.col("score") > points.amount + points.day)
    found = [
        Found(level=AUTO, rule="reversal", entries=pair, reasons=mask("reversal"))
        for pair in _sole(taken_back(ground, entries, "e"), fits["es"])
    ]
    found += [
        Found(level=AUTO, rule="red-letter", items=pair, reasons=mask("red_letter"))
        for pair in _sole(taken_back(ground, items, "i"), fits["is"])
    ]
    return found


def _sole(taken: DataFrame, fits: pl.Series) -> list[tuple[int, ...]]:
    """Pairs with no rival on either side, and no counterpart on the other side of the books."""
    alone = taken.filter((pl.len().over("back") == 1) & (pl.len().over("origin") == 1))
    fitting = set(fits.explode(empty_as_null=False))
    return [
        tuple(sorted(pair))
        for pair in sorted(alone.select("origin", "back").iter_rows())
        if not fitting.intersection(pair)
    ]
