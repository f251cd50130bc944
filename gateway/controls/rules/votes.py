"""Counting votes against a requirement.

Rule kept here: a vote counts for the very content it was given on and never for the maker, whether
the maker votes or somebody in the maker's place. Nobody acts twice on one payment: neither with two
roles, nor once in person and once through a delegate. A role that was taken away since the vote
counts no more; a delegation that has run out since does not unmake what was done under it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from gateway.controls.rules.document import Step
from gateway.controls.rules.facts import Place, actor_of, label_of
from gateway.controls.rules.matrix import Requirement
from gateway.controls.rules.permissions import Permissions
from gateway.controls.rules.words import right_words
from gateway.domain.decision import Action, ActorKind, Vote
from gateway.domain.errors import NotPermitted


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """A vote and the day on which it was given."""

    vote: Vote
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """What is voted on: ``digest`` is the content as it stands now.

    ``makers`` are the labels of whoever made it and of whom the maker stood for.
    """

    requirement: Requirement
    makers: frozenset[str]
    place: Place
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A person whose vote counts; ``giver`` is in whose place, or ''."""

    person: str
    giver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one step is. ``open`` is whether a vote for it may be given now."""

    step: Step
    counted: tuple[Counted, ...]
    open: bool

    @property
    def missing(self) -> int:
        """How many people it still takes."""
        return self.step.people - len(self.counted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How far a requirement is, step by step."""

    steps: tuple[Progress, ...]

    @property
    def complete(self) -> bool:
        """Whether every step has its people."""
        return all(not one.missing for one in self.steps)

    @property
    def counted(self) -> int:
        """How many votes count."""
        return sum(len(one.counted) for one in self.steps)


_Seat = tuple[int, str]
"""The number of a step, and in whose place the voter takes it."""
_Taken = dict[str, _Seat]
"""By voter, in the order of the votes."""


class Polls:
    """Counts votes under one document."""

    def __init__(self, permissions: Permissions, people: Sequence[str]) -> None:
        self._permissions = permissions
        self._people = people

    def count(self, ballot: Ballot, casts: Sequence[Cast], on: date) -> Tally:
        """Which steps are done on a day, by the votes in the order in which they were given."""
        offers = [it for it in self._offers(ballot, casts, on) if it[1]][:_OFFERS_MAX]
        if ballot.requirement.ordered:
            taken = _in_order(ballot.requirement.steps, offers)
        else:
            taken = _best(ballot.requirement.steps, offers)
        return _tally(ballot.requirement, taken)

    def check(self, ballot: Ballot, cast: Cast, earlier: Sequence[Cast]) -> Tally:
        """The tally with this vote. Raises NotPermitted naming the rule that forbids it."""
        vote = cast.vote
        if vote.actor.kind is not ActorKind.PERSON:
            raise NotPermitted("only a named person may decide", "只有实名人员可以作出决定")
        if vote.actor.label() in ballot.makers:
            raise NotPermitted("maker and checker must differ", "经办人与复核人不能相同")
        if vote.content_hash != ballot.digest:
            raise NotPermitted(
                "the content has changed since it was shown; read it again",
                "内容已变化，请重新查看后再决定",
            )
        before = self.count(ballot, earlier, cast.day)
        if any(vote.actor.name == it.person for one in before.steps for it in one.counted):
            raise NotPermitted("this person has already decided", "该人员已作出决定")
        after = self.count(ballot, [*earlier, cast], cast.day)
        if after.counted <= before.counted:
            raise self._why_not(ballot, cast, before)
        return after

    def next_people(self, ballot: Ballot, casts: Sequence[Cast], on: date) -> tuple[str, ...]:
        """Everybody whose vote would bring it forward on this day, by name."""
        before = self.count(ballot, casts, on).counted
        actions = sorted(ballot.requirement.actions)
        return tuple(
            name
            for name in self._people
            if self.count(ballot, [*casts, _trial(name, ballot, actions[0], on)], on).counted
            > before
        )

    def _offers(
        self, ballot: Ballot, casts: Sequence[Cast], on: date
    ) -> Iterator[tuple[str, list[_Seat]]]:
        """Each voter with the seats the vote could take."""
        for cast in casts:
            vote = cast.vote
            if (
                vote.actor.kind is ActorKind.PERSON
                and vote.actor.label() not in ballot.makers
                and vote.action in ballot.requirement.actions
                and vote.content_hash == ballot.digest
            ):
                yield vote.actor.name, list(self._seats(ballot, cast, on))

    def _seats(self, ballot: Ballot, cast: Cast, on: date) -> Iterator[_Seat]:
        voter, place = cast.vote.actor.name, ballot.place
        for number, step in enumerate(ballot.requirement.steps):
            for giver in self._permissions.capacities(
                voter, step.role, step.right, place, cast.day
            ):
                principal = giver or voter
                still = self._permissions.capacities(principal, step.role, step.right, place, on)
                if label_of(principal) not in ballot.makers and "" in still:
                    yield number, giver

    def _why_not(self, ballot: Ballot, cast: Cast, before: Tally) -> NotPermitted:
        """Why a vote would not count, in the words of the steps that are still open."""
        missing = [one.step for one in before.steps if one.open and one.missing]
        if not missing:
            return NotPermitted("nothing is left to decide here", "此处已无待决定事项")
        if cast.vote.action not in ballot.requirement.actions:
            return NotPermitted("this is not what is asked", "所作决定与待决事项不符")
        step = missing[0]
        en, zh = right_words(step.right)
        able = {number for number, _ in self._seats(ballot, cast, cast.day)}
        later = {number for number, one in enumerate(before.steps) if one.missing and not one.open}
        if able & later:
            return NotPermitted(
                f"role '{step.role}' has to {en} first", f"须先由岗位“{step.role}”{zh}"
            )
        answer = self._permissions.may(cast.vote.actor, step.right, ballot.place, cast.day)
        if not answer.allowed:
            return NotPermitted(answer.en, answer.zh)
        return NotPermitted(
            f"this step needs role '{step.role}' to {en}, by somebody who has not acted on it",
            f"此步骤须由岗位“{step.role}”{zh}，且本人（含委托人）未参与过本笔",
        )


def _in_order(steps: tuple[Step, ...], offers: list[tuple[str, list[_Seat]]]) -> _Taken:
    """Each vote goes to the first step that is not yet complete, or is idle."""
    taken: _Taken = {}
    for voter, seats in offers:
        filled = [number for number, _ in taken.values()]
        now = next((n for n, step in enumerate(steps) if filled.count(n) < step.people), None)
        seat = next((it for it in seats if it[0] == now and _free(taken, voter, it)), None)
        if seat is not None:
            taken[voter] = seat
    return taken


def _best(steps: tuple[Step, ...], offers: list[tuple[str, list[_Seat]]]) -> _Taken:
    """The seating in which most votes count, earlier votes and earlier steps first."""
    needed = sum(step.people for step in steps)
    best: _Taken = {}
    budget = [_TRIED_MAX]

    def seat(number: int, taken: _Taken) -> None:
        nonlocal best
        if len(taken) > len(best):
            best = dict(taken)
        budget[0] -= 1
        left = len(offers) - number
        if not left or len(best) == needed or len(taken) + left <= len(best) or budget[0] < 0:
            return
        voter, seats = offers[number]
        filled = [step for step, _ in taken.values()]
        for one in seats:
            if filled.count(one[0]) < steps[one[0]].people and _free(taken, voter, one):
                seat(number + 1, {**taken, voter: one})
        seat(number + 1, taken)

    seat(0, {})
    return best


_OFFERS_MAX: Final = 200
_TRIED_MAX: Final = 20_000
"""Votes looked at and seatings tried: past it votes may count for less, never for more."""


def _free(taken: _Taken, voter: str, seat: _Seat) -> bool:
    """Whether neither the voter nor whom the voter stands for has acted yet."""
    acted = taken.keys() | {giver for _, giver in taken.values() if giver}
    return not acted & {voter, seat[1] or voter}


def _tally(requirement: Requirement, taken: _Taken) -> Tally:
    steps: list[Progress] = []
    waiting = False
    for number, step in enumerate(requirement.steps):
        counted = tuple(
            Counted(person=voter, giver=giver)
            for voter, (place, giver) in taken.items()
            if place == number
        )
        done = len(counted) >= step.people
        steps.append(Progress(step=step, counted=counted, open=not done and not waiting))
        waiting = waiting or (requirement.ordered and not done)
    return Tally(steps=tuple(steps))


def _trial(name: str, ballot: Ballot, action: Action, on: date) -> Cast:
    vote = Vote(
        actor=actor_of(label_of(name)), action=action, content_hash=ballot.digest, reason=""
    )
    return Cast(vote=vote, day=on)
