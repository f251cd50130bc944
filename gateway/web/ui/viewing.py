"""What a person may see and do, asked of the rules in force; without a document, as keys may.

Rule kept here: what somebody may not see does not exist for them: it is left out of lists and is
not found by its address.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from gateway.bootstrap import Gateway
from gateway.controls.attachments import Attachment, attached
from gateway.controls.resolution_rows import Resolution, resolutions
from gateway.controls.rules.document import Right
from gateway.controls.rules.facts import Place
from gateway.controls.sight import Onlooker, Only, looking_person
from gateway.delivery.standing import held_or_open, instruction_view
from gateway.domain.decision import Actor
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.instants import from_us

View = dict[str, object]
_v = tables.vote


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteSeen:
    """A vote as it is shown."""

    actor: str
    action: str
    reason: str
    at: str
    same: bool
    """Whether it is over the content shown beside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is on file about an outcome. ``documented``: the tenant lives by a document."""

    documented: bool
    files: tuple[Attachment, ...]
    said: tuple[Resolution, ...]


def evidence_of(db: Connection, tenant: str, instruction: str, *, documented: bool) -> Evidence:
    """The evidence of a payment that somebody may see."""
    return Evidence(
        documented=documented,
        files=tuple(attached(db, tenant, instruction)),
        said=tuple(resolutions(db, tenant, instruction)),
    )


@dataclass(frozen=True, slots=True)
class Looking:
    """One person looking at one tenant's payments, within one read."""

    gateway: Gateway
    tenant: Tenant
    actor: Actor

    def listed(self, db: Connection, states: tuple[str, ...]) -> list[View]:
        """Payments in these states that this person may see, with their holds."""
        found = held_or_open(db, self.tenant.id, states, self._only(db))
        return self.gateway.front.holds.told(db, self.tenant, found)

    def payment(self, db: Connection, instruction: str) -> tuple[View, list[VoteSeen]]:
        """One payment with its holds and votes. Raises NotFound, also for what is hidden."""
        view = instruction_view(db, self.tenant.id, instruction, self._only(db))
        (told,) = self.gateway.front.holds.told(db, self.tenant, [view])
        # What is said of an outcome is shown with its evidence.
        of_outcome = {it.digest for it in resolutions(db, self.tenant.id, instruction)}
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
            if row.content_hash not in of_outcome
        ]

    def evidence(self, db: Connection, instruction: str) -> Evidence:
        """What is on file about a payment's outcome; the caller has found it to be seen."""
        documented = self._only(db) is not None
        return evidence_of(db, self.tenant.id, instruction, documented=documented)

    def check(self, db: Connection, right: Right, account: str = "") -> None:
        """Raise NotPermitted, naming the rule, unless this person has a right there."""
        own = self.tenant.accounts.get(account)
        place = Place(company=own.company, account=account) if own else Place()
        self.gateway.front.sight.require(db, self._who, right, place)

    def _only(self, db: Connection) -> Only:
        return self.gateway.front.sight.rows(db, self._who)

    @property
    def _who(self) -> Onlooker:
        return looking_person(self.tenant, self.actor)
