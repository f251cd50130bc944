"""Suggestions from what people matched before: the same side of the bank, the same of the books.

Rule kept here: a memory only ever suggests, among what every pass left open, and only what has
the same amount, currency, direction and account. Whose memory it is stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import polars as pl
from msgspec.structs import replace
from polars import DataFrame

from gateway.reconciliation.decisions import Found
from gateway.reconciliation.ground import Ground
from gateway.reconciliation.memory import keys_of, side_of
from gateway.reconciliation.reasons import BIT, SUGGESTED, mask

_AT: Final = ("ledger", "units")
_SAID: Final = ("name", "acct", "text")
_PAIRS_MAX: Final = 2_500
"""Most pairs of one memory and one amount: more of them help nobody."""


def by_memories(
    ground: Ground, memories: DataFrame, entries: DataFrame, items: DataFrame
) -> list[Found]:
    """One suggestion for each open entry whose party or text people matched before."""
    if not memories.height:
        return []
    left = entries.join(items.select(_AT).unique(), on=_AT, how="semi")
    right = items.join(left.select(_AT).unique(), on=_AT, how="semi")
    told = memories.with_row_index("m")
    lefts, rights = _known(told, "bank", left, "e"), _known(told, "book", right, "i")
    at = ["m", *_AT]
    sizes = _sizes(lefts, at, "n").join(_sizes(rights, at, "k"), on=at)
    few = sizes.filter(pl.col("n") * pl.col("k") <= _PAIRS_MAX)
    pairs = lefts.join(few, on=at, how="semi").join(rights, on=at)
    apart = (pl.col("day") - pl.col("day_right")).abs().fill_null(0)
    # A payment that no key names: it waits no longer than one that a key names may.
    near = pairs.with_columns(apart.alias("apart")).filter(
        pl.col("apart") <= ground.rules.key_window_days
    )
    said = near.join(told.select("m", "words"), on="m").sort("e", "apart", "i", "m")
    grouped = said.group_by("e", maintain_order=True).agg(
        pl.col("i").unique(maintain_order=True), pl.col("words").unique(maintain_order=True)
    )
    shown = ground.rules.rivals_shown
    return [_told(e, some[:shown], told_by[:shown]) for e, some, told_by in grouped.iter_rows()]


def _told(entry: int, items: list[int], told: list[str]) -> Found:
    rivals = BIT["rivals"] if len(items) > 1 else 0
    return Found(
        level=SUGGESTED,
        rule="remembered",
        entries=(entry,),
        items=tuple(items),
        reasons=mask("remembered", "amount") | rivals,
        notes=tuple(told),
    )


def with_memories(suggested: list[Found], remembered: Iterable[Found]) -> list[Found]:
    """Suggestions with memories: what suggests the same already only says so beside it."""
    at = {(it.entries, it.items): place for place, it in enumerate(suggested)}
    found = list(suggested)
    for it in remembered:
        place = at.get((it.entries, it.items))
        if place is None:
            found.append(it)
        else:
            known = found[place]
            reasons = known.reasons | BIT["remembered"]
            found[place] = replace(known, reasons=reasons, notes=(*known.notes, *it.notes))
    return found


def _sizes(frame: DataFrame, at: list[str], name: str) -> DataFrame:
    return frame.group_by(at).agg(pl.len().cast(pl.Int64).alias(name))


def _known(memories: DataFrame, side: str, frame: DataFrame, number: str) -> DataFrame:
    """What is open with the memories whose side it is: number, m, ledger, units, day."""
    names = [f"{side}_name", f"{side}_account", f"{side}_text"]
    held = _keyed(memories.select("m", *names), names).rename({names[1]: "known"})
    told = _keyed(frame.select(number, *_AT, "day", *_SAID), list(_SAID))
    found = told.join(held.select("m", "key", "known"), on="key")
    # Of one name, but with two accounts: another party, or another of its accounts.
    other = (pl.col("acct") != "") & (pl.col("known") != "") & (pl.col("acct") != pl.col("known"))
    return found.filter(~other).select(number, "m", *_AT, "day").unique()


def _keyed(frame: DataFrame, names: list[str]) -> DataFrame:
    """Rows once for each key of what they say, each different saying looked at once."""
    single = frame.select(names).unique()
    keys = [list(keys_of(side_of(*said))) for said in single.iter_rows()]
    table = single.with_columns(pl.Series("key", keys, dtype=pl.List(pl.String)))
    return frame.join(table, on=names, how="left").explode("key").drop_nulls("key")
