"""Pass 4: amount, account and day window, decided by who the other party is.

Rule kept here: without a party, a key or a text that names the document there is no automatic
match, however unique the amount; and every match beats its rivals on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from polars import DataFrame, Expr

from gateway.reconciliation.candidates import candidates
from gateway.reconciliation.ground import Ground, taken_out
from gateway.reconciliation.likeness import beside, judged, party_reasons
from gateway.reconciliation.margin import winners
from gateway.reconciliation.naming import Named, named_otherwise
from gateway.reconciliation.netting import contested, taken_back
from gateway.reconciliation.party import EXACT, NEAR, OTHER, PINYIN, SPELLING
from gateway.reconciliation.reasons import BIT, RULE, mask
from gateway.reconciliation.rules import RuleSet
from gateway.reconciliation.twins import dissolved, entry_classes, item_classes

_ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What was decided (``e i rule reasons``), and every pair still open, with its score.

    ``open_pairs``: a b e i es is score blocked reasons, of classes that stay open.
    """

    decided: DataFrame
    open_pairs: DataFrame
    crowded: DataFrame


def by_parties(
    ground: Ground, told: Named, entries: DataFrame, items: DataFrame, *, decide: bool = True
) -> Weighed:
    """Weigh all candidate pairs of open entries and items and, if wanted, let the margin decide."""
    rules = ground.rules
    left, right = entry_classes(entries, told), item_classes(items, told)
    possible = candidates(left, right, rules.date_window_days)
    pairs = _scored(ground, told, _with_named(ground, told, possible.pairs, left, right))
    pairs = _not_taken_back(ground, pairs, entries, items)
    decided = []
    for _ in range(_ROUNDS if decide else 0):
        won = winners(pairs, threshold=rules.threshold, margin=rules.margin)
        won = won.filter(pl.col("n") == pl.col("m"))
        if not won.height:
            break
        decided.append(_as_pairs(won))
        pairs = taken_out(taken_out(pairs, "a", won), "b", won)
    nothing = _as_pairs(pairs.clear())
    crowded = possible.crowded.join(left.select("a", "es"), on="a").explode("es")
    return Weighed(
        decided=pl.concat([nothing, *decided]),
        open_pairs=pairs,
        crowded=crowded.select(pl.col("es").alias("e")),
    )


def _with_named(
    ground: Ground, told: Named, pairs: DataFrame, left: DataFrame, right: DataFrame
) -> DataFrame:
    """Add the pairs that keys and texts name, of equal amount, within the wider window."""
    entry_side = left.select("a", "ledger", "units", "day", "n", "e", "es")
    item_side = right.select("b", "ledger", "units", "day", pl.col("n").alias("m"), "i", "is")
    # A number that is used again and again (a contract) says which payment only by its day.
    window = (
        pl.when(pl.col("reason") == "key_reused")
        .then(ground.rules.date_window_days)
        .otherwise(ground.rules.key_window_days)
    )
    named = (
        told.pairs.select("e", "i", "reason")
        .join(entry_side.select("a", "e", "ledger", "units", "day"), on="e")
        .join(item_side.select("b", "i", "ledger", "units", "day"), on=["i", "ledger", "units"])
        .filter((pl.col("day") - pl.col("day_right")).abs().fill_null(0) <= window)
    )
    every = pl.concat([pairs, named.select("a", "b")]).unique()
    return every.join(entry_side.select("a", "n", "e", "es"), on="a").join(
        item_side.select("b", "m", "i", "is"), on="b"
    )


def _scored(ground: Ground, told: Named, pairs: DataFrame) -> DataFrame:
    worth = told.pairs.group_by("e", "i").agg(
        pl.col("worth").max(), pl.col("reason").sort_by("worth").last()
    )
    blocked = named_otherwise(told, pairs.select("e", "i")).with_columns(pl.lit(1).alias("other"))
    beyond = (
        judged(beside(ground, pairs))
        .join(worth, on=["e", "i"], how="left")
        .join(blocked, on=["e", "i"], how="left")
    )
    named = pl.lit(0, pl.UInt64)
    for reason in ("key", "key_reused", "key_in_text"):
        is_it = (pl.col("reason") == reason).fill_null(value=False)
        named = named + is_it.cast(pl.UInt64) * BIT[reason]
    otherwise = pl.col("other").is_not_null()
    claimed = pl.col("i").is_in(pl.Series(sorted(told.disputed), dtype=pl.UInt32).implode())
    reasons = named + party_reasons() + BIT["amount"]
    return beyond.select(
        *("a", "b", "e", "i", "es", "is", "n", "m"),
        score=_score(ground.rules) + pl.col("worth").fill_null(0),
        blocked=otherwise | claimed,
        reasons=reasons
        + otherwise.cast(pl.UInt64) * BIT["names_other_document"]
        + claimed.cast(pl.UInt64) * BIT["claimed"],
        rule=pl.when(pl.col("reason") == "key")
        .then(RULE["exact-key"])
        .when(pl.col("reason") == "key_in_text")
        .then(RULE["key-in-text"])
        .otherwise(RULE["amount-date-party"]),
    )


def _not_taken_back(
    ground: Ground, pairs: DataFrame, entries: DataFrame, items: DataFrame
) -> DataFrame:
    """Block what a reversal or red letter without a counterpart of its own may have taken back."""
    fits = pairs.filter((pl.col("score") >= ground.rules.threshold) & ~pl.col("blocked"))
    sides = []
    for number, frame, members in (("e", entries, "es"), ("i", items, "is")):
        taken = taken_back(ground, frame, number)
        origins = contested(taken, fits[members].explode(empty_as_null=False))
        sides.append(pl.col(members).list.set_intersection(origins["origin"].to_list()).list.len())
    back = (sides[0] > 0) | (sides[1] > 0)
    return pairs.with_columns(
        pl.col("blocked") | back,
        pl.col("reasons") + back.cast(pl.UInt64) * BIT["taken_back"],
    )


def _score(rules: RuleSet) -> Expr:
    """Points of a pair of equal amount from party, text and day."""
    points = rules.points
    names = {
        EXACT: points.name,
        SPELLING: points.name_spelling,
        PINYIN: points.name_pinyin,
        NEAR: points.name_near,
        OTHER: points.name_other,
    }
    accounts = {EXACT: points.account, SPELLING: points.account_tail, OTHER: points.account_other}
    total = pl.lit(points.amount, pl.Int32)
    for code, worth in names.items():
        total = total + (pl.col("name") == code).cast(pl.Int32) * worth
    for code, worth in accounts.items():
        total = total + (pl.col("acct") == code).cast(pl.Int32) * worth
    same_text = pl.col("same_text").fill_null(value=False).cast(pl.Int32) * points.text
    day = (points.day - pl.col("apart")).clip(lower_bound=0).fill_null(0).cast(pl.Int32)
    return total + same_text + day


def _as_pairs(won: DataFrame) -> DataFrame:
    twins = pl.col("n") > 1
    told = won.with_columns(
        pl.when(twins).then(RULE["twins"]).otherwise(pl.col("rule")).cast(pl.UInt8).alias("rule"),
        (pl.col("reasons") + BIT["sole"] + twins.cast(pl.UInt64) * mask("twins")).alias("reasons"),
    )
    plain = told.select("es", "is", "rule", "reasons")
    return dissolved(plain).select("e", "i", "rule", "reasons")
