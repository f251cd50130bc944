"""Payees by number: tests with thousands of payees need no book, only these patterns.

Rule kept here: what a generated account is called, and what becomes of a payment to it,
follows from its number alone.
"""

from __future__ import annotations

import re
from typing import Final

OWN_PREFIX: Final = "9000109"
"""Own-bank payees: this and 11 digits."""
OTHER_PREFIX: Final = "9100109"
"""Payees at another bank, paid and never returned by their number."""
RETURNED_PREFIX: Final = "9100209"
"""Payees at another bank whose payments are returned (退汇) on the second working day."""
FAILING_PREFIX: Final = "9100309"
"""Payees at another bank to whom the super channel always fails."""
FATE_RETURNED: Final = "returned"
FATE_FAILED: Final = "super_fails"

_OWN: Final = re.compile(OWN_PREFIX + r"[0-9]{11}", re.ASCII)
_DIGITS: Final = 11


def own_account(index: int) -> str:
    """The 18-digit own-bank account number of generated payee ``index``."""
    return OWN_PREFIX + str(index).rjust(_DIGITS, "0")


def other_account(index: int, prefix: str = OTHER_PREFIX) -> str:
    """The 18-digit account number of generated payee ``index`` at another bank."""
    return prefix + str(index).rjust(_DIGITS, "0")


def payee_name(number: str) -> str:
    """The account holder's name that belongs to a generated account number."""
    return f"样本收款户{int(number[-_DIGITS:]):06d}号"


def generated_own(number: str) -> bool:
    """Whether the number is that of a generated own-bank payee."""
    return _OWN.fullmatch(number) is not None


def fate_by_number(number: str) -> str:
    """'' or what becomes of payments to this generated other-bank number."""
    if number.startswith(RETURNED_PREFIX):
        return FATE_RETURNED
    return FATE_FAILED if number.startswith(FAILING_PREFIX) else ""
