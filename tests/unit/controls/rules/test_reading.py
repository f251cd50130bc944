"""A control document is read whole, told all its faults, and written back as the same bytes."""

from __future__ import annotations

import json
import tomllib
from datetime import date

import pytest

from gateway.controls.rules.reading import DocumentRefused, canonical, content, digest, read
from tests.unit.controls.rules.sample import content as sample


def faults(**changes):
    with pytest.raises(DocumentRefused) as caught:
        read(sample(**changes))
    assert all(one.zh and one.en for one in caught.value.faults)
    return {(one.path, one.code) for one in caught.value.faults}


def test_written_and_read_again_it_is_the_same():
    document = read(sample())
    assert read(content(document)) == document
    assert read(json.loads(canonical(document))) == document
    assert canonical(read(json.loads(canonical(document)))) == canonical(document)


def test_the_digest_is_of_what_it_says_not_of_how_it_is_spelt():
    usual = digest(read(sample()))
    turned = dict(reversed(sample().items()))
    turned["payroll_viewers"] = ["releaser", "erp", "checker"]  # a set, in another order
    turned["quorums"] = {"resolve": 2}  # what it would be anyway
    assert digest(read(turned)) == usual
    assert digest(read(sample(quorums={"resolve": 3}))) != usual
    assert len(usual) == 64


def test_amounts_are_decimal_text_in_their_currency():
    document = read(
        sample(
            limits=[
                {"id": "y", "of": "tenant", "span": "day", "currency": "JPY", "amount": "500"},
                {"id": "k", "of": "tenant", "span": "day", "currency": "KWD", "amount": "0.005"},
                {"id": "c", "of": "tenant", "span": "day", "currency": "CNY", "amount": "0.50"},
            ]
        )
    )
    assert [one.amount_minor for one in document.limits] == [500, 5, 50]
    written = content(document)["limits"]
    assert [one["amount"] for one in written] == ["500", "0.005", "0.50"]
    assert [band.up_to for band in document.matrix[2].bands] == [100_000, 5_000_000, None]


def test_days_may_be_toml_dates():
    table = tomllib.loads('[[people]]\nname = "wang"\nsince = 2026-01-01\nuntil = "2026-12-31"')
    person = read(sample(people=table["people"])).people[0]
    assert (person.since, person.until) == (date(2026, 1, 1), date(2026, 12, 31))
    assert person.display == "wang"


def test_all_faults_are_told_at_once_each_with_its_place():
    found = faults(
        format="controls/2",
        peple=[],
        people=[{"name": "wang", "until": "soon"}, {"name": " li"}],
        roles=[{"name": "r", "permissions": [{"rights": ["aprove"], "deny": True}]}],
        quorums={"controls": 1},
    )
    assert found == {
        ("/format", "unknown_word"),
        ("/peple", "unknown_member"),
        ("/people/0/until", "date"),
        ("/people/1/name", "text"),
        ("/roles/0/permissions/0/rights", "unknown_word"),
        ("/roles/0/permissions/0/deny", "unknown_member"),
        ("/quorums/controls", "number"),
    }


LIMIT = {"id": "x", "of": "tenant", "span": "day", "currency": "CNY", "amount": "1.00"}
PLAN = {"company": "c1", "item": "A", "period": "2026", "currency": "CNY", "amount": "1"}
GIVEN = {"giver": "li", "taker": "wang", "since": "2026-09-01", "until": "2026-09-30"}


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"people": {}}, "/people", "rows"),
        ({"people": ["wang"]}, "/people/0", "table"),
        ({"people": [{}]}, "/people/0/name", "text"),
        ({"people": [{"name": "a\u200bb"}]}, "/people/0/name", "text"),
        ({"people": [{"name": "e\u0301"}]}, "/people/0/name", "text"),
        ({"people": [{"name": "x" * 65}]}, "/people/0/name", "text"),
        ({"people": [{"name": 7}]}, "/people/0/name", "text"),
        ({"people": [{"name": "a", "since": "2026-9-1"}]}, "/people/0/since", "date"),
        ({"people": [{"name": "a", "since": 20260901}]}, "/people/0/since", "date"),
        (
            {"people": [{"name": "a", "since": "2026-02-02", "until": "2026-02-01"}]},
            "/people/0/until",
            "until_before_since",
        ),
        ({"assignments": [{"person": "a"}]}, "/assignments/0/role", "text"),
        (
            {"assignments": [{"person": "a", "role": "b", "companies": []}]},
            "/assignments/0/companies",
            "names",
        ),
        (
            {"assignments": [{"person": "a", "role": "b", "companies": ["c", "c"]}]},
            "/assignments/0/companies",
            "repeated",
        ),
        (
            {"assignments": [{"person": "a", "role": "b", "companies": ["c", "*"]}]},
            "/assignments/0/companies",
            "any_and_names",
        ),
        ({"delegations": [GIVEN | {"until": None}]}, "/delegations/0/until", "required"),
        ({"exclusive": [{"name": "x", "roles": ["one"]}]}, "/exclusive/0/roles", "too_few"),
        ({"exclusive": [{"name": "x", "roles": ["*"]}]}, "/exclusive/0/roles", "too_few"),
        ({"limits": [LIMIT | {"amount": 100}]}, "/limits/0/amount", "amount"),
        ({"limits": [LIMIT | {"amount": "1.005"}]}, "/limits/0/amount", "amount"),
        ({"limits": [LIMIT | {"amount": "0.00"}]}, "/limits/0/amount", "amount"),
        ({"limits": [LIMIT | {"amount": "-1.00"}]}, "/limits/0/amount", "amount"),
        ({"limits": [LIMIT | {"amount": "1e3"}]}, "/limits/0/amount", "amount"),
        ({"limits": [LIMIT | {"currency": "RMB"}]}, "/limits/0/currency", "currency"),
        ({"limits": [LIMIT | {"span": "week"}]}, "/limits/0/span", "unknown_word"),
        ({"limits": [LIMIT | {"businesses": ["gift"]}]}, "/limits/0/businesses", "unknown_word"),
        ({"plan": [PLAN | {"period": "2026-13"}]}, "/plan/0/period", "period"),
        ({"plan": [PLAN | {"period": "2026-02-30"}]}, "/plan/0/period", "period"),
        ({"plan": [PLAN | {"period": "2026-Q1"}]}, "/plan/0/period", "period"),
        ({"quorums": {"resolve": 1}}, "/quorums/resolve", "number"),
        ({"quorums": {"resume": 1}}, "/quorums/resume", "number"),
        ({"payees": {"cooling_hours": -1}}, "/payees/cooling_hours", "number"),
        ({"payees": {"cooling_hours": True}}, "/payees/cooling_hours", "number"),
        ({"payees": {"first_payment": "yes"}}, "/payees/first_payment", "flag"),
        ({"payees": []}, "/payees", "table"),
        (
            {"lifts": [{"rule": "altered", "steps": [{"role": "a"}]}]},
            "/lifts/0/rule",
            "unknown_word",
        ),
        ({"lifts": [{"rule": "listed", "steps": []}]}, "/lifts/0/steps", "required"),
        (
            {"lifts": [{"rule": "listed", "steps": [{"role": "a", "right": "approve"}]}]},
            "/lifts/0/steps/0/right",
            "unknown_word",
        ),
        ({"payroll_viewers": "all"}, "/payroll_viewers", "names"),
        ({"a/b": 1}, "/a~1b", "unknown_member"),
    ],
)
def test_every_kind_of_fault_is_told(changes, path, code):
    assert faults(**changes) == {(path, code)}


def rule(*bands, currency="CNY"):
    return {"matrix": [{"id": "r", "currency": currency, "bands": list(bands)}]}


ONE = [{"role": "checker"}]


@pytest.mark.parametrize(
    ("bands", "path", "code"),
    [
        ([], "/matrix/0/bands", "band_gap"),
        ([{"up_to": "5.00", "steps": ONE}], "/matrix/0/bands/0/up_to", "band_gap"),
        ([{"steps": []}, {"steps": ONE}], "/matrix/0/bands/0/up_to", "band_overlap"),
        (
            [{"up_to": "5.00"}, {"up_to": "5.00"}, {"steps": ONE}],
            "/matrix/0/bands/1/up_to",
            "band_overlap",
        ),
        ([{"steps": [{"role": "a", "people": 0}]}], "/matrix/0/bands/0/steps/0/people", "number"),
        ([{"steps": [{"role": "a", "people": 7}] * 2}], "/matrix/0/bands/0/steps", "too_many"),
        (
            [{"steps": [{"role": "a", "right": "view"}]}],
            "/matrix/0/bands/0/steps/0/right",
            "unknown_word",
        ),
    ],
)
def test_bands_leave_no_gap_and_do_not_overlap(bands, path, code):
    assert faults(**rule(*bands)) == {(path, code)}


def test_bands_ask_for_one_currency():
    bands = [{"up_to": "5.00"}, {"steps": ONE}]
    assert faults(**rule(*bands, currency="*")) == {
        ("/matrix/0/bands/0/up_to", "band_without_currency")
    }
