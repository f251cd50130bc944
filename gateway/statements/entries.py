"""The bank's entries as an ERP is told them.

Rule kept here: an entry has one key for ever, whichever statement it is read in: the key is made
from what the bank calls it, its day, and its place among equal ones of that day.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import date

from gateway.domain.statement import Entry, StatementPage, running_breaks
from gateway.ports.erp_told import EntryTold


def entries_told(entries: Sequence[Entry], day: date | None = None) -> tuple[EntryTold, ...]:
    """Entries in the bank's order. ``day`` is the day of those that name none themselves.

    All entries of a day must be there, or twins cannot be told apart.
    """
    seen: Counter[str] = Counter()
    return tuple(_told(it, _key(it, day, seen)) for it in entries)


def balances_of(pages: Sequence[StatementPage]) -> tuple[str, str]:
    """Opening and closing of a statement, '' and '' where its lines do not prove them."""
    entries = [entry for page in pages for entry in page.entries]
    balances = [it.balance_after for it in entries if it.balance_after is not None]
    if not entries or len(balances) != len(entries) or running_breaks(entries):
        return "", ""
    return (balances[0] - entries[0].amount).text(), balances[-1].text()


def _key(entry: Entry, day: date | None, seen: Counter[str]) -> str:
    booked = entry.booking_date or (entry.booked_at.date() if entry.booked_at else day)
    words = [
        *(entry.bank_key, entry.reference, str(entry.amount.minor), entry.amount.currency.code),
        booked.isoformat() if booked else "",
        entry.booked_at.isoformat() if entry.booked_at else "",
        # The bank's own key says which line it is; without one its words have to.
        *(() if entry.bank_key else (entry.counterparty_account, entry.remittance)),
    ]
    told = "\x1f".join(words)
    seen[told] += 1
    return hashlib.sha256(f"{told}\x1f{seen[told]}".encode()).hexdigest()


def _told(entry: Entry, key: str) -> EntryTold:
    after = entry.balance_after
    return EntryTold(
        key=key,
        amount=entry.amount.text(),
        currency=entry.amount.currency.code,
        booking_date=entry.booking_date,
        value_date=entry.value_date,
        booked_at=entry.booked_at,
        status=entry.status.value,
        reference=entry.reference,
        balance_after=after.text() if after is not None else "",
        counterparty_name=entry.counterparty_name,
        counterparty_account=entry.counterparty_account,
        counterparty_bank=entry.counterparty_bank,
        remittance=entry.remittance,
        reversal=entry.reversal,
    )
