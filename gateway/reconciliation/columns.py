"""The columns that the engine reads: entries, parts, ledger items, own instructions, memories.

Rule kept here: amounts are whole numbers of one scale and fit 64 bits; what does not fit is
refused, never wrapped or rounded. Signs are the account holder's: money out is negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

import msgspec

from gateway.domain.errors import Refused

if TYPE_CHECKING:
    from polars import DataFrame

UNITS_MAX: Final = 10**18
"""Largest amount in units of the common scale: a sum of a few still fits 64 bits."""
_CHUNK: Final = 1 << 17


class EntryRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One statement entry. ``units`` signed, ``day`` counts days since 1970-01-01."""

    account: str
    currency: str
    units: int
    day: int | None = None
    end_to_end_id: str = ""
    entry_reference: str = ""
    """The customer's reference of the line, or our serial where the bank puts it there."""
    reference: str = ""
    """The bank's reference."""
    counterparty_name: str = ""
    counterparty_account: str = ""
    remittance: str = ""
    reversal: bool = False
    returned: bool = False
    fee: bool = False
    booked: bool = True
    """False for pending and informative lines: they are not matched."""


class PartRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One transaction of a batch entry; the parts of ``entry`` (its position) add up to it."""

    entry: int
    units: int
    end_to_end_id: str = ""
    reference: str = ""
    counterparty_name: str = ""
    counterparty_account: str = ""


class ItemRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One ledger item. ``units`` has the sign of the money: out negative; red-letter the other."""

    item_id: str
    account: str
    currency: str
    units: int
    day: int | None = None
    erp_reference: str = ""
    counterparty_name: str = ""
    counterparty_account: str = ""
    remittance: str = ""
    red_letter: bool = False


class OwnRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One of our instructions: what the bank may call the payment of an ``erp_reference``."""

    erp_reference: str
    serial: str = ""
    bank_reference: str = ""
    code: str = ""
    """对账标识码."""


class MemoryRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A pair that people confirmed: texts are patterns, ``words`` says whose memory it is."""

    bank_name: str = ""
    bank_account: str = ""
    bank_text: str = ""
    book_name: str = ""
    book_account: str = ""
    book_text: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Frames with the columns of the rows above; positions in them are the engine's numbers.

    ``scale`` is the count of decimals of every ``units``; ``memories`` is None for nothing.
    """

    entries: DataFrame
    items: DataFrame
    parts: DataFrame
    own: DataFrame
    memories: DataFrame | None = None
    scale: int = 2


def columns_of(  # noqa: PLR0913 - keyword-only
    entries: Iterable[EntryRow],
    items: Iterable[ItemRow],
    *,
    parts: Iterable[PartRow] = (),
    own: Iterable[OwnRow] = (),
    memories: Iterable[MemoryRow] = (),
    scale: int = 2,
) -> Columns:
    """Lay rows out as columns, a chunk at a time. Raises Refused for an amount too large."""
    return Columns(
        entries=_frame(EntryRow, entries),
        items=_frame(ItemRow, items),
        parts=_frame(PartRow, parts),
        own=_frame(OwnRow, own),
        memories=_frame(MemoryRow, memories),
        scale=scale,
    )


def _frame(kind: type[msgspec.Struct], rows: Iterable[msgspec.Struct]) -> DataFrame:
    import polars as pl  # noqa: PLC0415 - costs a start

    names = kind.__struct_fields__
    typed = {
        field.name: getattr(
            pl,
            _KINDS.get(field.name, "Boolean" if isinstance(field.default, bool) else "String"),
        )
        for field in msgspec.structs.fields(kind)
    }
    frames = []
    for chunk in _chunks(rows):
        values = {name: [getattr(row, name) for row in chunk] for name in names}
        if any(abs(units) > UNITS_MAX for units in values.get("units", ())):
            raise Refused("an amount is too large to be matched", "金额过大，无法参与对账")
        frames.append(pl.DataFrame(values, schema=typed))
    return pl.concat(frames) if frames else pl.DataFrame(schema=typed)


_KINDS: Final = {"units": "Int64", "day": "Int32", "entry": "UInt32"}


def _chunks(rows: Iterable[msgspec.Struct]) -> Iterator[list[msgspec.Struct]]:
    rest = iter(rows)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk
