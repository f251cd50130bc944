"""A document that contradicts itself, or that too few people could fulfil, is refused whole."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.controls.rules.checks import check, faults
from gateway.controls.rules.reading import DocumentRefused
from tests.unit.controls.rules.sample import CONTENT, GROUND, MAIN, OTHER, TODAY, content, document

MATRIX, ROLES = CONTENT["matrix"], CONTENT["roles"]


def found(ground=GROUND, **changes):
    told = faults(document(**changes), ground, TODAY)
    assert all(one.zh and one.en for one in told)
    return {(one.path, one.code) for one in told}


def extended(name, *rows):
    return {name: [*content()[name], *rows]}


def test_the_sample_holds_together():
    assert not found()
    check(document(), GROUND, TODAY)


def test_every_one_may_be_meant_where_it_says_which():
    role = {"role": "checker"}
    every = {"companies": ["*"], "accounts": ["*"], "erps": ["*"]}
    assert not found(
        assignments=[one | {"companies": ["*"]} for one in CONTENT["assignments"]],
        machines=[{"name": "*", "roles": ["erp"]}],
        planned=["*"],
        matrix=[every | {"id": "all", "bands": [{"steps": [role | {"role": "*"}]}]}],
    )


def test_a_faulty_one_is_refused():
    with pytest.raises(DocumentRefused) as caught:
        check(document(**extended("people", {"name": "wang"})), GROUND, TODAY)
    assert [one.path for one in caught.value.faults] == ["/people/6"]


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        (extended("people", {"name": "*"}), "/people/6/name", "reserved"),
        (extended("roles", ROLES[0]), "/roles/4", "repeated"),
        (extended("limits", CONTENT["limits"][0]), "/limits/3", "repeated"),
        (extended("plan", CONTENT["plan"][0]), "/plan/1", "repeated"),
        (extended("lifts", CONTENT["lifts"][1]), "/lifts/2", "repeated"),
        (
            extended("assignments", {"person": "nobody", "role": "checker"}),
            "/assignments/6/person",
            "not_there",
        ),
        (
            extended("assignments", {"person": "past", "role": "boss"}),
            "/assignments/6/role",
            "not_there",
        ),
        (
            extended("assignments", {"person": "past", "role": "erp", "companies": ["c9"]}),
            "/assignments/6/companies",
            "not_there",
        ),
        (extended("machines", {"name": "k3", "roles": ["erp"]}), "/machines/1/name", "not_there"),
        (extended("machines", {"name": "u8", "roles": ["x"]}), "/machines/1/roles", "not_there"),
        ({"exclusive": [{"name": "x", "roles": ["erp", "x"]}]}, "/exclusive/0/roles", "not_there"),
        ({"payroll_viewers": ["x"]}, "/payroll_viewers", "not_there"),
        ({"payroll_viewers": ["*"]}, "/payroll_viewers", "not_there"),
        (
            extended("assignments", {"person": "*", "role": "erp"}),
            "/assignments/6/person",
            "not_there",
        ),
        (
            extended("assignments", {"person": "past", "role": "*"}),
            "/assignments/6/role",
            "not_there",
        ),
        (extended("machines", {"name": "u8", "roles": ["*"]}), "/machines/1/roles", "not_there"),
        (
            {"plan": [CONTENT["plan"][0] | {"company": "*"}]},
            "/plan/0/company",
            "not_there",
        ),
        ({"planned": ["c9"]}, "/planned", "not_there"),
        (
            {"matrix": [MATRIX[2] | {"erps": ["k3"]}, *MATRIX]},
            "/matrix/3",
            "repeated",
        ),
        (
            extended(
                "limits",
                CONTENT["limits"][0] | {"id": "x", "subjects": ["622299"]},
            ),
            "/limits/3/subjects",
            "not_there",
        ),
        (
            extended(
                "limits",
                {**CONTENT["limits"][2], "id": "x", "subjects": ["wang"]},
            ),
            "/limits/3/subjects",
            "not_there",
        ),
        (
            extended(
                "limits",
                {**CONTENT["limits"][2], "id": "x", "of": "tenant", "subjects": ["c1"]},
            ),
            "/limits/3/subjects",
            "not_there",
        ),
    ],
)
def test_names_exist_and_stand_for_one_thing(changes, path, code):
    assert (path, code) in found(**changes)


def test_an_account_belongs_to_the_company_it_is_named_with():
    role = {
        "name": "x",
        "permissions": [{"rights": ["view"], "companies": ["c1"], "accounts": [MAIN, OTHER]}],
    }
    told = faults(document(**extended("roles", role)), GROUND, TODAY)
    assert [one.code for one in told] == ["account_of_another"]
    assert OTHER not in told[0].en + told[0].zh, "no full account number in a fault"


def test_an_unknown_account_is_not_repeated_in_full():
    role = {"name": "x", "permissions": [{"rights": ["view"], "accounts": ["622200009999"]}]}
    (told,) = faults(document(**extended("roles", role)), GROUND, TODAY)
    assert told.code == "not_there"
    assert "622200009999" not in told.en + told.zh
    assert "9999" in told.en


def given(**changes):
    usual = {"giver": "wang", "taker": "chen", "since": "2027-01-01", "until": "2027-01-31"}
    return {"delegations": [usual | changes]}


def test_nobody_holds_two_duties_that_exclude_each_other():
    both = extended("assignments", {"person": "maker", "role": "checker"})
    assert found(**both) == {("/people/0", "duties_exclude")}


def test_a_delegation_counts_and_so_does_a_later_day():
    (told,) = faults(document(**given()), GROUND, TODAY)
    assert (told.path, told.code) == ("/people/3", "duties_exclude")
    assert "2027-01-01" in told.en
    assert not found(**given(since="2026-01-01", until="2026-02-01")), "that is over"
    assert not found(**given(taker="li")), "the same duty may be delegated"
    assert not found(**given(taker="past", since="2026-01-01")), "past is not active any more"


def test_nobody_delegates_to_oneself():
    assert ("/delegations/0/taker", "to_oneself") in found(**given(taker="wang"))


def without(name, *people):
    return {name: [one for one in content()[name] if one["person"] not in people]}


def test_a_matrix_step_has_enough_different_people():
    assert found(**without("assignments", "zhou")) == {("/matrix/2/bands/2", "too_few_people")}


def test_people_of_two_duties_are_placed_where_they_are_needed():
    """chen could take either step; the checker's falls to wang."""
    steps = [{"role": "checker"}, {"role": "releaser", "right": "release"}]
    assigned = [
        {"person": "chen", "role": "checker"},
        {"person": "chen", "role": "releaser"},
        {"person": "wang", "role": "checker"},
    ]
    told = found(
        matrix=[{"id": "both", "bands": [{"steps": steps}]}], assignments=assigned, exclusive=[]
    )
    assert not told
    assert found(
        matrix=[{"id": "both", "bands": [{"steps": steps}]}],
        assignments=assigned[:2],
        exclusive=[],
    ) >= {("/matrix/0/bands/0", "too_few_people")}


def test_whoever_makes_payments_may_still_change_the_controls():
    roles = content()["roles"]
    roles[1]["permissions"].append({"rights": ["make"]})
    told = found(roles=roles)
    assert ("/quorums/resolve", "too_few_people") in told
    assert ("/quorums/controls", "too_few_people") not in told


def test_somebody_who_is_not_active_does_not_count():
    people = [one | ({"until": "2026-09-14"} if one["name"] == "zhou" else {}) for one in PEOPLE]
    assert found(people=people) == {("/matrix/2/bands/2", "too_few_people")}
    people = [one | ({"until": "2026-09-15"} if one["name"] == "zhou" else {}) for one in PEOPLE]
    assert not found(people=people)


PEOPLE = CONTENT["people"]


def test_a_delegate_does_not_make_up_for_too_few():
    given_on = {"giver": "chen", "taker": "past", "since": "2026-01-01", "until": "2026-12-31"}
    people = [one | {"until": None} for one in PEOPLE]
    few = without("assignments", "zhou", "past")
    assert ("/matrix/2/bands/2", "too_few_people") in found(
        people=people, delegations=[given_on], **few
    )


def test_whoever_may_be_the_maker_does_not_count():
    roles = [
        *ROLES[:2],
        {
            "name": "releaser",
            "permissions": [*ROLES[2]["permissions"], {"rights": ["make"], "accounts": [MAIN]}],
        },
        ROLES[3],
    ]
    told = faults(document(roles=roles), GROUND, TODAY)
    assert [(one.path, one.code) for one in told] == [("/matrix/2/bands/2", "too_few_people")]
    assert "1111" in told[0].en
    assert "2222" not in told[0].en, "elsewhere releasers may not make"


def test_every_hold_has_somebody_who_lifts_it():
    lifts = CONTENT["lifts"]
    assert found(lifts=lifts[:1]) == {("/lifts", "too_few_people")}
    assert found(lifts=[{"rule": "*", "steps": [{"role": "checker"}]}]) == {
        ("/lifts/0", "too_few_people")
    }, "a checker may lift duplicates only"
    two = [lifts[0], {"rule": "*", "steps": [{"role": "releaser", "people": 3}]}]
    assert found(lifts=two) == {("/lifts/1", "too_few_people")}


def test_a_rule_that_cannot_hold_needs_nobody_to_lift_it():
    lifts = [
        {"rule": rule, "steps": [{"role": "releaser"}]}
        for rule in ("duplicate", "erp_altered", "listed", "cutoff", "limit", "quota")
    ]
    assert not found(lifts=lifts, payees={})
    assert found(lifts=lifts, payees={"netbank_paid": True}) == {("/lifts", "too_few_people")}


def test_payroll_that_may_be_made_needs_people_who_may_see_it():
    told = faults(document(payroll_viewers=["erp"]), GROUND, TODAY)
    assert told
    assert all("payroll" in one.en for one in told)
    nobody_pays_wages = [
        {"name": "erp", "permissions": [{"rights": ["*"], "businesses": ["payment"]}]}
    ]
    roles = [*ROLES[:3], *nobody_pays_wages]
    assert not found(roles=roles, payroll_viewers=[])


def test_the_controls_can_always_be_changed_again():
    assert found(quorums={"controls": 3}) == {("/quorums/controls", "too_few_people")}
    assert found(quorums={"resume": 3}) == {("/quorums/resume", "too_few_people")}
    assert found(quorums={"resolve": 3}) == {("/quorums/resolve", "too_few_people")}


def test_what_no_rule_matches_needs_the_strictest_and_people_for_it():
    named = [MATRIX[2] | {"companies": ["c1"]}]
    assert not found(matrix=named)
    rights = ["view", "approve", "reject", "lift:*", "resolve", "resume", "controls"]
    roles = [
        ROLES[0],
        {"name": "checker", "permissions": [{"rights": rights}]},
        {"name": "releaser", "permissions": [{"rights": ["release"], "companies": ["c1"]}]},
        ROLES[3],
    ]
    lifts = [{"rule": "*", "steps": [{"role": "checker"}]}]
    assert found(matrix=named, roles=roles, lifts=lifts) == {("/matrix", "too_few_people")}


@pytest.mark.parametrize(
    "matrix", [[], [MATRIX[0]]], ids=["no matrix", "straight through for some only"]
)
def test_nothing_passes_only_because_no_rule_was_written(matrix):
    assert found(matrix=matrix) == {("/matrix", "too_few_people")}


def test_another_currency_is_no_way_around_the_bands():
    ground = replace(GROUND, accounts={MAIN: ("c1", "USD")})
    assert not found(ground, limits=[])
    told = faults(document(matrix=[MATRIX[0]], limits=[]), ground, TODAY)
    assert told
