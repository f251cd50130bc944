"""Who would have to approve a payment, as names and as sentences."""

from __future__ import annotations

from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.document import HoldRule
from gateway.controls.rules.explaining import explain, lifting
from tests.unit.controls.rules.sample import MAIN, OTHER, TODAY, document, facts

RULES = Rules(document())


def told(rules=RULES, **changes):
    found = explain(rules, facts(**changes), TODAY, TODAY)
    assert len(found.zh) == len(found.en)
    assert MAIN not in "".join(found.zh + found.en), "no full account number"
    return found


def test_steps_people_and_order():
    found = told()
    assert [one.step.role for one in found.steps] == ["checker", "releaser"]
    assert [[it.name for it in one.candidates] for one in found.steps] == [
        ["wang", "li"],
        ["chen", "zhou"],
    ]
    assert found.en[-2].startswith("First 1 of role 'checker'")
    assert found.en[-1].startswith("Then 2 of role 'releaser'")
    assert "王复核、李复核" in found.zh[-2]
    assert "60000.00" in found.en[0]
    assert {one.rule for one in found.counters} == {"one", "day", "hand"}


def test_straight_through_says_so():
    found = told(amount_minor=1)
    assert found.requirement.straight_through
    assert "nobody has to approve" in found.en[-1]
    assert "直通" in found.zh[-1]


def test_the_maker_is_not_a_candidate():
    assert [it.name for it in told(maker="person:wang").steps[0].candidates] == ["li"]


def test_who_may_not_make_it_is_told():
    found = told(company="c2", account=OTHER)
    assert not found.make.allowed
    assert "may not make it" in found.en[1]


def test_a_delegate_is_named_with_whom_it_is_for():
    given = {"giver": "wang", "taker": "zhou", "since": "2026-09-01", "until": "2026-09-30"}
    rules = Rules(document(delegations=[given], exclusive=[]))
    names = [(it.name, it.giver) for it in told(rules).steps[0].candidates]
    assert names == [("wang", ""), ("li", ""), ("zhou", "wang")]
    assert "（代 wang）" in told(rules).zh[-2]
    by_wang = told(rules, maker="person:wang").steps[0].candidates
    assert [it.name for it in by_wang] == ["li"], "not in the maker's place either"


def test_what_no_rule_matches_and_what_nobody_can_pass():
    assert "strictest" in told(currency="USD").en[1]
    assert "nobody can approve" in told(Rules(document(matrix=[]))).en[1]


def test_a_hold_names_who_can_lift_it():
    en, zh = lifting(RULES, HoldRule.DUPLICATE, facts(maker="person:wang"), TODAY)
    assert "possible duplicate" in en
    assert "李复核" in en
    assert "王复核" not in en + zh, "wang made it"
    assert "疑似重复" in zh
    assert "陈授权、周授权" in lifting(RULES, HoldRule.LISTED, facts(), TODAY)[1]
