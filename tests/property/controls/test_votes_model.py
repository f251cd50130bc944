"""Whatever people do, a payment passes only as a naive model says that it may.

The model looks everything up by walking the document's lists, and tries every way in which votes
could take steps: slow, and simple enough to be read as the rule itself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.document import (
    Assignment,
    ControlDocument,
    Delegation,
    Exclusive,
    Machine,
    Permission,
    Person,
    Role,
    Step,
)
from gateway.controls.rules.facts import Place
from gateway.controls.rules.matrix import Origin, Requirement
from gateway.controls.rules.votes import Ballot, Cast
from gateway.domain.decision import Action, Actor, ActorKind, Vote
from gateway.domain.errors import NotPermitted

NAMES = ("ann", "bob", "cid", "dan", "eve")
ROLES = ("checker", "releaser")
START = date(2026, 9, 15)
PLACE = Place(company="c1", account="1", business="payment")
PEOPLE = st.sampled_from(NAMES)
STEPS = st.lists(
    st.builds(Step, role=st.sampled_from(ROLES), people=st.integers(1, 2)), min_size=1, max_size=2
)
DAYS = st.integers(0, 4).map(lambda days: START + timedelta(days=days))
SCOPES = st.sampled_from([frozenset({"*"})] * 4 + [frozenset({"c1"}), frozenset({"c2"})])
OFTEN_NONE = st.none() | st.none() | st.none() | DAYS
ASSIGNMENTS = st.builds(
    Assignment,
    person=PEOPLE,
    role=st.sampled_from(ROLES),
    companies=SCOPES,
    since=OFTEN_NONE,
    until=OFTEN_NONE,
)


class Naive:
    """The rule itself, told in the plainest way."""

    def __init__(self, document: ControlDocument) -> None:
        self.document = document

    def own(self, name: str, day: date) -> list[Assignment]:
        return [
            one
            for one in self.document.assignments
            if one.person == name
            and (one.since is None or one.since <= day)
            and (one.until is None or day <= one.until)
        ]

    def held(self, name: str, day: date) -> set[tuple[str, str, frozenset[str]]]:
        """(role, for whom, companies)"""
        found = {(one.role, "", one.companies) for one in self.own(name, day)}
        for one in self.document.delegations:
            if one.taker == name != one.giver and one.since <= day <= one.until:
                found |= {
                    (held.role, one.giver, held.companies)
                    for held in self.own(one.giver, day)
                    if one.roles == {"*"} or held.role in one.roles
                }
        for duty in self.document.exclusive:
            if len({role for role, _, _ in found} & duty.roles) > 1:
                found = {one for one in found if one[0] not in duty.roles}
        return found

    def for_whom(self, name: str, role: str, day: date) -> set[str]:
        return {
            giver
            for one, giver, companies in self.held(name, day)
            if one == role and companies & {"*", "c1"}
        }

    def ways(self, ballot: Ballot, cast: Cast, today: date) -> list[tuple[int, str]]:
        """The steps a vote could count for, and for whom it would be."""
        vote = cast.vote
        if vote.content_hash != ballot.digest or vote.actor.label() in ballot.makers:
            return []
        if vote.actor.kind is not ActorKind.PERSON or vote.action is not Action.APPROVE:
            return []
        return [
            (number, giver)
            for number, step in enumerate(ballot.requirement.steps)
            for giver in self.for_whom(vote.actor.name, step.role, cast.day)
            if f"person:{giver}" not in ballot.makers
            and "" in self.for_whom(giver or vote.actor.name, step.role, today)
        ]

    def most(self, ballot: Ballot, casts: list[Cast], today: date) -> int:
        """How many votes can count at once, in no order."""
        choices = [[None, *self.ways(ballot, cast, today)] for cast in casts]
        return max(
            (
                sum(one is not None for one in chosen)
                for chosen in product(*choices)
                if self.sound(ballot, casts, chosen)
            ),
            default=0,
        )

    def sound(self, ballot, casts, chosen) -> bool:
        """Whether these votes can all count: nobody twice, no step overfull."""
        taken = [
            (cast.vote.actor.name, *one)
            for cast, one in zip(casts, chosen, strict=True)
            if one is not None
        ]
        acting = [name for voter, _, giver in taken for name in {voter, giver or voter}]
        numbers = [number for _, number, _ in taken]
        return len(acting) == len(set(acting)) and all(
            numbers.count(number) <= step.people
            for number, step in enumerate(ballot.requirement.steps)
        )


@lru_cache(maxsize=1)
def compiled(document: ControlDocument) -> Rules:
    return Rules(document)


def agrees(document: ControlDocument, ballot: Ballot, casts: list[Cast], today: date) -> None:
    """Every vote that counts may count, nobody acts twice, and no vote is wasted."""
    tally = compiled(document).polls.count(ballot, casts, today)
    naive = Naive(document)
    acting = []
    for number, progress in enumerate(tally.steps):
        assert len(progress.counted) <= progress.step.people
        for one in progress.counted:
            acting += {one.person, one.giver or one.person}
            assert any(
                (number, one.giver) in naive.ways(ballot, cast, today)
                for cast in casts
                if cast.vote.actor.name == one.person
            ), "a vote counts that does not"
    assert len(acting) == len(set(acting)), "somebody acts twice"
    assert not {f"person:{name}" for name in acting} & ballot.makers
    if tally.complete:
        needed = sum(step.people for step in ballot.requirement.steps)
        assert len({one.person for it in tally.steps for one in it.counted}) == needed
    most = naive.most(ballot, casts, today)
    if ballot.requirement.ordered:
        assert tally.counted <= most
    else:
        assert tally.counted == most


def document_of(assignments, delegations=(), *, exclusive=False) -> ControlDocument:
    return ControlDocument(
        people=tuple(Person(name=name, display=name) for name in NAMES),
        roles=tuple(
            Role(name=role, display=role, permissions=(Permission(rights=frozenset({"*"})),))
            for role in ROLES
        ),
        machines=(Machine(name="*", roles=ROLES),),
        assignments=tuple(assignments),
        delegations=tuple(delegations),
        exclusive=(Exclusive(name="x", roles=frozenset(ROLES)),) if exclusive else (),
    )


DELEGATIONS = st.builds(
    Delegation,
    giver=PEOPLE,
    taker=PEOPLE,
    roles=st.sampled_from([frozenset({"*"}), frozenset({"checker"})]),
    since=st.just(START),
    until=DAYS,
)
CASTS = st.builds(
    Cast,
    vote=st.builds(
        Vote,
        actor=st.builds(
            Actor, kind=st.sampled_from([ActorKind.PERSON] * 9 + [ActorKind.MACHINE]), name=PEOPLE
        ),
        action=st.sampled_from([Action.APPROVE] * 9 + [Action.REJECT]),
        content_hash=st.sampled_from(["0" * 64] * 9 + ["f" * 64]),
        reason=st.just(""),
    ),
    day=st.sampled_from([START, START, START + timedelta(days=1)]),
)


@settings(max_examples=300, deadline=None)
@given(
    steps=STEPS,
    ordered=st.booleans(),
    maker=st.sampled_from(["person:ann", "person:bob", "machine:ann"]),
    assignments=st.lists(ASSIGNMENTS, min_size=4, max_size=8),
    delegations=st.lists(DELEGATIONS, max_size=3),
    exclusive=st.booleans(),
    casts=st.lists(CASTS, min_size=2, max_size=6),
    today=DAYS,
)
def test_whatever_votes_there_are_the_model_counts_the_same(
    *, steps, ordered, maker, assignments, delegations, exclusive, casts, today
):
    ballot = Ballot(
        requirement=Requirement(origin=Origin.MATRIX, steps=tuple(steps), ordered=ordered),
        makers=frozenset({maker}),
        place=PLACE,
        digest="0" * 64,
    )
    agrees(document_of(assignments, delegations, exclusive=exclusive), ballot, casts, today)


class Releasing(RuleBasedStateMachine):
    """One payment, its votes, and a document that changes under it."""

    @initialize(
        steps=STEPS,
        ordered=st.booleans(),
        maker=st.sampled_from(["person:ann", "person:bob", "machine:ann"]),
        assignments=st.lists(ASSIGNMENTS, min_size=4, max_size=10),
        exclusive=st.booleans(),
    )
    def begin(self, steps, ordered, maker, assignments, exclusive):
        self.today, self.edits, self.casts = START, 0, []
        self.ballot = Ballot(
            requirement=Requirement(origin=Origin.MATRIX, steps=tuple(steps), ordered=ordered),
            makers=frozenset({maker}),
            place=PLACE,
            digest="0" * 64,
        )
        self.document = document_of(assignments, exclusive=exclusive)

    @property
    def in_force(self) -> Rules:
        return compiled(self.document)

    @rule(
        name=PEOPLE,
        kind=st.sampled_from([ActorKind.PERSON] * 5 + [ActorKind.MACHINE]),
        action=st.sampled_from([Action.APPROVE] * 5 + [Action.REJECT]),
        stale=st.sampled_from([False] * 5 + [True]),
    )
    def vote(self, name, kind, action, stale):
        """Somebody votes; it is kept only where the rules take it, as they would in the product."""
        if len(self.casts) >= 6:  # the model tries every way
            return
        over = "f" * 64 if stale else self.ballot.digest
        actor = Actor(kind=kind, name=name)
        cast = Cast(
            vote=Vote(actor=actor, action=action, content_hash=over, reason=""), day=self.today
        )
        before = self.in_force.polls.count(self.ballot, self.casts, self.today)
        try:
            after = self.in_force.polls.check(self.ballot, cast, self.casts)
        except NotPermitted:
            if not self.ballot.requirement.ordered:
                naive = Naive(self.document)
                told = naive.most(self.ballot, [*self.casts, cast], self.today)
                assert told == before.counted, "a vote was refused that would have counted"
        else:
            assert kind is ActorKind.PERSON
            assert not stale
            assert actor.label() not in self.ballot.makers
            assert after.counted == before.counted + 1
            self.casts.append(cast)

    @rule(name=PEOPLE)
    def slip_in(self, name):
        """A vote gets in past the check: counting alone must see that it is worth nothing."""
        if len(self.casts) < 6:
            vote = Vote(
                actor=Actor(kind=ActorKind.PERSON, name=name),
                action=Action.APPROVE,
                content_hash=self.ballot.digest,
                reason="",
            )
            self.casts.append(Cast(vote=vote, day=self.today))

    @precondition(lambda self: len(self.casts) > 3)
    @rule()
    def edit(self):
        """What will be sent changes: every vote is void."""
        self.edits += 1
        self.ballot = replace(self.ballot, digest=f"{self.edits:064d}")
        assert not self.in_force.polls.count(self.ballot, self.casts, self.today).counted

    @precondition(lambda self: len(self.casts) > 1)
    @rule(name=PEOPLE)
    def revoke(self, name):
        """Somebody loses every role: none of the votes of that person counts any more."""
        kept = tuple(one for one in self.document.assignments if one.person != name)
        self.document = replace(self.document, assignments=kept)
        tally = self.in_force.polls.count(self.ballot, self.casts, self.today)
        for step in tally.steps:
            assert (name, "") not in {(one.person, one.giver) for one in step.counted}
            assert name not in {one.giver for one in step.counted}

    @rule(assignment=ASSIGNMENTS)
    def assign(self, assignment):
        if len(self.document.assignments) < 12:
            self.document = replace(
                self.document, assignments=(*self.document.assignments, assignment)
            )

    @rule(giver=PEOPLE, taker=PEOPLE, since=DAYS, until=DAYS, every=st.booleans())
    def delegate(self, giver, taker, since, until, every):
        if len(self.document.delegations) < 3:
            roles = frozenset({"*"}) if every else frozenset({"checker"})
            made = Delegation(giver=giver, taker=taker, roles=roles, since=since, until=until)
            self.document = replace(self.document, delegations=(*self.document.delegations, made))

    @rule()
    def sleep(self):
        self.today += timedelta(days=1)

    @invariant()
    def nobody_passes_it_who_may_not(self):
        if hasattr(self, "ballot"):
            agrees(self.document, self.ballot, self.casts, self.today)

    @invariant()
    def steps_in_order_are_done_in_order(self):
        if not hasattr(self, "ballot") or not self.ballot.requirement.ordered:
            return
        tally = self.in_force.polls.count(self.ballot, self.casts, self.today)
        when = {}
        for place, cast in enumerate(self.casts):
            when.setdefault(cast.vote.actor.name, []).append(place)
        for before, after in zip(tally.steps, tally.steps[1:], strict=False):
            if after.counted:
                assert not before.missing
                last_before = max(min(when[one.person]) for one in before.counted)
                assert all(max(when[one.person]) > last_before for one in after.counted)


TestReleasing = Releasing.TestCase
TestReleasing.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
