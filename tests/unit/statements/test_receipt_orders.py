"""Receipt files of closed days: ordered once, asked about, never doubled while nothing is known."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace as changed

from gateway.domain.errors import (
    BankRefused,
    Corrupt,
    DatabaseAway,
    NotSent,
    Unconfirmed,
)
from gateway.domain.receipt_order import DayOrder, TaskState
from gateway.statements import receipt_rows
from gateway.store import tables
from tests.receipt_ground import DAY, PDF, YESTERDAY, World, zipped
from tests.statement_ground import ACCOUNT
from tests.store_ground import bench


@pytest.fixture
def world():
    with bench() as at:
        made = World(at)
        made.collect()
        yield made


def test_a_proven_day_is_ordered_asked_about_and_fetched(world):
    assert world.look().state == "waiting"
    assert world.books.taken == [(YESTERDAY, "N1")]
    # The number was durable before the order left.
    assert world.books.seen == [["N1"]]
    assert world.look(14).state == "waiting"
    assert world.books.asked == []
    done = world.look(1)
    assert (done.state, done.verdict, done.due) == ("done", "complete", None)
    assert (world.books.asked, world.books.fetched) == (["N1"], ["f1"])
    assert world.papers() == [("K1", PDF), ("K2", PDF)]
    kinds = [kind for kind, _ in world.journal()]
    assert kinds == ["receipts_ordered", "receipts_kept", "receipts_compared"]
    assert len(world.journal()[1][1]["digests"]) == 2
    assert ACCOUNT not in repr(world.journal())
    world.look(600)
    assert (world.books.taken, world.books.asked) == ([(YESTERDAY, "N1")], ["N1"])


def test_a_running_order_is_asked_about_ever_more_rarely(world):
    world.books.answers["N1"] = TaskState.RUNNING
    world.look()
    world.look(15)
    assert world.look(14).asks == 1
    assert world.look(1).asks == 2
    world.look(29)
    assert len(world.books.asked) == 2
    world.books.answers.clear()
    assert world.look(1).verdict == "complete"


def test_an_order_of_unknown_fate_is_asked_about_under_its_number(world):
    world.books.fault = Unconfirmed()
    assert world.look().state == "sending"
    world.books.fault = None
    assert world.look(15).verdict == "complete"
    assert (world.books.taken, world.books.asked) == ([(YESTERDAY, "N1")], ["N1"])


@pytest.mark.parametrize("fault", [BankRefused("2002", "账号未签约"), BankRefused("97531", "？")])
def test_a_refusal_that_nobody_knows_is_no_proof_that_nothing_was_ordered(world, fault):
    world.books.fault = fault
    it = world.look()
    assert (it.state, it.findings[0].name) == ("sending", fault.bank_code)
    world.books.fault = None
    world.look(15)
    assert len(world.books.taken) == 1


def test_a_state_that_nobody_knows_is_asked_about_again(world):
    world.books.says = TaskState.UNKNOWN
    world.books.answers["N1"] = TaskState.UNKNOWN
    assert world.look().state == "sending"
    assert world.look(15).state == "sending"
    world.books.answers.clear()
    assert world.look(60).verdict == "complete"
    assert len(world.books.taken) == 1


def test_what_the_bank_does_not_know_twice_is_sent_again_under_the_same_number(world):
    world.books.fault = Unconfirmed()
    world.books.answers["N1"] = TaskState.NONE
    world.look()
    world.books.fault = None
    assert world.look(15).state == "sending"
    assert len(world.books.taken) == 1
    assert world.look(60).state == "planned"
    assert world.look(60).state == "waiting"
    assert world.books.taken == [(YESTERDAY, "N1")] * 2
    world.books.answers.clear()
    assert world.look(15).verdict == "complete"


def test_what_certainly_did_not_leave_goes_again_soon(world):
    world.books.fault = NotSent()
    assert world.look().state == "planned"
    world.books.fault = None
    assert world.look(5).state == "waiting"
    assert world.books.taken == [(YESTERDAY, "N1")] * 2


def test_a_day_ordered_by_ourselves_before_a_crash_is_found_again(world):
    world.books.says = TaskState.EXISTS
    world.look()
    assert world.look(15).verdict == "complete"


def test_a_day_ordered_by_somebody_else_is_named_and_left(world):
    world.books.says = TaskState.EXISTS
    world.books.answers["N1"] = TaskState.NONE
    world.look()
    world.look(15)
    it = world.look(60)
    assert (it.state, it.due, it.findings[0].code) == ("elsewhere", None, "ordered_elsewhere")
    world.look(600)
    assert len(world.books.taken) == 1


def test_a_failed_order_is_made_anew_a_few_times(world):
    for number in ("N1", "N2", "N3"):
        world.books.answers[number] = TaskState.FAILED
    world.look()
    it = world.look(15)
    assert (it.state, it.findings[0].code) == ("planned", "task_failed")
    for _ in range(8):
        it = world.look(60)
    assert (it.state, it.orders, it.due) == ("failed", 3, None)
    assert [number for _, number in world.books.taken] == ["N1", "N2", "N3"]


def test_a_failed_order_that_is_made_anew_brings_its_files(world):
    world.books.answers["N1"] = TaskState.FAILED
    world.look()
    world.look(15)
    world.look(60)
    assert world.look(15).verdict == "complete"
    assert [number for _, number in world.books.taken] == ["N1", "N2"]


def test_missing_and_surplus_receipts_are_named_and_looked_for_until_the_bank_has_none(world):
    world.books.files["f1"] = zipped(K1=PDF, K9=PDF)
    world.look()
    it = world.look(15)
    assert (it.state, it.verdict) == ("done", "incomplete")
    told = world.journal()[-1][1]
    assert (told["verdict"], told["missing"], told["surplus"]) == ("incomplete", 1, 1)
    world.books.listed.append(("f2", "K2.pdf"))
    world.books.files["f2"] = PDF
    it = world.look(60)
    assert world.books.fetched == ["f1", "f2"]  # nothing is fetched twice
    assert it.verdict == "incomplete"  # the surplus one is there
    world.clock.pass_time(days=8)
    it = world.look()
    assert (it.state, it.due) == ("done", None)
    assert len(world.books.taken) == 1


def test_a_line_that_comes_late_has_its_day_looked_at_again(world):
    world.look()
    assert world.look(15).verdict == "complete"
    world.books.days[YESTERDAY].append("K3")
    world.books.listed.append(("f3", "K3.pdf"))
    world.books.files["f3"] = PDF
    asyncio.run(
        world.collecting.visit(world.owner, world.owner.accounts[ACCOUNT], (YESTERDAY, YESTERDAY))
    )
    it = world.look()
    assert (it.verdict, it.lines, it.due) == ("complete", 3, None)
    assert (world.books.fetched, len(world.books.taken)) == (["f1", "f3"], 1)
    world.look(60)
    assert len(world.books.asked) == 2


def test_a_damaged_file_is_fetched_again_and_what_was_whole_in_it_is_kept_once(world):
    sound = world.books.files["f1"]
    world.books.files["f1"] = sound[: len(sound) // 2]
    world.look()
    it = world.look(15)
    assert (it.state, it.files[0].findings[0].code) == ("fetching", "damaged")
    world.books.files["f1"] = Unconfirmed()
    assert world.look(60).files[0].findings[0].code == "not_fetched"
    world.books.files["f1"] = sound
    it = world.look(240)
    assert (it.verdict, it.files[0].findings) == ("complete", ())
    assert len(world.papers()) == 2


def test_files_that_the_bank_has_no_longer_are_told(world):
    world.books.files["f1"] = Unconfirmed()
    world.look()
    world.look(15)
    world.clock.pass_time(days=8)
    it = world.look()
    assert (it.state, it.verdict, it.due) == ("expired", "incomplete", None)


def test_a_day_that_is_not_proven_waits_and_is_ordered_at_last(world):
    with bench() as at:
        it = World(at)
        it.books.proves = False
        it.collect()
        asyncio.run(it.orders.look())
        assert it.books.taken == []
        it.look(5 * 60)  # 15:00: thirteen hours after it was over
        assert it.books.taken == [(YESTERDAY, "N1")]
        assert it.look(15).verdict == "unproven"
        it.books.proves = True
        it.clock.pass_time(hours=1)
        it.collect()
        asked = len(it.books.asked)
        assert it.look().verdict == "complete"
        assert len(it.books.asked) == asked  # the bank was not needed for that


def test_a_day_without_lines_is_not_ordered(world):
    with bench() as at:
        it = World(at)
        it.books.days = {}
        it.collect()
        asyncio.run(it.orders.look())
        it.clock.pass_time(hours=12)
        asyncio.run(it.orders.look())
        assert (it.books.taken, at.rows(tables.receipt_day)) == ([], [])


def test_nothing_is_asked_for_ever(world):
    world.books.answers["N1"] = TaskState.RUNNING
    world.look()
    world.clock.pass_time(days=16)
    it = world.look()
    assert (it.state, it.due, it.findings[-1].code) == ("given_up", None, "given_up")


def test_a_bank_without_receipt_files_is_left_alone(world):
    world.books.offers = False
    asyncio.run(world.orders.look())
    assert (world.books.taken, world.at.rows(tables.receipt_day)) == ([], [])


@pytest.mark.parametrize("fault", [Corrupt("wrong"), DatabaseAway()])
def test_what_is_no_silence_of_a_bank_ends_the_look(world, fault):
    world.books.fault = fault
    with pytest.raises(type(fault)):
        asyncio.run(world.orders.look())


@pytest.mark.parametrize("state", ["planned", "waiting"])
def test_whoever_was_too_slow_changes_nothing_and_asks_nobody(world, monkeypatch, state):
    world.books.fault = NotSent() if state == "planned" else None
    assert world.look().state == state
    world.books.fault = None
    world.books.taken.clear()
    world.clock.pass_time(minutes=15)
    first = receipt_rows.take

    def late(uow, tenant, seen, then, now):
        quicker = changed(seen, due=now + DAY)
        assert first(uow, tenant, seen, quicker, now)
        return first(uow, tenant, seen, then, now)

    monkeypatch.setattr(receipt_rows, "take", late)
    asyncio.run(world.orders.look())
    assert world.stands().due == world.clock.now() + DAY
    assert (world.books.taken, world.books.asked) == ([], [])


def test_a_day_is_planned_once(world):
    store, now = world.at.store, world.clock.now()
    it = DayOrder(account=ACCOUNT, day=YESTERDAY, due=now)
    for planned in (True, False):
        told = store.write(lambda uow: receipt_rows.plan(uow, "acme", it, now))
        assert asyncio.run(told) is planned
