"""What a gateway builds by its settings: looks at payments, appointments, the drift watch.

Everything here is imported when it is needed, so that a start pays for nothing else.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.controls.inspecting import Inspector
from gateway.controls.payee_seal import PayeeSeal
from gateway.controls.reference.held import Reference
from gateway.ports.bank import BankDialect
from gateway.ports.runtime import Runtime
from gateway.reconciliation.running import Reconciling
from gateway.relay.relay import Relay
from gateway.settings import Settings
from gateway.statements.collecting import Collecting
from gateway.store.store import Store

if TYPE_CHECKING:
    from gateway.onboarding.drift import DriftWatch


def inspectors(payee_seals: PayeeSeal, reference: Reference) -> tuple[Inspector, ...]:
    """What looks at payments of tenants with a document."""
    from gateway.controls.cutoffs import Cutoffs  # noqa: PLC0415 - costs a start
    from gateway.controls.listed import ListedNames  # noqa: PLC0415 - costs a start
    from gateway.controls.payee_checks import PayeeChecks  # noqa: PLC0415 - costs a start

    return PayeeChecks(payee_seals), ListedNames(), Cutoffs(reference)


def collecting(settings: Settings, store: Store, runtime: Runtime, relay: Relay) -> Collecting:
    """The fetching of statements, by its appointment."""
    every = timedelta(minutes=settings.statements_every_minutes)
    return Collecting(store, runtime, relay.queries, settings.directory, every)


def reconciling(settings: Settings, store: Store, runtime: Runtime) -> Reconciling:
    """The matching of statements and books, by its appointment."""
    every = timedelta(minutes=settings.reconcile_every_minutes)
    return Reconciling(store, runtime, settings.directory, every)


def drift_watch(
    settings: Settings, store: Store, runtime: Runtime, relay: Relay, banks: dict[str, BankDialect]
) -> DriftWatch | None:
    """The comparison of banks with the settings, by its appointment; None where none is made."""
    if not settings.drift_every_minutes:
        return None
    from gateway.onboarding.drift import DriftWatch  # noqa: PLC0415 - costs a start
    from gateway.onboarding.probe import subjects  # noqa: PLC0415 - costs a start

    every = timedelta(minutes=settings.drift_every_minutes)
    return DriftWatch(store, runtime, relay.queries, subjects(settings.directory, banks), every)
