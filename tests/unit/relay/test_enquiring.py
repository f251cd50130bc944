"""Enquiry and resend: nobody asks too early, sends too often, or takes silence for an answer."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from adapters.bank.cib import DIALECT
from gateway.domain.errors import NotFound, NotOffered
from gateway.ports.bank import BankState, Dedupe, Timing
from gateway.relay.timing import step_us
from gateway.store import tables
from tests.records import replace
from tests.relay_ground import LINK, OTHER_BANK, TENANT, at_work, instead, office

QUIET = timedelta(minutes=15)
AFTER_SEND = QUIET + timedelta(seconds=30)  # the send time-out counts too
A_SECOND = timedelta(seconds=1)
NEXT = timedelta(hours=5)  # beyond every back-off


def timed(**changes):
    return replace(DIALECT, timing=replace(DIALECT.timing, **changes))


async def in_doubt(it, far, fate, **changes) -> str:
    """Post a payment whose exchange meets ``fate``; wait until it is UNCONFIRMED."""
    far.script.append(fate)
    doubtful = await it.post(**changes)
    await it.until_state(doubtful, "UNCONFIRMED")
    await it.at_rest()
    return doubtful


def later(it, span: timedelta) -> None:
    it.clock.pass_time(seconds=span.total_seconds())


def test_settled_by_enquiry_and_never_sent_again(tmp_path):
    async def story(it, far):
        paid = await in_doubt(it, far, far.answer_lost)
        later(it, AFTER_SEND - A_SECOND)
        await it.looked()
        assert far.of("XFERINQ") == [], "not before the quiet time"
        later(it, A_SECOND)
        await it.until_state(paid, "SETTLED")
        await it.at_rest()
        assert it.steps(paid)[-1] == ("SETTLED", "enquiry")
        (asked,) = far.of("XFERINQ")
        assert asked.original == far.serials[0]
        assert asked.serial != far.serials[0], "an enquiry has a serial of its own"
        assert len(far.serials) == far.paid() == 1
        assert it.rows(tables.work) == []

    at_work(tmp_path, story)


def test_a_payment_that_failed_at_the_bank_is_told_by_enquiry(tmp_path):
    async def story(it, far):
        poor = "900010101000000037"
        failed = await in_doubt(it, far, far.answer_lost, debtor_account=poor, amount="9000000.00")
        later(it, AFTER_SEND)
        await it.until_state(failed, "REJECTED")
        assert it.steps(failed)[-1] == ("REJECTED", "enquiry")
        assert far.paid() == 0

    at_work(tmp_path, story)


def test_resent_only_after_not_found_under_the_same_serial(tmp_path):
    async def story(it, far):
        lost = await in_doubt(it, far, far.lost)
        later(it, AFTER_SEND)
        await it.until_state(lost, "SETTLED")
        await it.at_rest()
        assert [call.operation for call in far.calls] == ["XFER", "XFERINQ", "XFER"]
        first, again = far.of("XFER")
        assert first.serial == again.serial
        assert len(it.rows(tables.message)) == 1
        assert far.paid() == 1
        assert it.steps(lost)[-1] == ("SETTLED", "enquiry")
        assert same_body(first.body, again.body)

    at_work(tmp_path, story)


def same_body(first: bytes, again: bytes) -> bool:
    """All but the sign-on, which is renewed."""
    start = b"<SECURITIES_MSGSRQV1>"
    return first.partition(start)[2] == again.partition(start)[2]


def test_at_most_one_resend_in_a_quiet_time(tmp_path):
    async def story(it, far):
        lost = await in_doubt(it, far, far.lost)
        far.script.extend([far.served, far.lost])  # the enquiry is answered, the resend is lost
        later(it, AFTER_SEND)
        await it.until(lambda: len(far.serials) == 2)
        await it.at_rest()
        resent_at = far.of("XFER")[1].at
        for _ in range(3):
            await it.relay.enquire_soon(TENANT, lost)
            await it.looked()
        assert len(far.calls) == 3, "asked for by hand, still not before the quiet time"
        later(it, AFTER_SEND)
        await it.until_state(lost, "SETTLED")
        assert len(set(far.serials)) == 1
        assert len(far.serials) == 3
        assert far.of("XFER")[2].at - resent_at >= QUIET
        assert far.paid() == 1

    at_work(tmp_path, story)


def test_an_enquiry_without_an_answer_proves_nothing(tmp_path):
    async def story(it, far):
        doubtful = await in_doubt(it, far, far.lost)
        unanswered = [
            far.lost,
            far.refused,
            instead(500, b"", "text/plain")(far),
            instead(200, b"<html/>", "text/html")(far),
        ]
        for count, fate in enumerate(unanswered, start=1):
            far.script.append(fate)
            later(it, NEXT)
            await it.until(lambda count=count: not far.script and it.relay.in_flight == 0)
            assert it.row(doubtful).state == "UNCONFIRMED"
            assert it.rows(tables.message)[0].enquiries == count
        assert len(far.serials) == 1

    at_work(tmp_path, story)


def test_not_found_answered_too_early_counts_for_nothing(tmp_path):
    """The clock jumps back after the question was planned: the quiet time decides, not the plan."""

    async def story(it, far):
        lost = await in_doubt(it, far, far.lost)
        it.sql("UPDATE work SET due_us = 0 WHERE kind = 'enquire'")
        await it.until(lambda: far.of("XFERINQ"))
        await it.at_rest()
        assert it.rows(tables.message)[0].not_found_us is None
        assert len(far.serials) == 1
        assert it.row(lost).state == "UNCONFIRMED"

    at_work(tmp_path, story)


def test_where_the_bank_recognises_no_serial_people_are_called(tmp_path):
    async def story(it, far):
        lost = await in_doubt(it, far, far.lost)
        later(it, AFTER_SEND)
        await it.until(it.cases)
        await it.at_rest()
        assert it.cases() == [(lost, "not_found")]
        later(it, NEXT)
        await it.until(lambda: len(far.of("XFERINQ")) == 2)
        await it.at_rest()
        assert it.cases() == [(lost, "not_found")], "once is enough"
        assert len(far.serials) == 1
        assert it.row(lost).state == "UNCONFIRMED"

    at_work(tmp_path, story, dialect=timed(dedupe=Dedupe.NONE, dedupe_window=None))


def test_beyond_the_banks_window_people_are_called(tmp_path):
    async def story(it, far):
        lost = await in_doubt(it, far, far.lost)
        later(it, timedelta(days=31))
        await it.until(lambda: (lost, "not_found") in it.cases())
        await it.at_rest()
        assert set(it.cases()) == {(lost, "not_found"), (lost, "overdue")}
        assert len(far.serials) == 1

    at_work(tmp_path, story)


def test_where_the_promise_is_for_ever_there_is_no_window(tmp_path):
    async def story(it, far):
        lost = await in_doubt(it, far, far.lost)
        later(it, timedelta(days=400))
        await it.until_state(lost, "SETTLED")
        assert far.paid() == 1

    at_work(tmp_path, story, dialect=timed(dedupe=Dedupe.GUARANTEED, dedupe_window=None))


def test_a_payment_open_for_a_day_calls_people_once(tmp_path):
    async def story(it, far):
        doubtful = await in_doubt(it, far, far.answer_lost)
        far.script.extend([far.lost, far.lost])
        for count in (1, 2):
            later(it, timedelta(hours=30))
            await it.until(lambda count=count: len(far.of("XFERINQ")) == count)
            await it.at_rest()
            assert it.cases() == [(doubtful, "overdue")]

    at_work(tmp_path, story)


def test_refused_when_resent_and_unknown_to_the_core_ends_an_own_bank_payment(tmp_path):
    """The first send never arrived, the resend is refused: asked twice, the bank knows nothing."""

    async def story(it, far):
        wrong = await in_doubt(it, far, far.lost, creditor_name="样本错名有限公司")
        later(it, AFTER_SEND)
        await it.until(lambda: len(far.serials) == 2)
        await it.at_rest()
        assert it.row(wrong).state == "UNCONFIRMED", "a refused resend proves nothing of the first"
        assert it.rows(tables.message)[0].resend_refused
        later(it, AFTER_SEND)
        await it.until_state(wrong, "REJECTED")
        await it.at_rest()
        assert it.steps(wrong)[-1] == ("REJECTED", "enquiry")
        assert it.row(wrong).reason == "not_found_and_core_none"
        assert len(far.of("INQSTATE")) == 1
        assert len(far.serials) == 2, "resending more is useless"

    at_work(tmp_path, story)


def test_refused_when_resent_to_another_bank_calls_people(tmp_path):
    async def story(it, far):
        far.script.append(far.lost)
        caller = replace(OTHER_BANK, debtor_account="900010101000000011")
        doubtful = await it.post(caller)
        await it.until_state(doubtful, "UNCONFIRMED")
        await it.at_rest()
        with far.ledger.transaction():
            far.ledger.db.execute("DELETE FROM operator_right")
        later(it, AFTER_SEND)
        await it.until(lambda: len(far.serials) == 2)
        await it.at_rest()
        later(it, AFTER_SEND)
        await it.until(it.cases)
        assert it.cases() == [(doubtful, "refused_on_resend")]
        assert it.row(doubtful).state == "UNCONFIRMED"

    at_work(tmp_path, story)


def test_pending_at_the_bank_stays_unconfirmed_until_it_is_decided(tmp_path):
    async def story(it, far):
        pending = await it.post(OTHER_BANK, urgency="urgent")
        await it.until_state(pending, "UNCONFIRMED")
        await it.at_rest()
        assert it.row(pending).reason == "pending"
        later(it, AFTER_SEND)
        await it.until_state(pending, "SETTLED")
        assert len(far.serials) == 1

    at_work(tmp_path, story)


def test_waiting_for_people_at_the_bank_is_no_doubt(tmp_path):
    async def story(it, far):
        with far.ledger.transaction():
            far.ledger.db.execute("UPDATE customer SET enable_sign = 0")
        waiting = await it.post()
        await it.until_state(waiting, "BANK_APPROVAL")
        await it.at_rest()
        assert it.row(waiting).reason == "client_netbank"
        later(it, AFTER_SEND)
        await it.until(lambda: far.of("XFERINQ"))
        await it.at_rest()
        assert it.row(waiting).state == "BANK_APPROVAL"
        row = far.bank.book.by_serial(it.link.connection.customer, far.serials[0])
        assert row.state is BankState.AUDITING

    at_work(tmp_path, story)


def test_a_sign_on_refused_at_an_enquiry_stops_the_connection_and_proves_nothing(tmp_path):
    async def story(it, far):
        doubtful = await in_doubt(it, far, far.answer_lost)
        far.password("Changed-Pass-1")
        later(it, AFTER_SEND)
        await it.until(lambda: it.rows(tables.blockade))
        await it.at_rest()
        assert it.row(doubtful).state == "UNCONFIRMED"
        later(it, NEXT)
        await it.looked()
        assert len(far.of("XFERINQ")) == 1, "one wrong password, not five"
        far.password(it.link.connection.password)
        await it.relay.unblock(TENANT, LINK, "person:li")
        await it.until_state(doubtful, "SETTLED")

    at_work(tmp_path, story)


def test_half_open_enquiries_hold_up_no_payment(tmp_path):
    async def story(it, far):
        doubtful = [
            await in_doubt(it, far, far.answer_lost, erp_reference=f"D{n}", amount=f"{n}.00")
            for n in (1, 2)
        ]
        far.script.extend([far.half_open, far.half_open])
        later(it, AFTER_SEND)
        await it.until(lambda: len(far.of("XFERINQ")) == 2)
        for n in range(3, 8):
            paid = await it.post(erp_reference=f"P{n}", amount=f"{n}.00")
            await it.until_state(paid, "SETTLED")
        assert {it.row(one).state for one in doubtful} == {"UNCONFIRMED"}

    at_work(tmp_path, story, enquiry_slots=2, slots=1)


def test_after_a_crash_in_mid_send_it_is_asked_and_not_sent_again(tmp_path):
    async def inside() -> None:
        async with office(tmp_path) as (dying, far):
            far.script.append(far.half_open)
            sent = await dying.post()
            await dying.until(lambda: len(far.calls) == 1)
            assert dying.row(sent).state == "SENDING"
            dying.relay.drain()
            async with office(tmp_path, far=far) as (it, _):
                await it.until_state(sent, "UNCONFIRMED")
                assert it.steps(sent)[-1] == ("UNCONFIRMED", "doubt")
                assert it.history(sent)[-1].reason == "taken_over"
                await it.looked()
                assert len(far.calls) == 1
                later(it, AFTER_SEND)
                await it.until_state(sent, "SETTLED")
                await it.at_rest()
                assert [call.operation for call in far.calls] == ["XFER", "XFERINQ", "XFER"]
                assert len(set(far.serials)) == 1
                assert far.paid() == 1

    asyncio.run(inside())


def test_an_enquiry_by_request_waits_for_the_quiet_time(tmp_path):
    async def story(it, far):
        doubtful = await in_doubt(it, far, far.answer_lost)
        told = await it.relay.enquire_soon(TENANT, doubtful)
        assert told == (it.clock.at + QUIET).isoformat()
        later(it, QUIET)
        await it.until_state(doubtful, "SETTLED")
        with pytest.raises(NotOffered):
            await it.relay.enquire_soon(TENANT, doubtful)
        with pytest.raises(NotFound):
            await it.relay.enquire_soon(TENANT, "ins_unknown")
        with pytest.raises(NotFound):
            await it.relay.enquire_soon("another tenant", doubtful)

    at_work(tmp_path, story)


def test_the_schedule_backs_off_to_four_hours_and_never_ends(tmp_path):
    async def story(it, far):
        hours = [step_us(it.link, tries) / 3_600_000_000 for tries in range(100)]
        assert hours[:6] == [0.25, 0.25, 0.5, 1, 2, 4]
        assert set(hours[6:]) == {4}

    at_work(tmp_path, story, start=False)


def test_the_timing_of_the_tests_is_the_dialects():
    assert DIALECT.timing == Timing(
        quiet=QUIET, dedupe=Dedupe.WINDOW, dedupe_window=timedelta(days=30)
    )
