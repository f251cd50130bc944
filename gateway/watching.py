"""What a gateway builds by its settings: looks at payments, appointments, the drift watch.

Everything here is imported when it is needed, so that a start pays for nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.controls.inspecting import Inspector
from gateway.controls.payee_seal import PayeeSeal
from gateway.controls.reference.held import Reference
from gateway.ports.bank import BankDialect
from gateway.ports.runtime import Runtime
from gateway.ports.webhooks import MATCH_EVENT, OPEN_ITEMS_EVENT
from gateway.reconciliation.confirming import Confirming
from gateway.reconciliation.running import Reconciling
from gateway.relay.relay import Relay
from gateway.settings import Settings
from gateway.statements.collecting import Collecting
from gateway.statements.noticing import Noticing
from gateway.statements.receipt_orders import ReceiptOrders
from gateway.statements.returns import Returns
from gateway.store.store import Store
from gateway.telling import told_systems

if TYPE_CHECKING:
    from gateway.onboarding.drift import DriftWatch
    from gateway.reconciliation.match_telling import MatchTelling

_OF_BOOKS: Final = frozenset({MATCH_EVENT, OPEN_ITEMS_EVENT})


def inspectors(payee_seals: PayeeSeal, reference: Reference) -> tuple[Inspector, ...]:
    """What looks at payments of tenants with a document."""
    from gateway.controls.cutoffs import Cutoffs  # noqa: PLC0415 - costs a start
    from gateway.controls.listed import ListedNames  # noqa: PLC0415 - costs a start
    from gateway.controls.payee_checks import PayeeChecks  # noqa: PLC0415 - costs a start

    return PayeeChecks(payee_seals), ListedNames(), Cutoffs(reference)


def reconciling(settings: Settings, store: Store, runtime: Runtime) -> Reconciling:
    """The matching of statements and books, by its appointment."""
    every = timedelta(minutes=settings.reconcile_every_minutes)
    telling = match_telling(settings, runtime)
    return Reconciling(store, runtime, settings.directory, every, telling=telling)


def match_telling(settings: Settings, runtime: Runtime) -> MatchTelling | None:
    """Who hears of matches; None where nobody asked to be told."""
    directory = settings.directory
    asked = any(
        any(system.feed.matches for system in tenant.erps.values())
        or any(_OF_BOOKS & it.events for it in tenant.webhooks)
        for tenant in directory.tenants.values()
    )
    if not asked:
        return None
    from gateway.delivery.book_outbox import BookOutbox  # noqa: PLC0415 - costs a start
    from gateway.reconciliation.match_telling import MatchTelling  # noqa: PLC0415 - the same

    outbox = BookOutbox(runtime, directory, told_systems(directory))
    return MatchTelling(runtime, directory, outbox)


@dataclass(frozen=True, slots=True)
class Further:
    """What looks after statements, what begins with a gateway of it, and whom commits rouse."""

    collecting: Collecting
    begun: tuple[Callable[[], None], ...]
    rouse: Callable[[Sequence[tuple[str, str]] | None], None]


def further(settings: Settings, store: Store, runtime: Runtime, relay: Relay) -> Further:
    """Statements, returns, visits because of notices, signed confirmations, receipt files."""
    every = timedelta(minutes=settings.statements_every_minutes)
    directory, tasks = settings.directory, runtime.tasks
    collecting = Collecting(store, runtime, relay.queries, directory, every)
    noticing = Noticing(store, runtime, collecting, directory, settings.poll_s)
    confirming = Confirming(store, runtime, relay.queries, directory)
    returns = Returns(store, runtime, directory)
    receipts = receipt_orders(settings, store, runtime, relay)
    return Further(
        collecting=collecting,
        begun=(
            lambda: tasks.spawn("returns", returns.run()),
            lambda: tasks.spawn("noticing", noticing.run()),
            lambda: tasks.spawn("confirming", confirming.run()),
            lambda: tasks.spawn("receipts", receipts.run()),
        ),
        rouse=noticing.rouse,
    )


def receipt_orders(
    settings: Settings, store: Store, runtime: Runtime, relay: Relay
) -> ReceiptOrders:
    """The ordering and fetching of receipt files, by its appointment."""
    from gateway.transport.receipt_fetch import HttpFiles  # noqa: PLC0415 - costs a start

    return ReceiptOrders(store, runtime, relay.queries, HttpFiles(), settings.directory)


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
