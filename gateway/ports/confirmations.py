"""Where rooms have a month confirmed at the bank, without knowing who talks to the bank."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from gateway.ports.bank_confirm import ConfirmOutcome, ConfirmResult
from gateway.ports.tenancy import OwnAccount


class ConfirmationSource(Protocol):
    """Orders confirmations, and asks what came of them."""

    def confirmation_serial(self, tenant: str, connection: str) -> str:
        """A serial for one order, unique for ever. Raises NotOffered where the bank has none."""
        ...

    async def confirm(
        self, tenant: str, account: OwnAccount, month: date, serial: str
    ) -> ConfirmOutcome:
        """Order it under ``serial``; the same serial again asks for the state of the order.

        Raises NotOffered (nothing was sent: the connection is stopped), NotSent, Overloaded,
        OperatorRefused (refused at sign-on: nothing was executed), Unconfirmed or WireError.
        """
        ...

    async def confirmation_result(
        self, tenant: str, account: OwnAccount, month: date, serial: str
    ) -> ConfirmResult:
        """What the bank says of the account after the order ``serial``. Raises as ``confirm``.

        Raises BankRefused too.
        """
        ...
