"""The last question before a payment leaves: was it the gateway that released it, and may it still?

Rule kept here: what was written past the gateway has no seal that holds and never leaves; what was
released under rules that have changed since leaves only if its votes suffice under those of now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final, Protocol

from sqlalchemy import bindparam, select

from gateway.controls import ballots, holds
from gateway.controls.ballots import Given
from gateway.controls.by_rules import facts_now
from gateway.controls.holds import APPROVAL, Hold
from gateway.controls.in_force import RulesInForce
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.facts import actor_of
from gateway.domain.decision import Action, Vote
from gateway.lifecycle.release import CANDIDATE, Leaving, candidate_at
from gateway.lifecycle.rows import standing
from gateway.lifecycle.sealing import Sealing, seal, unsealed
from gateway.ports.tenancy import Tenant
from gateway.signing.release_seal import ReleaseSeal
from gateway.store import tables
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

ALTERED: Final = "altered"
_v, _i = tables.vote, tables.instruction
_APPROVALS: Final = prepare(
    select(_v.c.instruction, _v.c.actor, _v.c.content_hash, _v.c.reason, _v.c.at_us)
    .where(
        _v.c.tenant == bindparam("of_tenant"),
        among(_v.c.instruction, "of_ids"),
        _v.c.action == Action.APPROVE.value,
    )
    .order_by(_v.c.instruction, _v.c.seq)
)
_ROWS: Final = prepare(
    select(_i).where(_i.c.tenant == bindparam("of_tenant"), among(_i.c.id, "of_ids"))
)


class LeavingGuard(Protocol):
    """A rule that is asked once more of what was released on an earlier day."""

    def at_leaving(
        self, uow: Uow, tenant: Tenant, rules: Rules, names: Sequence[str]
    ) -> Mapping[str, str]:
        """Those of these instructions that must not leave, each with its rule; it holds them."""
        ...


class SendingCheck:
    """What the sender asks of payments that are about to leave."""

    def __init__(
        self,
        seals: ReleaseSeal,
        controls: RulesInForce,
        today: Callable[[], date],
        guards: Sequence[LeavingGuard] = (),
    ) -> None:
        self._seals = seals
        self._controls = controls
        self._today = today
        self._guards = guards

    def refused(self, uow: Uow, tenant: Tenant, leaving: Sequence[Leaving]) -> Mapping[str, str]:
        """Those that must not leave, each with why: ``altered``, a rule, or ``approval`` anew."""
        found = self._altered(uow, tenant.id, leaving)
        now = self._controls.of(uow, tenant)
        older = [it.id for it in leaving if it.version != now.version and it.id not in found]
        if older and now.version:
            short = short_of_votes(uow, tenant, now.rules, older, self._today())
            found |= dict.fromkeys(short, APPROVAL)
        for guard in self._guards if now.version else ():
            others = [it.id for it in leaving if it.id not in found]
            found |= guard.at_leaving(uow, tenant, now.rules, others)
        return found

    def _altered(self, uow: Uow, tenant: str, leaving: Sequence[Leaving]) -> dict[str, str]:
        holds_over = self._seals.holds
        # Whoever was asked of nobody is most of them, and needs no votes to be read.
        by_people = [
            it
            for it in leaving
            if not holds_over(it.seal, tenant, it.id, it.digest, it.version, ())
        ]
        if not by_people:
            return {}
        votes = approvals(uow, tenant, [it.id for it in by_people])
        return {
            it.id: ALTERED
            for it in by_people
            if not holds_over(
                it.seal,
                tenant,
                it.id,
                it.digest,
                it.version,
                approvers(votes.get(it.id, ()), it.digest),
            )
        }


def short_of_votes(
    uow: Uow, tenant: Tenant, rules: Rules, names: Sequence[str], on: date
) -> dict[str, list[str]]:
    """Which of these would not be let go by the votes they have, under these rules.

    By id what their votes do not suffice for: the rules of holds that people lifted, and the
    approval that the matrix asks for now.
    """
    votes = approvals(uow, tenant.id, names)
    short: dict[str, list[str]] = {}
    for row in uow.rows(_ROWS, {"of_tenant": tenant.id, "of_ids": list(names)}):
        columns = [getattr(row, it.name) for it in CANDIDATE]
        facts = facts_now(uow, tenant, candidate_at(standing(row), columns), rules)
        asked = set(holds.lifted_rules(uow, tenant.id, row.id)) - {APPROVAL}
        if rules.matrix.requirement(facts).steps:
            asked.add(APPROVAL)
        if not asked:
            continue
        questions = ballots.releasing(
            rules, facts, row, [Hold(row.id, 0, rule, "", "", 0) for rule in sorted(asked)]
        )
        polled = ballots.count(rules, questions, Action.APPROVE, votes.get(row.id, []), on)
        lacking = [
            rule
            for rule, tally in zip(sorted(asked), polled.tallies, strict=True)
            if not tally.complete
        ]
        if lacking:
            short[row.id] = lacking
    return short


def approvals(uow: Uow, tenant: str, names: Sequence[str]) -> dict[str, list[Given]]:
    """The votes to let these instructions go, by id, in the order in which they were given."""
    found: dict[str, list[Given]] = {}
    values = {"of_tenant": tenant, "of_ids": list(names)}
    for name, actor, digest, reason, at_us in uow.tuples(_APPROVALS, values):
        vote = Vote(
            actor=actor_of(actor), action=Action.APPROVE, content_hash=digest, reason=reason
        )
        found.setdefault(name, []).append(Given(vote=vote, at_us=at_us))
    return found


def approvers(votes: Sequence[Given], digest: str) -> frozenset[str]:
    """Labels of everybody who voted to let this very content go."""
    return frozenset(it.vote.actor.label() for it in votes if it.vote.content_hash == digest)


def seal_older(uow: Uow, seals: ReleaseSeal) -> int:
    """Seal what was released before there were seals, once in a deployment's life; how many."""
    by_tenant: dict[str, dict[str, str]] = {}
    for tenant, name, digest in unsealed(uow):
        by_tenant.setdefault(tenant, {})[name] = seals.of(tenant, name, digest, 0, ())
    for tenant, made in by_tenant.items():
        seal(uow, tenant, Sealing(0, made))
    return sum(map(len, by_tenant.values()))
