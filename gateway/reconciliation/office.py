"""The use cases of the reconciliation that ERPs and people ask for, in one place."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.ports.runtime import Runtime
from gateway.reconciliation.deciding import Deciding
from gateway.reconciliation.ledger import Ledger
from gateway.reconciliation.sheets import Sheets
from gateway.reconciliation.standing import Standing
from gateway.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class BookOffice:
    """The book side and its reconciliation."""

    ledger: Ledger
    deciding: Deciding
    standing: Standing
    sheets: Sheets


def book_office(store: Store, runtime: Runtime) -> BookOffice:
    """Build it."""
    return BookOffice(
        ledger=Ledger(store, runtime),
        deciding=Deciding(store, runtime),
        standing=Standing(store, runtime),
        sheets=Sheets(store, runtime),
    )
