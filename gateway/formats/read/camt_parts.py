"""Parts of a camt entry: its ``TxDtls``, and what makes them add up to the entry.

Rule kept here: if every part has an amount, the parts add up to the entry. Charges become parts
where they explain the difference, and nothing else does; what no charge explains is a remainder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import msgspec

from gateway.domain.bank_file import Finding, Gravity, TransactionRead
from gateway.domain.exact import Exact
from gateway.formats.read.camt_finder import Charge, Charges, Sum, Texts
from gateway.formats.read.camt_layout import PartLayout
from gateway.formats.read.camt_values import (
    amount,
    finding,
    given,
    of_nano,
    plain,
    total,
)

CHARGES: Final = "charges"
_CONTRADICTIONS_MAX: Final = 100
REMAINDER: Final = "remainder"
RECEIPT: Final = "/RECEIPT/"
"""What our own writer puts into ``AddtlTxInf``: a receipt's number, no remittance."""
_PIECE_FULL: Final = 140
"""A text of this length goes on in the next one without a space."""


@dataclass(slots=True)
class Whose:
    """The account that the entries are of, and where what is wrong with them is told."""

    add: Callable[[Finding], None]
    account: str = ""
    name: str = ""
    currency: str = ""
    path: str = ""
    """Path of the statement."""
    number: int = 0
    """Of the entry that is being read, from 1."""
    line: int = 0
    part: int = 0
    """Of its part that is being read, from 1."""
    doubtful: int = 0
    """So many entries have an amount or a direction that cannot be read."""

    def wrong(self, code: str, tag: str) -> None:
        """Tell that something is wrong with an element of the entry that is being read."""
        self.add(finding(code, f"{self.path}/Ntry[{self.number}]/{tag}", self.line))

    def contradicts(self, code: str, tag: str) -> None:
        """Tell that the entry's amount is not known: nothing can be proven any more."""
        self.doubtful += 1
        path = f"{self.path}/Ntry[{self.number}]/{tag}"
        # Contradictions are always kept; a file may have a million, all alike.
        grave = self.doubtful <= _CONTRADICTIONS_MAX
        gravity = Gravity.CONTRADICTION if grave else Gravity.WARNING
        self.add(finding(code, path, self.line, gravity))


class Head(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a part inherits from its entry. ``debit`` is its direction."""

    amount: Exact
    currency: str
    debit: bool
    single: bool
    """Whether it has one part only."""
    size: int
    """How many transactions it says it stands for; 0 unsaid."""


Row = tuple[PartLayout, Texts]
"""A part: where its values stand, and in what."""
Charged = list[tuple[Charges, Texts]]
"""Charges and in what they stand: those of the entry first, then of each part."""


def parts(
    rows: list[Row], charged: Charged, head: Head, whose: Whose
) -> tuple[TransactionRead, ...]:
    """All parts of an entry, with charges and remainder; ``charged`` is empty if there are none."""
    found: list[TransactionRead] = []
    for whose.part, (layout, texts) in enumerate(rows, 1):
        found.append(_part(layout, texts, head, whose))
    if head.single and not charged:
        alone = found[0]
        stated = alone.amount
        if stated is None:
            if head.size > 1:
                return (alone,)
            return (msgspec.structs.replace(alone, amount=head.amount),)
        if stated.units == head.amount.units and stated.scale == head.amount.scale:
            return (alone,)
    return tuple(_complete(found, charged, head, whose))


def _part(layout: PartLayout, texts: Texts, head: Head, whose: Whose) -> TransactionRead:
    (
        direction, end_to_end, instruction, mandate, reference, uetr,
        debtor, debtor_account, debtor_bank, creditor, creditor_account, creditor_bank,
        structured, reason, further, _, _, _, _, _,
    ) = layout.pick(texts)  # fmt: skip
    one = debtor, debtor_account, debtor_bank
    two = creditor, creditor_account, creditor_bank
    name, account, bank = _other(two, one, whose) if head.debit else _other(one, two, whose)
    stated = _amount(layout.amounts, texts, head, whose) if layout.amounts else None
    if stated is not None:
        debit = direction == "DBIT" if direction in _DIRECTIONS else head.debit
        if head.single and debit is not head.debit and abs(head.amount.units) == stated.units:
            debit = head.debit  # one part of the same amount cannot go the other way
        if debit:
            stated = Exact(-stated.units, stated.scale)
    original = _original(layout.originals, texts, head.currency) if layout.originals else None
    return TransactionRead(
        amount=stated,
        currency=head.currency,
        end_to_end_id=given(end_to_end),
        instruction_id=given(instruction),
        mandate_id=given(mandate),
        reference=given(reference),
        uetr=uetr,
        counterparty_name=name,
        counterparty_account=account,
        counterparty_bank=bank,
        remittance=_words(layout.words, texts) or ("" if further.startswith(RECEIPT) else further),
        structured=structured,
        return_reason=reason,
        original_currency=original[0] if original else "",
        original_amount=original[1] if original else "",
    )


_DIRECTIONS: Final = frozenset({"CRDT", "DBIT"})
_Party = tuple[str, str, str]
_NOBODY: Final[_Party] = ("", "", "")


def _other(party: _Party, second: _Party, whose: Whose) -> _Party:
    """Who is on the other side: never the holder of the account, as far as the file tells.

    ``party`` is whom the direction points at. Returns and reversals often keep the parties of
    what is returned, and some banks name only one; then ``second`` is it, if it is somebody else.
    """
    name, account, bank = party
    if account and account == whose.account and second[1] and second[1] != account:
        return second
    if account or name:
        return party
    name, account, _ = second
    if account:
        return second if account != whose.account and whose.account else (*_NOBODY[:2], bank)
    if not name or not whose.name:
        return *_NOBODY[:2], bank
    same = name.casefold() in whose.name.casefold() or whose.name.casefold() in name.casefold()
    return (*_NOBODY[:2], bank) if same else second


def _amount(places: tuple[Sum, ...], texts: Texts, head: Head, whose: Whose) -> Exact | None:
    """The first amount in the entry's currency that is not zero; else zero, or None."""
    zero: Exact | None = None
    for at, currency in places:
        if currency != head.currency and currency:
            continue
        found = amount(texts[at])
        if found is None:
            whose.wrong("part_amount", f"NtryDtls/TxDtls[{whose.part}]")
        elif found.units:
            return found
        else:
            zero = zero or found
    # Some banks fill the only part of an entry with a zero that means nothing.
    return None if head.single and head.amount.units else zero


def _original(places: tuple[Sum, ...], texts: Texts, currency: str) -> tuple[str, str] | None:
    """What was instructed in another currency than the entry's."""
    for at, own in places:
        if own and own != currency and (found := plain(texts[at])) and found.strip("0."):
            return own, found
    return None


def _words(places: tuple[tuple[int, ...], ...], texts: Texts) -> str:
    """The first kind of remittance that has a text."""
    for kind in places:
        if len(kind) == 1:
            if texts[kind[0]]:
                return texts[kind[0]]
            continue
        pieces = [texts[at] for at in kind if texts[at]]
        if pieces:
            return joined(pieces)
    return ""


def joined(pieces: list[str]) -> str:
    """Texts as one; what fills its element is taken to go on in the next."""
    found = pieces[0]
    for before, piece in pairwise(pieces):
        found += piece if len(before) == _PIECE_FULL else f" {piece}"
    return found


def _complete(
    found: list[TransactionRead], charged: Charged, head: Head, whose: Whose
) -> Iterator[TransactionRead]:
    """The parts, and what is missing between them and the entry."""
    if head.size and len(found) > head.size:
        whose.wrong("batch_size", "NtryDtls")
    if len(found) == 1 and found[0].amount is None and head.size <= 1:
        found = [msgspec.structs.replace(found[0], amount=head.amount)]
    yield from found
    amounts = [it.amount for it in found if it.amount is not None]
    if len(amounts) < len(found):
        return
    missing = total([head.amount]) - total(amounts)
    if not missing:
        return
    charges = _charges(charged, head.currency, missing)
    for charge in charges:
        yield TransactionRead(amount=of_nano(charge), currency=head.currency, kind=CHARGES)
    if not charges:
        whose.wrong("remainder", "NtryDtls")
        yield TransactionRead(amount=of_nano(missing), currency=head.currency, kind=REMAINDER)


def _charges(charged: Charged, currency: str, missing: int) -> list[int]:
    """The charges that are exactly what is missing, in units of the finest scale; [] if none are.

    Charges are told as well where they are not in the amount, so that they fit is the only proof.
    Those of the entry are often those of its parts once more: each level is tried by itself.
    """
    for level in (charged[:1], charged[1:], charged):
        for pick in (_each, _included, _totals):
            found = [it for charges, texts in level for it in pick(charges, texts, currency)]
            if not found:
                continue
            if sum(found) == missing:
                return [it for it in found if it]
            if -sum(found) == missing:
                return [-it for it in found if it]
    return []


def _each(charges: Charges, texts: Texts, currency: str) -> Iterator[int]:
    for charge in charges.each:
        yield from _signed(charge, texts, currency)


def _included(charges: Charges, texts: Texts, currency: str) -> Iterator[int]:
    for charge in charges.each:
        if texts[charge.included] in _TRUE:
            yield from _signed(charge, texts, currency)


def _totals(charges: Charges, texts: Texts, currency: str) -> Iterator[int]:
    for at, own in charges.totals:
        found = amount(texts[at])
        if found is not None and own in ("", currency):
            yield -total([found])


def _signed(charge: Charge, texts: Texts, currency: str) -> Iterator[int]:
    """A charge as it moves the account: down, unless it says that it is given back."""
    at, own = charge.amount
    found = amount(texts[at])
    if found is not None and own in ("", currency):
        units = total([found])
        yield units if texts[charge.direction] == "CRDT" else -units


_TRUE: Final = frozenset({"true", "1"})
