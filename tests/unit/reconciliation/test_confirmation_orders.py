"""One order for a month, whatever happens on the way; and what the bank then says of it."""

from __future__ import annotations

import pytest

from gateway.domain.errors import (
    BankRefused,
    DatabaseAway,
    NotOffered,
    NotSent,
    OperatorRefused,
    Overloaded,
    Refused,
    Unconfirmed,
    WireError,
)
from gateway.domain.money import Money, currency
from gateway.ports.bank_confirm import ConfirmResult
from gateway.store import tables
from tests.confirmation_ground import CLOSING, O, R, World, ordered, result
from tests.store_ground import bench


@pytest.fixture
def world():
    with bench() as at:
        at.runtime.clock.pass_time(days=30)
        yield World(at)


# ── never twice ───────────────────────────────────────────────────────────────────────────


def test_a_month_has_one_confirmation_that_may_have_effect(world):
    world.balanced()
    made = world.prepared()
    with pytest.raises(Refused, match="already"):
        world.prepared()
    world.withdrawn(made)
    again = world.prepared()
    assert (again.attempt, again.id != made.id) == (1, True)
    world.signed(again)
    with pytest.raises(Refused, match="signed"):
        world.prepared()
    with pytest.raises(Refused, match="cannot be taken back"):
        world.withdrawn(again)


def test_the_table_itself_keeps_a_month_from_two_of_one_attempt(world):
    world.balanced()
    made = world.prepared()
    row = dict(world.row()._mapping) | {"id": "cfm_other"}
    (result,) = world.at.group(
        lambda uow: uow.add(tables.reconciliation_confirmation, row) or uow.flush()
    )
    assert isinstance(result, Exception)
    assert world.row().id == made.id


@pytest.mark.parametrize(
    "error", [Unconfirmed(), WireError("malformed"), DatabaseAway(), ordered(O.UNCLEAR, "2002")]
)
def test_what_may_have_left_is_asked_again_under_the_same_serial_only(world, error):
    world.balanced()
    serial = world.signed().serial
    assert world.look(error) == "unconfirmed"
    sent = len(world.bank.orders)
    assert world.look() == "unconfirmed"  # not before the bank's quarter of an hour
    with pytest.raises(Refused, match="already"):
        world.prepared()
    # A refusal now says nothing of the first send.
    refused = ordered(O.REFUSED, "2005", "权限不足")
    assert world.look(refused, minutes=16) == "unconfirmed"
    assert world.look(OperatorRefused("15500", "密码"), minutes=31) == "unconfirmed"
    assert world.look(NotSent(), minutes=61) == "unconfirmed"
    assert world.look(ordered(O.DONE), minutes=121) == "taken"
    assert {it[2] for it in world.bank.orders} == {serial}
    assert len(world.bank.orders) == sent + 3


def test_a_process_that_died_while_sending_leaves_doubt_and_nothing_is_sent_as_new(world):
    world.balanced()
    serial = world.signed().serial

    class Died(BaseException):
        pass

    with pytest.raises(Died):
        world.look(Died())
    assert world.state() == "sending"
    assert world.look(minutes=16) == "unconfirmed"
    assert world.look(ordered(O.RUNNING), minutes=16) == "running"
    assert {it[2] for it in world.bank.orders} == {serial}


@pytest.mark.parametrize("error", [NotSent(), NotOffered(), Overloaded(), OperatorRefused("1", "")])
def test_what_certainly_did_not_leave_waits_as_signed(world, error):
    world.balanced()
    world.signed()
    assert world.look(error) == "signed"
    assert world.row().first_sent_us is None
    assert world.look(ordered(O.RUNNING), minutes=2) == "running"


def test_a_known_refusal_of_the_first_send_ends_it_and_the_month_may_be_prepared_anew(world):
    world.balanced()
    first = world.signed()
    assert world.look(ordered(O.REFUSED, "2005", "权限不足")) == "refused"
    assert world.row().bank_text == "权限不足"
    second = world.signed()
    assert second.serial != first.serial
    assert world.look(ordered(O.FAILED)) == "failed"
    assert world.kinds()[-1] == "confirmation_in_doubt"


# ── what the bank says ────────────────────────────────────────────────────────────────────


def _taken(world) -> None:
    world.balanced()
    world.signed()
    assert world.look(ordered(O.RUNNING)) == "running"
    assert world.look(ordered(O.DONE), minutes=16) == "taken"


def test_from_two_people_to_a_confirmed_month(world):
    _taken(world)
    assert world.look(result(R.AGREED, "处理成功")) == "confirmed"
    row = world.row()
    assert (row.bank_minor, row.bank_text, row.due_us) == (CLOSING, "处理成功", None)
    assert world.bank.questions == [row.serial]
    assert world.kinds() == [
        "confirmation_prepared",
        "confirmation_signed",
        "confirmation_answered",
        "confirmation_answered",
        "confirmation_answered",
    ]
    assert world.look(minutes=600) == "confirmed"


def test_the_result_is_asked_for_no_sooner_than_a_quarter_of_an_hour_after_the_order(world):
    world.balanced()
    world.signed()
    assert world.look(ordered(O.DONE)) == "taken"
    assert world.look(minutes=14) == "taken"
    assert world.bank.questions == []
    early = ConfirmResult(verdict=R.NOT_READY, text="请于15分钟后查询结果")
    assert world.look(early, minutes=2) == "taken"
    assert world.look(minutes=14) == "taken"
    assert world.look(BankRefused("2002", "?"), minutes=2) == "taken"
    assert world.look(Unconfirmed(), minutes=16) == "taken"
    assert world.look(result(R.AGREED, "处理成功"), minutes=16) == "confirmed"


@pytest.mark.parametrize(
    ("told", "state"),
    [
        (result(R.AGREED, "处理成功", CLOSING + 1), "differs"),
        (result(R.AGREED, "处理成功", None), "unclear"),
        (result(R.OTHER, "待核实"), "unclear"),
        (result(R.OTHER, "待核实", 1), "differs"),
        (result(R.ABSENT, "", None), "unclear"),
        (result(R.NOTHING_DUE, "无账期", None), "nothing_due"),
        (result(R.NOTHING_DUE, "无账期", 0), "nothing_due"),
        (result(R.FAILED, "处理失败", None), "failed"),
    ],
)
def test_only_agreement_with_our_balance_is_success(world, told, state):
    _taken(world)
    assert world.look(told) == state
    assert world.row().bank_text == told.text
    if state in {"differs", "unclear", "failed"}:
        assert world.kinds()[-1] == "confirmation_in_doubt"


def test_words_that_nobody_knows_are_asked_for_again_for_a_while(world):
    _taken(world)
    assert world.look(result(R.OTHER, "待核实")) == "unclear"
    assert world.look(result(R.OTHER, "待核实"), minutes=600) == "unclear"
    assert world.look(result(R.AGREED, "处理成功"), minutes=600) == "confirmed"


def test_a_balance_in_another_currency_is_no_agreement(world):
    _taken(world)
    told = ConfirmResult(verdict=R.AGREED, text="处理成功", balance=Money(CLOSING, currency("USD")))
    assert world.look(told) == "unclear"
