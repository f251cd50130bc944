"""对账标识码: made or taken, carried where the bank has room, no reason for a second payment."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace as changed

from adapters.bank.cib import DIALECT as CIB
from gateway.domain.errors import ReusedReference
from gateway.domain.instruction import BusinessType
from gateway.domain.reconciliation import LENGTH, code_of, codes_in
from gateway.intake.accept import Caller, Intake
from gateway.intake.reconciling import bare, coder
from gateway.store import tables
from gateway.wire.charset import gbk_length
from tests.controls_ground import HERE, SAP, Desk
from tests.erp_ground import system
from tests.records import replace
from tests.store_ground import bench
from tests.unit.intake.sample import DRAFT, FAKE

WITH = replace(HERE, erps={"sap": system(tenant=HERE.id)})
CODE = code_of(HERE.id, "sap", DRAFT.erp_reference)


@pytest.fixture
def desk():
    with bench() as at:
        desk = Desk(at, None)
        desk.intake = Intake(at.store, at.runtime, {"fake": FAKE}, desk.releaser)
        desk.bulk._intake = desk.intake
        yield desk


def post(desk, tenant, **changes):
    caller = Caller(tenant=tenant, actor=SAP, erp="sap")
    draft = replace(DRAFT, **changes)
    return asyncio.run(desk.intake.accept(caller, draft, key="", body_digest=""))


def stored(desk):
    (row,) = desk.at.rows(tables.instruction)
    return row


def test_without_an_erp_system_nothing_is_added(desk):
    post(desk, HERE, memo="附言")
    row = stored(desk)
    assert (row.memo, row.reconciliation_code) == ("附言", "")


def test_a_code_is_made_and_rides_behind_the_memo(desk):
    post(desk, WITH, memo="附言")
    row = stored(desk)
    assert (row.memo, row.reconciliation_code) == (f"附言 {CODE}", CODE)
    assert codes_in(row.memo) == (CODE,)


def test_a_code_of_the_erps_own_is_taken(desk):
    post(desk, WITH, memo="", reconciliation_code="DZ-77")
    row = stored(desk)
    assert (row.memo, row.reconciliation_code) == ("DZ-77", "DZ-77")


def test_one_that_its_sender_wrote_itself_is_not_written_twice(desk):
    post(desk, WITH, purpose="货款DZ-77", memo="附言", reconciliation_code="DZ-77")
    row = stored(desk)
    assert (row.purpose, row.memo) == ("货款DZ-77", "附言")


@pytest.mark.parametrize(("first", "second"), [(HERE, WITH), (WITH, HERE), (WITH, WITH)])
@pytest.mark.parametrize("changes", [{"memo": "附言"}, {"reconciliation_code": "DZ-77"}])
def test_the_same_document_is_the_same_payment_whatever_the_settings(first, second, changes, desk):
    accepted = post(desk, first, **changes)
    assert post(desk, second, **changes) == accepted
    with pytest.raises(ReusedReference):
        post(desk, second, **changes, amount="9.00")
    with pytest.raises(ReusedReference):
        post(desk, second, **(changes | {"memo": "另一附言"}))
    assert len(desk.at.rows(tables.instruction)) == 1


# ── room ──────────────────────────────────────────────────────────────────────────────────


def carried(desk, **changes):
    """An instruction with its code, as CIB would take it."""
    caller = Caller(tenant=WITH, actor=SAP, erp="sap")
    plain = desk.intake.examine(caller, DRAFT)
    today = desk.intake.today()
    return coder(caller, lambda _: CIB, today)(changed(plain, **changes))


ROOM = 60


@pytest.mark.parametrize("letters", range(31))
def test_it_rides_where_it_fits_whole_and_nothing_is_cut(letters, desk):
    memo = "附" * letters
    made = carried(desk, memo=memo, purpose="货款")
    assert made.reconciliation_code == CODE
    if gbk_length(memo) + LENGTH + bool(memo) <= ROOM:
        assert made.memo == f"{memo} {CODE}".strip()
        assert made.purpose == "货款"
    else:
        assert made.memo == memo
        assert made.purpose == f"货款 {CODE}"
    assert gbk_length(made.memo) <= ROOM
    assert bare(made).memo == memo
    assert bare(made).purpose == "货款"


def test_without_room_it_stays_with_us(desk):
    made = carried(desk, memo="附" * 30, purpose="款" * 30)
    assert (made.memo, made.purpose) == ("附" * 30, "款" * 30)
    assert made.reconciliation_code == CODE


def test_what_employees_see_is_left_alone(desk):
    made = carried(desk, memo="九月", business_type=BusinessType.PAYROLL)
    assert made.memo == "九月"
    assert made.reconciliation_code == CODE


def test_a_code_the_bank_cannot_write_does_not_ride(desk):
    made = carried(desk, memo="附言", reconciliation_code="<&>")
    assert made.memo == "附言"
