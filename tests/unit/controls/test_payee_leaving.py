"""What was released before its payee was blocked does not leave, unless people let it go since."""

from __future__ import annotations

import asyncio

import pytest

from gateway.controls.payee_leaving import BlockedPayees
from gateway.domain.instruction import State
from tests.controls_ground import BOSS, HERE
from tests.payee_ground import ACCOUNT, NAME, PayeeDesk, create
from tests.store_ground import bench

LATER = {"execution_date": "2026-09-17", "creditor_account": ACCOUNT, "creditor_name": NAME}


@pytest.fixture
def desk():
    with bench() as at:
        found = PayeeDesk(at)
        found.approved(create())
        yield found


def leaving(desk, *instructions: str) -> dict[str, str]:
    """What the sender is told when their day has come."""
    desk.at.runtime.clock.pass_time(seconds=1)
    guard = BlockedPayees(desk.at.runtime.clock.now)
    rules = desk.rules.of(None, None).rules
    return asyncio.run(
        desk.at.store.write(lambda uow: guard.at_leaving(uow, HERE, rules, instructions))
    )


def block(desk) -> None:
    desk.at.runtime.clock.pass_time(seconds=1)
    desk.approved({"action": "block", "payee": desk.payee().id})


def test_a_payee_blocked_since_keeps_it_back(desk):
    made = desk.post(**LATER)
    other = desk.post(**LATER | {"erp_reference": "P-2", "creditor_account": "6228480402564890026"})
    assert (desk.state(made), leaving(desk, made, other)) == ("SCHEDULED", {})
    block(desk)
    assert leaving(desk, made, other) == {made: "listed"}
    assert desk.open(made) == ["listed"]
    assert desk.open(other) == []


def test_what_people_let_go_after_the_block_leaves(desk):
    made = desk.post(**LATER)
    block(desk)
    assert leaving(desk, made) == {made: "listed"}
    desk.hold_where_it_leaves(made)
    desk.at.runtime.clock.pass_time(seconds=1)
    assert desk.vote(BOSS, made).state is State.SCHEDULED
    assert leaving(desk, made) == {}
    desk.approved({"action": "unblock", "payee": desk.payee().id})
    block(desk)
    assert leaving(desk, made) == {made: "listed"}, "it was let go before this block"


def test_an_unblocked_payee_is_paid(desk):
    made = desk.post(**LATER)
    block(desk)
    desk.approved({"action": "unblock", "payee": desk.payee().id})
    assert leaving(desk, made) == {}
