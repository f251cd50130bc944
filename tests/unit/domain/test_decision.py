"""n of m named people over exactly what was shown to them."""

from __future__ import annotations

import pytest

from gateway.domain.decision import Action, Actor, ActorKind, Decision, Vote
from gateway.domain.errors import NotPermitted

HASH, OTHER = "a" * 64, "b" * 64
TWO = Decision(
    action=Action.RESOLVE_SETTLED,
    content_hash=HASH,
    needed=2,
    maker="person:maker",
    reason_required=True,
)


def vote(
    name: str,
    *,
    kind: ActorKind = ActorKind.PERSON,
    action: Action = Action.RESOLVE_SETTLED,
    over: str = HASH,
    reason: str = "seen on the statement",
) -> Vote:
    return Vote(actor=Actor(kind=kind, name=name), action=action, content_hash=over, reason=reason)


def refused(decision: Decision, wanted: Vote, *earlier: Vote) -> str:
    with pytest.raises(NotPermitted) as caught:
        decision.check(wanted, earlier)
    assert caught.value.zh
    return caught.value.en


def test_two_different_people():
    TWO.check(vote("li"), [])
    TWO.check(vote("wang"), [vote("li")])
    assert not TWO.complete([])
    assert not TWO.complete([vote("li")])
    assert not TWO.complete([vote("li"), vote("li")]), "one person counts once"
    assert TWO.complete([vote("li"), vote("wang")])


@pytest.mark.parametrize("kind", [ActorKind.MACHINE, ActorKind.POLICY])
def test_only_people_decide(kind):
    assert "named person" in refused(TWO, vote("erp", kind=kind))
    assert not TWO.complete([vote("li"), vote("erp", kind=kind)])


def test_the_maker_never_counts():
    assert "maker" in refused(TWO, vote("maker"))
    assert not TWO.complete([vote("li"), vote("maker")])


def test_a_machine_of_the_makers_name_is_not_the_maker():
    of_machine = Decision(action=Action.APPROVE, content_hash=HASH, needed=1, maker="machine:maker")
    of_machine.check(vote("maker", action=Action.APPROVE), [])
    assert of_machine.complete([vote("maker", action=Action.APPROVE)])


def test_changed_content_makes_votes_worthless():
    assert "content has changed" in refused(TWO, vote("li", over=OTHER))
    assert not TWO.complete([vote("li"), vote("wang", over=OTHER)])
    TWO.check(vote("wang"), [vote("wang", over=OTHER)])  # over the old content is not "already"


@pytest.mark.parametrize("reason", ["", "  ", "\n\t"])
def test_a_reason_is_asked_for(reason):
    assert "reason" in refused(TWO, vote("li", reason=reason))


def test_no_reason_where_none_is_asked_for():
    one = Decision(action=Action.APPROVE, content_hash=HASH, needed=1, maker="person:maker")
    one.check(vote("li", action=Action.APPROVE, reason=""), [])


def test_nobody_decides_twice():
    assert "already" in refused(TWO, vote("li"), vote("li"))


def test_votes_for_another_action_do_not_count():
    assert not TWO.complete([vote("li"), vote("wang", action=Action.RESOLVE_REJECTED)])
    TWO.check(vote("wang"), [vote("wang", action=Action.RESOLVE_REJECTED)])


def test_labels():
    assert Actor(kind=ActorKind.PERSON, name="王").label() == "person:王"
    assert Actor(kind=ActorKind.POLICY, name="stp").label() == "policy:stp"
