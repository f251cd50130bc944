"""Sending through the real dialect: every way an exchange can end, and what becomes of it."""

# ruff: noqa: S608 - tampering is written as SQL

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.relay import sender
from gateway.relay.plan import plan
from gateway.store import tables
from gateway.transport import http_client
from tests.relay_ground import LINK, TENANT, at_work, instead

SENT = [("RECEIVED", "erp"), ("APPROVED", "policy"), ("QUEUED", "policy"), ("SENDING", "dispatch")]
HTML = "<html><body>系统维护</body></html>".encode()


def test_settled(tmp_path):
    async def story(it, far):
        paid = await it.post()
        await it.until_state(paid, "SETTLED")
        await it.at_rest()
        assert it.steps(paid) == [*SENT, ("SETTLED", "bank_answer")]
        (message,) = it.rows(tables.message)
        assert (message.fate, message.sends, message.serial) == ("closed", 1, far.serials[0])
        assert it.rows(tables.work) == []
        assert it.row(paid).bank_reference
        assert far.paid() == 1

    at_work(tmp_path, story)


def test_refused_by_a_known_refusal(tmp_path):
    async def story(it, far):
        wrong = await it.post(creditor_name="样本错名有限公司")
        await it.until_state(wrong, "REJECTED")
        assert it.steps(wrong) == [*SENT, ("REJECTED", "bank_answer")]
        assert it.rows(tables.message)[0].fate == "closed"
        assert far.paid() == 0

    at_work(tmp_path, story)


@pytest.mark.parametrize(
    ("fate", "reason"),
    [
        (instead(500, b"oops", "text/plain", executed=True), "http_500"),
        (instead(502, b"", "text/plain"), "http_502"),
        (instead(404, HTML, "text/html"), "http_404"),
        (instead(302, b"", "text/html"), "http_302"),
        (instead(200, HTML, "text/html; charset=utf-8", executed=True), "unreadable_root"),
        (instead(200, b"", executed=True), "unreadable_"),
        (instead(200, b"\x81\x20\xff\xfe<", executed=True), "unreadable_"),
        (instead(200, b"<FOX><SIGNONMSGSRSV1>", executed=True), "unreadable_"),
    ],
)
def test_what_is_no_answer_is_unconfirmed_never_failed(tmp_path, fate, reason):
    async def story(it, far):
        far.script.append(fate(far))
        doubtful = await it.post()
        await it.until_state(doubtful, "UNCONFIRMED")
        await it.at_rest()
        assert it.steps(doubtful) == [*SENT, ("UNCONFIRMED", "bank_answer")]
        assert it.row(doubtful).reason.startswith(reason)
        assert it.rows(tables.message)[0].fate == "open"
        (planned,) = it.rows(tables.work)
        assert planned.kind == "enquire"
        incoming = [row for row in it.rows(tables.wire) if row.direction == "in"]
        assert len(incoming) == 1, "what came is archived, whatever it is"

    at_work(tmp_path, story)


def test_a_timeout_is_never_a_failure(tmp_path):
    async def story(it, far):
        far.script.append(far.answer_lost)
        doubtful = await it.post()
        await it.until_state(doubtful, "UNCONFIRMED")
        assert it.steps(doubtful)[-1] == ("UNCONFIRMED", "doubt")
        assert it.row(doubtful).reason.startswith("no_answer")
        await it.looked()
        assert len(far.calls) == 1, "nothing is asked or sent before the quiet time"

    at_work(tmp_path, story)


def test_the_answer_to_another_message_is_unconfirmed(tmp_path):
    async def story(it, far):
        first = await it.post()
        await it.until_state(first, "SETTLED")

        async def swapped(request):
            answer = await far.served(request)
            return replace_serial(answer, far.serials[1], far.serials[0])

        far.script.append(swapped)
        second = await it.post(erp_reference="PO-2", amount="7.00")
        await it.until_state(second, "UNCONFIRMED")
        assert it.row(second).reason == "unreadable_serial"

    at_work(tmp_path, story)


def replace_serial(answer, ours: str, other: str):
    return type(answer)(
        answer.status_code,
        content=answer.content.replace(ours.encode(), other.encode()),
        headers={"content-type": "application/x-fox"},
    )


@pytest.mark.parametrize(("told", "other"), [(b"1200.50", b"1200.51"), (b"014<", b"022<")])
def test_an_answer_about_other_money_or_another_payee_is_unconfirmed(tmp_path, told, other):
    async def story(it, far):
        async def distorted(request):
            answer = await far.served(request)
            assert told in answer.content
            body = answer.content.replace(told, other)
            return type(answer)(200, content=body, headers={"content-type": "application/x-fox"})

        far.script.append(distorted)
        doubtful = await it.post()
        await it.until_state(doubtful, "UNCONFIRMED")
        assert it.row(doubtful).reason == "echo_mismatch"

    at_work(tmp_path, story)


def test_what_never_left_waits_again_under_the_same_message_and_serial(tmp_path):
    async def story(it, far):
        far.script.extend([far.refused, far.refused])
        paid = await it.post()
        await it.until(lambda: it.steps(paid)[-1] == ("QUEUED", "not_sent"))
        await it.at_rest()
        (message,) = it.rows(tables.message)
        assert (message.fate, message.sends, message.last_sent_us) == ("planned", 0, None)
        serial = message.serial
        await it.looked()
        assert it.steps(paid)[-1] == ("QUEUED", "not_sent"), "the connection pauses"
        it.clock.pass_time(seconds=2)
        await it.until(lambda: len(it.steps(paid)) == 7)
        it.clock.pass_time(seconds=3)
        await it.until_state(paid, "SETTLED")
        again = [("SENDING", "dispatch"), ("QUEUED", "not_sent")]
        assert it.steps(paid) == [
            *SENT,
            ("QUEUED", "not_sent"),
            *again,
            ("SENDING", "dispatch"),
            ("SETTLED", "bank_answer"),
        ]
        assert far.serials == [serial]
        assert len(it.rows(tables.message)) == 1

    at_work(tmp_path, story)


def test_a_refused_sign_on_stops_the_connection_until_a_person_lifts_that(tmp_path):
    async def story(it, far):
        waiting = await it.post()
        await it.until(lambda: it.steps(waiting)[-1] == ("QUEUED", "refused_unexecuted"))
        await it.at_rest()
        (stop,) = it.rows(tables.blockade)
        assert (stop.connection, stop.lifted_us) == (LINK, None)
        (message,) = it.rows(tables.message)
        assert message.fate == "closed"
        await it.post(erp_reference="PO-2", amount="7.00")
        await it.looked()
        assert len(far.calls) == 1, "one refusal is enough: nobody locks the operator"
        far.password("Changed-Pass-1")
        assert await it.relay.unblock(TENANT, LINK, "person:li") == 1
        assert await it.relay.unblock(TENANT, LINK, "person:li") == 0
        await it.until_state(waiting, "SETTLED")
        assert far.serials[1] != far.serials[0], "a refused serial is never used again"
        kinds = [row.kind for row in it.rows(tables.journal, tables.journal.c.seq)]
        assert kinds.count("connection_blocked") == kinds.count("connection_unblocked") == 1

    at_work(tmp_path, story, password="Changed-Pass-1")


def test_one_half_open_socket_holds_up_nobody_else(tmp_path):
    async def story(it, far):
        far.script.append(far.half_open)
        stuck = await it.post()
        await it.until_state(stuck, "SENDING")
        await it.until(lambda: len(far.calls) == 1)
        others = [
            await it.post(erp_reference=f"PO-{number}", amount=f"{number}.00")
            for number in range(2, 8)
        ]
        for other in others:
            await it.until_state(other, "SETTLED")
        assert it.row(stuck).state == "SENDING"
        far.silence.set()
        await it.until_state(stuck, "UNCONFIRMED")

    at_work(tmp_path, story, slots=2)


def test_no_more_in_flight_than_slots(tmp_path):
    async def story(it, far):
        far.script.extend([far.half_open] * 3)
        posted = [
            await it.post(erp_reference=f"PO-{number}", amount=f"{number}.00")
            for number in range(1, 6)
        ]
        await it.until(lambda: len(far.calls) == 3)
        await it.until(lambda: it.relay.in_flight == 3)
        for _ in range(5):
            it.link.wake.set()
            await it.store.write(lambda _: None)
        assert len(far.calls) == 3
        assert [it.row(one).state for one in posted].count("QUEUED") == 2
        far.silence.set()
        for one in posted[3:]:
            await it.until_state(one, "SETTLED")

    at_work(tmp_path, story, slots=3)


def test_our_own_time_limit_ends_a_silent_exchange(tmp_path, monkeypatch):
    monkeypatch.setattr(http_client, "GRACE_S", 0.0)

    async def story(it, far):
        far.script.append(far.half_open)
        stuck = await it.post()
        await it.until_state(stuck, "UNCONFIRMED")
        assert not far.silence.is_set()

    at_work(tmp_path, story, timeout_s=0)


def test_a_paused_worker_does_not_send_after_its_deadline(tmp_path, monkeypatch):
    pauses = [timedelta(seconds=61)]

    def then_paused(link, uow, limit, deadline):
        found = plan(link, uow, limit, deadline)
        if found.planned and pauses:
            link.runtime.clock.ticks += pauses.pop().total_seconds()
        return found

    monkeypatch.setattr(sender, "plan", then_paused)

    async def story(it, far):
        late = await it.post()
        await it.until(lambda: it.steps(late)[-1] == ("QUEUED", "not_sent"))
        assert far.calls == []
        assert it.history(late)[-1].reason == "the time in which this process might send was over"
        it.clock.pass_time(seconds=2)
        await it.until_state(late, "SETTLED")

    at_work(tmp_path, story)


@pytest.mark.parametrize(
    "change", ["amount_minor = 120051", "creditor_account = '900010801000000022'", "purpose = 'x'"]
)
def test_a_row_altered_past_the_gateway_is_held_and_never_sent(tmp_path, change):
    async def story(it, far):
        altered = await it.post()
        sound = await it.post(erp_reference="PO-2", amount="7.00")
        it.sql(f"UPDATE instruction SET {change} WHERE id = '{altered}'")
        await it.relay.start()
        await it.until_state(sound, "SETTLED")
        assert it.row(altered).state == "HELD"
        assert it.row(altered).reason == "altered"
        assert it.cases() == [(altered, "altered")]
        assert len(far.serials) == 1

    at_work(tmp_path, story, start=False)


def test_a_cancelled_instruction_is_not_sent(tmp_path):
    async def story(it, far):
        gone = await it.post()
        it.sql(f"UPDATE instruction SET state = 'CANCELLED' WHERE id = '{gone}'")
        it.sql(
            "INSERT INTO history VALUES ('sim', (SELECT id FROM instruction), 3, 'QUEUED',"
            " 'CANCELLED', 'erp', 'machine:sap', 1, '', '')"
        )
        await it.relay.start()
        await it.until(lambda: it.rows(tables.work) == [])
        assert far.calls == []

    at_work(tmp_path, story, start=False)


def test_a_payment_of_a_later_day_waits_for_its_day(tmp_path):
    async def story(it, far):
        due = await it.post(execution_date="2026-09-17")
        assert it.row(due).state == "SCHEDULED"
        await it.looked()
        it.clock.pass_time(days=1)
        await it.looked()
        assert far.calls == []
        it.clock.pass_time(days=1)
        await it.until_state(due, "SETTLED")
        assert ("QUEUED", "schedule") in it.steps(due)

    at_work(tmp_path, story)
