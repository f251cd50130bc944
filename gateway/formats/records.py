"""Which records a file is written from: one kind per file, in the order they came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from gateway.domain.errors import Corrupt
from gateway.ports.erp_told import Told

_T = TypeVar("_T")


def only(kind: type[_T], told: Sequence[Told]) -> tuple[_T, ...]:
    """The records, all of one kind. Raises Corrupt for another or for none at all."""
    found = tuple(it for it in told if isinstance(it, kind))
    if len(found) != len(told) or not found:
        raise Corrupt(f"a file of {kind.__name__} records was given others, or none")
    return found
