"""Where statements meet controls: today's debits in the bank's books, and who waits for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Protocol

import msgspec
from sqlalchemy import Connection

from gateway.ports.tenancy import Tenant
from gateway.store.uow import Uow


class Debit(msgspec.Struct, frozen=True, gc=False):
    """A debit as the bank booked it; its payee's account and the instant '' where not told."""

    account: str
    creditor_account: str
    creditor_name: str
    amount_minor: int
    currency: str
    booked_at: str
    reference: str
    serial: str


class BookedDebits(Protocol):
    """What the bank has told of a day's debits."""

    def booked(self, uow: Uow, tenant: str, day: date, amounts: Collection[int]) -> Sequence[Debit]:
        """Debits of these amounts (minor units) on any account of a tenant."""
        ...

    def looked(
        self, uow: Uow, tenant: str, day: date, accounts: Collection[str]
    ) -> Mapping[str, int]:
        """By account, when the bank was asked last that day (microseconds); else left out."""
        ...


class DebitsWanted(Protocol):
    """Who wants to know of debits, and what is done when they are known."""

    def asking(self, db: Connection) -> Mapping[str, timedelta]:
        """The tenants that ask, each with how old the answer may be."""
        ...

    def waiting(self, db: Connection, tenant: str) -> Sequence[str]:
        """Instructions that are held because what is known is too old."""
        ...

    def settle(self, uow: Uow, tenant: Tenant, instruction: str) -> None:
        """Look at one of them again."""
        ...
