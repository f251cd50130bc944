"""What files are written from: records of one kind, in the order they came; their lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from gateway.domain.errors import Corrupt
from gateway.ports.erp import LineStatus
from gateway.ports.erp_told import StatusTold, Told

_T = TypeVar("_T")


def line_of(told: StatusTold) -> LineStatus:
    """One record as a line of a report; the reason is why it waits, else the bank's code."""
    return LineStatus(
        state=told.state,
        source=told.source,
        amount=told.amount,
        currency=told.currency,
        reason_code=told.reason or told.code,
        text=told.text,
        bank_reference=told.bank_reference,
        settled_at=told.at if told.final else None,
        instruction=told.instruction,
        erp_reference=told.erp_reference,
        line=told.line,
        merged=told.merged or (),
    )


def only(kind: type[_T], told: Sequence[Told]) -> tuple[_T, ...]:
    """The records, all of one kind. Raises Corrupt for another or for none at all."""
    found = tuple(it for it in told if isinstance(it, kind))
    if len(found) != len(told) or not found:
        raise Corrupt(f"a file of {kind.__name__} records was given others, or none")
    return found
