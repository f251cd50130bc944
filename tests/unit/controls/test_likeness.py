"""Look-alikes under a document: about the same day, from whatever ERP, named to people."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.controls.likeness import look_alikes
from gateway.domain.decision import Action, Actor, ActorKind
from gateway.store import tables
from tests.controls_ground import HERE, WANG, Desk, content
from tests.records import replace
from tests.store_ground import bench
from tests.unit.controls.candidates import candidate
from tests.unit.intake.sample import DRAFT

OA = Actor(kind=ActorKind.MACHINE, name="oa")
BOTH = [{"name": "sap", "roles": ["erp"]}, {"name": "oa", "roles": ["erp"]}]


def within(days: int) -> dict[str, object]:
    return content(payees={"duplicate_days": days}, machines=BOTH)


@pytest.fixture
def desk():
    with bench() as at:
        yield Desk(at, within(3))


def told(desk, instruction: str) -> str:
    (hold,) = [it for it in desk.at.rows(tables.hold) if it.instruction == instruction]
    return hold.en


def test_three_days_apart_looks_alike_and_four_do_not(desk):
    desk.post(execution_date="2026-09-20")
    near = desk.post(erp_reference="B", execution_date="2026-09-17")
    far = desk.post(erp_reference="C", execution_date="2026-09-24")
    assert desk.open(near) == ["duplicate"]
    assert desk.open(far) == []


def test_another_erp_of_the_tenant_is_named_with_its_day(desk):
    desk.post(execution_date="2026-09-20")
    near = desk.post(actor=OA, erp_reference="OA-1", execution_date="2026-09-22")
    assert told(desk, near) == (
        f"the same payee and amount within 3 days as {DRAFT.erp_reference} (sap, 2026-09-20)"
    )
    assert desk.row(near).reason == f"duplicate: {DRAFT.erp_reference}"


def test_without_days_the_same_day_alone_counts(desk):
    desk.rules.put(content())
    desk.post(execution_date="2026-09-20")
    assert desk.state(desk.post(erp_reference="B", execution_date="2026-09-21")) == "SCHEDULED"
    twin = desk.post(erp_reference="C", execution_date="2026-09-20")
    assert told(desk, twin) == (
        f"the same payee, amount and day as {DRAFT.erp_reference} (sap, 2026-09-20)"
    )


def test_in_one_call_the_first_is_free_and_later_ones_name_those_near_them(desk):
    days = ["2026-09-20", "2026-09-22", "2026-09-26", "2026-09-25"]
    drafts = [
        replace(DRAFT, erp_reference=f"L{at}", execution_date=day) for at, day in enumerate(days)
    ]
    desk.batch(drafts)
    rows = {it.erp_reference: it.reason for it in desk.at.rows(tables.instruction)}
    assert rows == {
        "L0": "",
        "L1": "duplicate: L0",
        "L2": "",
        "L3": "duplicate: L1, L2",
    }


def test_what_was_rejected_is_no_rival(desk):
    first = desk.post(amount="6000.00", execution_date="2026-09-20")
    desk.vote(WANG, first, Action.REJECT)
    second = desk.post(erp_reference="B", amount="6000.00", execution_date="2026-09-21")
    assert desk.open(second) == ["approval"]


LINES = st.lists(
    st.tuples(st.sampled_from("AB"), st.sampled_from((1, 2)), st.integers(0, 12)), max_size=10
)


@given(lines=LINES, days=st.integers(0, 6))
def test_it_is_what_comparing_each_with_each_earlier_one_says(lines, days):
    """In one call and against nothing stored: the rule itself, without its index."""
    first = date(2026, 9, 15)
    candidates = [
        candidate(f"i{at}", account=account, minor=minor, pay_day=first + timedelta(days=ahead))
        for at, (account, minor, ahead) in enumerate(lines)
    ]
    found = look_alikes(_Empty(), HERE, candidates, days)
    for at, (account, minor, ahead) in enumerate(lines):
        near = [
            f"ref-i{before}"
            for before, (other, amount, day) in enumerate(lines[:at])
            if (other, amount) == (account, minor) and abs(day - ahead) <= days
        ]
        assert [it.reference for it in found.get(f"i{at}", [])] == near[:3]


class _Empty:
    """A unit of work that finds nothing."""

    def tuples(self, statement: object, values: object) -> list[object]:
        del statement, values
        return []
