"""What ERPs and people ask of the gateway. Built where somebody answers: a worker has none.

Rule kept here: a worker never imports this, so that it starts without what it does not need.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.answering import answering
from gateway.controls.altered import ErpAltered
from gateway.controls.attachments import Attachments
from gateway.controls.cancel import Cancellations
from gateway.controls.decide import Decisions
from gateway.controls.hold_views import HoldViews
from gateway.controls.payees import PayeeMaster
from gateway.controls.release import Releaser
from gateway.controls.resolve import Resolutions
from gateway.controls.sight import Sight
from gateway.controls.stops import EmergencyStops
from gateway.controls.versions import ControlVersions
from gateway.delivery.deliveries import Deliveries
from gateway.intake.accept import Intake
from gateway.intake.bulk import Bulk
from gateway.ports.bank import BankDialect
from gateway.ports.erp_answers import Answers
from gateway.reconciliation.confirmations import Confirmations
from gateway.reconciliation.office import BookOffice, book_office
from gateway.reconciliation.withdrawn_lines import WithdrawnLines
from gateway.relay.withdraw import withdraw
from gateway.statements.importing import Importing
from gateway.statements.noticing import BankNotices
from gateway.statements.receipts import Receipts
from gateway.statements.withdrawing import Withdrawing
from gateway.watching import match_telling

if TYPE_CHECKING:
    from gateway.bootstrap import Gateway
    from gateway.intake.exchange import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontOffice:
    """The use cases behind the API and the pages."""

    intake: Intake
    bulk: Bulk
    decisions: Decisions
    attachments: Attachments
    resolutions: Resolutions
    cancellations: Cancellations
    holds: HoldViews
    sight: Sight
    control_versions: ControlVersions
    payees: PayeeMaster
    stops: EmergencyStops
    deliveries: Deliveries
    answers: Answers
    receipts: Receipts
    importing: Importing
    withdrawing: Withdrawing
    reconciliation: BookOffice
    confirmations: Confirmations
    notices: BankNotices
    exchange: Exchange | None
    """None where no ERP system has a language of its own."""


def front_office(
    of: Gateway,
    releaser: Releaser,
    banks: Mapping[str, BankDialect],
    checkpoint_key: Ed25519PrivateKey,
) -> FrontOffice:
    """Build the use cases over what every process has."""
    store, runtime, controls = of.store, of.runtime, of.controls

    def today() -> date:
        return runtime.clock.now().date()

    telling = match_telling(of.settings, runtime)
    altered = ErpAltered(releaser, runtime, withdraw)
    intake = Intake(store, runtime, banks, releaser, offices=of.reference, altered=altered)
    bulk, answers = Bulk(intake), answering(of)
    return FrontOffice(
        intake=intake,
        bulk=bulk,
        attachments=Attachments(store, runtime, releaser),
        resolutions=Resolutions(store, runtime, releaser, withdraw),
        decisions=Decisions(store, runtime, releaser, lambda: None, withdraw),
        cancellations=Cancellations(store, runtime, withdraw, releaser.may_cancel),
        holds=HoldViews(controls, today),
        sight=Sight(controls, today),
        control_versions=ControlVersions(store, runtime, controls, checkpoint_key),
        payees=PayeeMaster(store, runtime, controls, of.payee_seals),
        stops=EmergencyStops(store, runtime, controls),
        deliveries=Deliveries(store, runtime),
        answers=answers,
        receipts=answers.receipts,
        importing=Importing(store, runtime),
        withdrawing=Withdrawing(store, runtime, WithdrawnLines(telling)),
        reconciliation=book_office(store, runtime, telling),
        confirmations=Confirmations(store, runtime, of.relay.queries),
        notices=BankNotices(store, runtime, of.relay.incoming),
        exchange=_exchange(of, intake, bulk, answers),
    )


def _exchange(of: Gateway, intake: Intake, bulk: Bulk, answers: Answers) -> Exchange | None:
    """The use case of envelopes."""
    if not any(tenant.erps for tenant in of.settings.directory.tenants.values()):
        return None
    from gateway.taking_in import exchange  # noqa: PLC0415 - costs a start

    return exchange(of, intake, bulk, answers)
