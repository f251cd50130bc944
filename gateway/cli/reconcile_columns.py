"""The columns that the bench ``reconcile`` works on: computed, not drawn, the same every time.

Rule kept here: which entry belongs to which item follows from its number alone.
"""

from __future__ import annotations

import polars as pl
from polars import DataFrame, Expr

from gateway.reconciliation.columns import Columns, columns_of

_EXACT = 95
_PARTY = 98
_SUMS = 99
_FIRST_DAY = 20_000


def drawn(count: int, *, accounts: int, days: int, spread: int) -> Columns:
    """``count`` entries and about as many items: 95 % exact, 3 % party, 1 % sums, 1 % nothing."""
    numbers = pl.DataFrame({"n": pl.int_range(count, eager=True, dtype=pl.Int64)})
    cast = numbers.with_columns(
        # A block of hundred numbers holds every kind once per percent, in a scattered order.
        ((pl.col("n") * 37) % 100).alias("kind"),
        ((pl.col("n") * spread) % 99_999_937 + 100).alias("minor"),
        ((pl.col("n") * 7919) % days + _FIRST_DAY).cast(pl.Int32).alias("day"),
        ((pl.col("n") // 100) % accounts + 10_000).cast(pl.String).alias("number"),
        (((pl.col("n") * spread) // 1024) % max(count // 20, 7)).alias("party"),
    )
    empty = columns_of([], [])
    return Columns(
        entries=_typed(_entries(cast), empty.entries),
        items=_typed(_items(cast), empty.items),
        parts=empty.parts,
        own=empty.own,
    )


def _typed(frame: DataFrame, like: DataFrame) -> DataFrame:
    return frame.select(pl.col(name).cast(kind) for name, kind in like.schema.items())


def _common(day: Expr) -> list[Expr]:
    return [
        pl.format("3510{}88001", "number").alias("account"),
        pl.lit("CNY").alias("currency"),
        day.alias("day"),
    ]


def _reference() -> Expr:
    return pl.format("PAY-2026-{}", (pl.col("n") + 1_000_000).cast(pl.String))


def _name(number: Expr) -> Expr:
    return pl.format("福州第{}贸易有限公司", number.cast(pl.String))


def _entries(cast: DataFrame) -> DataFrame:
    exact = pl.col("kind") < _EXACT
    total = pl.when(pl.col("kind") == _SUMS - 1).then(pl.col("minor") * 2 + 7)
    nothing = pl.lit("")
    return cast.select(
        *_common(pl.col("day") + (pl.col("n") % 3).cast(pl.Int32)),
        (-total.otherwise(pl.col("minor"))).alias("units"),
        pl.when(exact).then(_reference()).otherwise(nothing).alias("end_to_end_id"),
        nothing.alias("entry_reference"),
        pl.format("B{}", pl.col("n") + 70_000_000).alias("reference"),
        _name(pl.col("party")).alias("counterparty_name"),
        pl.format("6222{}", pl.col("party") + 10**12).alias("counterparty_account"),
        pl.when(exact)
        .then(pl.format("货款 {}", _reference()))
        .otherwise(pl.lit("货款"))
        .alias("remittance"),
        *(pl.lit(value).alias(name) for name, value in _FLAGS.items()),
    )


_FLAGS = {"reversal": False, "returned": False, "fee": False, "booked": True}


def _items(cast: DataFrame) -> DataFrame:
    plain = cast.filter(pl.col("kind") < _PARTY)
    sums = cast.filter(pl.col("kind") == _SUMS - 1)
    alone = cast.filter(pl.col("kind") == _SUMS)
    odd = pl.col("n") % 2 == 1
    near = pl.when(odd).then(pl.col("party") + 1).otherwise(pl.col("party"))
    off = pl.when(odd).then(pl.col("minor")).otherwise(pl.col("minor") + 1)
    return pl.concat(
        [
            _item(plain, pl.col("minor"), pl.col("party"), ""),
            _item(sums, pl.col("minor"), pl.col("party"), "a"),
            _item(sums, pl.col("minor") + 7, pl.col("party"), "b"),
            _item(alone, off, near, ""),
        ]
    )


def _item(cast: DataFrame, minor: Expr, party: Expr, suffix: str) -> DataFrame:
    return cast.select(
        *_common(pl.col("day")),
        pl.format("L{}" + suffix, "n").alias("item_id"),
        (-minor).alias("units"),
        (_reference() + suffix.upper()).alias("erp_reference"),
        _name(party).alias("counterparty_name"),
        pl.format("6222{}", party + 10**12).alias("counterparty_account"),
        pl.lit("货款").alias("remittance"),
        pl.lit(value=False).alias("red_letter"),
    )
