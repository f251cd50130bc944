"""A tenant without a document lives as it always did, by the same rules' code."""

from __future__ import annotations

import pytest

from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.document import HoldRule, Right
from gateway.controls.rules.facts import TENANT, Place
from gateway.controls.rules.policy import STRAIGHT_THROUGH, from_policy
from gateway.controls.rules.reading import content, read
from gateway.controls.rules.votes import Ballot
from gateway.domain.decision import Action, Actor, ActorKind
from gateway.ports.tenancy import Policy
from tests.unit.controls.rules.sample import HASH, MAIN, TODAY, cast, facts

PEOPLE = ("li", "wang", "zhao")
HERE = Place(company="c1", account=MAIN, business="payment")


def rules(**policy):
    return Rules(from_policy(Policy(**policy), PEOPLE))


def test_straight_through_is_named():
    judged = rules().judge(facts(maker="machine:sap", erp="sap"), TODAY, TODAY)
    assert judged.make.allowed
    assert judged.requirement.straight_through
    assert judged.requirement.rule == STRAIGHT_THROUGH
    assert judged.counters == ()


@pytest.mark.parametrize(
    ("release", "hold", "needed"), [(1, 1, 1), (2, 1, 2), (1, 2, 2), (3, 2, 3), (0, 2, 0)]
)
def test_as_many_people_as_the_settings_say(release, hold, needed):
    made = rules(release_people=release, hold_people=hold)
    steps = made.judge(facts(), TODAY, TODAY).requirement.steps
    assert sum(step.people for step in steps) == needed
    (lift,) = made.hold(HoldRule.DUPLICATE).steps
    assert lift.people == max(release, hold, 1)


def test_everybody_with_a_key_decides_but_the_maker():
    made = rules(release_people=2)
    asked = facts(maker="person:zhao")
    ballot = Ballot(
        requirement=made.matrix.requirement(asked),
        makers=made.makers(asked, TODAY),
        place=asked.place(),
        digest=HASH,
    )
    assert made.polls.next_people(ballot, [], TODAY) == ("li", "wang")
    assert not made.polls.count(ballot, [cast("li"), cast("zhao")], TODAY).complete
    assert made.polls.count(ballot, [cast("li"), cast("wang")], TODAY).complete


def test_two_resolve_whatever_the_settings_say():
    for people, needed in ((0, 2), (2, 2), (3, 3)):
        (step,) = rules(resolve_people=people).quorum(Right.RESOLVE).steps
        assert step.people == needed
    made = rules()
    ballot = Ballot(
        requirement=made.quorum(Right.RESOLVE),
        makers=frozenset({"machine:sap"}),
        place=HERE,
        digest=HASH,
    )
    votes = [cast(name, action=Action.RESOLVE_REJECTED) for name in ("li", "wang")]
    assert made.polls.count(ballot, votes, TODAY).complete


@pytest.mark.parametrize("right", list(Right))
def test_people_may_all_that_keys_could(right):
    made = rules()
    for place in (HERE, TENANT, Place(company="c1", account=MAIN, business="payroll")):
        assert made.may(Actor(kind=ActorKind.PERSON, name="li"), right, place, TODAY).allowed
    assert not made.may(Actor(kind=ActorKind.PERSON, name="eve"), right, HERE, TODAY).allowed


def test_machines_make_and_cancel_and_never_decide():
    made = rules()
    machine = Actor(kind=ActorKind.MACHINE, name="any")
    for right, allowed in ((Right.MAKE, True), (Right.CANCEL, True), (Right.APPROVE, False)):
        assert made.may(machine, right, HERE, TODAY).allowed is allowed


def test_it_can_be_exported_as_a_document_to_begin_with():
    for policy in (Policy(), Policy(release_people=2)):
        document = from_policy(policy, PEOPLE)
        assert read(content(document)) == document
