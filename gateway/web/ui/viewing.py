"""What a person may see and do, asked of the rules in force; without a document, as keys may.

Rule kept here: what somebody may not see does not exist for them: it is left out of lists and is
not found by its address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from gateway.bootstrap import Gateway
from gateway.controls.in_force import SETTINGS
from gateway.controls.rules.document import Right
from gateway.controls.rules.facts import Place
from gateway.delivery.standing import held_or_open, instruction_view
from gateway.domain.decision import Actor
from gateway.domain.errors import NotFound, NotPermitted
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.instants import from_us

View = dict[str, object]
_i, _v = tables.instruction, tables.vote


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteSeen:
    """A vote as it is shown."""

    actor: str
    action: str
    reason: str
    at: str
    same: bool
    """Whether it is over the content shown beside it."""


@dataclass(frozen=True, slots=True)
class Looking:
    """One person looking at one tenant's payments, within one read."""

    gateway: Gateway
    tenant: Tenant
    actor: Actor

    def listed(self, db: Connection, states: tuple[str, ...]) -> list[View]:
        """Payments in these states that this person may see, with their holds."""
        found = held_or_open(db, self.tenant.id, states)
        return self.gateway.holds.told(db, self.tenant, self._seen(db, found))

    def payment(self, db: Connection, instruction: str) -> tuple[View, list[VoteSeen]]:
        """One payment with its holds and votes. Raises NotFound, also for what is hidden."""
        view = instruction_view(db, self.tenant.id, instruction)
        shown = self._seen(db, [view])
        if not shown:
            raise NotFound
        (told,) = self.gateway.holds.told(db, self.tenant, shown)
        rows = db.execute(
            select(_v)
            .where(_v.c.tenant == self.tenant.id, _v.c.instruction == instruction)
            .order_by(_v.c.seq)
        )
        return told, [
            VoteSeen(
                actor=row.actor.partition(":")[2],
                action=row.action,
                reason=row.reason,
                at=from_us(row.at_us).strftime("%m-%d %H:%M"),
                same=row.content_hash == told["digest"],
            )
            for row in rows
        ]

    def check(self, db: Connection, right: Right, account: str = "") -> None:
        """Raise NotPermitted, naming the rule, unless this person has a right there."""
        found = self.gateway.controls.seen(db, self.tenant)
        if found.version == SETTINGS:
            return
        own = self.tenant.accounts.get(account)
        place = Place(company=own.company, account=account) if own else Place()
        today = self.gateway.runtime.clock.now().date()
        answer = found.rules.may(self.actor, right, place, today)
        if not answer.allowed:
            raise NotPermitted(answer.en, answer.zh)

    def _seen(self, db: Connection, views: Sequence[View]) -> list[View]:
        found = self.gateway.controls.seen(db, self.tenant)
        if found.version == SETTINGS or not views:
            return list(views)
        today = self.gateway.runtime.clock.now().date()
        rows = db.execute(
            select(_i.c.id, _i.c.debtor_account, _i.c.business_type).where(
                _i.c.tenant == self.tenant.id, _i.c.id.in_([str(it["id"]) for it in views])
            )
        )
        shown = set[str]()
        for row in rows:
            own = self.tenant.accounts.get(row.debtor_account)
            place = Place(
                company=own.company if own else "",
                account=row.debtor_account,
                business=row.business_type,
            )
            if found.rules.may(self.actor, Right.VIEW, place, today).allowed:
                shown.add(row.id)
        return [it for it in views if it["id"] in shown]
