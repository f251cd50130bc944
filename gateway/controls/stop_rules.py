"""Who may pull and lift an emergency stop by the rules in force, and how many it takes.

Rule kept here: a stop of an account goes by the rights at that account, any other by those over
the whole tenant. Whoever pulled it may be one of those who lift it: the second person matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.document import Right
from gateway.controls.rules.facts import TENANT, Place, actor_of
from gateway.controls.rules.votes import Ballot, Cast
from gateway.controls.stop_rows import LiftVote, Stop
from gateway.controls.version_rows import day_of
from gateway.domain.decision import Action, Actor, Vote
from gateway.domain.errors import NotFound, NotPermitted
from gateway.lifecycle.stops import StopScope
from gateway.ports.tenancy import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifting:
    """How far lifting a stop is: ``next_people`` are the names of those who may bring it on."""

    needed: int
    counted: int
    next_people: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether it may end."""
        return self.counted >= self.needed


def place_of(tenant: Tenant, scope: StopScope, subject: str) -> Place:
    """Where a stop of something holds."""
    own = tenant.accounts.get(subject) if scope is StopScope.ACCOUNT else None
    return Place(company=own.company, account=subject) if own else TENANT


def require_stop(rules: Rules, actor: Actor, place: Place, on: date) -> None:
    """Raise NotPermitted, or NotFound for an account of which this person may see nothing."""
    answer = rules.may(actor, Right.STOP, place, on)
    if answer.allowed:
        return
    if place is not TENANT and not sees_account(rules, actor, place, on):
        raise NotFound("no such account; nothing was stopped", "停付对象不存在，未拉起任何停付")
    raise NotPermitted(answer.en, answer.zh)


def sees(rules: Rules, tenant: Tenant, actor: Actor, stop: Stop, on: date) -> bool:
    """Whether somebody may be told of a stop: who has anything to do with what it holds back."""
    place = place_of(tenant, stop.scope, stop.subject)
    if place is TENANT:
        return any(rules.permissions.grants(actor, right, on) for right in _CONCERNED)
    return sees_account(rules, actor, place, on)


def sees_account(rules: Rules, actor: Actor, place: Place, on: date) -> bool:
    """Whether somebody may see anything of an account, or stop it, or let it go on."""
    return any(
        grant.reaches(place.company, place.account)
        for right in _CONCERNED
        for grant in rules.permissions.grants(actor, right, on)
    )


def check_vote(rules: Rules, tenant: Tenant, stop: Stop, vote: LiftVote) -> Lifting:
    """How far it is with this vote. Raises NotPermitted naming the rule that forbids it."""
    ballot = _ballot(rules, tenant, stop)
    rules.polls.check(ballot, _cast(stop, vote), [_cast(stop, it) for it in stop.votes])
    return lifting(rules, tenant, stop, day_of(vote.at), (vote,))


def lifting(
    rules: Rules, tenant: Tenant, stop: Stop, on: date, more: tuple[LiftVote, ...] = ()
) -> Lifting:
    """How far lifting a stop is by the votes that were given, as of a day."""
    ballot = _ballot(rules, tenant, stop)
    casts = [_cast(stop, it) for it in (*stop.votes, *more)]
    opened = stop.lifted_at is None
    return Lifting(
        needed=sum(step.people for step in ballot.requirement.steps),
        counted=rules.polls.count(ballot, casts, on).counted if opened else len(casts),
        next_people=rules.polls.next_people(ballot, casts, on) if opened else (),
    )


def _ballot(rules: Rules, tenant: Tenant, stop: Stop) -> Ballot:
    return Ballot(
        requirement=rules.quorum(Right.RESUME),
        makers=frozenset(),
        place=place_of(tenant, stop.scope, stop.subject),
        digest=stop.id,
    )


def _cast(stop: Stop, vote: LiftVote) -> Cast:
    yes = Vote(
        actor=actor_of(vote.actor),
        action=Action.APPROVE,
        content_hash=stop.id,
        reason=vote.reason,
    )
    return Cast(vote=yes, day=day_of(vote.at))


_CONCERNED = (Right.VIEW, Right.STOP, Right.RESUME)
