"""How the two sides of pairs compare: names, accounts, texts, days, as codes beside each pair.

Rule kept here: what is equal byte for byte is compared in bulk; only what differs is looked at
one by one, each different couple once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl
from polars import DataFrame

from gateway.reconciliation.ground import Ground, at
from gateway.reconciliation.party import (
    EXACT,
    NEAR,
    OTHER,
    PINYIN,
    SPELLING,
    compared,
    same_account,
)
from gateway.reconciliation.reasons import BIT, mask

_CODE: Final = pl.UInt8
_TEXT_MIN: Final = 4
_NAME_REASONS: Final = {
    EXACT: "name",
    SPELLING: "spelling",
    PINYIN: "pinyin",
    NEAR: "name_near",
    OTHER: "name_other",
}
_ACCOUNT_REASONS: Final = {EXACT: "account", SPELLING: "account", OTHER: "account_other"}


def beside(ground: Ground, pairs: DataFrame) -> DataFrame:
    """Add what both sides say: units, days, names, accounts (``e_…`` and ``i_…``)."""
    names = ("units", "day", "name", "acct", "text")
    entry = at(ground.entries, pairs["e"], *names)
    item = at(ground.items, pairs["i"], *names)
    return pairs.with_columns(
        *(column.alias(f"e_{name}") for name, column in zip(names, entry, strict=True)),
        *(column.alias(f"i_{name}") for name, column in zip(names, item, strict=True)),
    )


def judged(pairs: DataFrame) -> DataFrame:
    """Add ``name`` and ``acct`` (codes of ``party``), ``apart`` (days) and ``same_text``."""
    told = pairs.with_columns(
        (pl.col("e_day") - pl.col("i_day")).abs().alias("apart"),
        (
            (pl.col("e_text") == pl.col("i_text")) & (pl.col("e_text").str.len_chars() >= _TEXT_MIN)
        ).alias("same_text"),
    )
    told = _coded(told, "name", compared)
    return _coded(told, "acct", same_account)


def _coded(pairs: DataFrame, name: str, compare: Callable[[str, str], int]) -> DataFrame:
    left, right = pairs[f"e_{name}"], pairs[f"i_{name}"]
    said = (left != "") & (right != "")
    codes = said.cast(_CODE)  # EXACT is 1, UNKNOWN 0
    unlike = said & (left != right)
    if unlike.any():
        rows = unlike.arg_true()
        couples = DataFrame({"one": left.gather(rows), "two": right.gather(rows)})
        single = couples.unique()
        looked = [compare(*couple) for couple in single.iter_rows()]
        table = single.with_columns(pl.Series("code", looked, dtype=_CODE))
        told = couples.join(table, on=["one", "two"], how="left", maintain_order="left")
        codes = codes.scatter(rows, told["code"])
    return pairs.with_columns(codes.alias(name))


def party_reasons() -> pl.Expr:
    """The mask of what names, accounts and texts say, from the codes beside a pair."""
    told = pl.lit(0, pl.UInt64)
    for code, reason in _NAME_REASONS.items():
        told = told + (pl.col("name") == code).cast(pl.UInt64) * mask(reason)
    for code, reason in _ACCOUNT_REASONS.items():
        told = told + (pl.col("acct") == code).cast(pl.UInt64) * mask(reason)
    told = told + pl.col("same_text").fill_null(value=False).cast(pl.UInt64) * BIT["text"]
    return told + pl.col("apart").is_not_null().cast(pl.UInt64) * BIT["day"]


def consistent() -> pl.Expr:
    """Whether neither name nor account speaks against a pair."""
    return ~pl.col("name").is_in([NEAR, OTHER]) & (pl.col("acct") != OTHER)


def discredited() -> pl.Expr:
    """Whether a pair that a key names differs in amount and clearly in its party as well."""
    return (pl.col("e_units") != pl.col("i_units")) & (
        pl.col("name").is_in([NEAR, OTHER]) | (pl.col("acct") == OTHER)
    )
