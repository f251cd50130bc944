"""Balances and statements: what the bank says it booked.

Rule kept here: opening + entries = closing, and an entry's amount is signed from the
account holder's view (debit negative, also for a reversal).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum

import msgspec

from gateway.domain.money import Money, total


class BalanceKind(StrEnum):
    """Which balance is meant."""

    LEDGER = "ledger"
    AVAILABLE = "available"


class Balance(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An account's balances as the bank told them at ``as_of`` (the day or instant it names)."""

    account: str
    ledger: Money
    available: Money | None = None
    as_of: date | datetime | None = None
    account_name: str = ""


class EntryStatus(StrEnum):
    """Whether the bank has booked the entry."""

    BOOKED = "booked"
    PENDING = "pending"
    INFO = "info"


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One statement line (明细). ``amount`` is signed: debit negative.

    ``bank_key`` is the bank's own unique key of the line where it has one
    (CIB: ATTACHINFO), '' otherwise.
    """

    amount: Money
    booking_date: date | None = None
    value_date: date | None = None
    booked_at: datetime | None = None
    status: EntryStatus = EntryStatus.BOOKED
    bank_key: str = ""
    reference: str = ""
    balance_after: Money | None = None
    counterparty_name: str = ""
    counterparty_account: str = ""
    counterparty_bank: str = ""
    remittance: str = ""
    reversal: bool = False


class StatementPage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One page of a statement answer; ``more`` asks for the next page."""

    account: str
    entries: tuple[Entry, ...]
    more: bool
    ledger: Money | None = None
    available: Money | None = None
    as_of: date | None = None
    warnings: tuple[str, ...] = ()


class Statement(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """All pages of one account and period together."""

    account: str
    start: date
    end: date
    entries: tuple[Entry, ...]
    opening: Money | None = None
    closing: Money | None = None


class Continuity(StrEnum):
    """Whether a statement proves itself complete."""

    OK = "ok"
    BROKEN = "broken"
    UNKNOWN = "unknown"


def continuity(statement: Statement) -> Continuity:
    """Whether opening + booked entries = closing; UNKNOWN where a balance is missing."""
    if statement.opening is None or statement.closing is None:
        return Continuity.UNKNOWN
    booked = (entry.amount for entry in statement.entries if entry.status is EntryStatus.BOOKED)
    moved = total(booked, statement.opening.currency)
    return Continuity.OK if statement.opening + moved == statement.closing else Continuity.BROKEN


def running_breaks(entries: Sequence[Entry]) -> list[int]:
    """Positions whose balance does not follow from the entry before; lines without are skipped."""
    breaks: list[int] = []
    previous: Money | None = None
    for position, entry in enumerate(entries):
        if (
            previous is not None
            and entry.balance_after is not None
            and previous + entry.amount != entry.balance_after
        ):
            breaks.append(position)
        previous = entry.balance_after
    return breaks
