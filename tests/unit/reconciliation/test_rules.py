"""Rule sets: data, checked as a whole."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gateway.domain.errors import Refused
from gateway.reconciliation.rules import PASSES, STANDARD, Points, RuleSet, document_of, rules_of


def test_the_json_form_comes_back_and_names_everything():
    rules = RuleSet(version=7, name="甲", amount_tolerance=5, passes=("keys", "party"))
    assert rules_of(document_of(rules)) == rules
    assert rules_of(b"{}") == STANDARD
    assert b"key_window_days" in document_of(STANDARD)


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        (RuleSet(margin=2000), "margin"),
        (RuleSet(date_window_days=-1), "date_window_days"),
        (RuleSet(passes=("guess",)), "passes"),
        (RuleSet(points=Points(day=10)), "points.day"),
        (RuleSet(threshold=40), "threshold"),
        (RuleSet(points=Points(name_near=5)), "points.name_near"),
        (RuleSet(points=Points(key=-1)), "points.key"),
        (RuleSet(sum_candidates=25), "sum_candidates"),
    ],
)
def test_a_fault_is_named(rules, path):
    with pytest.raises(Refused) as caught:
        rules_of(document_of(rules))
    assert [it.path for it in caught.value.faults] == [path]


@pytest.mark.parametrize("document", [b"", b"[]", b'{"margin": "x"}', b'{"mragin": 3}', b"\xff"])
def test_what_is_no_rule_set_is_refused(document):
    with pytest.raises(Refused):
        rules_of(document)


def test_standard_rules_run_every_pass():
    assert STANDARD.passes == PASSES
    assert replace(STANDARD, version=2) != STANDARD
