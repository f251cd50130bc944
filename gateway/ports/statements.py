"""Where rooms ask for what the bank booked, without knowing who asks the bank."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from gateway.domain.statement import StatementPage
from gateway.ports.tenancy import OwnAccount


class StatementSource(Protocol):
    """Asks the bank for what it booked."""

    async def statement(
        self, tenant: str, account: OwnAccount, start: date, end: date
    ) -> Sequence[StatementPage]:
        """All pages of a statement; today must be asked for alone. Raises as ``refunds`` does."""
        ...


class RefundSource(Protocol):
    """Asks the bank for returned payments."""

    async def refunds(
        self, tenant: str, account: OwnAccount, start: date, end: date
    ) -> Sequence[StatementPage]:
        """All pages of the returned payments (退汇) of some days; today must be asked for alone.

        Raises NotOffered where the dialect has no such query, BankRefused, NotSent,
        Unconfirmed or WireError.
        """
        ...
