"""A directory of bank offices held against what a sender says of the payee's bank."""

from __future__ import annotations

import pytest

from gateway.controls.reference.office_book import OfficeBook
from gateway.domain.bank_office import BankOffice, OfficeStatus
from gateway.domain.instruction import Instruction
from tests.records import replace
from tests.unit.intake.sample import DRAFT, FAKE, OWN_NUMBER, TENANT, codes, judged

SUZHOU = BankOffice(number="105305000001", name="江湖银行股份有限公司苏州分行", city="苏州市")
SHANGHAI = BankOffice(number="105290000002", name="江湖银行上海分行", city="上海")
UNNAMED = BankOffice(number="105290000003", name="江湖银行静安支行")
CLOSED = BankOffice(
    number="105305000004", name="江湖银行旧支行", city="苏州", status=OfficeStatus.CLOSED
)
OWN = BankOffice(number="309290000001", name="本行上海分行", city="上海")
RIVER = BankOffice(number="102290000012", name="大河银行上海分行", city="上海")
BOOK = OfficeBook((SUZHOU, SHANGHAI, UNNAMED, CLOSED, OWN, RIVER))
FAKE_SILENT = replace(FAKE, is_own_bank=lambda *_: None)
"""A bank whose own rule never tells."""


def payer(**agent):
    """The tenant, its account's bank told like that."""
    own = TENANT.accounts[OWN_NUMBER]
    account = own.party.account
    told = replace(account, agent=replace(account.agent, **agent))
    party = replace(own.party, account=told)
    return replace(TENANT, accounts={OWN_NUMBER: replace(own, party=party)})


AREA_KNOWN, CITY_KNOWN = payer(city=""), payer(cnaps="")


def held(**changes):
    """The judgement with the directory loaded; without city unless one is told."""
    tenant = changes.pop("tenant", TENANT)
    changes.setdefault("creditor_city", "")
    return judged(DRAFT, tenant=tenant, offices=BOOK, **changes)


def test_what_the_directory_knows_alike_is_taken_and_stays_as_written():
    with_book, without = judged(DRAFT, offices=BOOK), judged(DRAFT)
    assert isinstance(with_book, Instruction)
    assert with_book == without


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"creditor_agent_cnaps": "105305000099"}, "/creditor_agent_cnaps", "cnaps_unknown"),
        ({"creditor_agent_cnaps": CLOSED.number}, "/creditor_agent_cnaps", "office_closed"),
        (
            {"creditor_agent_name": RIVER.name},
            "/creditor_agent_name",
            "directory_contradiction",
        ),
        (
            {"creditor_agent_cnaps": OWN.number, "creditor_agent_name": "江湖银行苏州分行"},
            "/creditor_agent_name",
            "bank_contradiction",
        ),
    ],
)
def test_a_number_that_is_unknown_closed_or_anothers_is_told_at_its_field(changes, path, code):
    found = held(creditor_city="苏州", **changes)
    assert codes(found) == [(path, code)]
    assert all(fault.zh and fault.en for fault in found)
    without = judged(DRAFT, creditor_city="苏州", **changes)
    if code != "bank_contradiction":
        assert isinstance(without, Instruction), "without a directory nobody could know"


def test_another_office_of_the_same_bank_is_no_contradiction():
    assert isinstance(held(creditor_agent_name=SHANGHAI.name), Instruction)


def test_a_name_nobody_bears_says_nothing_against_the_number():
    assert isinstance(held(creditor_agent_name="江湖银行某个柜台"), Instruction)


def test_own_and_other_are_told_by_the_directory_where_the_bank_rule_is_silent():
    silent = {"creditor_agent_cnaps": "", "creditor_agent_bic": ""}
    found = held(creditor_agent_name=OWN.name, dialect=FAKE_SILENT, **silent)
    assert isinstance(found, Instruction)
    assert found.own_bank
    other = held(creditor_agent_name=SHANGHAI.name, dialect=FAKE_SILENT, **silent)
    assert isinstance(other, Instruction)
    assert not other.own_bank
    unknown = held(creditor_agent_name="别处", dialect=FAKE_SILENT, **silent)
    assert ("/creditor_agent_name", "agent_needed") in codes(unknown)


def test_the_rule_and_the_directory_at_odds_are_told():
    wrong = replace(FAKE_SILENT, is_own_bank=lambda *_: True)
    found = held(dialect=wrong)
    assert ("/creditor_agent_name", "directory_contradiction") in codes(found)


@pytest.mark.parametrize(
    ("office", "local"), [(SUZHOU, False), (SHANGHAI, True)], ids=["elsewhere", "here"]
)
def test_the_city_of_the_number_says_whether_it_is_local(office, local):
    found = held(creditor_agent_cnaps=office.number, tenant=CITY_KNOWN)
    assert isinstance(found, Instruction)
    assert found.local is local
    assert found.creditor.account.agent.city == "", "what is sent stays as it was written"


def test_the_area_of_the_number_says_it_where_our_own_is_known():
    assert held(creditor_agent_cnaps=UNNAMED.number, tenant=AREA_KNOWN).local
    assert not held(tenant=AREA_KNOWN).local
    assert not held().local, "the area is asked before the city"


def test_what_the_sender_says_of_the_city_stands():
    assert held(creditor_city="上海").local
    assert held(creditor_city="上海", tenant=AREA_KNOWN).local is False, "our city is not known"


def test_where_neither_tells_the_city_it_is_asked_for_as_ever():
    found = held(creditor_agent_cnaps=UNNAMED.number, tenant=CITY_KNOWN)
    assert codes(found) == [("/creditor_city", "local_unknown")]
    told = held(creditor_agent_cnaps=UNNAMED.number, tenant=CITY_KNOWN, default_local=False)
    assert told.local is False


def test_the_name_of_another_bank_is_needed_as_ever():
    assert codes(held(creditor_agent_name="")) == [("/creditor_agent_name", "agent_name_needed")]
