"""The engine: columns in, decisions out, pass after pass over what is still open.

Rule kept here: the order of passes is fixed, each sees what those before left open, and what no
pass decides is told as open, with its reason.
"""

from __future__ import annotations

import polars as pl
from polars import DataFrame

from gateway.reconciliation.columns import Columns
from gateway.reconciliation.decisions import Decisions, Found, joined, laid_out, pairs_laid_out
from gateway.reconciliation.ground import Ground, ground_of, says_back, says_fee, taken_out
from gateway.reconciliation.key_groups import by_groups
from gateway.reconciliation.keys import Keyed, by_keys
from gateway.reconciliation.naming import named
from gateway.reconciliation.netting import by_netting
from gateway.reconciliation.parties import by_parties
from gateway.reconciliation.parts import by_parts
from gateway.reconciliation.reasons import AUTO, LEVELS, NONE, RULE, mask
from gateway.reconciliation.remembered import by_memories, with_memories
from gateway.reconciliation.rules import STANDARD, RuleSet, validate
from gateway.reconciliation.suggestions import far_keys, suggestions
from gateway.reconciliation.sums import by_sums
from gateway.reconciliation.text_groups import by_text_groups, disputed


class _Run:
    """What is open, and what was decided so far."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.entries = ground.entries.filter("booked")
        self.items = ground.items
        self.auto: list[DataFrame] = []
        self.suggested: list[Found] = []

    def read_texts(self) -> None:
        """See fees and returns by their texts; not done for what keys have settled."""
        told = (says_fee().alias("fee"), says_back().alias("back"))
        self.entries = self.entries.with_columns(*told)

    def pairs(self, decided: DataFrame) -> None:
        """Take one-to-one decisions (e i rule reasons)."""
        self.auto.append(pairs_laid_out(decided, AUTO))
        self.entries = taken_out(self.entries, "e", decided)
        self.items = taken_out(self.items, "i", decided)

    def found(self, decided: list[Found]) -> None:
        """Take decisions of any shape; suggestions are kept for later."""
        automatic = [it for it in decided if it.level == AUTO]
        self.suggested += [it for it in decided if it.level != AUTO]
        self.auto.append(laid_out(automatic))
        gone = {"e": "entries", "i": "items"}
        taken = {
            name: pl.DataFrame(
                {name: [at for it in automatic for at in getattr(it, side)]},
                schema={name: pl.UInt32},
            )
            for name, side in gone.items()
        }
        self.entries = taken_out(self.entries, "e", taken["e"])
        self.items = taken_out(self.items, "i", taken["i"])


def reconcile(columns: Columns, rules: RuleSet = STANDARD) -> Decisions:
    """Decide about every entry and every item.

    Raises Refused for a rule set that cannot be used.
    """
    run = _Run(ground_of(columns, validate(rules)))
    passes = frozenset(rules.passes)
    if "details" in passes:
        run.found(by_parts(run.ground, run.entries, run.items))
    keyed = _keys(run) if "keys" in passes else _no_keys(run)
    told = named(run.ground, keyed.pairs, keyed.sole, run.entries, run.items)
    if "text" in passes:
        listed = by_text_groups(run.ground, told, run.entries, run.items)
        run.found(listed)
        told = told.with_disputed(disputed(listed))
    else:
        told = told.without_texts()
    weighed = by_parties(run.ground, told, run.entries, run.items, decide="party" in passes)
    run.pairs(weighed.decided)
    if "sums" in passes:
        found = by_sums(run.ground, told, run.entries, run.items, weighed.open_pairs)
        run.found(found)
    if "netting" in passes:
        run.found(by_netting(run.ground, run.entries, run.items, weighed.open_pairs))
    run.suggested += suggestions(run.ground, weighed, run.entries, run.items)
    run.suggested += far_keys(run.ground, keyed.sole, run.entries, run.items)
    if columns.memories is not None:
        found = by_memories(run.ground, columns.memories, run.entries, run.items)
        run.suggested = with_memories(run.suggested, found)
    return joined([*run.auto, *_open(run, set(weighed.crowded["e"]))])


def _keys(run: _Run) -> Keyed:
    keyed = by_keys(run.ground, run.entries, run.items)
    run.pairs(keyed.decided)
    run.read_texts()
    run.found(by_groups(run.ground, keyed.pairs, run.entries, run.items))
    return keyed


def _no_keys(run: _Run) -> Keyed:
    nothing = pl.DataFrame(schema={"e": pl.UInt32, "i": pl.UInt32, "key": pl.String})
    run.read_texts()
    return Keyed(decided=nothing, pairs=nothing, sole=nothing.select("e", "i"))


def _open(run: _Run, crowded: set[int]) -> list[DataFrame]:
    """Suggestions among what stayed open, and one line for each open entry and item."""
    entries, items = set(run.entries["e"]), set(run.items["i"])
    kept = [
        it for it in run.suggested if entries.issuperset(it.entries) and items.issuperset(it.items)
    ]
    named_e = {e for it in kept for e in it.entries}
    named_i = {i for it in kept for i in it.items}
    return [
        laid_out(kept),
        _nothing(run.ground.entries.filter(~pl.col("booked")), "e", "not-booked", "pending"),
        _alone(run.entries, "e", named_e, crowded - named_e),
        _alone(run.items, "i", named_i, set()),
    ]


def _alone(frame: DataFrame, number: str, suggested: set[int], crowded: set[int]) -> DataFrame:
    parts = []
    for some, reason in ((suggested, "open_suggestion"), (crowded, "crowded")):
        numbers = pl.Series(sorted(some), dtype=pl.UInt32).implode()
        of_it = frame.filter(pl.col(number).is_in(numbers))
        parts.append(_nothing(of_it, number, "no-match", reason))
        frame = frame.filter(~pl.col(number).is_in(numbers))
    return pl.concat([*parts, _nothing(frame, number, "no-match", "no_candidate")])


def _nothing(frame: DataFrame, number: str, rule: str, reason: str) -> DataFrame:
    one = pl.col(number).reshape((-1, 1)).arr.to_list()
    empty = pl.lit([], pl.List(pl.UInt32))
    return frame.select(
        pl.lit(LEVELS.index(NONE), pl.UInt8).alias("level"),
        pl.lit(RULE[rule], pl.UInt8).alias("rule"),
        (one if number == "e" else empty).alias("entries"),
        (one if number == "i" else empty).alias("items"),
        pl.lit(mask(reason), pl.UInt64).alias("reasons"),
        pl.lit(None, pl.List(pl.String)).alias("notes"),
    )
