"""Who votes on a document sees every row that it changes."""

from __future__ import annotations

import json

import pytest

from gateway.controls.rules.differences import ORDER, differences
from gateway.controls.rules.reading import digest
from tests.unit.controls.rules.sample import CONTENT, content, document

USUAL = document()


def changed(**changes):
    after = document(**changes)
    found = differences(USUAL, after)
    assert bool(found) is (digest(USUAL) != digest(after)), "no change goes unseen"
    return {(one.section, one.name) for one in found}


def test_the_same_document_differs_in_nothing():
    assert not differences(USUAL, document())


def test_rows_are_told_by_name():
    people = [*content()["people"][1:], {"name": "new"}]
    people[0]["display"] = "王"
    found = {one.name: one for one in differences(USUAL, document(people=people))}
    assert set(found) == {"maker", "new", "wang"}
    assert found["maker"].after == ""
    assert found["new"].before == ""
    assert json.loads(found["wang"].before)["display"] == "王复核"
    assert json.loads(found["wang"].after)["display"] == "王"


def test_an_amount_deep_inside_is_seen():
    matrix = content()["matrix"]
    matrix[2]["bands"][0]["up_to"] = "2000.00"
    assert changed(matrix=matrix) == {("matrix", "outside")}


def test_the_order_of_rules_counts():
    assert changed(matrix=CONTENT["matrix"][::-1]) == {("matrix", ORDER)}


@pytest.mark.parametrize(
    ("changes", "section"),
    [
        ({"assignments": CONTENT["assignments"][1:]}, "assignments"),
        ({"assignments": [*CONTENT["assignments"], CONTENT["assignments"][0]]}, "assignments"),
        ({"payroll_viewers": ["erp", "checker"]}, "payroll_viewers"),
        ({"planned": ["c1"]}, "planned"),
        ({"payees": {"first_payment": True, "cooling_hours": 0}}, "payees"),
        ({"quorums": {"resolve": 3}}, "quorums"),
        ({"plan": []}, "plan"),
        ({"lifts": CONTENT["lifts"][1:]}, "lifts"),
        ({"exclusive": []}, "exclusive"),
        ({"machines": []}, "machines"),
    ],
)
def test_every_section_is_compared(changes, section):
    assert {one for one, _ in changed(**changes)} == {section}
