"""Decisions by people: approve or reject what is held, resolve what is UNCONFIRMED.

Under a document its rules say whose votes count; without one the settings say how many it takes.
A vote binds the digest of the content it was shown; maker and checker differ; a machine key
cannot decide. Resolving an unknown outcome takes two people and a reason, never SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Row, select

from gateway.controls import ballots, holds
from gateway.controls.ballots import Given, Polled
from gateway.controls.by_rules import facts_now
from gateway.controls.cancel import DECIDED_ON, STOPPABLE, Withdraw, forget_sending
from gateway.controls.in_force import InForce
from gateway.controls.release import Releaser
from gateway.controls.rules.document import Right
from gateway.controls.rules.facts import Facts
from gateway.controls.vote_rows import given_votes, store_vote
from gateway.domain.decision import Action, Actor, Decision, Vote
from gateway.domain.errors import NotFound, NotPermitted
from gateway.domain.evidence import Evidence
from gateway.domain.instruction import FATE_OPEN, Cause, State
from gateway.domain.outcome import Grade
from gateway.lifecycle.apply import apply, close_cases
from gateway.lifecycle.release import CANDIDATE, Candidate, candidate_at
from gateway.lifecycle.rows import Standing, standing
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.store import Store
from gateway.store.uow import Uow

_i = tables.instruction
_candidate_columns: Final = attrgetter(*(it.name for it in CANDIDATE))
RESOLVED: Final = {
    Action.RESOLVE_SETTLED: State.SETTLED,
    Action.RESOLVE_REJECTED: State.REJECTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a vote brought: how many count, how many are needed, where the instruction stands."""

    action: Action
    votes: int
    needed: int
    complete: bool
    state: State


class Decisions:
    """The use case behind ``POST /v1/instructions/{id}/decisions``."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        releaser: Releaser,
        enquire: Callable[[], None],
        withdraw: Withdraw,
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._releaser = releaser
        self._enquire = enquire
        self._withdraw = withdraw

    async def decide(  # noqa: PLR0913 - keyword-only, what makes a vote
        self,
        *,
        tenant: Tenant,
        actor: Actor,
        instruction: str,
        action: Action,
        content_hash: str,
        reason: str,
    ) -> Decided:
        """Take one person's vote and, when it completes the decision, carry it out.

        The same vote again, word for word, changes nothing and is told what it brought: the
        first answer may have been lost. Raises NotFound, or NotPermitted naming the rule that
        forbids the vote.
        """
        vote = Vote(actor=actor, action=action, content_hash=content_hash, reason=reason)
        decided = await self._store.write(
            lambda uow: self._decide(uow, tenant, instruction, vote), at_once=True
        )
        self._enquire()
        return decided

    def _decide(self, uow: Uow, tenant: Tenant, instruction: str, vote: Vote) -> Decided:
        row = uow.first(DECIDED_ON, {"of_tenant": tenant.id, "of_id": instruction})
        if row is None:
            raise NotFound
        given = given_votes(uow, tenant.id, instruction)
        found = self._releaser.in_force(uow, tenant)
        if found is not None:
            facts = facts_now(uow, tenant, candidate_of(row, standing(row)), found.rules)
            if vote.action in RESOLVED:
                raise NotPermitted(
                    "an outcome is resolved with evidence: attach it and propose a resolution",
                    "认定结果须附凭证：请先上传凭证，再提出认定",
                )
            if vote.action is not Action.REJECT:
                return self._decide_by_rules(uow, tenant, row, vote, given, found, facts)
            self._may_reject(found, facts, row, vote)
        earlier = [it.vote for it in given]
        needed = _needed(tenant, vote.action)
        if vote in earlier:
            told = _decided(vote, earlier, needed, State(row.state))
            if not (told.complete and told.state is State.HELD):  # held anew: a new question
                return told
        decision = self._decision(tenant, row, vote.action)
        decision.check(vote, earlier)
        store_vote(uow, (tenant.id, instruction), vote, len(earlier) + 1, self._now_us())
        votes = [*earlier, vote]
        complete = decision.complete(votes)
        state = self._carry_out(uow, tenant, row, vote) if complete else State(row.state)
        return _decided(vote, votes, needed, state)

    def _decide_by_rules(  # noqa: PLR0913, PLR0917 - what is decided, and by which rules
        self,
        uow: Uow,
        tenant: Tenant,
        row: Row[Any],
        vote: Vote,
        given: Sequence[Given],
        found: InForce,
        facts: Facts,
    ) -> Decided:
        """Approval under a document: its holds are lifted one by one, the last one releases."""
        rules, now, state = found.rules, self._runtime.clock.now(), State(row.state)
        repeated = any(it.vote == vote for it in given)
        if repeated and state is not State.HELD:
            alike = [it.vote for it in given if it.vote.action is vote.action]
            return _decided(vote, alike, len(alike), state)
        self._decision(tenant, row, vote.action)
        open_now = holds.open_holds(uow, tenant.id, row.id)
        questions = ballots.releasing(rules, facts, row, open_now)
        try:
            polled = ballots.poll(rules, questions, vote, given, now.date())
        except NotPermitted:
            if not repeated:
                raise
            polled = ballots.count(rules, questions, vote.action, given, now.date())
            return _told(vote, polled, state)
        store_vote(uow, (tenant.id, row.id), vote, len(given) + 1, to_us(now))
        for question, people in polled.decided():
            if question.hold is not None:
                holds.lift(uow, tenant.id, question.hold, people, to_us(now))
        if polled.complete and not self._passes(uow, tenant, row, found, facts):
            return _told(vote, polled, state, complete=False)
        if polled.complete:
            state = self._carry_out(uow, tenant, row, vote)
        return _told(vote, polled, state)

    def _passes(
        self, uow: Uow, tenant: Tenant, row: Row[Any], found: InForce, facts: Facts
    ) -> bool:
        """Look once more at what is about to be released; what is found now holds it instead."""
        candidate = candidate_of(row, standing(row))
        findings = self._releaser.last_look(uow, tenant, candidate, found, facts)
        if not findings:
            return True
        at_us = to_us(self._runtime.clock.now())
        holds.raise_more(uow, tenant.id, row.id, findings, at_us)
        return False

    def _may_reject(self, found: InForce, facts: Facts, row: Row[Any], vote: Vote) -> None:
        """Raise NotPermitted unless the document lets this person reject this payment."""
        if vote.actor.label() in ballots.makers_of(row):
            raise NotPermitted("maker and checker must differ", "经办人与复核人不能相同")
        today = self._runtime.clock.now().date()
        found.rules.may(vote.actor, Right.REJECT, facts.place(), today).require()

    def _decision(self, tenant: Tenant, row: Row[Any], action: Action) -> Decision:
        """What must come together for this action here, or why it cannot be taken."""
        state, needed = State(row.state), _needed(tenant, action)
        if action is Action.APPROVE:
            if state is not State.HELD:
                raise NotPermitted("it is not held", "该指令未处于挂起状态")
            if row.reason == "altered":
                raise NotPermitted(
                    "the stored content was altered; it can only be rejected",
                    "存储内容被改动，只能否决",
                )
            return Decision(action=action, content_hash=row.digest, needed=needed, maker=row.maker)
        if action is Action.REJECT:
            if state not in STOPPABLE:
                raise NotPermitted("it has left already", "该指令已发送，不能否决")
            return Decision(action=action, content_hash=row.digest, needed=needed, maker=row.maker)
        if state not in FATE_OPEN or state is State.SENDING:
            raise NotPermitted("its outcome is not open", "该指令的结果并非未明")
        return Decision(
            action=action,
            content_hash=row.digest,
            needed=needed,
            maker=row.maker,
            reason_required=True,
        )

    def _now_us(self) -> int:
        return to_us(self._runtime.clock.now())

    def _carry_out(self, uow: Uow, tenant: Tenant, row: Row[Any], vote: Vote) -> State:
        target = {
            Action.APPROVE: State.APPROVED,
            Action.REJECT: State.CANCELLED,
            **RESOLVED,
        }[vote.action]
        evidence = Evidence(
            cause=Cause.TWO_PEOPLE if vote.action in RESOLVED else Cause.PERSON,
            target=target,
            grade=Grade.NONE,
            actor=vote.actor.label(),
            at=self._runtime.clock.now(),
            reason=vote.reason or vote.action.value,
        )
        moved = apply(uow, self._runtime.ids, [standing(row)], evidence).moved
        if not moved:
            raise NotPermitted("it has moved on since", "该指令状态已变化")
        if vote.action is Action.APPROVE:
            now_us = to_us(self._runtime.clock.now())
            holds.lift_all(uow, tenant.id, row.id, [vote.actor.label()], now_us)
            self._releaser.release_approved(uow, tenant, candidate_of(row, moved[0]))
        elif vote.action is Action.REJECT:
            forget_sending(uow, tenant.id, row.id, self._withdraw)
        close_cases(uow, tenant.id, row.id, vote.action.value, to_us(self._runtime.clock.now()))
        now = uow.first(select(_i.c.state).where(_i.c.tenant == tenant.id, _i.c.id == row.id))
        return State(now.state) if now is not None else target


def _needed(tenant: Tenant, action: Action) -> int:
    """How many different people it takes."""
    policy = tenant.policy
    if action is Action.APPROVE:
        return max(policy.hold_people, policy.release_people, 1)
    return 1 if action is Action.REJECT else max(policy.resolve_people, 2)


def _decided(vote: Vote, votes: Sequence[Vote], needed: int, state: State) -> Decided:
    """What a vote brought, it being one of the ``votes``."""
    counted = [
        it for it in votes if (it.action, it.content_hash) == (vote.action, vote.content_hash)
    ]
    return Decided(
        action=vote.action,
        votes=len(counted),
        needed=needed,
        complete=len(counted) >= needed,
        state=state,
    )


def _told(vote: Vote, polled: Polled, state: State, *, complete: bool | None = None) -> Decided:
    """What a vote brought under a document: places taken and places there are."""
    return Decided(
        action=vote.action,
        votes=polled.votes,
        needed=polled.needed,
        complete=polled.complete if complete is None else complete,
        state=state,
    )


def candidate_of(row: Row[Any], now: Standing) -> Candidate:
    """An instruction as the release step sees it."""
    return candidate_at(now, _candidate_columns(row))
