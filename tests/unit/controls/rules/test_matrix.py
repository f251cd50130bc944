"""Which approval a payment needs, to the fen."""

from __future__ import annotations

import pytest

from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.document import HoldRule, PayeeKind, Right
from gateway.controls.rules.matrix import Origin, quorum
from tests.unit.controls.rules.sample import CONTENT, OTHER, document, facts

MATRIX = CONTENT["matrix"]
RULES = Rules(document())


def needed(rules=RULES, **changes):
    return rules.matrix.requirement(facts(**changes))


@pytest.mark.parametrize(
    ("amount", "band", "people"),
    [
        (1, 1, 0),
        (100_000, 1, 0),
        (100_001, 2, 1),
        (5_000_000, 2, 1),
        (5_000_001, 3, 3),
        (10**17, 3, 3),
    ],
)
def test_a_bound_belongs_to_the_band_below(amount, band, people):
    found = needed(amount_minor=amount)
    assert (found.origin, found.rule, found.band) == (Origin.MATRIX, "outside", band)
    assert sum(step.people for step in found.steps) == people
    assert found.straight_through is (people == 0)
    assert found.label == f"matrix:outside/{band}"


def test_the_first_rule_that_matches_holds():
    assert needed(payee=PayeeKind.OWN_COMPANY, known=False).rule == "inside"
    assert needed(known=False).rule == "new"
    assert needed(known=True).rule == "outside"


@pytest.mark.parametrize(
    ("only", "inside", "outside"),
    [
        ({"erps": ["sap"]}, {"erp": "sap"}, {"erp": "u8"}),
        ({"companies": ["c2"]}, {"company": "c2"}, {"company": "c1"}),
        ({"accounts": [OTHER]}, {"account": OTHER}, {}),
        ({"businesses": ["payroll"]}, {"business": "payroll"}, {"business": "payment"}),
        ({"payees": ["person"]}, {"payee": PayeeKind.PERSON}, {}),
        ({"known": False}, {"known": False}, {"known": True}),
        ({"currency": "USD"}, {"currency": "USD"}, {"currency": "CNY"}),
    ],
)
def test_every_condition_narrows(only, inside, outside):
    rule = {"id": "only", "bands": [{"steps": [{"role": "checker"}]}], **only}
    rules = Rules(document(matrix=[rule, *MATRIX]))
    for _ in range(2):  # asked again, it is looked up
        assert needed(rules, **inside).rule == "only"
        assert needed(rules, **outside).rule != "only"


def test_what_no_rule_matches_needs_the_strictest():
    found = needed(currency="USD")
    assert found.origin is Origin.STRICTEST
    assert sum(step.people for step in found.steps) == 3
    assert len(found.steps) == 2


@pytest.mark.parametrize("matrix", [[], MATRIX[:1]])
def test_where_there_is_no_rule_nobody_can_pass_it(matrix):
    found = needed(Rules(document(matrix=matrix)))
    assert found.origin is Origin.NOBODY
    assert not found.straight_through


def test_a_hold_names_its_own_people_or_those_for_all():
    assert [step.role for step in RULES.hold(HoldRule.DUPLICATE).steps] == ["checker"]
    listed = RULES.hold(HoldRule.LISTED)
    assert [(step.role, step.right) for step in listed.steps] == [("releaser", "lift:listed")]
    assert listed.label == "hold:listed"
    nobody = Rules(document(lifts=CONTENT["lifts"][:1])).hold(HoldRule.LISTED)
    assert nobody.origin is Origin.NOBODY
    assert not nobody.straight_through


def test_quorums():
    quorums = document(quorums={"resolve": 3}).quorums
    (step,) = quorum(Right.RESOLVE, quorums).steps
    assert (step.people, step.right) == (3, Right.RESOLVE)
    (step,) = quorum(Right.CONTROLS, quorums).steps
    assert step.people == 2
    with pytest.raises(KeyError):
        quorum(Right.VIEW, quorums)
