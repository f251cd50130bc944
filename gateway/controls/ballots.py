"""What people decide under a document: each open hold is a question of its own.

Rule kept here: a vote counts for every hold its person may lift, and only for holds that had been
found when it was given. What no row names (a payment held where it was about to leave) needs the
approval of the matrix anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import Row

from gateway.controls.holds import APPROVAL, Hold
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.document import ANY, HoldRule, Right, Step
from gateway.controls.rules.facts import Facts
from gateway.controls.rules.matrix import Origin, Requirement
from gateway.controls.rules.votes import Ballot, Cast, Tally
from gateway.domain.decision import Action, Vote
from gateway.domain.errors import NotPermitted
from gateway.store.instants import from_us

_ANYBODY: Final = Requirement(
    origin=Origin.HOLD, rule=APPROVAL, steps=(Step(role=ANY, people=1, right=Right.APPROVE),)
)
"""For what is held although the matrix asks for nobody: one person who may approve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A vote and when it was given."""

    vote: Vote
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is to be decided: ``hold`` is None for an outcome. Votes count from ``since_us`` on."""

    ballot: Ballot
    since_us: int
    hold: Hold | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """How far the questions are, in their order."""

    questions: tuple[Question, ...]
    tallies: tuple[Tally, ...]

    @property
    def votes(self) -> int:
        """How many places are taken, over all questions."""
        return sum(it.counted for it in self.tallies)

    @property
    def needed(self) -> int:
        """How many places there are."""
        return sum(step.step.people for it in self.tallies for step in it.steps)

    @property
    def complete(self) -> bool:
        """Whether every question is decided."""
        return all(it.complete for it in self.tallies)

    def decided(self) -> list[tuple[Question, list[str]]]:
        """Questions that are decided, each with the people who decided it."""
        return [
            (question, [f"person:{one.person}" for step in tally.steps for one in step.counted])
            for question, tally in zip(self.questions, self.tallies, strict=True)
            if tally.complete
        ]


def makers_of(row: Row[Any]) -> frozenset[str]:
    """Labels of everybody who stands behind an instruction: none of them may decide on it."""
    others: list[str] = msgspec.json.decode(row.makers, type=list[str]) if row.makers else []
    return frozenset({row.maker, *others})


def releasing(rules: Rules, facts: Facts, row: Row[Any], holds: Sequence[Hold]) -> list[Question]:
    """What must be decided before an instruction that is held may go."""
    # Later than the instant at which it was held: what was voted for before has been used.
    found = holds or [Hold(row.id, 0, APPROVAL, row.reason, row.reason, row.changed_us + 1)]
    return [
        Question(
            ballot=_ballot(lifts(rules, facts, it.rule), facts, row),
            since_us=it.raised_us,
            hold=it,
        )
        for it in found
    ]


def resolving(rules: Rules, facts: Facts, row: Row[Any]) -> list[Question]:
    """What must be decided before people settle an outcome that is not known."""
    return [Question(ballot=_ballot(rules.quorum(Right.RESOLVE), facts, row), since_us=0)]


def lifts(rules: Rules, facts: Facts, rule: str) -> Requirement:
    """What lifts a hold of a rule from this payment."""
    if rule in frozenset(HoldRule):
        return rules.hold(HoldRule(rule))
    needed = rules.matrix.requirement(facts)
    return needed if needed.steps else _ANYBODY


def poll(
    rules: Rules, questions: Sequence[Question], vote: Vote, earlier: Sequence[Given], on: date
) -> Polled:
    """The questions with this vote. Raises NotPermitted when it counts for none of them."""
    tallies: list[Tally] = []
    refusals: list[NotPermitted] = []
    for question in questions:
        casts = _casts(question, vote.action, earlier)
        try:
            tally = rules.polls.check(question.ballot, Cast(vote=vote, day=on), casts)
        except NotPermitted as refusal:
            tally = rules.polls.count(question.ballot, casts, on)
            if not (tally.complete and _may_take_part(rules, question.ballot, vote, on)):
                refusals.append(refusal)
        tallies.append(tally)
    if len(refusals) == len(questions):
        raise refusals[0]
    return Polled(questions=tuple(questions), tallies=tuple(tallies))


def _may_take_part(rules: Rules, ballot: Ballot, vote: Vote, on: date) -> bool:
    """Whether a person may let go what has its votes already, by rules newer than they are."""
    return (
        vote.actor.label() not in ballot.makers
        and vote.content_hash == ballot.digest
        and vote.action in ballot.requirement.actions
        and any(
            rules.may(vote.actor, step.right, ballot.place, on).allowed
            for step in ballot.requirement.steps
        )
    )


def _casts(question: Question, action: Action, earlier: Sequence[Given]) -> list[Cast]:
    """Votes that may count: for the same outcome, given since the question was there."""
    return [
        Cast(vote=it.vote, day=from_us(it.at_us).date())
        for it in earlier
        if it.vote.action is action and it.at_us >= question.since_us
    ]


def count(
    rules: Rules, questions: Sequence[Question], action: Action, earlier: Sequence[Given], on: date
) -> Polled:
    """How far the questions are by the votes that were given."""
    return Polled(
        questions=tuple(questions),
        tallies=tuple(
            rules.polls.count(it.ballot, _casts(it, action, earlier), on) for it in questions
        ),
    )


def _ballot(requirement: Requirement, facts: Facts, row: Row[Any]) -> Ballot:
    return Ballot(
        requirement=requirement,
        makers=makers_of(row),
        place=facts.place(),
        digest=row.digest,
    )
