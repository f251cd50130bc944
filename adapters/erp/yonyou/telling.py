"""What every message back to Yonyou needs: days, times, directions, keys and cut-free texts."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta, timezone
from typing import Final

from gateway.ports.erp_told import CreditTold, EntryTold, StatusTold

CHINA: Final = timezone(timedelta(hours=8))
DEBIT: Final = "1"
CREDIT: Final = "2"
KEY_MAX: Final = 32
NEVER_ACCEPTED: Final = "REFUSED"
"""The state of a document that was refused by validation: nothing of it was ever sent."""
KNOWN_BEFORE: Final = frozenset(
    {"reused_reference", "already_accepted", "repeated_reference", "merged_taken"}
)
"""Refusals of a document whose number we had before: its first payment goes on or was made."""


_OTHERS: Final = frozenset({"account_unknown"})
"""Refusals of a document that another channel may pay: the account is none of ours."""
NOT_FAILED: Final = KNOWN_BEFORE | _OTHERS
"""Refusals after which a document that was fetched, not sent to us, is not called failed."""


PAGES_MAX: Final = 30
"""A conversation of more calls than this would be given up: long statements go in larger pages."""
_PAGE_MIN: Final = 100


def page_size(lines: int) -> int:
    """How many of so many lines go in one call."""
    return max(_PAGE_MIN, -(-lines // PAGES_MAX))


def day_of(moment: datetime) -> str:
    """The Chinese calendar day: 2026-11-22."""
    return moment.astimezone(CHINA).date().isoformat()


def clock_of(moment: datetime) -> str:
    """The time of day in China: 10:31:05."""
    return f"{moment.astimezone(CHINA):%H:%M:%S}"


def instant_of(moment: datetime) -> str:
    """Day and time in China: 2026-11-22 10:31:05."""
    return f"{day_of(moment)} {clock_of(moment)}"


def entry_day(entry: EntryTold, otherwise: date) -> str:
    """The day on which an entry stands in the account's books."""
    if entry.booked_at is not None and entry.booking_date is None:
        return day_of(entry.booked_at)
    return (entry.booking_date or entry.value_date or otherwise).isoformat()


def entry_instant(entry: EntryTold, day: str) -> str:
    """When it was booked: '' where the bank does not say the time, or says it of another day."""
    if entry.booked_at is None or day_of(entry.booked_at) != day:
        return ""
    return instant_of(entry.booked_at)


def seen_on(credit: CreditTold) -> date:
    """The day on which money was seen to have come in, in China."""
    return credit.seen_at.astimezone(CHINA).date()


def direction(amount: str) -> str:
    """收付方向: 1 money went out, 2 money came in."""
    return DEBIT if amount.startswith("-") else CREDIT


def magnitude(amount: str) -> str:
    """The amount without its sign."""
    return amount.removeprefix("-")


def key_of(*parts: str) -> str:
    """32 hexadecimal digits that always come out alike for the same parts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:KEY_MAX]


def told_key(status: StatusTold) -> str:
    """What one status is called, unique for ever: which instruction, which version of it.

    Of a merged payment each source document has its own.

    A document that was never accepted has no instruction: its number and what was wrong with it.
    """
    if not status.instruction:
        return key_of("refused", status.erp_reference, status.code, status.text)
    return f"{status.subject().replace('/', '-')}.{status.version}"


def reason_of(status: StatusTold) -> str:
    """Why, in the bank's words and codes, for people."""
    return " ".join(it for it in (status.code, status.text) if it)
