"""The columns made comparable once: accounts, references, and which keys name which item.

Rule kept here: normalising drops case, blanks and separators only; what a bank writes where there
is no reference (``NOTPROVIDED``) is no key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl
from polars import DataFrame, Expr, Series

from gateway.domain.reconciliation import codes_in
from gateway.reconciliation.columns import Columns
from gateway.reconciliation.rules import RuleSet

_NO_KEY: Final = (
    *("NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOREF", "NO REF", "NONE", "UNKNOWN", "N/A", "NA"),
    *("NULL", "-", "/", "//", "0", "无", "空"),
)
_ZEROS: Final = r"^0+$"
_SEPARATORS: Final = r"[\s\-./]"
_UNTIDY: Final = r"[\s\-./a-z]"
_LOWER: Final = r"[a-z\s]"
_ODD: Final = pl.lit(11_400_714_819_323_198_485, pl.UInt64)
_KEYED: Final = ("ledger", "key", "hashed")
_PAIRS_MAX: Final = 1_000_000
_MAYBE_CODE: Final = r"R[0-9A-HJKMNP-TV-Z]{13}"
_FEES: Final = ("手续费", "工本费", "汇划费", "账户管理费", "fee", "charge", "commission")
_FEE_WORD: Final = r"费|(?i)\b(?:fees?|charges?|commission)\b"
_BACKS: Final = ("退汇", "退票", "退回", "冲正", "冲销", "revers", "return", "refund")
_BACK_WORD: Final = r"退|冲|(?i)\b(?:reversal|reversed|returned|refund)\b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the passes work on. Row ``n`` of ``entries`` is entry ``n``; the same for items.

    ``entries``: e ledger units day e2e customer bank name acct text back fee booked ·
    ``items``: i ledger units day ref name acct text red ·
    ``keys``: i ledger key hashed (what names an item alone) ·
    ``groups``: ledger key i (what names several: a message, a payment block) ·
    ``parts``: p e ledger units day e2e bank name acct.
    """

    entries: DataFrame
    items: DataFrame
    keys: DataFrame
    groups: DataFrame
    parts: DataFrame
    rules: RuleSet
    scale: int


def ground_of(columns: Columns, rules: RuleSet) -> Ground:
    """Prepare the columns for the passes."""
    ledgers = _ledgers(columns)
    entries = _entries(columns.entries, ledgers)
    items = _items(columns.items, ledgers)
    return Ground(
        entries=entries,
        items=items,
        keys=_item_keys(items, columns.own),
        groups=_group_keys(items),
        parts=_parts(columns.parts, entries),
        rules=rules,
        scale=columns.scale,
    )


def _entries(frame: DataFrame, ledgers: DataFrame) -> DataFrame:
    return DataFrame(
        [
            pl.int_range(frame.height, dtype=pl.UInt32, eager=True).alias("e"),
            _ledger(frame, ledgers),
            frame["units"],
            frame["day"],
            _key(frame["end_to_end_id"]).alias("e2e"),
            _key(frame["entry_reference"]).alias("customer"),
            _key(frame["reference"]).alias("bank"),
            frame["counterparty_name"].str.strip_chars().alias("name"),
            _account(frame["counterparty_account"]).alias("acct"),
            frame["remittance"].str.strip_chars().alias("text"),
            (frame["reversal"] | frame["returned"]).alias("back"),
            frame["fee"],
            frame["booked"],
        ]
    )


def _items(frame: DataFrame, ledgers: DataFrame) -> DataFrame:
    return DataFrame(
        [
            pl.int_range(frame.height, dtype=pl.UInt32, eager=True).alias("i"),
            _ledger(frame, ledgers),
            frame["units"],
            frame["day"],
            _key(frame["erp_reference"]).alias("ref"),
            frame["counterparty_name"].str.strip_chars().alias("name"),
            _account(frame["counterparty_account"]).alias("acct"),
            frame["remittance"].str.strip_chars().alias("text"),
            frame["red_letter"].alias("red"),
        ]
    )


def says_fee() -> Expr:
    """Whether an entry is a fee: its flag, or its text."""
    text = pl.col("text")
    found = text.str.contains_any(list(_FEES), ascii_case_insensitive=True)
    return pl.col("fee") | (found & text.str.contains(_FEE_WORD))


def says_back() -> Expr:
    """Whether an entry takes another back: its flag, or its text."""
    text = pl.col("text")
    found = text.str.contains_any(list(_BACKS), ascii_case_insensitive=True)
    return pl.col("back") | (found & text.str.contains(_BACK_WORD))


def _ledgers(columns: Columns) -> DataFrame:
    """A number for each account and currency as written; spellings of one share a number."""
    both = pl.concat(
        frame.select("account", "currency").unique() for frame in (columns.entries, columns.items)
    ).unique()
    plain = both.with_columns(_account(both["account"]).alias("plain"))
    return plain.sort("plain", "currency").with_columns(
        pl.struct("plain", "currency").rank("dense").cast(pl.UInt32).alias("ledger")
    )


def _ledger(frame: DataFrame, ledgers: DataFrame) -> Series:
    written = frame.select("account", "currency")
    return written.join(ledgers, on=["account", "currency"], how="left", maintain_order="left")[
        "ledger"
    ]


def _account(told: Series) -> Series:
    if not told.str.contains(_UNTIDY).any():
        return told
    return told.str.replace_all(_SEPARATORS, "").str.to_uppercase()


def _key(told: Series) -> Series:
    if told.str.contains(_LOWER).any():
        told = told.str.strip_chars().str.to_uppercase()
    empty = (told == "") | told.is_in(_NO_KEY) | told.str.contains(_ZEROS)
    return told.set(empty, None) if empty.any() else told


def _segments(items: DataFrame) -> DataFrame:
    """``MsgId/PmtInfId/EndToEndId`` taken apart: what a statement repeats of a payment."""
    told = items.filter(pl.col("ref").str.count_matches("/", literal=True) == 2)  # noqa: PLR2004
    return told.select("ledger", "i", pl.col("ref").str.split("/").alias("segments"))


def _item_keys(items: DataFrame, own: DataFrame) -> DataFrame:
    plain = items.filter(pl.col("ref").is_not_null()).select("ledger", key="ref", i="i")
    last = _segments(items).select("ledger", pl.col("segments").list.last().alias("key"), "i")
    coded = items.filter(pl.col("text").str.contains(_MAYBE_CODE)).select(
        "ledger",
        pl.col("text").map_elements(_codes, return_dtype=pl.List(pl.String)).alias("key"),
        "i",
    )
    found = [plain, last.filter(pl.col("key") != ""), coded.explode("key").drop_nulls()]
    if own.height:
        names = ("serial", "bank_reference", "code")
        linked = DataFrame(
            [_key(own["erp_reference"]).alias("ref"), *(_key(own[name]) for name in names)]
        ).unpivot(index="ref", value_name="key")
        named = linked.drop_nulls().select("ref", "key").unique()
        found.append(items.join(named, on="ref").select("ledger", "key", "i"))
    extra = pl.concat(found[1:])
    if extra.height:
        extra = extra.unique().join(plain, on=["ledger", "key", "i"], how="anti")
    return keyed(pl.concat([plain, extra]), "i", "key")


def _codes(text: str) -> list[str]:
    return list(codes_in(text))


def _group_keys(items: DataFrame) -> DataFrame:
    segments = _segments(items)
    first, second = (pl.col("segments").list.get(at) for at in (0, 1))
    told = [
        segments.select("ledger", key.alias("key"), "i")
        for key in (first, second, first + "/" + second)
    ]
    return pl.concat(told).filter(pl.col("key") != "").unique()


def _parts(parts: DataFrame, entries: DataFrame) -> DataFrame:
    numbered = DataFrame(
        [
            pl.int_range(parts.height, dtype=pl.UInt32, eager=True).alias("p"),
            parts["entry"].alias("e"),
            parts["units"],
            _key(parts["end_to_end_id"]).alias("e2e"),
            _key(parts["reference"]).alias("bank"),
            parts["counterparty_name"].str.strip_chars().alias("name"),
            _account(parts["counterparty_account"]).alias("acct"),
        ]
    )
    booked = entries.filter("booked").select("e", "ledger", "day")
    return numbered.join(booked, on="e", maintain_order="left")


def taken_out(frame: DataFrame, name: str, taken: DataFrame) -> DataFrame:
    """The rows whose number is not among those taken."""
    if not frame.height or not taken.height:
        return frame
    numbers = frame[name]
    highest = max(_highest(numbers), _highest(taken[name]))
    kept = pl.repeat(value=True, n=highest + 1, dtype=pl.Boolean, eager=True)
    kept = kept.scatter(taken[name], False)
    return frame.filter(kept.gather(numbers))


def _highest(numbers: Series) -> int:
    highest = numbers.max()
    return highest if isinstance(highest, int) else 0


def keyed(frame: DataFrame, name: str, key: str) -> DataFrame:
    """Numbers with a key, as ``name ledger key hashed``: equal keys of a ledger hash alike."""
    some = frame.filter(pl.col(key).is_not_null())
    return some.select(
        name,
        "ledger",
        pl.col(key).alias("key"),
        (pl.col(key).hash() + pl.col("ledger").cast(pl.UInt64) * _ODD).alias("hashed"),
    )


def sharing(left: DataFrame, right: DataFrame) -> DataFrame:
    """Rows of two ``keyed`` frames with the same key of the same ledger, key for key.

    Hashes only find them, the texts decide. A key that is on very many of both sides is a word,
    not a reference: it is left out.
    """
    right = right.with_row_index("at")
    found = left.with_row_index("from").select("from", "hashed")
    other = right.select("at", "hashed")
    if other["hashed"].n_unique() < other.height:
        worn = _worn(found, other)
        found = found.join(worn, on="hashed", how="anti")
    pairs = found.join(other, on="hashed")
    same = (left["key"].gather(pairs["from"]) == right["key"].gather(pairs["at"])) & (
        left["ledger"].gather(pairs["from"]) == right["ledger"].gather(pairs["at"])
    )
    pairs = pairs.filter(same)
    names = [column for column in right.columns if column not in ("at", *_KEYED)]
    return left.drop("hashed")[pairs["from"]].with_columns(
        right[name].gather(pairs["at"]) for name in names
    )


def _worn(left: DataFrame, right: DataFrame) -> DataFrame:
    many = right.group_by("hashed").agg(pl.len().cast(pl.Int64).alias("m")).filter(pl.col("m") > 1)
    counted = (
        left.join(many, on="hashed")
        .group_by("hashed")
        .agg((pl.len().cast(pl.Int64) * pl.col("m").first()).alias("pairs"))
    )
    return counted.filter(pl.col("pairs") > _PAIRS_MAX).select("hashed")


def at(frame: DataFrame, rows: pl.Series, *names: str) -> list[pl.Series]:
    """Columns of a numbered frame at these rows (row ``n`` has number ``n``)."""
    return [frame[name].gather(rows) for name in names]
