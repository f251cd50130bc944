"""One answer to "may this actor do this here?", always with the reason."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.document import HoldRule, Right
from gateway.controls.rules.facts import TENANT, Place
from gateway.domain.decision import Actor, ActorKind
from tests.unit.controls.rules.sample import CONTENT, MAIN, OTHER, TODAY, WAGES, content, document

HERE = Place(company="c1", account=MAIN, business="payment")


def actor(name, kind=ActorKind.PERSON):
    return Actor(kind=kind, name=name)


def may(name, right, place=HERE, on=TODAY, *, kind=ActorKind.PERSON, **changes):
    answer = Rules(document(**changes)).may(actor(name, kind), right, place, on)
    assert answer.zh
    assert answer.en
    return answer


def test_a_role_grants_and_is_named():
    answer = may("wang", Right.APPROVE)
    assert answer.allowed
    assert (answer.role, answer.giver) == ("checker", "")
    assert "checker" in answer.en


def test_what_no_role_grants_is_refused_with_the_reason():
    assert "no role held grants 'release'" in may("wang", Right.RELEASE).en
    assert not may("nobody", Right.VIEW).allowed
    assert "does not name" in may("nobody", Right.VIEW).en
    assert "not active" in may("past", Right.RELEASE).en
    assert may("past", Right.RELEASE, on=date(2026, 6, 30)).allowed
    assert may("chen", Right.RELEASE, on=date(2026, 1, 1)).allowed
    assert not may("chen", Right.RELEASE, on=date(2025, 12, 31)).allowed


def test_companies_accounts_and_business_types_hold_together():
    assert may("maker", Right.MAKE).allowed
    elsewhere = may("maker", Right.MAKE, Place(company="c2", account=OTHER, business="payment"))
    assert not elsewhere.allowed
    assert "c2" in elsewhere.en
    assert OTHER not in elsewhere.en + elsewhere.zh
    inside = Place(company="c1", account=MAIN, business="internal")
    assert not may("maker", Right.MAKE, inside).allowed


def limited(**permission):
    roles = [*content()["roles"], {"name": "x", "permissions": [permission]}]
    return {
        "roles": roles,
        "assignments": [{"person": "wang", "role": "x"}],
        "payroll_viewers": ["x"],
    }


def test_one_account_of_many():
    only = limited(rights=["view"], accounts=[WAGES])
    place = Place(company="c1", account=WAGES, business="query")
    assert may("wang", Right.VIEW, place, **only).allowed
    assert not may("wang", Right.VIEW, HERE, **only).allowed
    every = Place(company="c1", business="query")
    assert not may("wang", Right.VIEW, every, **only).allowed, "one account is not all"
    assert not may("wang", Right.VIEW, TENANT, **only).allowed


def test_permissions_of_one_role_do_not_mix():
    role = {
        "name": "x",
        "permissions": [
            {"rights": ["view"], "companies": ["c1"], "businesses": ["query"]},
            {"rights": ["make"], "companies": ["c2"], "businesses": ["payment"]},
        ],
    }
    changes = {
        "roles": [*content()["roles"], role],
        "assignments": [{"person": "wang", "role": "x"}],
    }
    assert not may("wang", Right.MAKE, HERE, **changes).allowed
    assert not may("wang", Right.VIEW, HERE, **changes).allowed
    there = Place(company="c2", account=OTHER, business="payment")
    assert may("wang", Right.MAKE, there, **changes).allowed


def test_rights_to_lift_are_one_per_rule():
    assert may("wang", "lift:duplicate").allowed
    assert not may("wang", "lift:listed").allowed
    for rule in HoldRule:
        assert may("chen", f"lift:{rule}").allowed
    assert not may("chen", Right.APPROVE).allowed, "lift:* lifts holds and does nothing else"


@pytest.mark.parametrize("right", [*Right, "lift:duplicate"])
def test_a_machine_never_decides_whatever_it_is_granted(right):
    asks = {"view", "make", "cancel", "enquire"}
    answer = may("sap", right, kind=ActorKind.MACHINE)
    assert answer.allowed == (right in asks)
    if right not in asks:
        assert "named person" in answer.en


def test_a_machine_that_is_not_named_is_refused_unless_all_are():
    assert not may("u8", Right.MAKE, kind=ActorKind.MACHINE).allowed
    every = [{"name": "*", "roles": ["erp"]}]
    assert may("u8", Right.MAKE, kind=ActorKind.MACHINE, machines=every).allowed
    named = [*every, {"name": "u8", "roles": ["checker"]}]
    assert not may("u8", Right.MAKE, kind=ActorKind.MACHINE, machines=named).allowed


def test_a_policy_is_granted_nothing():
    assert not may("stp", Right.MAKE, kind=ActorKind.POLICY).allowed
    assert not may("wang", Right.APPROVE, kind=ActorKind.POLICY).allowed


PAYROLL = Place(company="c1", account=WAGES, business="payroll")


@pytest.mark.parametrize("right", [Right.VIEW, Right.APPROVE, Right.REJECT, "lift:duplicate"])
def test_payroll_takes_a_role_named_for_it(right):
    assert may("wang", right, PAYROLL).allowed
    hidden = may("wang", right, PAYROLL, payroll_viewers=["releaser"])
    assert not hidden.allowed
    assert "named for payroll" in hidden.en
    assert may("wang", right, HERE, payroll_viewers=["releaser"]).allowed


def test_a_role_named_for_payroll_lends_nothing_to_another():
    """Whoever holds a role named for payroll may only do there what that very role grants."""
    both = [*content()["assignments"], {"person": "wang", "role": "erp"}]
    roles = [*content()["roles"][:3], {"name": "erp", "permissions": [{"rights": ["view"]}]}]
    changes = {"assignments": both, "roles": roles, "payroll_viewers": ["erp"]}
    assert may("wang", Right.VIEW, PAYROLL, **changes).allowed
    assert not may("wang", Right.APPROVE, PAYROLL, **changes).allowed


def test_hidden_payroll_is_asked_for_lists():
    rules = Rules(document(payroll_viewers=["releaser"]))
    assert rules.payroll_hidden(actor("wang"), HERE, TODAY)
    assert not rules.payroll_hidden(actor("chen"), HERE, TODAY)
    assert rules.payroll_hidden(actor("nobody"), HERE, TODAY)


def given(**changes):
    usual = {"giver": "wang", "taker": "maker", "since": "2026-09-10", "until": "2026-09-20"}
    return {"delegations": [usual | changes], "exclusive": []}


def test_a_delegate_acts_for_whom_delegated_and_on_those_days_only():
    answer = may("maker", Right.APPROVE, **given())
    assert answer.allowed
    assert (answer.role, answer.giver) == ("checker", "wang")
    assert "for wang" in answer.en
    for day, allowed in (("09", False), ("10", True), ("20", True), ("21", False)):
        on = date.fromisoformat(f"2026-09-{day}")
        assert may("maker", Right.APPROVE, on=on, **given()).allowed is allowed
    assert not may("maker", Right.APPROVE, **given(roles=["maker"])).allowed


def test_a_delegation_gives_no_more_than_its_giver_has():
    assert not may("maker", Right.RELEASE, **given(giver="past")).allowed
    ended = [
        one | ({"until": "2026-09-14"} if one["person"] == "wang" else {})
        for one in content()["assignments"]
    ]
    assert not may("maker", Right.APPROVE, assignments=ended, **given()).allowed
    only_c2 = [
        one | ({"companies": ["c2"]} if one["person"] == "wang" else {})
        for one in content()["assignments"]
    ]
    assert not may("maker", Right.APPROVE, assignments=only_c2, **given()).allowed


def test_a_delegation_is_not_given_on():
    chain = [
        {"giver": "chen", "taker": "wang", "since": "2026-09-01", "until": "2026-09-30"},
        {"giver": "wang", "taker": "maker", "since": "2026-09-01", "until": "2026-09-30"},
    ]
    changes = {"delegations": chain, "exclusive": []}
    assert may("wang", Right.RELEASE, **changes).allowed
    assert not may("maker", Right.RELEASE, **changes).allowed


def test_duties_that_exclude_each_other_give_their_holder_neither():
    two = [*content()["assignments"], {"person": "wang", "role": "releaser"}]
    for right in (Right.APPROVE, Right.RELEASE):
        answer = may("wang", right, assignments=two)
        assert not answer.allowed
        assert "exclude" in answer.en
    delegated = given(taker="chen") | {"exclusive": CONTENT["exclusive"]}
    assert not may("chen", Right.RELEASE, **delegated).allowed
    assert may("chen", Right.RELEASE, on=date(2026, 9, 21), **delegated).allowed


def test_lists_are_cut_down_to_the_grants():
    rules = Rules(document())
    (grant,) = rules.permissions.grants(actor("maker"), Right.MAKE, TODAY)
    assert grant.companies == {"c1"}
    assert grant.businesses == {"payment"}
    hidden = Rules(document(payroll_viewers=[]))
    for one in hidden.permissions.grants(actor("wang"), Right.VIEW, TODAY):
        assert "payroll" not in one.businesses
    assert rules.permissions.grants(actor("nobody"), Right.VIEW, TODAY) == ()


def test_everybody_with_a_right():
    rules = Rules(document())
    assert list(rules.holding_the_right(Right.APPROVE, HERE, TODAY)) == ["wang", "li"]
    assert list(rules.holding_the_right(Right.RELEASE, HERE, TODAY)) == ["chen", "zhou"]


def test_answers_are_kept_for_each_era_apart():
    """One compiled document answers right on every day, in whatever order they are asked."""
    rules = Rules(document(**given()))
    days = [date(2026, 9, 1) + timedelta(days=number) for number in range(30)]
    for day in [*days, *reversed(days)]:
        inside = date(2026, 9, 10) <= day <= date(2026, 9, 20)
        assert rules.may(actor("maker"), Right.APPROVE, HERE, day).allowed is inside
