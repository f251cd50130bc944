"""What state a line of a reply is told in.

Rule kept here: a line that was not taken because its number is a payment of ours already is not
told as refused, for the ERP would call that payment failed and make it again. Its faults say why.
"""

from __future__ import annotations

from typing import Final

from gateway.domain.instruction import State
from gateway.ports.erp import LineStatus

REFUSED: Final = "REFUSED"
KNOWN_BEFORE: Final = frozenset(
    {"reused_reference", "already_accepted", "repeated_reference", "merged_taken"}
)
"""Faults of a line whose number was accepted before, here or earlier in the same message."""


def state_of(line: LineStatus) -> str:
    """Its state; that it was taken, where its number was."""
    known = any(it.code in KNOWN_BEFORE for it in line.faults)
    return State.RECEIVED.value if line.state == REFUSED and known else line.state
