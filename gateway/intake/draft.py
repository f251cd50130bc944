"""A draft whose reader already found faults, so that they are told together with all others."""

from __future__ import annotations

from gateway.domain.errors import Fault
from gateway.ports.erp import Draft


class FaultyDraft(Draft, frozen=True, kw_only=True, gc=False):
    """A draft with faults of form (a number where text is due, an unknown or repeated field).

    The fields concerned are left empty; ``validate`` returns these faults first and adds none
    of its own for the same path.
    """

    faults: tuple[Fault, ...] = ()
    unreadable: bool = False
    """The whole thing is not of the promised form: asking for its fields would help nobody."""
