"""合并支付 in the vendor's 银企直联 data model: ``ebank_logyurrefrel``, srcyurref → destyurref.

Rule kept here: the map says which documents one payment carries, and it must fit the payments it
comes with; a source without a payment is a fault of the message's own, never left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from msgspec import structs

from gateway.domain.errors import Fault
from gateway.ports.erp_draft import Draft, DraftPart, FaultyDraft

RELATIONS: Final = ("ebank_logyurrefrel", "logyurrefrel")
"""What the map is called in a record."""
SOURCE: Final = "srcyurref"
MERGED: Final = "destyurref"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """One row of the map. ``amount`` is the source document's own; negative for 红字."""

    merged: str
    """The payment's reference; '' where the record holds one payment only."""
    reference: str
    amount: str
    bill: str = ""
    """The source document's key (``srcpkid``), which its results name."""
    place: str
    line: int | None = None


def merged_of(drafts: Sequence[Draft], relations: Sequence[Relation]) -> Iterator[Draft]:
    """The payments of one record with their source documents.

    A row that fits none of them makes the record's payments faulty: it would be paid untold.
    """
    alone = drafts[0].erp_reference if len(drafts) == 1 else ""
    rows: dict[str, list[Relation]] = {}
    for it in relations:
        rows.setdefault(it.merged or alone, []).append(it)
    own = {it.erp_reference for it in drafts}
    lost = tuple(_lost(it) for name, some in rows.items() if name not in own for it in some)
    for draft in drafts:
        parts = tuple(map(_part, rows.get(draft.erp_reference, ())))
        yield _faulty_of(draft, parts, lost) if lost else structs.replace(draft, merged=parts)


def _part(row: Relation) -> DraftPart:
    return DraftPart(
        erp_reference=row.reference,
        amount=row.amount,
        at={"erp_reference": f"{row.place}/{SOURCE}", "amount": f"{row.place}/trsamt"},
        line=row.line,
        source={"bill": row.bill},
    )


def _lost(row: Relation) -> Fault:
    return Fault(
        path=f"{row.place}/{MERGED}",
        code="merged_unknown",
        zh="合并关系指向的支付参考号不在本单据中，请更正；本单据未受理",
        en="the map names a payment that is not in this record; correct it, nothing was taken",
        line=row.line,
    )


def _faulty_of(draft: Draft, parts: tuple[DraftPart, ...], faults: tuple[Fault, ...]) -> Draft:
    said: Mapping[str, object] = {
        name: getattr(draft, name) for name in draft.__struct_fields__ if name != "faults"
    }
    earlier = draft.faults if isinstance(draft, FaultyDraft) else ()
    return _faulty(**{**said, "merged": parts, "faults": (*earlier, *faults)})


# Typed loosely because fields are passed by name.
_faulty: Final[Callable[..., Draft]] = FaultyDraft
