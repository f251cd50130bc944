"""That a source document is paid once: by itself, or inside one merged payment.

Rule kept here: what an earlier payment carries, open or settled, no other payment may carry; once
that one failed for good or came back, the document may be paid again. It is judged where payments
are stored, alone among all processes for those that are merged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import bindparam, select

from gateway.domain.errors import Fault
from gateway.domain.merged import merged_parts, read_source
from gateway.intake.faults import fault
from gateway.intake.known import CARRIED, STILL, Caller
from gateway.lifecycle.rows import NewInstruction
from gateway.store import tables
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

TAKEN: Final = "merged_taken"
_i, _s = tables.instruction, tables.merged_source
_OWN: Final = (_s.c.tenant == bindparam("of_tenant"), _s.c.erp == bindparam("of_erp"))
_ANY: Final = prepare(select(_s.c.part).where(*_OWN).limit(1))
_ALONE: Final = prepare(
    select(_i.c.erp_reference, _i.c.id).where(
        _i.c.tenant == bindparam("of_tenant"),
        _i.c.erp == bindparam("of_erp"),
        among(_i.c.erp_reference, "of_references"),
        STILL,
    )
)


def guard(uow: Uow, asked: Iterable[tuple[Caller, bool]]) -> None:
    """Wait for those who might pay the same documents; ``asked`` says who has merged payments.

    Always in one order, and before anything else is looked at.
    """
    wanted: dict[str, bool] = {}
    for caller, merged in asked:
        name = f"merged:{caller.tenant.id}:{caller.erp}"
        wanted[name] = wanted.get(name, False) or merged
    for name in sorted(wanted):
        uow.guard(name, shared=not wanted[name])


class Claims:
    """Which payment carries which document, as far as some new payments of one ERP ask.

    ``news`` have references that no payment has yet.
    """

    def __init__(self, uow: Uow, caller: Caller, news: Sequence[NewInstruction]) -> None:
        self._alone: dict[str, str] = {}
        self._carried: dict[str, str] = {}
        values: dict[str, object] = {"of_tenant": caller.tenant.id, "of_erp": caller.erp}
        sources = [part for it in news if it.instruction.merged for part in _sources(it)]
        # For an ERP that merges nothing there is nothing more to ask.
        self.asks = bool(news) and (bool(sources) or bool(uow.rows(_ANY, values)))
        if not self.asks:
            return
        numbers = [it.instruction.erp_reference for it in news]
        for row in uow.rows(CARRIED, values | {"of_references": sorted({*sources, *numbers})}):
            self._carried[row.erp_reference] = f"{row.number} ({row.id})"
        if sources:
            for row in uow.rows(_ALONE, values | {"of_references": sorted(set(sources))}):
                self._alone[row.erp_reference] = f"{row.erp_reference} ({row.id})"

    def clash(self, new: NewInstruction) -> Fault | None:
        """What speaks against a payment, naming the earlier one; else its documents are its own."""
        if not self.asks:
            return None
        it = new.instruction
        sources = _sources(new)
        holder = self._carried.get(it.erp_reference)
        if holder is not None:
            return fault(TAKEN, "/erp_reference", field="erp_reference", detail=holder)
        for source in sources:
            holder = self._carried.get(source) or self._alone.get(source)
            if holder is not None:
                return fault(TAKEN, _place(new, source), detail=holder)
        named = f"{it.erp_reference} ({it.id})"
        self._carried.update(dict.fromkeys(sources, named))
        self._alone[it.erp_reference] = named
        return None


def _place(new: NewInstruction, source: str) -> str:
    """Where the sender wrote a source document: among the parts in the order of its own."""
    sent = [it.reference for it in read_source(new.source)[1]]
    return f"/merged/{sent.index(source)}/erp_reference" if source in sent else "/merged"


def _sources(new: NewInstruction) -> list[str]:
    return [it.reference for it in merged_parts(new.instruction.merged)]
