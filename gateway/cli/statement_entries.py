"""A statement file as the rows that the reconciliation engine reads.

Rule kept here: every line of the file has its position, pending ones too; a file that breaks off
is not matched at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from typing import Final

from msgspec.structs import replace

from gateway.domain.bank_file import (
    EntryRead,
    Finding,
    Gravity,
    StatementEnd,
    StatementStart,
    TransactionRead,
)
from gateway.domain.errors import WireError
from gateway.domain.exact import Exact
from gateway.domain.statement import EntryStatus
from gateway.ports.statement_formats import Part, Reading, StatementFormat
from gateway.wire.packed import is_packed, members

_HEAD: Final = 1 << 16
_FEE_CODES: Final = frozenset(
    {"CHRG", "FEES", "COMM", "NCHG", "FCHG", "CHG", "NCOM", "COM", "FEE", "SRVCHG"}
)
_TEXT_MAX: Final = 2000
_SEVERAL: Final = 2


@dataclass(slots=True)
class Lines:
    """What a statement file holds: entries with the account of their statement, and findings."""

    entries: list[EntryRead] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def add(self, parts: Iterator[Part]) -> None:
        """Take the statements of one file. Raises WireError where it breaks off."""
        first, account = len(self.entries), ""
        for part in parts:
            if isinstance(part, StatementStart):
                first, account = len(self.entries), part.account
            elif isinstance(part, EntryRead):
                self.entries.append(part)
                self.accounts.append(account)
            else:
                self._close(part, first)

    def _close(self, end: StatementEnd, first: int) -> None:
        """Some formats name the account at the end only."""
        if end.account:
            count = len(self.accounts) - first
            self.accounts[first:] = [it or end.account for it in self.accounts[first:]]
            assert count == len(self.accounts) - first
        self.findings += [it for it in end.findings if it.gravity is Gravity.CONTRADICTION]


def lines(chunks: Iterator[bytes], formats: Sequence[StatementFormat], reading: Reading) -> Lines:
    """Read a statement file, packed or not. Raises WireError for what cannot be read."""
    found = Lines()
    head = _head(chunks)
    if is_packed(head):
        for member in members(head, chunks):
            found.add(_parts(_head(member.pieces), member.pieces, formats, reading))
    else:
        found.add(_parts(head, chunks, formats, reading))
    return found


def _head(chunks: Iterator[bytes]) -> bytes:
    head = b""
    while len(head) < _HEAD and (chunk := next(chunks, b"")):
        head += chunk
    return head


def _parts(
    head: bytes, chunks: Iterator[bytes], formats: Sequence[StatementFormat], reading: Reading
) -> Iterator[Part]:
    if not head.strip():
        raise WireError("nothing")
    for form in formats:
        if form.sniff(head):
            return form.read(chain([head], chunks), reading)
    raise WireError("unrecognised")


# ── as rows of the engine ─────────────────────────────────────────────────────────────────


def trimmed(amount: Exact) -> Exact:
    """The same amount with as few decimals as it needs."""
    units, scale = amount.units, amount.scale
    while scale and units % 10 == 0:
        units, scale = units // 10, scale - 1
    return Exact(units, scale)


def of_transaction(entry: EntryRead) -> EntryRead:
    """An entry of one transaction, with what only the transaction says."""
    payments = [it for it in entry.transactions if not it.kind]
    remittance = entry.remittance or _texts(payments)
    if len(payments) != 1:
        return replace(entry, remittance=remittance)
    only = payments[0]
    return replace(
        entry,
        end_to_end_id=entry.end_to_end_id or only.end_to_end_id or only.instruction_id,
        entry_reference=entry.entry_reference or only.instruction_id,
        reference=entry.reference or only.reference,
        counterparty_name=entry.counterparty_name or only.counterparty_name,
        counterparty_account=entry.counterparty_account or only.counterparty_account,
        return_reason=entry.return_reason or only.return_reason,
        remittance=remittance,
    )


def _texts(payments: Sequence[TransactionRead]) -> str:
    told = " ".join(it for one in payments for it in (one.remittance, one.structured) if it)
    return told[:_TEXT_MAX]


def is_fee(entry: EntryRead) -> bool:
    """Whether the bank's code says that the booking is its fee."""
    codes = f"{entry.code}/{entry.own_code}".upper().replace("+", "/").split("/")
    return not _FEE_CODES.isdisjoint(codes)


def is_booked(entry: EntryRead) -> bool:
    """Whether the line has moved the balance."""
    return entry.status is EntryStatus.BOOKED


def parts_of(entry: EntryRead) -> tuple[TransactionRead, ...]:
    """The transactions of a batch entry that all have an amount; () for any other."""
    parts = entry.transactions
    several = sum(not it.kind for it in parts) >= _SEVERAL
    return parts if several and all(it.amount is not None for it in parts) else ()


def day_number(day: date | None) -> int | None:
    """Days since 1970-01-01."""
    return None if day is None else day.toordinal() - _EPOCH


_EPOCH: Final = date(1970, 1, 1).toordinal()


def ledger_account(account: str, known: Collection[str]) -> str:
    """The ledger's account that a statement's means: the same, its only tail, or the only one."""
    from gateway.reconciliation.party import SPELLING, same_account  # noqa: PLC0415 - costs a start

    if not account:
        return next(iter(known)) if len(known) == 1 else ""
    plain = _plain(account)
    if any(_plain(it) == plain for it in known):
        return account
    tails = [it for it in known if same_account(plain, _plain(it)) == SPELLING]
    return tails[0] if len(tails) == 1 else account


def _plain(account: str) -> str:
    return "".join(it for it in account.upper() if it.isalnum() or it == "*")
