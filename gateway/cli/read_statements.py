"""Statements as ``gateway read`` prints them: one object each, in flat memory.

Rule kept here: a statement is printed when all of it has been read, so that a file that breaks
off never shows half of one; its entries wait on disk until then.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from tempfile import SpooledTemporaryFile
from typing import IO, Final

import msgspec

from gateway.domain.bank_file import EntryRead, StatementEnd, StatementStart, TransactionRead
from gateway.domain.errors import WireError
from gateway.domain.exact import Exact
from gateway.domain.money import MoneyFormatError, currency
from gateway.ports.statement_formats import Part

_SPOOL_MAX: Final = 1 << 20
_PIECE: Final = 1 << 16
_DIGITS: Final = 2
_ENCODER: Final = msgspec.json.Encoder()


class TransactionOut(msgspec.Struct, frozen=True, gc=False):
    """A part of an entry. ``amount`` null where the file states none."""

    amount: str | None
    end_to_end_id: str | None
    counterparty_name: str | None
    counterparty_account: str | None
    remittance: str | None


class EntryOut(msgspec.Struct, frozen=True, gc=False):
    """A statement line, debit negative; null where the format has no such value."""

    amount: str
    currency: str | None
    booking_date: date | None
    value_date: date | None
    status: str
    reference: str | None
    counterparty_name: str | None
    counterparty_account: str | None
    remittance: str | None
    transactions: tuple[TransactionOut, ...]


class _Head(msgspec.Struct, frozen=True, gc=False):
    kind: str
    format: str
    account: str | None
    currency: str | None
    statement_id: str | None
    opening: str | None
    closing: str | None
    # ``from`` is a word of the language.
    from_: date | None = msgspec.field(name="from")
    to: date | None
    continuity: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One whole statement. It is good until the next one is asked for."""

    head: _Head
    spool: IO[bytes]
    count: int
    warnings: tuple[str, ...]

    def json(self) -> Iterator[str]:
        """The object in pieces, without an end of line."""
        yield _ENCODER.encode(self.head).decode()[:-1] + ',"entries":['
        decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self.spool.seek(0)
        # Every entry but the first stands behind a line end, which no JSON text holds.
        while piece := self.spool.read(_PIECE):
            yield decoder.decode(piece).replace("\n", ",")
        yield f'],"warnings":{_ENCODER.encode(self.warnings).decode()}}}'

    def text(self, row: Callable[[object], str]) -> Iterator[str]:
        """The same for people, in lines; ``row`` writes one entry's values."""
        for key, value in msgspec.json.decode(_ENCODER.encode(self.head)).items():
            if value is not None:
                yield f"{key}: {row(value)}\n"
        yield f"entries: {self.count}\n"
        self.spool.seek(0)
        for number, line in enumerate(self.spool, 1):
            yield f"  {number}. {row(msgspec.json.decode(line))}\n"
        yield f"warnings: {len(self.warnings)}\n"
        for number, warning in enumerate(self.warnings, 1):
            yield f"  {number}. {row(warning)}\n"


def shown(parts: Iterator[Part]) -> Iterator[Shown]:
    """The statements that the parts make, each when it is complete. Raises WireError."""
    start: StatementStart | None = None
    with SpooledTemporaryFile(_SPOOL_MAX) as spool:
        count = 0
        for part in parts:
            if isinstance(part, EntryRead):
                if count:
                    spool.write(b"\n")
                spool.write(_ENCODER.encode(_entry(part)))
                count += 1
            elif isinstance(part, StatementStart):
                start, count = part, 0
                spool.seek(0)
                spool.truncate()
            elif start is not None:
                warnings = tuple(it.text() for it in part.findings)
                yield Shown(_head(start, part), spool, count, warnings)
                start = None
    if start is not None:
        raise WireError("truncated", "/", line=start.line)


def amount_text(amount: Exact, unit: str) -> str:
    """Exact decimal text with at least the currency's decimals, two where it is not known."""
    try:
        digits = currency(unit).digits
    except MoneyFormatError:
        digits = _DIGITS
    return amount.text(digits)


def _head(start: StatementStart, end: StatementEnd) -> _Head:
    opening, closing = (
        amount_text(it.amount, it.currency) if it is not None else None
        for it in (end.opening, end.closing)
    )
    return _Head(
        kind="statement",
        format=start.format,
        account=start.account or end.account or None,
        currency=start.currency or end.currency or None,
        statement_id=start.statement_id or None,
        opening=opening,
        closing=closing,
        from_=start.start or end.start,
        to=start.end or end.end,
        continuity=end.continuity.value,
    )


def _entry(entry: EntryRead) -> EntryOut:
    # What a format states of an entry's only transaction it states of the entry.
    only = entry.transactions[0] if len(entry.transactions) == 1 else _NONE
    return EntryOut(
        amount_text(entry.amount, entry.currency),
        entry.currency or None,
        entry.booking_date,
        entry.value_date,
        entry.status.value,
        entry.reference or entry.bank_key or entry.entry_reference or None,
        entry.counterparty_name or only.counterparty_name or None,
        entry.counterparty_account or only.counterparty_account or None,
        entry.remittance or only.remittance or None,
        tuple(_transaction(it, entry.currency) for it in entry.transactions),
    )


def _transaction(part: TransactionRead, unit: str) -> TransactionOut:
    return TransactionOut(
        amount_text(part.amount, part.currency or unit) if part.amount is not None else None,
        part.end_to_end_id or None,
        part.counterparty_name or None,
        part.counterparty_account or None,
        part.remittance or None,
    )


_NONE: Final = TransactionRead()
