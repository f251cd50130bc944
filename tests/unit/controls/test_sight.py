"""What lists are cut down to is what the one answer to 'may this actor see this?' says."""

from __future__ import annotations

from contextlib import closing
from itertools import product

import pytest
from sqlalchemy import insert, select

from gateway.controls.in_force import InForce
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.document import Business, Right
from gateway.controls.rules.facts import Place
from gateway.controls.rules.permissions import Sent, Viewer
from gateway.controls.rules.reading import read
from gateway.controls.sight import DECIDING, Onlooker, Sight
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotFound, NotPermitted
from gateway.domain.money import CNY, Money
from gateway.domain.statement import Entry
from gateway.store import tables
from gateway.store.engine import sqlite_engine
from tests.controls_ground import StandingRules
from tests.unit.controls.rules.sample import MAIN, OTHER, TODAY, WAGES, content, document
from tests.versions_ground import tenant

_i = tables.instruction
BUSINESSES = ("payment", "payroll", "internal")
ERPS = ("sap", "u8")
COMPANIES = {MAIN: "c1", WAGES: "c1", OTHER: "c2"}
SEEING = [
    {"name": "clerk", "permissions": [{"rights": ["view"], "accounts": [WAGES]}]},
    {"name": "payer", "permissions": [{"rights": ["view"], "businesses": ["payroll"]}]},
    {"name": "asker", "permissions": [{"rights": ["enquire"]}]},
]
PEOPLE = ("maker", "wang", "chen", "past", "clerk", "payer", "asker", "nobody")


def wide():
    it = content(payroll_viewers=["payer", "erp", "releaser"])
    it["roles"] += SEEING
    for name in ("clerk", "payer", "asker"):
        it["people"].append({"name": name, "display": name})
        companies = ["c1"] if name == "payer" else ["*"]
        it["assignments"].append({"person": name, "role": name, "companies": companies})
    return it


def row(number: int, account: str, business: str, erp: str, **more: object) -> dict[str, object]:
    return {
        "tenant": "t1",
        "id": f"ins_{number}",
        "erp": erp,
        "erp_reference": f"R-{number}",
        "digest": "d",
        "maker": "machine:sap",
        "company": COMPANIES[account],
        "connection": "c",
        "debtor_account": account,
        "amount_minor": 100,
        "currency": "CNY",
        "creditor_name": f"N-{number}",
        "creditor_account": f"A-{number}",
        "own_bank": True,
        "local": True,
        "business_type": business,
        "urgency": "normal",
        "pay_day": "2026-09-15",
        "created_us": 0,
        "state": "HELD",
        "version": 1,
        "changed_us": 0,
        "bank_reference": f"B-{number}",
        **more,
    }


ROWS = [
    row(number, *of) for number, of in enumerate(product((MAIN, WAGES, OTHER), BUSINESSES, ERPS))
]


@pytest.fixture(scope="module")
def db():
    engine = sqlite_engine(":memory:")
    tables.metadata.create_all(engine)
    with closing(engine.connect()) as it:
        it.execute(insert(_i), ROWS)
        yield it


def sent(it) -> Sent:
    place = Place(company=it["company"], account=it["debtor_account"], business=it["business_type"])
    return Sent(place, it["erp"])


def sight(document=None) -> Sight:
    return Sight(StandingRules(document), lambda: TODAY)


def looking(name: str, kind=ActorKind.PERSON, erp="") -> Onlooker:
    return Onlooker(tenant=tenant(), viewer=Viewer(Actor(kind=kind, name=name), erp))


LOOKING = [looking(it) for it in PEOPLE] + [looking("sap", ActorKind.MACHINE, it) for it in ERPS]


def listed(db, who, document, rights=(Right.VIEW,)) -> set[str]:
    only = sight(document).rows(db, who, rights)
    return {it.id for it in db.execute(select(_i.c.id).where(only))}


@pytest.mark.parametrize("who", LOOKING, ids=lambda it: f"{it.viewer.actor.name}/{it.viewer.erp}")
def test_a_list_holds_what_the_one_answer_lets_be_seen(db, who):
    rules = Rules(read(wide()))
    expected = {it["id"] for it in ROWS if rules.permissions.sees(who.viewer, sent(it), TODAY)}
    assert listed(db, who, wide()) == expected
    for it in ROWS:
        told = sight(wide())
        if it["id"] in expected:
            told.find(db, who, it["id"])
        else:
            with pytest.raises(NotFound):
                told.find(db, who, it["id"])


def test_the_answers_differ_so_that_the_comparison_says_something(db):
    counts = [len(listed(db, who, wide())) for who in LOOKING]
    assert counts == [4, 12, 18, 0, 4, 4, 0, 0, 15, 15]


def test_a_tenant_without_a_document_shows_what_it_has(db):
    it = sight()
    assert it.rows(db, LOOKING[-3]) is None
    it.find(db, looking("nobody"), "ins_nothing")
    it.batch(db, looking("nobody"), "bat_nothing")
    assert it.accounts(db, looking("nobody")) == list(tenant().accounts.values())
    assert it.everything(db, looking("nobody"))


def test_seen_but_not_permitted_is_told_the_rule_and_hidden_is_not_found(db):
    it, plain, wages = sight(wide()), ROWS[0]["id"], ROWS[2]["id"]
    it.check(db, looking("asker"), plain, Right.ENQUIRE)
    with pytest.raises(NotPermitted, match="enquire"):
        it.check(db, looking("wang"), plain, Right.ENQUIRE)
    for who in ("wang", "asker", "maker"):
        with pytest.raises(NotFound):
            it.check(db, looking(who), wages, Right.ENQUIRE)
    with pytest.raises(NotFound):
        it.find(db, looking("wang"), wages, DECIDING)


def test_accounts_and_what_is_asked_of_them(db):
    it = sight(wide())
    assert [one.number for one in it.accounts(db, looking("clerk"))] == [WAGES]
    assert [one.number for one in it.accounts(db, looking("maker"))] == [MAIN, WAGES]
    assert it.accounts(db, looking("nobody")) == []
    accounts = tenant().accounts
    it.account(db, looking("wang"), accounts[OTHER])
    for who, number in (("clerk", MAIN), ("maker", MAIN), ("payer", WAGES), ("nobody", MAIN)):
        with pytest.raises(NotFound):
            it.account(db, looking(who), accounts[number])


def test_entries_of_wages_are_left_out_of_a_statement(db):
    account = tenant().accounts[MAIN]

    def entry(minor: int = -7, **more) -> Entry:
        return Entry(amount=Money(minor, CNY), **more)

    wages = [
        entry(counterparty_account="A-2"),
        entry(counterparty_name="N-3"),
        entry(-100, counterparty_name="代发工资"),
        entry(100),  # and come back
        entry(reference="B-2", counterparty_account="X"),
    ]
    plain = [
        entry(counterparty_account="A-0"),
        entry(counterparty_name="N-1"),
        entry(),
        entry(-100, counterparty_account="A-0", reference="B-0"),
    ]
    elsewhere = [entry(counterparty_account="A-8")]  # wages, from another account
    whole = [*plain, *wages, *elsewhere]
    it = sight(wide())
    assert it.entries(db, looking("wang"), account, whole) == [*plain, *elsewhere]
    assert it.entries(db, looking("chen"), account, whole) == whole
    other_erp = looking("sap", ActorKind.MACHINE, "u8")
    assert wages[0] not in it.entries(db, other_erp, account, whole)
    assert wages[1] in it.entries(db, other_erp, account, whole)
    assert sight().entries(db, looking("nobody"), account, whole) == whole


def test_every_business_of_a_payment_can_be_granted():
    """A permission for all of them is no condition: one that is new must not slip through."""
    rules = InForce(1, Rules(document())).rules
    (grant, *_) = rules.permissions.grants(Actor(kind=ActorKind.PERSON, name="chen"), "view", TODAY)
    assert {*Business} <= grant.businesses
