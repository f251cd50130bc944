"""Pass 3: one key on several entries or items: split payments, fees, refunds, red letters.

Rule kept here: a group decides only as a whole and when it adds up exactly; a number that was
merely used twice decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
import polars as pl
from polars import DataFrame

from gateway.reconciliation.claims import exclusive
from gateway.reconciliation.decisions import Found
from gateway.reconciliation.ground import Ground
from gateway.reconciliation.party import OTHER, compared, same_account
from gateway.reconciliation.reasons import AUTO, SUGGESTED, mask
from gateway.reconciliation.shown import amount_text

_GROUP_MAX = 200_000


class Line(msgspec.Struct, frozen=True, gc=False):
    """An entry or an item within a group. ``side_line``: a fee, or money that came back."""

    at: int
    units: int
    day: int | None
    name: str
    acct: str
    fee: bool
    back: bool


def by_groups(
    ground: Ground, pairs: DataFrame, entries: DataFrame, items: DataFrame
) -> list[Found]:
    """Decide groups of open entries and items by the keys that ``pairs`` (e i key) share."""
    keyed = _groups(pairs, entries, items)
    found = [it for group in keyed for it in decided(ground, *group)]
    found += _red_letters(ground, pairs, items)
    named = entries.join(pairs.select("e").unique(), on="e", how="anti")
    found += _message_groups(ground, named, items)
    return exclusive(found)


def _lines(frame: DataFrame, number: str) -> dict[int, Line]:
    flags = ("fee", "back") if number == "e" else ("red", "red")
    told = frame.select(number, "units", "day", "name", "acct", *dict.fromkeys(flags))
    fee = flags[0] == "fee"
    return {
        row[0]: Line(row[0], row[1], row[2], row[3], row[4], fee and row[5], row[-1])
        for row in told.iter_rows()
    }


def _groups(
    pairs: DataFrame, entries: DataFrame, items: DataFrame
) -> Iterator[tuple[list[Line], list[Line]]]:
    """All open entries and items of each key; an item nobody named by it comes along."""
    open_pairs = pairs.join(entries, on="e", how="semi").join(items, on="i", how="semi")
    of_entry = _lines(entries.join(open_pairs, on="e", how="semi"), "e")
    of_item = _lines(items.join(open_pairs, on="i", how="semi"), "i")
    ledgers = open_pairs.join(entries.select("e", "ledger"), on="e")
    grouped = ledgers.group_by("ledger", "key").agg(
        pl.col("e").unique().sort(), pl.col("i").unique().sort()
    )
    for _, _, some, others in grouped.sort("ledger", "key").iter_rows():
        if len(some) + len(others) <= _GROUP_MAX:
            yield [of_entry[e] for e in some], [of_item[i] for i in others]


def decided(ground: Ground, entries: list[Line], items: list[Line]) -> Iterator[Found]:
    """What a group with a key says: by direction, as a whole, or where it fails."""
    payments = [it for it in entries if not it.fee] or entries
    fees = [it for it in entries if it.fee and it not in payments]
    if _one_each_way(payments, items):
        yield from _paired(ground, payments, items)
        return
    if len(payments) == 1 and len(items) == 1 and payments[0].units == items[0].units:
        return  # a plain pair: the pass of parties weighs what contradicts it
    whole = _whole(ground, payments, items)
    if whole is None and fees:
        whole = _whole(ground, [*payments, *fees], items, fee=True)
    if whole is not None:
        yield from whole
        return
    units = {it.units for it in entries}
    if not any(it.units in units for it in items):
        totals = (sum(it.units for it in entries), sum(it.units for it in items))
        named = tuple(it.at for it in entries), tuple(it.at for it in items)
        yield mismatch(ground, *named, totals)


def _one_each_way(entries: list[Line], items: list[Line]) -> bool:
    """One payment and its return, one item and its red letter: each finds its own direction."""
    amounts = sorted(it.units for it in entries)
    return (
        len(entries) == len(items) == 2  # noqa: PLR2004 - there and back
        and amounts == sorted(it.units for it in items)
        and amounts[0] < 0 < amounts[1]
    )


def _paired(ground: Ground, entries: list[Line], items: list[Line]) -> Iterator[Found]:
    for entry in entries:
        item = next(it for it in items if it.units == entry.units)
        if _agree(ground, [entry], [item]):
            yield Found(
                level=AUTO,
                rule="exact-key",
                entries=(entry.at,),
                items=(item.at,),
                reasons=mask("key", "amount"),
            )


def _whole(
    ground: Ground, entries: list[Line], items: list[Line], *, fee: bool = False
) -> list[Found] | None:
    """Both sides as a whole, one of them a single line (beside fees and returns)."""
    if sum(it.units for it in entries) != sum(it.units for it in items):
        return None
    singles = sum(not (it.fee or it.back) for it in entries)
    if min(singles, len(items)) > 1 or not _agree(ground, entries, items):
        return None
    if len(entries) == 1 and len(items) > 1:
        apart = _finer(entries[0], items)
        if apart is not None:
            return apart
    why = mask("key", "sum", "fee") if fee else mask("key", "sum")
    return [
        Found(
            level=AUTO,
            rule="key-fee" if fee else "key-sum",
            entries=tuple(it.at for it in entries),
            items=tuple(it.at for it in items),
            reasons=why,
        )
    ]


def _finer(entry: Line, items: list[Line]) -> list[Found] | None:
    """One item is the payment and the others take each other back; None where none is alone."""
    equal = [it for it in items if it.units == entry.units]
    if not equal:
        return None
    if len(equal) > 1 or len(items) < 3 or not any(it.back for it in items):  # noqa: PLR2004
        why = mask("key_reused", "rivals")
        whole = tuple(it.at for it in items)
        rule = "key-sum"
        return [Found(level=SUGGESTED, rule=rule, entries=(entry.at,), items=whole, reasons=why)]
    rest = tuple(it.at for it in items if it is not equal[0])
    reasons = mask("key", "amount")
    pair = Found(
        level=AUTO, rule="exact-key", entries=(entry.at,), items=(equal[0].at,), reasons=reasons
    )
    return [pair, Found(level=AUTO, rule="red-letter", items=rest, reasons=mask("red_letter"))]


def _agree(ground: Ground, entries: Iterable[Line], items: list[Line]) -> bool:
    """Whether parties and days of no couple speak against each other.

    A sum over several parties (wages) stands under a name of its own: it is not compared.
    """
    window = ground.rules.key_window_days
    one_party = len({it.name for it in items}) == 1
    return all(
        (
            not one_party
            or (
                compared(entry.name, item.name) != OTHER
                and same_account(entry.acct, item.acct) != OTHER
            )
        )
        and (entry.day is None or item.day is None or abs(entry.day - item.day) <= window)
        for entry in entries
        for item in items
        if not entry.fee
    )


def mismatch(
    ground: Ground, entries: tuple[int, ...], items: tuple[int, ...], totals: tuple[int, int]
) -> Found:
    """A key names them, the amounts of bank and book do not agree: said, never matched."""
    shown = ground.rules.rivals_shown
    bank, book = totals
    texts = [amount_text(units, ground.scale) for units in (bank, book, bank - book)]
    zh = f"银行 {texts[0]}，账面 {texts[1]}，差额 {texts[2]}"
    en = f"bank {texts[0]}, book {texts[1]}, difference {texts[2]}"
    return Found(
        level=SUGGESTED,
        rule="key-amount-differs",
        entries=entries[:shown],
        items=items[:shown],
        reasons=mask("amount_differs"),
        notes=(f"{zh} / {en}",),
    )


def _red_letters(ground: Ground, pairs: DataFrame, items: DataFrame) -> list[Found]:
    """Items of one reference that take each other back, and no entry carries it."""
    red = items.filter(pl.col("red") & pl.col("ref").is_not_null()).select("ledger", "ref").unique()
    if not red.height:
        return []
    touched = ground.items.join(red, on=["ledger", "ref"], how="semi")
    named = touched.join(pairs.select("i").unique(), on="i", how="semi").select("ledger", "ref")
    free = touched.join(named, on=["ledger", "ref"], how="anti")
    grouped = free.group_by("ledger", "ref").agg(
        pl.col("i").sort(), pl.col("units").cast(pl.Int128).sum(), pl.col("red").sum()
    )
    still_open = set(items["i"])
    return [
        Found(level=AUTO, rule="red-letter", items=tuple(some), reasons=mask("red_letter", "key"))
        for some, units, reds in grouped.sort("ledger", "ref")
        .select("i", "units", "red")
        .iter_rows()
        if units == 0 and reds and still_open.issuperset(some)
    ]


def _message_groups(ground: Ground, entries: DataFrame, items: DataFrame) -> list[Found]:
    """An entry that carries the number of a message or payment block: all its items together."""
    groups = ground.groups
    if not groups.height:
        return []
    keys = ("e2e", "customer", "bank")
    named = pl.concat(
        entries.filter(pl.col(name).is_not_null()).select("e", "ledger", "units", key=name)
        for name in keys
    ).unique()
    used = named.join(groups.select("ledger", "key").unique(), on=["ledger", "key"])
    members = groups.join(used.select("ledger", "key").unique(), on=["ledger", "key"], how="semi")
    units = ground.items["units"].gather(members["i"]).cast(pl.Int128)
    sums = (
        members.with_columns(units.alias("total"))
        .group_by("ledger", "key")
        .agg(pl.col("i").sort(), pl.col("total").sum())
    )
    still_open = set(items["i"])
    alone = used.filter(pl.len().over("ledger", "key") == 1)
    hits = alone.join(sums, on=["ledger", "key"]).filter(
        pl.col("units").cast(pl.Int128) == pl.col("total")
    )
    return [
        Found(level=AUTO, rule="key-sum", entries=(e,), items=some, reasons=mask("key", "sum"))
        for e, some in sorted({(e, tuple(some)) for e, some in hits.select("e", "i").iter_rows()})
        if still_open.issuperset(some)
    ]
