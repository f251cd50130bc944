"""Statement lines as they are kept: one row each, under a key that is its own for ever.

Rule kept here: the key is made of what the bank calls the line, its day, its words and its place
among equal ones of the statement, so N equal lines stay N and a line that comes again adds
nothing, whatever file or answer brings it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import msgspec

from gateway.domain.bank_file import EntryRead, Finding, Gravity, TransactionRead
from gateway.domain.errors import Refused
from gateway.domain.exact import Exact
from gateway.domain.money import Currency, Money, MoneyFormatError, currency
from gateway.domain.statement import Entry, EntryStatus

_CODE_MAX: Final = 64
_BOOKED: Final = EntryStatus.BOOKED
_MINOR_MAX: Final = 2**63 - 1


class LineNotKept(Refused):
    """A line that cannot be kept as it is; ``finding`` says why."""

    code = "line_not_kept"

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.en, finding.zh)
        self.finding = finding


@dataclass(slots=True, kw_only=True)
class Lines:
    """Makes the rows of one account in one import, in the statement's order."""

    tenant: str
    account: str
    import_id: str
    first_seen_us: int
    places: Counter[str] = field(default_factory=Counter)
    _equal: dict[str, bytes] = field(default_factory=dict)
    """By key, the digest of the words that it shares with its twins; of the last piece only."""
    _units: dict[str, Currency] = field(default_factory=dict)
    _seen: Counter[bytes] = field(default_factory=Counter)

    def row(self, entry: EntryRead, default_day: date | None) -> dict[str, object]:
        """One line. Raises LineNotKept for one without a day, or whose amount is no money."""
        day = _day_of(entry, default_day)
        if day is None:
            raise LineNotKept(_no_day(entry))
        told = day.isoformat()
        minor = self._minor(entry, entry.amount)
        after = entry.balance_after
        self.places[told] += 1
        return {
            "tenant": self.tenant,
            "account": self.account,
            "day": told,
            "key": self._key(entry, told, minor),
            "import_id": self.import_id,
            "place": self.places[told],
            "status": entry.status.value,
            "amount_minor": minor,
            "currency": entry.currency,
            "value_day": entry.value_date.isoformat() if entry.value_date else "",
            "booked_at": entry.booked_at.isoformat() if entry.booked_at else "",
            "balance_minor": self._minor(entry, after) if after is not None else None,
            "bank_key": entry.bank_key,
            "reference": entry.reference,
            "entry_reference": entry.entry_reference,
            "end_to_end_id": entry.end_to_end_id,
            "counterparty_name": entry.counterparty_name,
            "counterparty_account": entry.counterparty_account,
            "counterparty_bank": entry.counterparty_bank,
            "remittance": entry.remittance,
            "code": entry.code[:_CODE_MAX],
            "own_code": entry.own_code[:_CODE_MAX],
            "return_reason": entry.return_reason[:_CODE_MAX],
            "reversal": int(entry.reversal),
            "likeness": _likeness(entry, minor),
            "parts": _parts(entry.transactions),
            "first_seen_us": self.first_seen_us,
        }

    def piece(self) -> None:
        """A new piece begins: what was needed to give lines of the last one another key goes."""
        self._equal.clear()

    def next_key(self, key: str) -> str:
        """The key of one more twin, for a line of this piece that another line took the key of."""
        equal = self._equal.pop(key)
        return self._numbered(equal)

    def apart(self) -> None:
        """A statement begins that may tell the same lines again."""
        self._seen.clear()

    def _minor(self, entry: EntryRead, amount: Exact) -> int:
        unit = self._units.get(entry.currency)
        try:
            if unit is None:
                unit = self._units[entry.currency] = currency(entry.currency)
            minor = amount.at(unit.digits)
        except MoneyFormatError as error:
            raise LineNotKept(_no_money(entry, error.reason)) from error
        if abs(minor) > _MINOR_MAX:
            raise LineNotKept(_no_money(entry, "range"))
        return minor

    def _key(self, entry: EntryRead, day: str, minor: int) -> str:
        return self._numbered(
            equal_words(
                day=day,
                minor=minor,
                currency=entry.currency,
                bank_key=entry.bank_key,
                reference=entry.reference,
                entry_reference=entry.entry_reference,
                end_to_end_id=entry.end_to_end_id,
                counterparty_account=entry.counterparty_account,
                remittance=entry.remittance,
                booked_at=entry.booked_at.isoformat() if entry.booked_at else "",
                status=entry.status.value,
            )
        )

    def _numbered(self, equal: bytes) -> str:
        self._seen[equal] += 1
        key = key_of(equal, self._seen[equal])
        self._equal[key] = equal
        return key


def equal_words(  # noqa: PLR0913 - by keyword: all that tells a line from another
    *,
    day: str,
    minor: int,
    currency: str,
    bank_key: str,
    reference: str,
    entry_reference: str,
    end_to_end_id: str,
    counterparty_account: str,
    remittance: str,
    booked_at: str,
    status: str,
) -> bytes:
    """The digest of what equal lines share; texts as they are kept."""
    if bank_key:
        # The bank's own key says which line it is; without one its words have to.
        words: tuple[str, ...] = (bank_key, str(minor))
    else:
        words = (
            *(day, str(minor), currency, reference, entry_reference),
            *(end_to_end_id, counterparty_account, remittance, booked_at),
        )
    if status != _BOOKED.value:  # a booked line never hides behind a pending one
        words = (*words, status)
    return hashlib.sha256("\x1f".join(words).encode("utf-8", "surrogatepass")).digest()


def key_of(equal: bytes, number: int) -> str:
    """The key of one of some equal lines, counted from 1."""
    return hashlib.sha256(b"%b\x1f%d" % (equal, number)).hexdigest()


def _likeness(entry: EntryRead, minor: int) -> str:
    """What a pending line and the booked one that takes its place have in common."""
    words = (
        *(str(minor), entry.currency),
        *(entry.counterparty_account or entry.counterparty_name, entry.end_to_end_id),
    )
    return hashlib.sha256("\x1f".join(words).encode("utf-8", "surrogatepass")).hexdigest()


def _day_of(entry: EntryRead, default: date | None) -> date | None:
    if entry.booking_date is not None:
        return entry.booking_date
    if entry.booked_at is not None:
        return entry.booked_at.date()
    return entry.value_date or default


def _parts(parts: Sequence[TransactionRead]) -> str:
    return msgspec.json.encode(parts).decode() if parts else ""


def parts_of(text: str) -> tuple[TransactionRead, ...]:
    """The parts of a kept line."""
    return msgspec.json.decode(text, type=tuple[TransactionRead, ...]) if text else ()


def read_of(entries: Sequence[Entry], unit: Currency) -> list[EntryRead]:
    """Lines of a bank's own answer, as a file would tell them."""
    return [
        EntryRead(
            amount=Exact(it.amount.minor, unit.digits),
            currency=it.amount.currency.code,
            booking_date=it.booking_date,
            value_date=it.value_date,
            booked_at=it.booked_at,
            status=it.status,
            reversal=it.reversal,
            reference=it.reference,
            bank_key=it.bank_key,
            counterparty_name=it.counterparty_name,
            counterparty_account=it.counterparty_account,
            counterparty_bank=it.counterparty_bank,
            remittance=it.remittance,
            balance_after=_exact(it.balance_after),
            line=number,
        )
        for number, it in enumerate(entries, 1)
    ]


def _exact(amount: Money | None) -> Exact | None:
    return None if amount is None else Exact(amount.minor, amount.currency.digits)


def entry_of(row: Mapping[str, object]) -> EntryRead:
    """A kept line as it was read; what only a file knows of it (its line) is gone."""
    unit = currency(str(row["currency"]))
    after = row["balance_minor"]
    return EntryRead(
        amount=Exact(_int(row["amount_minor"]), unit.digits),
        currency=unit.code,
        booking_date=date.fromisoformat(str(row["day"])),
        value_date=date.fromisoformat(str(row["value_day"])) if row["value_day"] else None,
        status=EntryStatus(str(row["status"])),
        reversal=bool(row["reversal"]),
        reference=str(row["reference"]),
        entry_reference=str(row["entry_reference"]),
        bank_key=str(row["bank_key"]),
        end_to_end_id=str(row["end_to_end_id"]),
        counterparty_name=str(row["counterparty_name"]),
        counterparty_account=str(row["counterparty_account"]),
        counterparty_bank=str(row["counterparty_bank"]),
        remittance=str(row["remittance"]),
        code=str(row["code"]),
        own_code=str(row["own_code"]),
        return_reason=str(row["return_reason"]),
        balance_after=Exact(_int(after), unit.digits) if after is not None else None,
        transactions=parts_of(str(row["parts"])),
    )


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(type(value).__name__)
    return value


def _no_day(entry: EntryRead) -> Finding:
    return Finding(
        code="no_day",
        zh="明细无记账日、起息日，对账单亦无期间，无法归入任何一天",
        en="the line has no booking or value date and the statement no period: "
        "it belongs to no day",
        line=entry.line,
        gravity=Gravity.CONTRADICTION,
    )


def _no_money(entry: EntryRead, reason: str) -> Finding:
    told = {
        "currency_unknown": ("币种未知", "the currency is not known"),
        "decimals": ("金额小数位多于币种允许", "the amount has more decimals than its currency"),
    }.get(reason, ("金额超出可存范围", "the amount is larger than can be kept"))
    return Finding(
        code=f"amount_{reason}",
        zh=told[0],
        en=told[1],
        line=entry.line,
        gravity=Gravity.CONTRADICTION,
    )
