"""The use cases of the reconciliation that ERPs and people ask for, in one place."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.ports.runtime import Runtime
from gateway.reconciliation.deciding import Deciding
from gateway.reconciliation.ledger import Ledger
from gateway.reconciliation.match_telling import MatchTelling
from gateway.reconciliation.remembering import Remembering
from gateway.reconciliation.rule_versions import RuleVersions
from gateway.reconciliation.sheets import Sheets
from gateway.reconciliation.standing import Standing
from gateway.reconciliation.trial import Trials
from gateway.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class BookOffice:
    """The book side and its reconciliation."""

    ledger: Ledger
    deciding: Deciding
    standing: Standing
    sheets: Sheets
    rules: RuleVersions
    trials: Trials
    remembering: Remembering


def book_office(store: Store, runtime: Runtime, telling: MatchTelling | None = None) -> BookOffice:
    """Build it; ``telling`` is who hears of matches that people make and take apart."""
    return BookOffice(
        ledger=Ledger(store, runtime),
        deciding=Deciding(store, runtime, telling),
        standing=Standing(store, runtime),
        sheets=Sheets(store, runtime),
        rules=RuleVersions(store, runtime),
        trials=Trials(store, runtime),
        remembering=Remembering(store, runtime),
    )
