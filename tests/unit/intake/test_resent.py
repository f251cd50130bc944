"""The same words get the same answer, whatever was imported since and whatever day it is."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from gateway.domain.bank_office import BankOffice, OfficeStatus
from gateway.domain.errors import InvalidInstruction, ReusedReference
from gateway.intake.accept import Caller, Intake
from gateway.ports.tenancy import Policy
from gateway.store import tables
from tests.controls_ground import HERE, SAP, Desk
from tests.records import replace
from tests.store_ground import bench
from tests.unit.intake.sample import DRAFT, FAKE

NUMBER = DRAFT.creditor_agent_cnaps


class Book:
    """A directory of one office."""

    def __init__(self, office: BankOffice | None) -> None:
        self.office = office

    def by_number(self, number: str) -> BankOffice | None:
        return self.office if self.office and self.office.number == number else None

    def by_exact_name(self, name: str) -> tuple[BankOffice, ...]:
        return (self.office,) if self.office and self.office.name == name else ()


class Offices(SimpleNamespace):
    """What was imported last: ``now``."""

    async def ready(self):
        return self.now


@pytest.fixture
def desk():
    with bench() as at:
        desk = Desk(at, None)
        desk.book = Offices(now=None)
        desk.intake = Intake(at.store, at.runtime, {"fake": FAKE}, desk.releaser, offices=desk.book)
        desk.bulk._intake = desk.intake
        yield desk


def post(desk, *, key="", body="", tenant=HERE, **changes):
    # Without a city only the directory, or the tenant's default, tells whether it is local.
    draft = replace(DRAFT, **({"creditor_city": ""} | changes))
    caller = Caller(tenant=tenant, actor=SAP, erp="sap")
    return asyncio.run(desk.intake.accept(caller, draft, key=key, body_digest=body))


LOCAL = "105290000013"
"""A number whose digits 4 to 7 are those of the payer's own bank."""
IN_THE_SAME_CITY = Book(BankOffice(number=LOCAL, name=DRAFT.creditor_agent_name, city="上海"))
CLOSED = Book(BankOffice(number=NUMBER, name=DRAFT.creditor_agent_name, status=OfficeStatus.CLOSED))
WITHOUT_IT = Book(None)


@pytest.mark.parametrize("book", [CLOSED, WITHOUT_IT])
def test_a_directory_that_refuses_it_now_does_not_hide_that_it_was_accepted(desk, book):
    first = post(desk)
    desk.book.now = book
    assert post(desk) == first
    with pytest.raises(InvalidInstruction):
        post(desk, erp_reference="another")
    with pytest.raises(InvalidInstruction):
        post(desk, amount="9.00")
    assert len(desk.at.rows(tables.instruction)) == 1


def test_another_finding_of_the_city_is_not_another_content(desk):
    first = post(desk, creditor_agent_cnaps=LOCAL)
    desk.book.now = IN_THE_SAME_CITY
    draft = replace(DRAFT, creditor_city="", creditor_agent_cnaps=LOCAL)
    examined = desk.intake.examine(Caller(tenant=HERE, actor=SAP, erp="sap"), draft)
    assert examined.digest() != first.digest, "what is derived now differs"
    assert post(desk, creditor_agent_cnaps=LOCAL) == first
    with pytest.raises(ReusedReference) as caught:
        post(desk, creditor_agent_cnaps=LOCAL, amount="9.00")
    assert caught.value.stored_digest == first.digest


def test_settings_that_do_not_tell_the_city_any_more_do_not_hide_it(desk):
    first = post(desk)
    without = replace(HERE, policy=Policy(default_local=None))
    assert post(desk, tenant=without) == first
    with pytest.raises(InvalidInstruction):
        post(desk, tenant=without, erp_reference="another")


def test_a_key_that_is_used_for_it_later_is_remembered(desk):
    first = post(desk)
    desk.book.now = CLOSED
    assert post(desk, key="k", body="d") == first
    assert [row.key for row in desk.at.rows(tables.acceptance)] == ["k"]
    with pytest.raises(ReusedReference) as caught:
        post(desk, key="k", body="e")
    assert caught.value.stored_digest == "d"


def test_its_day_may_have_passed_since(desk):
    first = post(desk, execution_date="2026-09-20")
    desk.at.runtime.clock.pass_time(days=10)
    assert post(desk, execution_date="2026-09-20") == first
    with pytest.raises(InvalidInstruction):
        post(desk, execution_date="2026-09-21")


def test_a_line_of_a_later_call_says_that_it_was_accepted(desk):
    first = post(desk)
    desk.book.now = CLOSED
    plain = replace(DRAFT, creditor_city="")
    other = replace(
        plain, erp_reference="new", creditor_agent_cnaps="", creditor_agent_name="别的银行",
        creditor_city="苏州",
    )  # fmt: skip
    with pytest.raises(InvalidInstruction) as refused:
        desk.batch([plain, replace(plain, erp_reference="never"), replace(other, amount="x")])
    assert [it.code for it in refused.value.faults] == [
        "already_accepted",
        "office_closed",
        "amount_format",
    ]
    assert first.id in refused.value.faults[0].en


def test_a_valid_line_whose_city_is_found_otherwise_has_the_same_content(desk):
    post(desk, creditor_agent_cnaps=LOCAL)
    desk.book.now = IN_THE_SAME_CITY
    line = replace(DRAFT, creditor_city="", creditor_agent_cnaps=LOCAL)
    with pytest.raises(InvalidInstruction) as refused:
        desk.batch([line, replace(line, erp_reference="b", amount="")])
    assert sorted(it.code for it in refused.value.faults) == ["already_accepted", "required"]
