"""What an ERP is told back: records that stand in the outbox until the ERP has taken them.

Rule kept here: a record says everything its message needs, so that an adapter stays pure and a
message that is repeated says the same. Amounts are exact decimal texts, debit negative; an
outcome that is not known keeps its state and is never called failed. What only merged payments
have is unset, and not written, for all others: they are told as they always were.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType, structs

from gateway.domain.merged import MergedPart


class ToldKind(StrEnum):
    """What a record tells. The strings are stored and stand in settings: for ever."""

    STATUS = "status"
    """One instruction reached a state."""
    STATEMENT = "statement"
    """Entries of one account and period (对账单)."""
    BALANCE = "balance"
    """One account's balances (余额)."""
    CREDIT = "credit"
    """Money has come in (到账通知)."""
    RECEIPT = "receipt"
    """The bank's receipt of one entry (电子回单)."""
    MATCH = "match"
    """With which lines of the bank an item of the ledger is matched (勾对)."""
    OPEN_ITEMS = "open_items"
    """Whether an account's reconciliation leaves anything open."""


class StatusTold(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="status"):
    """One instruction reached a version. ``state`` is our state name, or REFUSED with ``faults``.

    ``reason`` is '' or one of HELD, SCHEDULED, UNCONFIRMED; ``source`` is what the ERP's own
    message said and a reply must echo; ``document`` is the digest of the accepted content.
    """

    instruction: str
    version: int
    state: str
    erp: str
    erp_reference: str
    at: datetime
    """When it came to stand so (aware, Asia/Shanghai)."""
    amount: str
    currency: str
    final: bool = False
    reason: str = ""
    code: str = ""
    """The bank's own code, or ours."""
    text: str = ""
    bank_reference: str = ""
    serial: str = ""
    """Our number of the message at the bank (业务参考号)."""
    batch: str = ""
    batch_reference: str = ""
    batch_format: str = ""
    batch_lines: int = 0
    """How many accepted lines the batch has; 0 for an instruction that came alone."""
    line: int = 0
    debtor_account: str = ""
    debtor_name: str = ""
    creditor_account: str = ""
    creditor_name: str = ""
    purpose: str = ""
    business_type: str = ""
    end_to_end_id: str = ""
    reconciliation_code: str = ""
    """对账标识码."""
    source: Mapping[str, str] = {}
    merged: tuple[MergedPart, ...] | UnsetType = UNSET
    """Of a merged payment (合并支付): its source documents; unset where one of them is told."""
    part: int | UnsetType = UNSET
    """Which source document of a merged payment this is told of, from 1: ``erp_reference``,
    ``amount`` and ``source`` are that document's; unset: the payment itself."""
    merged_reference: str | UnsetType = UNSET
    """The number of the payment that carries the document; unset for the payment itself."""

    def subject(self) -> str:
        """What it is about, unique for ever: the payment, or one document that it carries."""
        return f"{self.instruction}/{self.part}" if self.part else self.instruction

    def by_source(self) -> tuple[StatusTold, ...]:
        """The same for each source document; itself where the payment is none of merged ones.

        Each says the same state: at the bank it is one payment.
        """
        if not self.merged:
            return (self,)
        return tuple(
            structs.replace(
                self,
                erp_reference=it.reference,
                amount=it.amount,
                source={**self.source, **it.source},
                merged=UNSET,
                part=number,
                merged_reference=self.erp_reference,
            )
            for number, it in enumerate(self.merged, 1)
        )


class EntryTold(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One statement line. ``key`` is unique within the account for ever, twins included."""

    key: str
    amount: str
    currency: str
    booking_date: date | None = None
    value_date: date | None = None
    booked_at: datetime | None = None
    status: str = "booked"
    """booked, pending or info."""
    reference: str = ""
    """The bank's reference (流水号)."""
    balance_after: str = ""
    counterparty_name: str = ""
    counterparty_account: str = ""
    counterparty_bank: str = ""
    remittance: str = ""
    reversal: bool = False
    returned: bool = False
    """A payment of ours that came back (退汇)."""
    reconciliation_code: str = ""
    end_to_end_id: str = ""
    erp_reference: str = ""
    """The instruction of this ERP that the entry belongs to, where it is proven."""
    merged: tuple[MergedPart, ...] | UnsetType = UNSET
    """The source documents of that payment, where it is a merged one."""
    receipt_number: str = ""


class StatementTold(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="statement"):
    """Entries of one account and period. ``opening`` and ``closing`` '' where not known."""

    statement_id: str
    account: str
    account_name: str
    currency: str
    start: date
    end: date
    created: datetime
    entries: tuple[EntryTold, ...]
    opening: str = ""
    closing: str = ""
    available: str = ""
    sequence: int = 0
    """Running number of the account's statements, for formats that ask for one."""
    company: str = ""


class BalanceTold(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="balance"):
    """One account's balances as the bank told them. ``asked_at`` is how fresh they are."""

    account: str
    account_name: str
    currency: str
    ledger: str
    asked_at: datetime
    day: date
    available: str = ""
    frozen: str = ""
    previous_day: str = ""
    company: str = ""


class CreditTold(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="credit"):
    """Money has come in: one entry with a positive amount."""

    account: str
    account_name: str
    currency: str
    entry: EntryTold
    seen_at: datetime
    company: str = ""


class ReceiptTold(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="receipt"):
    """A receipt with its file. ``content`` travels as base64 in JSON."""

    receipt_number: str
    account: str
    account_name: str
    currency: str
    day: date
    file_name: str
    file_sha256: str
    content: bytes
    amount: str = ""
    """Debit negative."""
    bank_reference: str = ""
    counterparty_name: str = ""
    counterparty_account: str = ""
    entry_key: str = ""
    erp_reference: str = ""
    company: str = ""


class MatchedLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line of the bank that a match holds. ``amount`` is what the match takes of it."""

    key: str
    """The kept line, unique within the account's day for ever, as our API names it."""
    amount: str
    booking_date: date | None = None
    reference: str = ""
    """The bank's reference (流水号), by which ERPs know the entry."""
    counterparty_name: str = ""
    counterparty_account: str = ""
    remittance: str = ""


class HeldMatch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A match that holds. ``amount`` is what it takes of the item, signed as the money moves."""

    match: str
    kind: str
    """auto, accepted or manual."""
    rule: str
    by: str
    at: datetime
    amount: str
    lines: tuple[MatchedLine, ...]


class MatchTold(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="match"):
    """How an item of the ledger stands. The greatest ``version`` of an item holds.

    ``state`` is matched, partly or open; ``amount`` and ``matched`` are signed: out is negative.
    """

    item_id: str
    version: int
    state: str
    account: str
    account_name: str
    currency: str
    amount: str
    matched: str
    at: datetime
    erp_reference: str = ""
    matches: tuple[HeldMatch, ...] = ()
    company: str = ""


class OpenItemsTold(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="open_items"):
    """How the reconciliation of an account stands. ``state`` is balanced or open."""

    account: str
    account_name: str
    currency: str
    state: str
    version: int
    at: datetime
    bank_open: int
    """Lines of the bank that nothing claims, or not whole."""
    book_open: int
    suggested: int = 0
    company: str = ""


Told = (
    StatusTold | StatementTold | BalanceTold | CreditTold | ReceiptTold | MatchTold | OpenItemsTold
)
KIND_OF: Final[Mapping[type, ToldKind]] = {
    StatusTold: ToldKind.STATUS,
    StatementTold: ToldKind.STATEMENT,
    BalanceTold: ToldKind.BALANCE,
    CreditTold: ToldKind.CREDIT,
    ReceiptTold: ToldKind.RECEIPT,
    MatchTold: ToldKind.MATCH,
    OpenItemsTold: ToldKind.OPEN_ITEMS,
}
"""Which kind a record is of."""


def encoded(told: Told) -> str:
    """A record as it stands in the outbox: JSON."""
    return msgspec.json.encode(told).decode()


def decoded(text: str) -> Told:
    """A record read back. Raises ``msgspec.ValidationError`` for what is none."""
    made: Told = _DECODER.decode(text)
    return made


_DECODER: Final = msgspec.json.Decoder(Told)
