"""What statement files say, whoever wrote them: camt, MT940, BAI2, OFX, tables, a bank's own.

Rule kept here: a reader tells what stands in the file and what is wrong with it, and judges
nothing away: one ``EntryRead`` per statement line, in the file's order, debit negative.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from gateway.domain.exact import Exact
from gateway.domain.statement import Continuity, EntryStatus


class Gravity(StrEnum):
    """What a finding means for an import. The strings are stored: for ever."""

    NOTE = "note"
    """Worth knowing; nothing is in doubt."""
    WARNING = "warning"
    """Read as far as it can be; a value was not understood and is left empty."""
    CONTRADICTION = "contradiction"
    """The statement contradicts itself: it is never imported without a person."""


class Finding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something about a file: where it stands and what it means, never a value of the file.

    ``path`` is a tag (``:61:``), an element path, or a column; ``line`` is one-based, 0 unknown.
    """

    code: str
    zh: str
    en: str
    path: str = ""
    line: int = 0
    gravity: Gravity = Gravity.WARNING

    def text(self) -> str:
        """One line for people, in both languages."""
        where = f"line {self.line}" if self.line else ""
        place = " ".join(it for it in (where, self.path) if it)
        said = f"{self.zh} / {self.en}"
        return f"{place}: {said}" if place else said


class BalanceUse(StrEnum):
    """What a balance of a statement is for."""

    OPENING = "opening"
    CLOSING = "closing"
    AVAILABLE = "available"
    """Closing available."""
    OTHER = "other"
    """Forward, interim, expected, informative: kept, never used to prove anything."""


class BalanceRead(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A balance as the file states it. ``code`` is the file's own word (OPBD, 60F, 015)."""

    use: BalanceUse
    code: str
    amount: Exact
    currency: str
    day: date | None = None


class TransactionRead(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One part of an entry (``TxDtls``). ``amount`` None where the file states none.

    The amount has the entry's currency and is signed from the account holder's view. ``kind``
    '' is a transaction; ``charges`` and ``remainder`` are parts that the reader made explicit so
    that the parts add up to the entry.
    """

    amount: Exact | None = None
    currency: str = ""
    kind: str = ""
    end_to_end_id: str = ""
    instruction_id: str = ""
    mandate_id: str = ""
    reference: str = ""
    """The bank's own reference of the part."""
    uetr: str = ""
    counterparty_name: str = ""
    counterparty_account: str = ""
    counterparty_bank: str = ""
    remittance: str = ""
    structured: str = ""
    """Creditor reference (RF…, QRR), where the remittance is structured."""
    return_reason: str = ""
    original_currency: str = ""
    original_amount: str = ""
    """What was instructed, in its own currency, as exact text; '' where nothing was exchanged."""


class EntryRead(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One statement line. Unknown texts are '', unknown dates None."""

    amount: Exact
    currency: str
    booking_date: date | None = None
    value_date: date | None = None
    booked_at: datetime | None = None
    status: EntryStatus = EntryStatus.BOOKED
    reversal: bool = False
    reference: str = ""
    """The bank's reference (``AcctSvcrRef``, after ``//`` in ``:61:``)."""
    entry_reference: str = ""
    """``NtryRef``, or the customer's reference of ``:61:``."""
    bank_key: str = ""
    """The bank's unique key of the line, where its documents promise that it is one."""
    end_to_end_id: str = ""
    counterparty_name: str = ""
    counterparty_account: str = ""
    counterparty_bank: str = ""
    remittance: str = ""
    code: str = ""
    """What kind of booking: ``PMNT/RCDT/ESCT``, ``NTRF``, a BAI2 type."""
    own_code: str = ""
    """The bank's own code beside it (proprietary, GVC)."""
    return_reason: str = ""
    balance_after: Exact | None = None
    batch_size: int = 0
    """How many transactions the file says the entry stands for; 0 unsaid."""
    line: int = 0
    transactions: tuple[TransactionRead, ...] = ()
    more: tuple[tuple[str, str], ...] = ()
    """What else the file says of the line: its own word for it (``?00``, ``CRED+``), the text."""


class StatementStart(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Opens a statement. What only its end can say stands in ``StatementEnd``."""

    format: str
    account: str = ""
    currency: str = ""
    statement_id: str = ""
    sequence: str = ""
    page: int = 0
    """Page of a statement in several messages, from 1; 0 where it does not say."""
    last_page: bool = True
    account_name: str = ""
    account_bank: str = ""
    start: date | None = None
    end: date | None = None
    created: datetime | None = None
    line: int = 0


class StatementEnd(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Closes a statement: its balances, what they prove, and everything found in it."""

    opening: BalanceRead | None = None
    closing: BalanceRead | None = None
    balances: tuple[BalanceRead, ...] = ()
    continuity: Continuity = Continuity.UNKNOWN
    start: date | None = None
    """Where the period is known only at the end; None leaves that of the start."""
    end: date | None = None
    account: str = ""
    currency: str = ""
    entries: int = 0
    last_page: bool | None = None
    """Where only the end tells whether further pages follow; None leaves that of the start."""
    remark: str = ""
    """What the bank says about the whole statement."""
    findings: tuple[Finding, ...] = ()
