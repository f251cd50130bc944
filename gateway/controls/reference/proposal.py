"""How a payment that has not left yet would go: proposed, on request, and never acted upon.

Rule kept here: nothing is moved to another day or channel by itself. Who is shown that a day is
free or a cut-off has passed decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from sqlalchemy import Connection, bindparam, select

from gateway.controls.reference.look_up import Dated
from gateway.controls.reference.told import Document, day_document, route_document
from gateway.domain.calendar import CN_STATE_COUNCIL
from gateway.domain.channel import RouteFacts
from gateway.domain.instruction import State, Urgency
from gateway.domain.money import Money, currency
from gateway.store import tables
from gateway.store.prepared import prepare

_i = tables.instruction
BEFORE_SENDING: Final = frozenset(
    {State.RECEIVED, State.HELD, State.APPROVED, State.SCHEDULED, State.QUEUED}
)
_PAYMENT: Final = prepare(
    select(
        *(_i.c.state, _i.c.amount_minor, _i.c.currency),
        *(_i.c.own_bank, _i.c.urgency, _i.c.execution_date),
    ).where(_i.c.tenant == bindparam("of_tenant"), _i.c.id == bindparam("of_id"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """A payment that has not left: what its way depends on."""

    amount: Money
    own_bank: bool
    urgency: Urgency
    execution_date: date | None


def unsent(db: Connection, tenant: str, instruction: str) -> Unsent | None:
    """The payment; None where it has left, has ended, or is not there."""
    rows = _PAYMENT.rows(db, {"of_tenant": tenant, "of_id": instruction})
    if not rows or State(rows[0].state) not in BEFORE_SENDING:
        return None
    row = rows[0]
    return Unsent(
        amount=Money(row.amount_minor, currency(row.currency)),
        own_bank=bool(row.own_bank),
        urgency=Urgency(row.urgency),
        execution_date=date.fromisoformat(row.execution_date) if row.execution_date else None,
    )


def proposal(payment: Unsent, dated: Dated, now: datetime) -> Document:
    """Its execution day, and the channel that would take it first, at ``now`` or on that day."""
    at = now
    if payment.execution_date is not None and payment.execution_date > now.date():
        at = datetime.combine(payment.execution_date, time(), tzinfo=now.tzinfo)
    facts = RouteFacts(
        amount=payment.amount, own_bank=payment.own_bank, at=at, urgency=payment.urgency
    )
    standing = dated.calendars.calendar().day(at.date())
    return {
        "asked_at": now.isoformat(),
        "execution_day": day_document(standing, CN_STATE_COUNCIL),
        **route_document(dated.routes.choose(facts)),
    }
