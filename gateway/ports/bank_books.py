"""The bank's own books, where somebody can show them: what it executed, whatever it told us.

A real bank shows only statements; the bank in a box shows its ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec


class Execution(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One execution in the bank's own books. ``line`` is that of a batch, 0 of a single payment.

    ``debtor_account`` '' means that the books do not say; ``returned`` that the money came back.
    """

    serial: str
    amount_minor: int
    creditor_account: str
    line: int = 0
    debtor_account: str = ""
    returned: bool = False


class BankBooks(Protocol):
    """The bank's own truth about a customer's payments."""

    def executions(self, customer: str) -> Iterable[Execution]:
        """Everything the bank executed for the customer, in any order, read as it comes."""
        ...

    def complaints(self) -> Sequence[str]:
        """What is wrong inside the bank's books, in words; empty when they are sound."""
        ...
