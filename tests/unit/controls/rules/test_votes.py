"""Votes: bound to content, never the maker's, nobody twice, in order where order is asked."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.document import HoldRule, Right, Step
from gateway.controls.rules.facts import TENANT
from gateway.controls.rules.matrix import Origin, Requirement
from gateway.controls.rules.votes import Ballot, Counted
from gateway.domain.decision import Action, ActorKind
from gateway.domain.errors import NotPermitted
from tests.unit.controls.rules.sample import (
    CONTENT,
    HASH,
    RELEASER,
    TODAY,
    cast,
    content,
    document,
    facts,
)

RULES = Rules(document())
GIVEN = {"giver": "wang", "taker": "li", "since": "2026-09-01", "until": "2026-09-30"}


def ballot(rules=RULES, requirement=None, **changes):
    asked = facts(**changes)
    return Ballot(
        requirement=requirement or rules.matrix.requirement(asked),
        makers=rules.makers(asked, TODAY),
        place=asked.place(),
        digest=HASH,
    )


def counted(*casts, on=TODAY, rules=RULES, asked=None, **changes):
    tally = rules.polls.count(asked or ballot(rules, **changes), casts, on)
    return tally.counted, tally.complete


def refused(vote, *earlier, rules=RULES, asked=None, **changes):
    with pytest.raises(NotPermitted) as caught:
        rules.polls.check(asked or ballot(rules, **changes), vote, earlier)
    assert caught.value.zh
    return caught.value.en


# 60,000 needs a checker, then two releasers, in this order.


def test_in_order_step_by_step():
    asked, done = ballot(), []
    for name, complete in (("li", False), ("zhou", False), ("chen", True)):
        tally = RULES.polls.check(asked, cast(name), done)
        done.append(cast(name))
        assert tally.complete is complete
    first, second = tally.steps
    assert first.counted == (Counted(person="li", giver=""),)
    assert [one.person for one in second.counted] == ["zhou", "chen"]


def test_a_step_waits_for_the_one_before_it():
    assert "role 'checker' has to approve first" in refused(cast("chen"))
    assert counted(cast("chen"), cast("zhou")) == (0, False)
    tally = RULES.polls.count(ballot(), [], TODAY)
    assert [one.open for one in tally.steps] == [True, False]
    assert [one.missing for one in tally.steps] == [1, 2]


def test_who_may_vote_next():
    assert RULES.polls.next_people(ballot(), [], TODAY) == ("wang", "li")
    assert RULES.polls.next_people(ballot(), [cast("li")], TODAY) == ("chen", "zhou")
    done = [cast("li"), cast("chen")]
    assert RULES.polls.next_people(ballot(), done, TODAY) == ("zhou",)
    assert RULES.polls.next_people(ballot(), [*done, cast("zhou")], TODAY) == ()


ANYBODY = Requirement(origin=Origin.MATRIX, rule="x", steps=(Step(role="*", people=2),))
TWO_CHECKERS = Requirement(origin=Origin.MATRIX, rule="x", steps=(Step(role="checker", people=2),))


def test_the_maker_never_counts():
    made_by_wang = ballot(requirement=TWO_CHECKERS, maker="person:wang")
    assert "maker and checker" in refused(cast("wang"), asked=made_by_wang)
    assert counted(cast("wang"), cast("li"), asked=made_by_wang) == (1, False)
    assert RULES.polls.next_people(made_by_wang, [], TODAY) == ("li",)


def test_nobody_counts_twice():
    asked = ballot(requirement=TWO_CHECKERS)
    assert "already" in refused(cast("li"), cast("li"), asked=asked)
    assert counted(cast("li"), cast("li"), asked=asked) == (1, False)
    assert counted(cast("li"), cast("li"), cast("wang"), asked=asked) == (2, True)
    assert counted(cast("li"), cast("wang"), asked=asked) == (2, True)


def test_a_person_of_two_duties_takes_one_step_only():
    both = [*content()["assignments"], {"person": "wang", "role": "releaser"}]
    rules = Rules(document(assignments=both, exclusive=[]))
    steps = (Step(role="checker"), Step(role="releaser", right="release"))
    for ordered in (True, False):
        needed = Requirement(origin=Origin.MATRIX, rule="x", steps=steps, ordered=ordered)
        asked = ballot(rules, needed)
        assert "already" in refused(cast("wang"), cast("wang"), rules=rules, asked=asked)
        assert counted(cast("wang"), cast("wang"), rules=rules, asked=asked) == (1, False)


def test_without_order_a_vote_goes_where_it_serves_most():
    both = [*content()["assignments"], {"person": "wang", "role": "releaser"}]
    rules = Rules(document(assignments=both, exclusive=[]))
    steps = (Step(role="checker"), Step(role="releaser", right="release"))
    asked = ballot(rules, Requirement(origin=Origin.MATRIX, rule="x", steps=steps))
    for casts in ([cast("wang"), cast("li")], [cast("li"), cast("wang")]):
        tally = rules.polls.count(asked, casts, TODAY)
        assert tally.complete
        assert [one.counted[0].person for one in tally.steps] == ["li", "wang"]


def test_an_edit_voids_the_votes():
    asked = ballot(requirement=TWO_CHECKERS)
    old = [cast("li", over="b" * 64), cast("wang", over="b" * 64)]
    assert counted(*old, asked=asked) == (0, False)
    assert "content has changed" in refused(cast("li", over="b" * 64), asked=asked)
    assert RULES.polls.check(asked, cast("li"), old).counted == 1, "old votes are no vote"


def test_only_people_vote_and_only_on_what_is_asked():
    asked = ballot(requirement=TWO_CHECKERS)
    machine = cast("li", kind=ActorKind.MACHINE)
    assert "named person" in refused(machine, asked=asked)
    assert counted(machine, cast("wang"), asked=asked) == (1, False)
    other = cast("li", action=Action.REJECT)
    assert "not what is asked" in refused(other, asked=asked)
    assert counted(other, cast("wang"), asked=asked) == (1, False)


def test_a_role_taken_away_counts_no_more():
    asked, votes = ballot(requirement=TWO_CHECKERS), [cast("li"), cast("wang")]
    assert counted(*votes, asked=asked) == (2, True)
    for assignments in (
        [one for one in CONTENT["assignments"] if one["person"] != "li"],
        [
            one | ({"companies": ["c2"]} if one["person"] == "li" else {})
            for one in CONTENT["assignments"]
        ],
        [
            one | ({"until": "2026-09-15"} if one["person"] == "li" else {})
            for one in CONTENT["assignments"]
        ],
    ):
        later = Rules(document(assignments=assignments))
        assert counted(*votes, on=date(2026, 9, 16), rules=later, asked=asked) == (1, False)


def test_a_right_taken_from_the_role_counts_no_more():
    roles = content()["roles"]
    roles[1]["permissions"] = [{"rights": ["view"]}]
    later = Rules(document(roles=roles))
    asked = ballot(requirement=TWO_CHECKERS)
    assert counted(cast("li"), cast("wang"), rules=later, asked=asked) == (0, False)


def test_somebody_without_the_role_is_told_what_it_takes():
    assert "no role held grants 'approve'" in refused(cast("zhou"), amount_minor=4_000_000)
    asked = ballot(requirement=Requirement(origin=Origin.MATRIX, steps=(Step(role="releaser"),)))
    assert "role 'releaser'" in refused(cast("li"), asked=asked)
    assert "nothing is left" in refused(
        cast("wang"), cast("li"), asked=ballot(amount_minor=4_000_000)
    )


# ── delegation ──────────────────────────────────────────────────────────────────────────────


def delegated(*rows, exclusive=(), **changes):
    return Rules(document(delegations=list(rows), exclusive=list(exclusive), **changes))


TO_ZHOU = GIVEN | {"taker": "zhou"}


def test_a_delegates_vote_says_for_whom():
    rules = delegated(TO_ZHOU)
    tally = rules.polls.check(ballot(rules, amount_minor=4_000_000), cast("zhou"), [])
    assert tally.complete
    assert tally.steps[0].counted == (Counted(person="zhou", giver="wang"),)


def test_whoever_has_the_role_acts_in_the_own_right():
    rules = delegated(GIVEN)
    tally = rules.polls.check(ballot(rules, amount_minor=4_000_000), cast("li"), [])
    assert tally.steps[0].counted == (Counted(person="li", giver=""),)


def test_a_delegate_never_makes_maker_and_checker_one():
    rules = delegated(TO_ZHOU)
    by_wang = ballot(rules, TWO_CHECKERS, maker="person:wang")
    refused(cast("zhou"), rules=rules, asked=by_wang)
    assert counted(cast("zhou"), rules=rules, asked=by_wang) == (0, False)
    by_zhou = ballot(rules, TWO_CHECKERS, maker="person:zhou")
    assert "maker and checker" in refused(cast("zhou"), rules=rules, asked=by_zhou)
    assert counted(cast("zhou"), rules=rules, asked=by_zhou) == (0, False)


def test_who_had_it_made_does_not_check_it():
    rules = delegated(GIVEN | {"giver": "maker", "taker": "zhou"})
    roles = rules.makers(facts(maker="person:zhou"), TODAY)
    assert roles == {"person:zhou", "person:maker"}


def test_giver_and_delegate_are_one_person():
    rules = delegated(TO_ZHOU)
    asked = ballot(rules, TWO_CHECKERS)
    for casts in ([cast("zhou"), cast("wang")], [cast("wang"), cast("zhou")]):
        assert counted(*casts, rules=rules, asked=asked) == (1, False)
        assert "has not acted" in refused(casts[1], casts[0], rules=rules, asked=asked)
    assert counted(cast("zhou"), cast("li"), rules=rules, asked=asked) == (2, True)


def test_one_giver_with_two_delegates_is_one_vote():
    rules = delegated(TO_ZHOU, GIVEN | {"taker": "chen"})
    asked = ballot(rules, TWO_CHECKERS)
    assert counted(cast("zhou"), cast("chen"), rules=rules, asked=asked) == (1, False)


def test_a_delegate_of_two_givers_is_one_vote():
    rules = delegated(TO_ZHOU, TO_ZHOU | {"giver": "li"})
    asked = ballot(rules, TWO_CHECKERS)
    assert counted(cast("zhou"), cast("zhou"), rules=rules, asked=asked) == (1, False)


def test_a_delegation_that_ran_out_keeps_what_was_done_under_it():
    rules = delegated(TO_ZHOU)
    asked = ballot(rules, TWO_CHECKERS)
    vote = cast("zhou", day=date(2026, 9, 30))
    assert counted(vote, on=date(2026, 10, 9), rules=rules, asked=asked) == (1, False)
    late = cast("zhou", day=date(2026, 10, 1))
    assert counted(late, on=date(2026, 10, 9), rules=rules, asked=asked) == (0, False)


def test_a_delegation_ends_with_the_givers_own_role():
    without = [one for one in CONTENT["assignments"] if one["person"] != "wang"]
    rules = delegated(TO_ZHOU, assignments=without)
    assert counted(cast("zhou"), rules=rules, asked=ballot(rules, TWO_CHECKERS)) == (0, False)


def test_exclusive_duties_at_the_time_of_the_vote():
    rules = delegated(TO_ZHOU, exclusive=CONTENT["exclusive"])
    asked = ballot(rules, TWO_CHECKERS)
    assert counted(cast("zhou"), rules=rules, asked=asked) == (0, False)
    assert "exclude" in refused(cast("zhou"), rules=rules, asked=asked)


# ── holds and quorums ───────────────────────────────────────────────────────────────────────


def test_one_vote_counts_for_every_hold_its_person_may_lift():
    approval = ballot(amount_minor=4_000_000)
    duplicate = ballot(requirement=RULES.hold(HoldRule.DUPLICATE))
    listed = ballot(requirement=RULES.hold(HoldRule.LISTED))
    vote = cast("li")
    assert [counted(vote, asked=it)[1] for it in (approval, duplicate, listed)] == [
        True,
        True,
        False,
    ]


def test_an_unknown_outcome_takes_two_who_may_resolve():
    asked = ballot(requirement=RULES.quorum(Right.RESOLVE))
    settled = [cast(name, action=Action.RESOLVE_SETTLED) for name in ("li", "chen", "wang")]
    assert counted(*settled[:2], asked=asked) == (1, False)
    assert counted(*settled, asked=asked) == (2, True)
    assert counted(cast("li"), cast("wang"), asked=asked) == (0, False), "an approval is none"


def test_the_controls_are_changed_by_those_with_the_right_to():
    asked = Ballot(
        requirement=RULES.quorum(Right.CONTROLS),
        makers=frozenset({"person:li"}),
        place=TENANT,
        digest=HASH,
    )
    assert counted(cast("li"), cast("wang"), asked=asked) == (1, False)
    assert RULES.polls.next_people(asked, [], TODAY) == ("wang",)


def test_nothing_asked_is_complete():
    assert counted(amount_minor=5) == (0, True)
    assert RELEASER["right"] == "release"
