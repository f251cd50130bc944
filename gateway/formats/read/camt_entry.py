"""One ``Ntry`` of camt.052, camt.053 or camt.054 as an entry.

Rule kept here: ``CdtDbtInd`` tells the direction in which it was booked, also for a reversal. An
amount or direction that cannot be read is never guessed: the entry is told with zero, and the
statement contradicts itself until a person has looked.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from gateway.domain.bank_file import EntryRead, TransactionRead
from gateway.domain.exact import Exact
from gateway.domain.statement import EntryStatus
from gateway.formats.read.camt_finder import Texts
from gateway.formats.read.camt_layout import Layout
from gateway.formats.read.camt_parts import Head, Row, Whose, parts
from gateway.formats.read.camt_values import amount, count, day, given, instant

_STATUS: Final = {
    "BOOK": EntryStatus.BOOKED,
    "PDNG": EntryStatus.PENDING,
    "FUTR": EntryStatus.PENDING,
    "INFO": EntryStatus.INFO,
}
"""FUTR (a future booking) is not booked yet, as is PDNG."""
_DIRECTION: Final = {"CRDT": False, "DBIT": True}
_TRUE: Final = frozenset({"true", "1", "TRUE", "True"})
_ZERO: Final = Exact(0)
_BOOKED: Final = EntryStatus.BOOKED


def entry(layout: Layout, texts: Texts, whose: Whose) -> EntryRead:
    """Read an entry. ``texts`` are those of its leaves; what is wrong is told to ``whose``."""
    texts = layout.texts(texts)
    (
        written, direction, status_text, booked, valued, reference, entry_reference, reversal,
        domain, family, sub_family, own_code, further, booked_at,
    ) = layout.pick(texts)  # fmt: skip
    rows = [(part, part.texts(texts, base)) for base, part in layout.parts]
    single = len(rows) == 1
    size = _batch(layout, texts) if layout.batches else 0
    for tag in layout.surplus:
        whose.wrong("surplus", tag)
    currency = layout.currency or _currency(whose)
    status = _STATUS.get(status_text)
    if status is None:
        status = _status(status_text, whose)
    debit = _DIRECTION.get(direction)
    value = amount(written)
    if debit is None or value is None or value.units < 0:
        value, debit = _doubtful(value, direction, rows, whose)
    if debit:
        value = Exact(-value.units, value.scale)
    found: tuple[TransactionRead, ...] = ()
    if rows:
        head = Head(
            amount=value,
            currency=currency,
            debit=debit,
            single=single,
            size=size,
        )
        charges = [(layout.charges, texts), *((it.charges, row) for it, row in rows)]
        found = parts(rows, charges if layout.charged else [], head, whose)
    booking = day(booked) if booked else None
    value_date = day(valued) if valued else None
    if (booked and booking is None) or (valued and value_date is None):
        _dates(booked, valued, whose)
    if not (domain or own_code) and rows:
        *_, domain, family, sub_family, own_code, _ = rows[0][0].pick(rows[0][1])
    alone = found[0] if single else _agreed(found)
    at = instant(booked_at) if booked_at else None
    if at is None and single:
        at = _transacted(rows[0][0].pick(rows[0][1])[-1], booked)
    return EntryRead(
        amount=value,
        currency=currency,
        booking_date=booking,
        value_date=value_date,
        booked_at=at,
        status=status,
        reversal=reversal in _TRUE,
        reference=given(reference) or alone.reference,
        entry_reference=given(entry_reference),
        end_to_end_id=alone.end_to_end_id,
        counterparty_name=alone.counterparty_name,
        counterparty_account=alone.counterparty_account,
        counterparty_bank=alone.counterparty_bank,
        remittance=alone.remittance or further,
        code=f"{domain}/{family}/{sub_family}".rstrip("/") if domain else "",
        own_code=own_code,
        return_reason=alone.return_reason,
        more=_more(layout, texts, rows, alone.remittance or further),
        batch_size=size,
        line=whose.line,
        transactions=found,
    )


_NOTHING: Final = TransactionRead()
_SHARED: Final = (
    "reference",
    "end_to_end_id",
    "counterparty_name",
    "counterparty_account",
    "counterparty_bank",
    "remittance",
    "return_reason",
)


def _agreed(found: tuple[TransactionRead, ...]) -> TransactionRead:
    """What all parts of a batch say alike; the rest only the parts themselves can say."""
    said = [it for it in found if not it.kind]
    if not said:
        return _NOTHING
    first = said[0]
    return TransactionRead(
        **{
            name: value
            for name in _SHARED
            if (value := getattr(first, name)) and all(getattr(it, name) == value for it in said)
        }
    )


def _transacted(text: str, booked: str) -> datetime | None:
    """When the one transaction of an entry was made, if that is the day of booking."""
    return instant(text) if text and text[:_DAY] == booked[:_DAY] else None


_DAY: Final = len("2026-01-31")


def _more(
    layout: Layout, texts: Texts, rows: list[Row], remittance: str
) -> tuple[tuple[str, str], ...]:
    """What else is told of an entry, or of its only part, and stands nowhere else in it."""
    found = [(name, text) for name, at in layout.more if (text := texts[at]) and text != remittance]
    if len(rows) == 1:
        part, row = rows[0]
        found += [
            (name, text) for name, at in part.more if (text := row[at]) and text != remittance
        ]
        found += [(row[kind], text) for kind, at in part.named if (text := row[at])]
    return tuple(found)


def _batch(layout: Layout, texts: Texts) -> int:
    """How many transactions the file says that the entry stands for."""
    return sum(count(texts[at]) or 0 for at in layout.batches)


def _currency(whose: Whose) -> str:
    """The currency of an amount that has none."""
    whose.wrong("currency" if whose.currency else "currency_unknown", "Amt")
    return whose.currency


def _status(text: str, whose: Whose) -> EntryStatus:
    """What a status means that is not written as usual."""
    known = _STATUS.get(text.upper())
    if known is not None:
        return known
    whose.wrong("status" if text else "status_missing", "Sts")
    return EntryStatus.INFO if text else _BOOKED


def _doubtful(
    value: Exact | None, direction: str, rows: list[Row], whose: Whose
) -> tuple[Exact, bool]:
    """Amount and direction (debit) where one of them is not as usual.

    A minus sign turns the direction round: that is how a posting is taken back in red. A missing
    direction is that of the parts if all of them have the same.
    """
    debit = _DIRECTION.get(direction.upper())
    if debit is None:
        below = {_DIRECTION.get(part.pick(row)[0].upper()) for part, row in rows}
        debit = below.pop() if len(below) == 1 else None
        if debit is not None:
            whose.wrong("direction_of_details", "CdtDbtInd")
    if value is None:
        whose.contradicts("amount", "Amt")
    elif debit is None and value.units:
        whose.contradicts("direction", "CdtDbtInd")
    if value is None or debit is None:
        return _ZERO, bool(debit)
    if value.units < 0:
        whose.wrong("negative_amount", "Amt")
        return Exact(-value.units, value.scale), not debit
    return value, debit


def _dates(booked: str, valued: str, whose: Whose) -> None:
    """Tell which date is none."""
    for text, tag in ((booked, "BookgDt"), (valued, "ValDt")):
        if text and day(text) is None:
            whose.wrong("date", tag)
