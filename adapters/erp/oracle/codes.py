"""Code tables of Oracle Payments: what it sends, and the levels of its acknowledgements.

Rule kept here: an acknowledgement never rejects what is not known to be rejected, because Oracle
voids a rejected payment and pays it again.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.erp.iso20022.codes import BUSINESS_TYPES, PAIN_002_03, PAYROLL_PURPOSES, named_codes
from gateway.domain.instruction import BusinessType, State, Urgency

L0: Final = "L0"
"""The file could be read: minutes."""
L1: Final = "L1"
"""Every payment of the file and how it stands: hours."""
L2: Final = "L2"
"""Only what was rejected after all: days."""
LEVELS: Final = (L0, L1, L2)

_L2_NOTHING: Final = "not told here: level L2 names rejections only"
_LINES: Final = named_codes(PAIN_002_03)
ACKNOWLEDGEMENTS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        f"pain.002 {L1}": _LINES,
        f"pain.002 {L2}": {
            state.value: _LINES[state.value] if _LINES[state.value] == "RJCT" else _L2_NOTHING
            for state in State
        },
    }
)
"""What each state is called at each level; L0 speaks of the file and of no payment."""

URGENT: Final = frozenset({"URGP", "HIGH", "EXPRESS", "URGENT"})
"""Settlement priorities and service levels that mean urgent; every other one is ordinary."""


def urgency(code: str) -> str:
    """Urgent or normal."""
    return (Urgency.URGENT if code.upper() in URGENT else Urgency.NORMAL).value


def payroll(code: str) -> tuple[str, str]:
    """Business type and kind of pay of a payment reason; SALA and BONU are payroll."""
    return (
        BUSINESS_TYPES.get(code, BusinessType.PAYMENT.value),
        PAYROLL_PURPOSES.get(code, ""),
    )
