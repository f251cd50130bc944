"""Payees by number: tests with thousands of payees need no book, only these patterns.

Rule kept here: what a generated account is called, and what becomes of a payment to it,
follows from its number alone.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.sandbox.ledger import AccountRow

OWN_PREFIX: Final = "9000109"
"""Own-bank payees: this and 11 digits."""
OTHER_PREFIX: Final = "9100109"
"""Payees at another bank, paid and never returned by their number."""
RETURNED_PREFIX: Final = "9100209"
"""Payees at another bank whose payments are returned (退汇) on the second working day."""
FAILING_PREFIX: Final = "9100309"
"""Payees at another bank to whom the super channel always fails."""
PERSONAL_PREFIX: Final = "9000209"
"""Personal accounts at this bank, to whom payroll is credited."""
PERSONAL_CLOSED_PREFIX: Final = "9000309"
"""Closed personal accounts at this bank: their payroll line fails."""
UNNAMED_PREFIX: Final = "9000409"
"""Numbers of this bank that nobody holds; a batch refused for one does not name the lines."""
LINE_FAILING_PREFIX: Final = "9100409"
"""Payees at another bank whose line of a batch fails when it is carried out."""
FATE_RETURNED: Final = "returned"
FATE_FAILED: Final = "super_fails"
FATE_UNNAMED: Final = "unnamed"
FATE_LINE_FAILS: Final = "line_fails"

_OWN: Final = re.compile(
    f"(?:{OWN_PREFIX}|{PERSONAL_PREFIX}|{PERSONAL_CLOSED_PREFIX})[0-9]{{11}}", re.ASCII
)
_FATES: Final = {
    RETURNED_PREFIX: FATE_RETURNED,
    FAILING_PREFIX: FATE_FAILED,
    UNNAMED_PREFIX: FATE_UNNAMED,
    LINE_FAILING_PREFIX: FATE_LINE_FAILS,
}
_DIGITS: Final = 11


def own_account(index: int) -> str:
    """The 18-digit own-bank account number of generated payee ``index``."""
    return OWN_PREFIX + str(index).rjust(_DIGITS, "0")


def other_account(index: int, prefix: str = OTHER_PREFIX) -> str:
    """The 18-digit account number of generated payee ``index`` at another bank."""
    return prefix + str(index).rjust(_DIGITS, "0")


def personal_account(index: int, prefix: str = PERSONAL_PREFIX) -> str:
    """The 18-digit number of generated personal account ``index`` at this bank."""
    return prefix + str(index).rjust(_DIGITS, "0")


def payee_name(number: str) -> str:
    """The account holder's name that belongs to a generated account number."""
    return f"样本收款户{int(number[-_DIGITS:]):06d}号"


def generated_own(number: str) -> bool:
    """Whether the number is that of a generated own-bank payee, company or person."""
    return _OWN.fullmatch(number) is not None


def generated(number: str) -> AccountRow | None:
    """The own-bank account that such a number stands for, not yet opened."""
    if not generated_own(number):
        return None
    status = "closed" if number.startswith(PERSONAL_CLOSED_PREFIX) else "active"
    return AccountRow(number=number, name=payee_name(number), status=status, business="")


def fate_by_number(number: str) -> str:
    """'' or what becomes of payments to this generated number."""
    return _FATES.get(number[: len(RETURNED_PREFIX)], "")
