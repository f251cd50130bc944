"""What of a kept statement line says that money came back: by its code, its flags, its words.

Rule kept here: signs only say that it looks like a return; which payment it belongs to is said by
numbers alone (``return_judging``). A debit is looked at only where it takes a return back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import Final

import msgspec

from gateway.domain.bank_file import EntryRead, TransactionRead
from gateway.domain.money import Currency


class Sign(IntEnum):
    """How clearly a line says it."""

    NONE = 0
    WEAK = 1
    """It took something back, or its words say so; customers send such money, too."""
    STRONG = 2
    """The bank's code of a returned payment, or its own words for one (退票, 退汇)."""


class Seen(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One movement that may be a return: a line, or one part of a line. ``minor`` is signed."""

    ref: str
    """The line's day and the beginning of its key; of a part its number behind them."""
    day: str
    minor: int
    currency: str
    sign: Sign
    backward: bool
    """It takes back an earlier booking (冲正)."""
    tokens: frozenset[str]
    """Everything that stands where numbers stand, each of them whole."""
    text: str
    party_account: str
    party_name: str
    bank_key: str
    reference: str
    reason: str
    """The bank's code of why it came back, '' where it tells none."""


_STRONG_CODES: Final = frozenset({"RRTN", "RTI", "257", "266"})
"""ISO 20022 sub-family of a payment return, MT940 type of a returned item, BAI2 return items."""
_WEAK_CODES: Final = frozenset({"RPCR", "252", "258"})
"""ISO 20022 reversal after a cancellation, BAI2 reversals of a debit."""
_TYPED: Final = re.compile(r"[NFS]([A-Z]{3})")
_STRONG_WORDS: Final = ("退票", "退汇")
_WEAK_WORDS: Final = re.compile(
    r"退回|退款|冲正|冲销|抹账|\b(?:refund(?:ed)?|returned|return|reversal|reversed)\b",
    re.IGNORECASE | re.ASCII,
)
_BACKWARD_WORDS: Final = re.compile(r"冲正|冲销|抹账|\b(?:reversal|reversed)\b", re.IGNORECASE)
_SHOWN: Final = 16
_NO_CODES: Final[frozenset[str]] = frozenset()


def seen_in(ref: tuple[str, str], entry: EntryRead, unit: Currency) -> Iterator[Seen]:
    """What may have come back in a line: its parts where it has several, else itself.

    ``ref`` is the line's day and key. Credits come whatever their sign, debits only where they
    take something back.
    """
    parts = [it for it in entry.transactions if not it.kind]
    fits = all(it.amount is not None and it.amount.scale <= unit.digits for it in parts)
    # One part beside charges: what came back is the part, and the charges are the bank's.
    apart = fits and bool(parts) and len(entry.transactions) > 1
    name = f"{ref[0]}/{ref[1][:_SHOWN]}"
    for number, part in enumerate(parts if apart else [None], 1):
        one = name if len(parts) == 1 or not apart else f"{name}.{number}"
        made = _seen(ref[0], one, (entry, part), unit)
        if made.minor > 0 or (made.minor < 0 and made.backward):
            yield made


def _seen(day: str, ref: str, of: tuple[EntryRead, TransactionRead | None], unit: Currency) -> Seen:
    entry, part = of
    told = entry.transactions if part is None else (part,)
    alone = told[0] if len(told) == 1 else TransactionRead()
    amount = entry.amount if part is None or part.amount is None else part.amount
    text = " ".join(
        dict.fromkeys(filter(None, (entry.remittance, *(it.remittance for it in told))))
    )
    reason = next((it.return_reason for it in told if it.return_reason), "")
    reason = reason or ("" if part is not None and _some_returned(entry) else entry.return_reason)
    minor = amount.at(unit.digits)
    return Seen(
        ref=ref,
        day=day,
        minor=minor,
        currency=entry.currency,
        sign=sign_of(entry.code, text, reason, reversal=entry.reversal),
        backward=entry.reversal or bool(_BACKWARD_WORDS.search(text)),
        tokens=_tokens(entry, told),
        text=text,
        party_account=alone.counterparty_account or ("" if part else entry.counterparty_account),
        party_name=alone.counterparty_name or ("" if part else entry.counterparty_name),
        bank_key="" if "." in ref else entry.bank_key,
        reference=alone.reference or entry.reference,
        reason=reason,
    )


def _some_returned(entry: EntryRead) -> bool:
    """Whether the line says part by part what came back: then a part without is none."""
    return any(it.return_reason for it in entry.transactions)


def sign_of(code: str, text: str, reason: str, *, reversal: bool) -> Sign:
    """How clearly code, words, the reason of a return and the flag of a reversal say it."""
    codes = _codes(code) if code else _NO_CODES
    if reason or codes & _STRONG_CODES or any(it in text for it in _STRONG_WORDS):
        return Sign.STRONG
    if reversal or codes & _WEAK_CODES or _WEAK_WORDS.search(text):
        return Sign.WEAK
    return Sign.NONE


def _codes(code: str) -> frozenset[str]:
    said = code.upper()
    typed = _TYPED.fullmatch(said)
    return frozenset((*said.split("/"), typed.group(1) if typed else ""))


def _tokens(entry: EntryRead, told: tuple[TransactionRead, ...]) -> frozenset[str]:
    found = {entry.reference, entry.entry_reference, entry.end_to_end_id}
    for it in told:
        found |= {it.reference, it.instruction_id, it.end_to_end_id}
    return frozenset(it.strip() for it in found if it.strip())
