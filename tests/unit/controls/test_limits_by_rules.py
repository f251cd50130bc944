"""What released payments take of limits, and when they give it back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, insert

from gateway.domain.errors import NotPermitted
from gateway.domain.instruction import Cause, State
from gateway.domain.outcome import Grade
from gateway.lifecycle import reservations
from gateway.store import tables
from tests.controls_ground import BOSS, WANG, Desk, day_limit
from tests.records import replace
from tests.store_ground import START, bench
from tests.unit.intake.sample import DRAFT


@pytest.fixture
def desk_of():
    with bench() as at:
        yield lambda document: Desk(at, document)


def test_what_does_not_fit_is_held_and_takes_nothing(desk_of):
    desk = desk_of(day_limit("3000.00"))
    desk.post(amount="2000.00")
    over = desk.post(erp_reference="B", amount="1000.01")
    fits = desk.post(erp_reference="C", amount="1000.00")
    assert (desk.state(over), desk.state(fits)) == ("HELD", "QUEUED")
    assert desk.open(over) == ["limit"]
    (hold,) = desk.at.rows(tables.hold)
    assert "at most CNY 3000.00, CNY 2000.00 used, CNY 1000.01 wanted" in hold.en
    assert desk.used() == [300_000]


def test_a_limit_that_people_lift_is_taken_all_the_same(desk_of):
    desk = desk_of(day_limit("3000.00"))
    over = desk.post(amount="4000.00")
    with pytest.raises(NotPermitted):
        desk.vote(WANG, over)
    assert desk.vote(BOSS, over).state is State.QUEUED
    assert desk.used() == [400_000]


def test_a_limit_is_asked_when_the_last_approval_comes(desk_of):
    desk = desk_of(day_limit("9000.00"))
    first = desk.post(amount="6000.00")
    second = desk.post(erp_reference="B", amount="6001.00")
    assert desk.used() == []
    assert desk.vote(WANG, first).complete
    told = desk.vote(WANG, second)
    assert (told.complete, told.state) == (False, State.HELD)
    assert desk.open(second) == ["limit"]
    assert desk.used() == [600_000]
    assert desk.vote(BOSS, second).complete
    assert desk.used() == [1_200_100]


@pytest.mark.parametrize("state", ["REJECTED", "EXPIRED", "CANCELLED"])
def test_it_is_given_back_once_no_money_moved(desk_of, state):
    desk = desk_of(day_limit("3000.00"))
    paid = desk.post(amount="3000.00")
    desk.learn(paid, Cause.DISPATCH, State.SENDING)
    assert desk.used() == [300_000]
    desk.learn(paid, Cause.BANK_ANSWER, State[state], Grade.ENQUIRY)
    assert desk.state(paid) == state
    assert desk.used() == [0]
    (kept,) = desk.at.rows(tables.reservation)
    assert kept.freed_us is not None
    desk.post(erp_reference="B", amount="3000.00")
    assert desk.used() == [300_000]


def test_a_return_does_not_restore_the_day(desk_of):
    desk = desk_of(day_limit("3000.00"))
    paid = desk.post(amount="3000.00")
    desk.learn(paid, Cause.DISPATCH, State.SENDING)
    desk.learn(paid, Cause.BANK_ANSWER, State.SETTLED, Grade.ENQUIRY)
    desk.learn(paid, Cause.STATEMENT, State.RETURNED, Grade.STATEMENT)
    assert desk.state(paid) == "RETURNED"
    assert desk.used() == [300_000]


def test_a_reservation_from_before_there_was_one_row_of_each_payment_counts_all_the_same(desk_of):
    desk = desk_of(day_limit("3000.00"))
    paid = desk.post(amount="2000.00")
    desk.change(delete(tables.reservation))
    counter = ("company", "c1", START.date().isoformat(), "*", "CNY")
    row = dict(zip(reservations.NAMES, counter, strict=True))
    before = {"tenant": "t1", "instruction": paid, "amount_minor": 200_000, "freed_us": None}
    desk.change(insert(tables.limit_reservation).values(row | before))
    desk.hold_where_it_leaves(paid)
    assert desk.vote(WANG, paid).complete
    assert desk.used() == [200_000], "it holds it already"
    desk.learn(paid, Cause.DISPATCH, State.SENDING)
    desk.learn(paid, Cause.BANK_ANSWER, State.REJECTED, Grade.ENQUIRY)
    assert desk.used() == [0]
    (kept,) = desk.at.rows(tables.limit_reservation)
    assert kept.freed_us is not None


def test_what_is_held_again_and_released_again_is_taken_once(desk_of):
    desk = desk_of(day_limit("3000.00"))
    paid = desk.post(amount="3000.00")
    desk.hold_where_it_leaves(paid)
    assert desk.vote(WANG, paid).complete
    assert desk.used() == [300_000]
    assert len(desk.at.rows(tables.reservation)) == 1


def test_a_batch_is_fitted_in_its_order_with_one_reading(desk_of):
    desk = desk_of(day_limit("10.00"))
    drafts = [
        replace(DRAFT, erp_reference=f"R{n}", amount=f"{n}.00", creditor_account=f"62170000{n:04}")
        for n in range(1, 8)
    ]
    desk.batch(drafts)
    states = {row.erp_reference: row.state for row in desk.at.rows(tables.instruction)}
    assert [states[f"R{n}"] for n in range(1, 8)] == ["QUEUED"] * 4 + ["HELD"] * 3
    assert desk.used() == [1_000]


def test_another_day_has_its_own_counter(desk_of):
    desk = desk_of(day_limit("3000.00"))
    desk.post(amount="3000.00")
    later = (START + timedelta(days=1)).date().isoformat()
    desk.post(erp_reference="B", amount="3000.00", execution_date=later)
    assert sorted(desk.used()) == [300_000, 300_000]
