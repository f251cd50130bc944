"""Which documents an entry names: in its references, in its text, and which of them are others.

Rule kept here: an entry that names one document is not another one's payment. A number of the
same form as a ledger reference names a document, even when the ledger does not hold it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import polars as pl
from polars import DataFrame, Expr

from gateway.reconciliation.ground import Ground, keyed, sharing
from gateway.reconciliation.likeness import beside, discredited, judged

_WORD: Final = r"[0-9A-Z][0-9A-Z\-_.]{3,}[0-9A-Z]"
_PATH: Final = r"[0-9A-Z][0-9A-Z\-_./]{3,}[0-9A-Z]"
_RANDOM: Final = r"^[0-9A-F\-]{12,}$"
_FORM_MIN: Final = 5
"""Banks number lines 1, 2, 3 where others write a reference."""
_DIGITS: Final = r"^[0-9]+$"
_LABEL: Final = r"(?:NO|NR|REF)\."
"""What stands before a number and is none of it; other dots are."""
_SHORTER: Final = (
    *(rf"^(.*?[0-9A-Z])[\-_./]?[0-9]{{{count}}}$" for count in (1, 2, 3)),
    r"^(.*[0-9])[\-_./]?[A-Z]$",
    r"^[1-9]([0-9]+)$",
)
"""A number without its last few digits, without the letter after it, without its first digit."""
_RANDOM_HAS: Final = r"[A-F].*[0-9]|[0-9].*[A-F]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What open entries name.

    ``pairs``: e i points reason; ``claims``: those of them that may stand (e i);
    ``forms``: e form, of everything that looks like a document; ``item_forms``: i form;
    ``longer``: e i, where one's number is the other's and more (``INV-12``, ``INV-12-3``).
    """

    pairs: DataFrame
    claims: DataFrame
    forms: DataFrame
    item_forms: DataFrame
    longer: DataFrame
    disputed: frozenset[int] = frozenset()
    """Items that one entry names alone and another in a list that adds up."""

    def with_disputed(self, items: frozenset[int]) -> Named:
        """The same, knowing which items nobody may have."""
        return replace(self, disputed=items)

    def without_texts(self) -> Named:
        """The same, where a client lets no text decide; what a text names still blocks others."""
        return replace(self, pairs=self.pairs.filter(pl.col("reason") != "key_in_text"))


def named(
    ground: Ground, by_key: DataFrame, sole: DataFrame, entries: DataFrame, items: DataFrame
) -> Named:
    """Collect what open entries name, given the pairs of keys (e i) and those that stand alone."""
    points = ground.rules.points
    by_text = _texts(ground, entries).join(by_key, on=["e", "i"], how="anti")
    text_sole = (pl.len().over("e") == 1) & (pl.len().over("i") == 1)
    strong = by_key.select("e", "i").join(sole, on=["e", "i"], how="semi")
    weak = by_key.select("e", "i").join(sole, on=["e", "i"], how="anti")
    pairs = pl.concat(
        [
            _worth(strong, pl.lit(points.key), "key"),
            _worth(weak, pl.lit(points.key_reused), "key_reused"),
            _worth(
                by_text,
                pl.when(text_sole).then(points.key_in_text).otherwise(points.key_reused),
                "key_in_text",
            ),
        ]
    )
    told = judged(beside(ground, pairs.select("e", "i")))
    return Named(
        pairs=pairs,
        claims=told.filter(~discredited()).select("e", "i"),
        forms=_entry_forms(entries),
        item_forms=_item_forms(items),
        longer=_longer(ground, entries, items),
    )


def _worth(pairs: DataFrame, points: Expr, reason: str) -> DataFrame:
    return pairs.select(
        "e", "i", points.cast(pl.Int32).alias("worth"), pl.lit(reason).alias("reason")
    )


def _words(entries: DataFrame) -> DataFrame:
    """What stands in the text like a number: e ledger key."""
    text = pl.col("text").str.to_uppercase()
    bare = text.str.replace_all(_LABEL, " ")
    found = pl.concat_list(
        text.str.extract_all(_WORD), text.str.extract_all(_PATH), bare.str.extract_all(_WORD)
    ).list.unique()
    told = entries.filter(pl.col("text").str.contains("[0-9]")).select(
        "e", "ledger", found.alias("key")
    )
    exploded = told.explode("key").drop_nulls("key")
    return exploded.filter(pl.col("key").str.contains("[0-9]"))


def _texts(ground: Ground, entries: DataFrame) -> DataFrame:
    """Entries whose text names items, whoever has them by now: e i."""
    return sharing(keyed(_words(entries), "e", "key"), ground.keys).select("e", "i").unique()


def _longer(ground: Ground, entries: DataFrame, items: DataFrame) -> DataFrame:
    """Entries that name an item's number with something added, or with a digit missing: e i."""
    named = [
        entries.filter(pl.col(name).str.len_chars() >= _FORM_MIN).select("e", "ledger", key=name)
        for name in ("e2e", "customer")
    ]
    words = pl.concat([_words(entries), *named])
    # With letters in it, a number that lacks digits has the same form: that blocks already.
    digits = items.filter(pl.col("ref").str.contains(_DIGITS)).select("i", "ledger", key="ref")
    shorter = keyed(_shorter(digits, "i"), "i", "key")
    found = [
        sharing(keyed(_shorter(words, "e"), "e", "key"), ground.keys).select("e", "i"),
        sharing(keyed(words, "e", "key"), shorter).select("e", "i"),
    ]
    return pl.concat(found).unique()


def _shorter(numbers: DataFrame, number: str) -> DataFrame:
    stems = pl.concat_list(pl.col("key").str.extract(pattern) for pattern in _SHORTER)
    told = numbers.select(number, "ledger", stems.list.unique().alias("key")).explode("key")
    return told.filter(pl.col("key").str.len_chars() >= _FORM_MIN)


def _form(name: str) -> Expr:
    """The form of a number: its letters, with every run of digits as one."""
    told = pl.col(name)
    random = told.str.contains(_RANDOM) & told.str.contains(_RANDOM_HAS)
    length = told.str.len_chars().cast(pl.String)
    return (
        pl.when(random)
        .then(pl.lit("hex") + length)
        .when(told.str.contains(_DIGITS))
        .then(pl.lit("digits") + length)
        .otherwise(told.str.replace_all("[0-9]+", "9"))
    )


def _entry_forms(entries: DataFrame) -> DataFrame:
    words = [_words(entries).select("e", "key")]
    words += [
        entries.filter(pl.col(name).str.len_chars() >= _FORM_MIN).select("e", key=name)
        for name in ("e2e", "customer")
    ]
    bank = entries.filter(pl.col("bank").str.contains("[A-Z]")).select("e", key="bank")
    return pl.concat([*words, bank]).select("e", _form("key").alias("form")).unique()


def _item_forms(items: DataFrame) -> DataFrame:
    whole = items.filter(pl.col("ref").is_not_null()).select("i", key="ref")
    last = whole.filter(pl.col("key").str.count_matches("/", literal=True) == 2)  # noqa: PLR2004
    told = pl.concat([whole, last.with_columns(pl.col("key").str.split("/").list.last())])
    return told.select("i", _form("key").alias("form")).unique()


def named_otherwise(told: Named, pairs: DataFrame) -> DataFrame:
    """Those of some pairs (e i) whose entry or item is named elsewhere: e i."""
    alone = pairs.join(told.pairs, on=["e", "i"], how="anti")
    same_form = (
        alone.join(told.item_forms, on="i")
        .join(told.forms, on=["e", "form"], how="semi")
        .select("e", "i")
    )
    other_item = alone.join(told.claims, on="e", how="semi")
    other_entry = alone.join(told.claims, on="i", how="semi")
    longer = alone.join(told.longer, on=["e", "i"], how="semi").select("e", "i")
    return pl.concat([same_form, other_item, other_entry, longer]).unique()
