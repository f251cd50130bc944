"""A statement line, its field 86 and its non-SWIFT fields as one entry.

Rule kept here: parts of an entry add up to it; charges become a part only where they prove to.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gateway.domain.bank_file import EntryRead, TransactionRead
from gateway.domain.exact import Exact, exact
from gateway.domain.money import MoneyFormatError
from gateway.formats.read import mt940_words as words
from gateway.formats.read.mt940_information import Said, said
from gateway.formats.read.mt940_line import Line, charges, original

_STATED: Final = re.compile(r"([A-Z]{3})?[ ]?([0-9]+)(?:[,.]([0-9]{0,9}))?[ ]?([A-Z]{3})?")
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}")
_GIRO: Final = re.compile(r"P[0-9]{9}")
_ACCOUNT: Final = re.compile(r"P?[0-9]{7,16}")
_NON_SWIFT: Final = re.compile(r"([0-9]{2})(.*)", re.DOTALL)
_NOTHING: Final = Said()
_OWN_MIN: Final = 8
"""Characters from which on an account's end can be told from a coincidence."""
_PRIMA_NOTA: Final = "?10"
_TENTATIVE: Final = re.compile(
    r"([A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?) ([A-Z]{2}[0-9]{2}[A-Z0-9]{10,30})(?: (.*))?"
)


def entry_of(  # noqa: PLR0913 - what a line is read with, by keyword beyond the two
    line: Line,
    texts: Sequence[str],
    *,
    non_swift: Sequence[str],
    currency: str,
    own: str,
    at: int,
) -> EntryRead:
    """The entry; ``texts`` are its fields 86, ``own`` whose account it is, ``at`` the line."""
    if texts:
        told = said(texts[0] if len(texts) == 1 else "\n".join(texts), line.reference)
    else:
        told = _NOTHING
    if line.name or line.more or non_swift:
        told = _completed(told, line, non_swift)
    if len(told.account) >= _OWN_MIN and own.endswith(told.account):
        _not_own(told)
    return EntryRead(
        amount=line.amount,
        currency=currency,
        booking_date=line.booking_date,
        value_date=line.value_date,
        status=line.status,
        reversal=line.reversal,
        reference=line.bank_reference or told.reference,
        entry_reference=line.reference,
        end_to_end_id=told.end_to_end_id,
        counterparty_name=told.name,
        counterparty_account=told.account,
        counterparty_bank=told.bank,
        remittance=told.remittance,
        code=line.code,
        own_code=told.own_code,
        return_reason=told.return_reason,
        line=at,
        transactions=_transactions(line, told, currency),
        more=told.more,
    )


def _not_own(told: Said) -> None:
    """The account named is the customer's own: the other one stands where some banks put it."""
    own, told.account = told.account, ""
    other = dict(told.more).get(_PRIMA_NOTA, "")
    if other.isdigit() and len(other) >= _OWN_MIN and int(other):
        told.account = other
        told.more = tuple(it for it in told.more if it[0] != _PRIMA_NOTA)
    elif (found := _TENTATIVE.fullmatch(told.remittance)) is not None:
        told.bank, told.account = told.bank or found[1], found[2]
        told.remittance = found[3] or ""
    told.more = (*told.more, ("?31", own))


def _transactions(line: Line, told: Said, currency: str) -> tuple[TransactionRead, ...]:
    """The one transaction behind the entry, where more is known than an entry holds."""
    instructed = _instructed(line, told)
    if not (
        told.end_to_end_id
        or told.mandate_id
        or told.instruction_id
        or told.structured
        or instructed[1]
    ):
        return ()
    fee = _fee(line, currency, instructed) if line.more else None
    amount = line.amount
    if fee is not None:
        scale = max(fee.scale, amount.scale)
        amount = Exact(amount.at(scale) - fee.at(scale), scale)
    main = TransactionRead(
        amount=amount,
        currency=currency,
        end_to_end_id=told.end_to_end_id,
        instruction_id=told.instruction_id,
        mandate_id=told.mandate_id,
        reference=line.bank_reference or told.reference,
        counterparty_name=told.name,
        counterparty_account=told.account,
        counterparty_bank=told.bank,
        remittance=told.remittance,
        structured=told.structured,
        return_reason=told.return_reason,
        original_currency=instructed[0],
        original_amount=instructed[1],
    )
    if fee is None:
        return (main,)
    return (main, TransactionRead(amount=fee, currency=currency, kind="charges"))


def _instructed(line: Line, told: Said) -> tuple[str, str]:
    """Currency and exact text of the amount that was instructed."""
    if line.more:
        found = original(line.more)
        if found[1]:
            return found
    if not told.original:
        return "", ""
    match = _STATED.match(told.original)
    currency = (match[1] or match[4] or "") if match else ""
    if match is None or not currency:
        return "", ""
    whole = match[2].lstrip("0") or "0"
    return currency, f"{whole}.{match[3]}" if match[3] else whole


def _fee(line: Line, currency: str, instructed: tuple[str, str]) -> Exact | None:
    """Charges inside the entry, where they and the instructed amount add up to it."""
    stated, text = charges(line.more)
    if not text or {stated, instructed[0]} != {currency}:
        return None
    try:
        taken = _exact(text)
        main = _exact(instructed[1])
    except MoneyFormatError:
        return None
    scale = max(taken.scale, main.scale, line.amount.scale)
    sign = -1 if line.amount.units < 0 else 1
    if sign * main.at(scale) - taken.at(scale) != line.amount.at(scale):
        return None
    return Exact(-taken.units, taken.scale)


def _exact(text: str) -> Exact:
    whole, _, fraction = text.partition(".")
    return exact(whole, fraction)


def _completed(told: Said, line: Line, non_swift: Sequence[str]) -> Said:
    """What stands outside field 86: names in columns, supplementary details, ``:NS:``."""
    more = list(told.more)
    name, account, bank = told.name, told.account, told.bank
    remittance = told.remittance
    if line.name:
        if not name:
            name = line.name
            account = account or (line.reference if _ACCOUNT.fullmatch(line.reference) else "")
        elif line.name != name:
            more.append((":61:", line.name))
    if line.more:
        details = " ".join(it.strip() for it in line.more.split("\n") if it.strip())
        if not account and (_IBAN.fullmatch(details) or _GIRO.fullmatch(details)):
            account = details
        elif not details.strip("0"):
            more.append((":61:", details))  # no account at all
        elif details != name:
            more.append((":61:", details))
            remittance = remittance or details
    if non_swift:
        found = _non_swift(non_swift, more)
        more += [
            (":NS:", theirs)
            for ours, theirs in (
                (name, found.name),
                (account, found.account),
                (bank, found.bank),
                (remittance, found.remittance),
            )
            if ours and theirs and ours != theirs
        ]
        name, account = name or found.name, account or found.account
        bank, remittance = bank or found.bank, remittance or found.remittance
    if told is _NOTHING:
        told = Said()
    told.name, told.account, told.bank = name, account, bank
    told.remittance, told.more = remittance, tuple(more)
    return told


def _non_swift(bodies: Sequence[str], more: list[tuple[str, str]]) -> Said:
    found = Said()
    purpose: list[str] = []
    names: list[str] = []
    for number, text in numbered(bodies):
        if number in words.NON_SWIFT_PURPOSE:
            purpose.append(text)
        elif number in words.NON_SWIFT_NAMES:
            names.append(text)
        elif number == words.NON_SWIFT_BANK:
            found.bank = text
        elif number == words.NON_SWIFT_ACCOUNT:
            found.account = text
        elif text:
            more.append((f":NS:{number}", text))
    found.remittance = " ".join(filter(None, purpose))
    found.name = "".join(names)
    return found


def numbered(bodies: Sequence[str]) -> list[tuple[str, str]]:
    """Lines of ``:NS:`` fields: two digits and a text; a line without is '' and its text."""
    found: list[tuple[str, str]] = []
    for body in bodies:
        for line in body.split("\n"):
            match = _NON_SWIFT.fullmatch(line)
            if match is not None:
                found.append((match[1], match[2].strip()))
            elif line.strip():
                found.append(("", line.strip()))
    return found
