"""What is offered to a person: the best candidates of an entry, with their rivals by name.

Rule kept here: a suggestion never claims anything, and says why it is none of the automatic ones.
"""

from __future__ import annotations

import polars as pl
from polars import DataFrame

from gateway.reconciliation.decisions import Found
from gateway.reconciliation.ground import Ground
from gateway.reconciliation.likeness import beside
from gateway.reconciliation.parties import Weighed
from gateway.reconciliation.reasons import BIT, RULES, SUGGESTED, mask
from gateway.reconciliation.rules import RuleSet


def suggestions(
    ground: Ground, weighed: Weighed, entries: DataFrame, items: DataFrame
) -> list[Found]:
    """One suggestion for each group of equal open entries that has candidates."""
    rules = ground.rules
    good = weighed.open_pairs.filter(pl.col("score") >= rules.suggest_from)
    good = good.join(entries.select("e"), on="e", how="semi").join(items, on="i", how="semi")
    claims = good.group_by("b").agg(pl.col("score").max().alias("best_of_item"))
    ranked = good.join(claims, on="b").sort(["a", "score", "i"], descending=[False, True, False])
    grouped = ranked.group_by("a", maintain_order=True).agg(
        pl.col("es").first(),
        pl.col("is").head(rules.rivals_shown),
        pl.col("score").head(rules.rivals_shown),
        *(pl.col(name).first() for name in ("reasons", "blocked", "rule", "n", "m")),
        pl.col("score").len().alias("rivals"),
        (pl.col("best_of_item") - pl.col("score")).first().alias("beaten"),
        pl.len().over("b").first().alias("claims"),
    )
    return [_told(rules, row) for row in grouped.iter_rows(named=True)]


def far_keys(ground: Ground, sole: DataFrame, entries: DataFrame, items: DataFrame) -> list[Found]:
    """What one key names on both sides with the same amount, but too far apart in time."""
    kept = sole.join(entries.select("e"), on="e", how="semi").join(items, on="i", how="semi")
    told = beside(ground, kept.select("e", "i")).filter(
        (pl.col("e_units") == pl.col("i_units"))
        & ((pl.col("e_day") - pl.col("i_day")).abs() > ground.rules.key_window_days)
    )
    return [
        Found(
            level=SUGGESTED,
            rule="exact-key",
            entries=(e,),
            items=(i,),
            reasons=mask("key", "amount", "day_far"),
        )
        for e, i in told.select("e", "i").sort("e", "i").iter_rows()
    ]


def _told(rules: RuleSet, row: dict[str, object]) -> Found:
    entries, found, scores = row["es"], row["is"], row["score"]
    assert isinstance(entries, list)
    assert isinstance(found, list)
    assert isinstance(scores, list)
    shown = rules.rivals_shown
    members = [i for some in found for i in some[:shown]][:shown]
    reasons, rule = row["reasons"], row["rule"]
    assert isinstance(reasons, int)
    assert isinstance(rule, int)
    return Found(
        level=SUGGESTED,
        rule=RULES[rule],
        entries=tuple(entries[:shown]),
        items=tuple(members),
        reasons=reasons | _why_not(rules, row, scores),
        notes=_scores(scores),
    )


def _why_not(rules: RuleSet, row: dict[str, object], scores: list[int]) -> int:
    if row["n"] != row["m"]:
        return BIT["twins_uneven"]
    if scores[0] < rules.threshold:
        return BIT["weak"]
    if row["blocked"]:
        return 0  # the reasons say already that it names another document
    beaten = row["beaten"]
    if len(scores) > 1 and scores[0] - scores[1] < rules.margin:
        return BIT["rivals"]
    return BIT["claimed"] if beaten is not None else BIT["rivals"]


def _scores(scores: list[int]) -> tuple[str, ...]:
    best = scores[0]
    if len(scores) == 1:
        return (f"得分 {best} / score {best}",)
    rest = ", ".join(str(it) for it in scores[1:])
    return (f"得分 {best}，其他候选 {rest} / score {best}, rivals {rest}",)
