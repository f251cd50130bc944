"""Pass 5: one entry for several items of a party, or one item paid in several entries.

Rule kept here: only within one party, only when no single candidate fits, only when the sum is
the sole one; all open items together need no rarity, some of them do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec
import polars as pl
from polars import DataFrame

from gateway.reconciliation.claims import exclusive
from gateway.reconciliation.decisions import Found
from gateway.reconciliation.ground import Ground
from gateway.reconciliation.naming import Named
from gateway.reconciliation.party import OTHER, folded, same_account
from gateway.reconciliation.reasons import AUTO, SUGGESTED, mask
from gateway.reconciliation.rules import STANDARD
from gateway.reconciliation.subsets import OutOfStepsError, rare, ways

_BATCH_TEXT: Final = r"[0-9]|工资|薪|奖金|报销|(?i)salary|payroll|wages"
"""Texts that name a batch; ``货款`` stands on everything."""
_Value = TypeVar("_Value")


class Piece(msgspec.Struct, frozen=True, gc=False):
    """An open entry or item with its party. ``back``: it may count against the others."""

    at: int
    ledger: int
    units: int
    day: int
    fold: str
    acct: str
    back: bool
    busy: bool
    """A single counterpart fits it about as well: it takes part in no sum."""


@dataclass(frozen=True, slots=True)
class _Names:
    """What entries name: items by entry, entries by item, and the forms of numbers on both."""

    items_of: Mapping[int, frozenset[int]]
    entries_of: Mapping[int, frozenset[int]]
    entry_forms: Mapping[int, frozenset[str]]
    item_forms: Mapping[int, frozenset[str]]

    def may(self, entry: int, item: int, *, back: bool) -> bool:
        """Whether an entry may stand for an item, among others; what takes back may for any."""
        if back or item in self.items_of.get(entry, ()):
            return True
        if self.entries_of.get(item):
            return False
        none: frozenset[str] = frozenset()
        return not (self.entry_forms.get(entry, none) & self.item_forms.get(item, none))


def by_sums(
    ground: Ground, told: Named, entries: DataFrame, items: DataFrame, open_pairs: DataFrame
) -> list[Found]:
    """Look for sums among open entries and items; ``open_pairs`` says who fits singly."""
    # A client that asks for more points leaves more pairs open; none of them is free for a sum.
    fits = open_pairs.filter(pl.col("score") >= min(ground.rules.threshold, STANDARD.threshold))
    some = _pieces(entries, "e", "back", fits.select(pl.col("es").explode())["es"])
    others = _pieces(items, "i", "red", fits.select(pl.col("is").explode())["is"])
    names = _names(told, entries, items)
    found = list(_of_items(ground, some, others, names))
    found += _of_entries(ground, some, others, names)
    found += _same_text(ground, entries, items)
    return exclusive(_single(found))


def _pieces(frame: DataFrame, number: str, back: str, busy: pl.Series) -> list[Piece]:
    known = frame.filter(
        pl.col("day").is_not_null() & ((pl.col("name") != "") | (pl.col("acct") != ""))
    )
    told = known.select(number, "ledger", "units", "day", "name", "acct", back)
    taken = set(busy)
    return [
        Piece(at, ledger, units, day, folded(name), acct, flag, at in taken)
        for at, ledger, units, day, name, acct, flag in told.iter_rows()
    ]


def _names(told: Named, entries: DataFrame, items: DataFrame) -> _Names:
    claims = told.claims
    forms = told.forms.join(entries, on="e", how="semi")
    item_forms = told.item_forms.join(items, on="i", how="semi")
    return _Names(
        items_of=_sets(claims.select("e", "i").iter_rows()),
        entries_of=_sets(claims.select("i", "e").iter_rows()),
        entry_forms=_sets(forms.select("e", "form").iter_rows()),
        item_forms=_sets(item_forms.select("i", "form").iter_rows()),
    )


def _sets(rows: Iterable[tuple[int, _Value]]) -> dict[int, frozenset[_Value]]:
    grouped: dict[int, set[_Value]] = defaultdict(set)
    for key, value in rows:
        grouped[key].add(value)
    return {key: frozenset(values) for key, values in grouped.items()}


class _Index:
    """Pieces by ledger and party: by folded name and by account."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._by_name: dict[tuple[int, str], list[Piece]] = defaultdict(list)
        self._by_account: dict[tuple[int, str], list[Piece]] = defaultdict(list)
        for it in pieces:
            if it.fold:
                self._by_name[it.ledger, it.fold].append(it)
            if it.acct:
                self._by_account[it.ledger, it.acct].append(it)

    def of(self, single: Piece, window: int) -> list[Piece]:
        """Pieces of the same party near in time, each once, in the order of positions."""
        found: dict[int, Piece] = {}
        by_name = self._by_name.get((single.ledger, single.fold), ()) if single.fold else ()
        for it in by_name:
            if same_account(single.acct, it.acct) != OTHER:
                found[it.at] = it
        for it in self._by_account.get((single.ledger, single.acct), ()) if single.acct else ():
            found[it.at] = it
        near = (it for it in found.values() if abs(it.day - single.day) <= window)
        return sorted(near, key=lambda it: it.at)


def _of_items(
    ground: Ground, entries: list[Piece], items: list[Piece], names: _Names
) -> Iterator[Found]:
    index = _Index(items)
    for entry in entries:
        if entry.busy or entry.back:
            continue
        party = index.of(entry, ground.rules.sum_window_days)
        fitting = [
            it for it in party if _counts(it, entry) and names.may(entry.at, it.at, back=it.back)
        ]
        must = names.items_of.get(entry.at, frozenset())
        for level, why, chosen in _sums(ground, entry, fitting, must):
            yield Found(
                level=level, rule="sum-of-items", entries=(entry.at,), items=chosen, reasons=why
            )


def _of_entries(
    ground: Ground, entries: list[Piece], items: list[Piece], names: _Names
) -> Iterator[Found]:
    index = _Index(entries)
    for item in items:
        if item.busy or item.back:
            continue
        party = index.of(item, ground.rules.sum_window_days)
        fitting = [
            it for it in party if _counts(it, item) and names.may(it.at, item.at, back=it.back)
        ]
        must = names.entries_of.get(item.at, frozenset())
        for level, why, chosen in _sums(ground, item, fitting, must):
            yield Found(
                level=level, rule="sum-of-entries", entries=chosen, items=(item.at,), reasons=why
            )


def _counts(piece: Piece, single: Piece) -> bool:
    """Same direction, or one that takes back; nobody that fits a single counterpart."""
    return not piece.busy and ((piece.units > 0) == (single.units > 0) or piece.back)


def _sums(
    ground: Ground, single: Piece, fitting: list[Piece], must: frozenset[int]
) -> Iterator[tuple[str, int, tuple[int, ...]]]:
    """The level, reasons and positions of what adds up to ``single``."""
    rules = ground.rules
    units = [it.units for it in fitting]
    if len(units) < 2 or not must <= {it.at for it in fitting}:  # noqa: PLR2004 - a sum of one
        return
    if len(units) > rules.sum_candidates:
        if sum(units) == single.units:
            everything = tuple(it.at for it in fitting)
            yield AUTO, mask("sum", "name", "all_open"), everything
        return
    try:
        found = ways(units, single.units, steps=rules.sum_steps)
    except OutOfStepsError:
        return
    found = [way for way in found if must <= {fitting[at].at for at in way}]
    for way in found:
        chosen = tuple(fitting[at].at for at in way)
        if len(found) > 1:
            yield SUGGESTED, mask("sum", "several_sums"), chosen
        elif len(way) == len(units):
            yield AUTO, mask("sum", "name", "only_sum", "all_open"), chosen
        elif rare(units, rarity=rules.sum_rarity):
            yield AUTO, mask("sum", "name", "only_sum"), chosen
        else:
            yield SUGGESTED, mask("sum", "by_chance"), chosen


def _single(found: list[Found]) -> list[Found]:
    """Each decision once: the same sum may be found from both sides or in two ways."""
    return list({(it.level, it.entries, it.items): it for it in found}.values())


def _same_text(ground: Ground, entries: DataFrame, items: DataFrame) -> list[Found]:
    """Items of one day under one text (wages of a month) that an entry of that text pays."""
    at = ["ledger", "text"]
    one_way = (pl.col("red") | (pl.col("units") > 0)).all() | (
        pl.col("red") | (pl.col("units") < 0)
    ).all()
    grouped = (
        items.filter(pl.col("text").str.contains(_BATCH_TEXT))
        .group_by([*at, "day"])
        .agg(
            pl.col("i").sort(),
            pl.col("units").cast(pl.Int128).sum().alias("total"),
            one_way.alias("one_way"),
        )
        .filter((pl.col("i").list.len() > 1) & pl.col("one_way"))
    )
    hits = entries.select("e", *at, "units", "day").join(grouped, on=at, suffix="_item")
    hits = hits.filter(
        (pl.col("units").cast(pl.Int128) == pl.col("total"))
        & ((pl.col("day") - pl.col("day_item")).abs() <= ground.rules.date_window_days)
    ).sort("e", "day_item")
    why = mask("sum", "text", "day")
    return [
        Found(level=AUTO, rule="sum-of-items", entries=(e,), items=tuple(some), reasons=why)
        for e, some in hits.select("e", "i").iter_rows()
    ]
