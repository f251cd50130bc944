"""The source documents of a merged payment (合并支付): their form, and that they make it up.

Rule kept here: the parts are the payment: each has a number of its own and an exact amount that is
not zero, and together they are its amount. What does not add up is one fault, never made to fit.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final
from unicodedata import normalize

from msgspec.structs import replace

from gateway.domain.merged import PARTS_MAX, MergedPart, merged_text, source_text
from gateway.domain.money import Currency, Money, MoneyFormatError
from gateway.intake.faults import Faults, fault
from gateway.intake.fields import read_amount, read_reference
from gateway.ports.erp_draft import Draft


def read_merged(draft: Draft, amount: Money | None, unit: Currency, faults: Faults) -> str:
    """The parts as they stand in the content; '' where there are none, or some are at fault.

    ``amount`` is the payment's own, None where that is at fault already: then nothing is summed.
    """
    if not draft.merged or faults.on("merged"):
        return ""
    if len(draft.merged) > PARTS_MAX:
        faults.add("merged", "merged_too_many", str(PARTS_MAX))
        return ""
    before = len(faults.found)
    read = [_part(draft, at, unit, faults) for at in range(len(draft.merged))]
    _refuse_repeated(draft, [reference for reference, _ in read], faults)
    if len(faults.found) > before or amount is None:
        return ""
    parts = [(reference, part) for reference, part in read if part is not None]
    total = sum(part.minor for _, part in parts)
    if total != amount.minor:
        said = f"{Money(total, unit).text()} / {amount.text()}"
        faults.add("merged", "merged_total", said)
        return ""
    return merged_text(MergedPart(reference, part.text()) for reference, part in parts)


def stored_source(draft: Draft) -> str:
    """What a reply about a draft must echo, as it is stored; '' where there is nothing."""
    if not draft.merged:
        return json.dumps(dict(draft.source), ensure_ascii=False) if draft.source else ""
    return source_text(draft.source, echoed(draft))


def echoed(draft: Draft) -> tuple[MergedPart, ...]:
    """The parts as they were sent, with what a reply about each must echo, by stored reference.

    Amounts are as they were sent, '' where one is none.
    """
    return tuple(
        MergedPart(normalize("NFC", it.erp_reference), _shown(it.amount), dict(it.source))
        for it in draft.merged
        if it.erp_reference
    )


def documents_of(draft: Draft) -> tuple[Draft, ...]:
    """The source documents of a draft, each as one that could be told of; itself where none."""
    if not draft.merged:
        return (draft,)
    return tuple(
        replace(
            draft,
            erp_reference=it.erp_reference,
            amount=it.amount,
            source={**draft.source, **it.source},
            merged=(),
        )
        for it in draft.merged
    )


def _shown(amount: str) -> str:
    try:
        return Money.parse(amount, _WIDEST, signed=True).text() and amount
    except MoneyFormatError:
        return ""


def _part(draft: Draft, at: int, unit: Currency, faults: Faults) -> tuple[str, Money | None]:
    """A part's reference, and its amount where that is one."""
    alone = _alone(draft, at)
    before = [it for it in faults.found if it.path in alone.at.values()]
    own = Faults(alone, before)
    part = draft.merged[at]
    reference = read_reference(part.erp_reference, own)
    amount = read_amount(part.amount, unit, own, signed=True)
    faults.found.extend(own.found[len(before) :])
    return reference, amount


def _alone(draft: Draft, at: int) -> Draft:
    """A part as a draft that says where its fields stand."""
    part = draft.merged[at]
    above = draft.at.get("merged") or "/merged"
    places = {it: part.at.get(it) or f"{above}/{at}/{it}" for it in ("erp_reference", "amount")}
    return Draft(at=places, line=part.line or draft.line)


def _refuse_repeated(draft: Draft, references: Sequence[str], faults: Faults) -> None:
    """A source document that stands twice in one payment would be told twice, and paid twice."""
    seen: set[str] = set()
    for at, reference in enumerate(references):
        if reference and reference in seen:
            told = _alone(draft, at)
            path = told.at["erp_reference"]
            faults.found.append(fault("merged_repeated", path, line=told.line))
        seen.add(reference)


_WIDEST: Final = Currency("", 5)
