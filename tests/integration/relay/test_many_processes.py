"""Two relays on one PostgreSQL database: each payment leaves once, whoever stands still."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from gateway.relay import sender, shares
from gateway.relay.outcome_rows import Findings, Unsent
from gateway.relay.plan import plan
from gateway.relay.takeover import take_over
from gateway.store import tables
from gateway.store.lease import Fenced
from tests.relay_ground import LINK, TENANT, Office, office
from tests.two_offices import (
    AFTER_SEND,
    FOR_EVER,
    between_two,
    end_lease,
    later,
    planned,
    posted,
)

pytestmark = pytest.mark.postgresql

STILL_S = 400_000.0  # longer than a lease of these tests
FENCED = pytest.mark.filterwarnings(
    # A fenced process ends by the death of its writer, which is what is wanted here.
    "ignore::pytest.PytestUnhandledThreadExceptionWarning"
)


# ── each payment once ───────────────────────────────────────────────────────────────────────


def test_each_payment_is_sent_once_and_the_slots_hold_over_both(postgresql):
    under_way: list[int] = [0]
    seen: list[int] = []

    async def story(one, two, far):
        served = far.served

        async def counted(request):
            under_way[0] += 1
            seen.append(under_way[0])
            await asyncio.sleep(0.002)
            try:
                return await served(request)
            finally:
                under_way[0] -= 1

        far.served = counted
        payments = await posted(one, 40)
        await one.relay.start()
        await two.relay.start()
        await one.until(lambda: far.paid() == len(payments))
        for payment in payments:
            await one.until_state(payment, "SETTLED")
        assert len(far.serials) == len(set(far.serials)) == len(payments)
        assert max(seen) <= 3
        await one.until(lambda: one.rows(tables.work) == [])
        assert not any(row.in_flight for row in one.rows(tables.message))

    between_two(postgresql, story, start=False, slots=3)


def test_while_one_plans_the_other_neither_waits_nor_takes_what_it_took(postgresql):
    async def story(one, two, far):
        await planned(two, 6)
        await posted(one, 6)
        entered, go_on = threading.Event(), threading.Event()

        def slowly(uow):
            found = plan(one.link, uow, 2, FOR_EVER)
            entered.set()
            assert go_on.wait(20)
            return found

        first = asyncio.create_task(one.store.write(slowly))
        await asyncio.to_thread(entered.wait, 20)
        meanwhile = await planned(two, 6)
        assert (meanwhile.planned, meanwhile.more) == ((), True)
        go_on.set()
        taken = await first
        rest = await planned(two, 6)
        assert (len(taken.planned), len(rest.planned)) == (2, 1), "three slots in all"
        carried = [line.instruction for line in one.rows(tables.message_line)]
        assert len(carried) == len(set(carried)) == 3

    between_two(postgresql, story, start=False, slots=3)


def test_the_calls_per_second_hold_over_both(postgresql):
    rate = 20

    async def story(one, two, far):
        def take(it: Office) -> Callable:
            def job(uow) -> tuple[int, int]:
                turn = shares.take_turn(uow, TENANT, it.link.connection)
                if turn is None:
                    return 0, 0
                calls = min(turn.calls, 3)
                shares.spend(uow, TENANT, it.link.connection, turn, calls)
                return calls, turn.seen_us

            return job

        taken: list[tuple[int, int]] = []

        async def greedy(it: Office) -> None:
            while sum(calls for calls, _ in taken) < 3 * rate:
                got = await it.store.write(take(it))
                if got[0]:
                    taken.append(got)

        async with asyncio.timeout(60):
            await asyncio.gather(greedy(one), greedy(two))
        instants = [at_us for _, at_us in taken]
        span_s = (max(instants) - min(instants)) / 1_000_000
        assert sum(calls for calls, _ in taken) <= rate + rate * span_s + 1

    between_two(postgresql, story, start=False, rate_per_s=rate)


# ── a process falls silent ──────────────────────────────────────────────────────────────────


@FENCED
def test_what_a_silent_process_was_sending_is_asked_about_and_not_sent_again(postgresql):
    async def story(one, two, far):
        far.script.append(far.half_open)
        sent = await one.post()
        await one.until(lambda: far.calls)
        await two.relay.start()
        assert two.row(sent).state == "SENDING", "it lives"
        end_lease(one)
        await two.until_state(sent, "UNCONFIRMED")
        assert two.history(sent)[-1].reason == "taken_over"
        (message,) = two.rows(tables.message)
        assert (message.in_flight, message.fate) == (False, "open")
        far.silence.set()  # the late answer reaches the late holder
        await two.until(lambda: one.deaths)
        assert isinstance(one.deaths[0][1], Fenced)
        assert len(far.serials) == 1
        later(two, AFTER_SEND)
        await two.until_state(sent, "SETTLED")
        await two.at_rest()
        assert [call.operation for call in far.calls] == ["XFER", "XFERINQ", "XFER"]
        assert len(set(far.serials)) == 1
        assert far.paid() == 1

    async def inside() -> None:
        async with (
            office(postgresql, mortal=True) as (one, far),
            office(postgresql, start=False, far=far) as (two, _),
        ):
            await story(one, two, far)

    asyncio.run(inside())


def test_a_process_that_stood_still_past_its_lease_sends_nothing(postgresql, monkeypatch):
    """As after SIGSTOP between the commit and the first byte; nobody has taken over yet."""
    stopped: list[Office] = []

    def then_stopped(link, uow, limit, deadline):
        found = plan(link, uow, limit, deadline)
        if found.planned and stopped and link is stopped[0].link:
            stopped.pop().clock.stood_still_s += STILL_S
        return found

    async def story(one, two, far):
        stopped.append(one)
        monkeypatch.setattr(sender, "plan", then_stopped)
        late = await one.post()
        await one.relay.start()
        await one.until(lambda: one.steps(late)[-1] == ("QUEUED", "not_sent"))
        assert far.calls == []
        await two.relay.start()
        await two.until_state(late, "SETTLED")
        assert len(far.serials) == 1

    between_two(postgresql, story, start=False)


@FENCED
def test_a_process_that_was_taken_over_neither_sends_nor_writes(postgresql):
    async def story(one, two, far):
        late = await one.post()
        (planned,) = (
            await one.store.write(lambda uow: plan(one.link, uow, 1, one.link.sending_deadline()))
        ).planned
        one.clock.stood_still_s += STILL_S
        end_lease(one)
        assert await two.store.write(lambda uow: take_over({(TENANT, LINK): two.link}, uow)) == 1
        assert two.row(late).state == "UNCONFIRMED"
        waking = one.relay._senders[TENANT, LINK]
        found = await waking._exchange(planned)
        assert isinstance(found, Unsent)
        with pytest.raises(Fenced):
            await Findings(one.link).write(found)
        assert far.calls == []
        assert two.row(late).state == "UNCONFIRMED"
        later(two, AFTER_SEND)
        await two.relay.start()
        await two.until_state(late, "SETTLED")
        assert [call.operation for call in far.calls] == ["XFERINQ", "XFER"]
        assert far.serials == [planned.message.serial]

    between_two(postgresql, story, start=False, mortal=True)
