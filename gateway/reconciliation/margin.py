"""The margin rule: a pair decides only when it beats every rival of its entry and of its item.

Rule kept here: a rival counts whether or not it could be matched itself; nothing here knows what
the points are for.
"""

from __future__ import annotations

import polars as pl
from polars import DataFrame, Expr


def winners(pairs: DataFrame, *, threshold: int, margin: int) -> DataFrame:
    """Pairs (``a b score blocked …``) that reach the threshold and beat all their rivals."""
    return pairs.filter(
        (pl.col("score") >= threshold)
        & ~pl.col("blocked")
        & (pl.col("score") - _rival("a") >= margin)
        & (pl.col("score") - _rival("b") >= margin)
    )


def _rival(side: str) -> Expr:
    """The best score of the other pairs on this side; far below anything where there is none."""
    score = pl.col("score")
    best = score.max().over(side)
    second = score.top_k(2).min().over(side)
    alone = pl.len().over(side) == 1
    return pl.when(alone).then(-(10**6)).when(score == best).then(second).otherwise(best)
