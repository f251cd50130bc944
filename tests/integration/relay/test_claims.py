"""Two relays on one PostgreSQL database: enquiries, resends, stops and refunds are decided once."""

from __future__ import annotations

import asyncio
import threading

import pytest
from sqlalchemy import select

from gateway.controls.stops import EmergencyStops
from gateway.domain.ids import Serial
from gateway.lifecycle.rows import instruction_of
from gateway.lifecycle.stops import StopScope
from gateway.ports.tenancy import Directory
from gateway.relay import messages
from gateway.relay.carrier import order_of, paying
from gateway.relay.plan import plan
from gateway.relay.takeover import take_over
from gateway.schedule import work
from gateway.schedule.work import WorkKind
from gateway.statements.refunds import Refunds
from gateway.store import tables
from tests.records import replace
from tests.relay_ground import CAST, LINK, TENANT, FarEnd, Office
from tests.two_offices import (
    AFTER_SEND,
    FOR_EVER,
    WANG,
    between_two,
    end_lease,
    later,
    planned,
    posted,
)

pytestmark = pytest.mark.postgresql

# ── enquiries ───────────────────────────────────────────────────────────────────────────────


async def in_doubt(it: Office, far: FarEnd, count: int) -> list[str]:
    far.script.extend([far.lost] * count)
    doubtful = await posted(it, count)
    for one in doubtful:
        await it.until_state(one, "UNCONFIRMED")
    await it.at_rest()
    return doubtful


def test_one_of_two_asks_and_one_resends(postgresql):
    async def story(one, two, far):
        doubtful = await in_doubt(one, far, 12)
        later(one, AFTER_SEND)
        one.relay.rouse(None)
        two.relay.rouse(None)
        for payment in doubtful:
            await one.until_state(payment, "SETTLED")
        await one.at_rest()
        await two.at_rest()
        asked = [call.original for call in far.of("XFERINQ")]
        assert len(asked) == len(set(asked)) == 12
        assert sorted(far.serials) == sorted(asked * 2), "sent twice under one serial each"
        assert far.paid() == 12

    between_two(postgresql, story)


def test_a_resend_is_decided_once(postgresql):
    """Both know that the bank has nothing of it; a stop had kept either from sending it again."""

    async def story(one, two, far):
        (doubtful,) = await in_doubt(one, far, 1)
        stops = EmergencyStops(one.store, one.runtime)
        stop = await stops.pull(one.tenant, WANG, StopScope.TENANT, "", "电话核实有疑问")
        later(one, AFTER_SEND)
        await one.until(lambda: one.rows(tables.message)[0].not_found_us)
        await one.at_rest()
        await two.at_rest()
        one.relay.drain()
        two.relay.drain()
        for person in (WANG, replace(WANG, name="li")):
            await stops.lift(one.tenant, person, stop.id, "已核实")

        async def decide(it: Office):
            (message,) = await it.store.write(
                lambda uow: messages.load(uow, TENANT, [it.row(doubtful).message])
            )
            order = order_of("pay", [instruction_of(it.row(doubtful), it.tenant)])
            wire = paying(it.link.dialect, "pay").encode(
                order, it.link.sign_on(), Serial(message.serial)
            )
            asking = it.relay._enquirers[TENANT, LINK]._enquiries
            return await it.store.write(lambda uow: asking.open_resend(uow, message, wire))

        decided = await asyncio.gather(decide(one), decide(two))
        assert [it is None for it in decided].count(True) == 1
        (message,) = one.rows(tables.message)
        assert (message.sends, message.in_flight) == (2, True)
        assert one.row(doubtful).state == "UNCONFIRMED"

    between_two(postgresql, story)


def test_enquiry_slots_hold_over_both_and_those_of_the_dead_are_free(postgresql):
    async def story(one, two, far):
        def plan_all(uow):
            for n in range(6):
                it = work.Work(
                    tenant=TENANT, kind=WorkKind.ENQUIRE, subject=f"m{n}", lane=LINK, due_us=1
                )
                work.add(uow, it)

        await one.store.write(plan_all)
        queue = one.link.queue(WorkKind.ENQUIRE)

        def claim(it: Office, limit: int):
            return it.store.write(
                lambda uow: [
                    found.subject for found in work.claim(uow, queue, it.store.lane.id, 2, limit)
                ]
            )

        mine, others = await asyncio.gather(claim(one, 2), claim(two, 2))
        assert not set(mine) & set(others)
        assert await one.store.write(lambda uow: work.held(uow, queue)) == 4
        claimed, visits = await two.store.write(
            lambda uow: two.relay._enquirers[TENANT, LINK]._claim(uow, 4)
        )
        assert (claimed, visits) == (0, []), "all slots of the connection are taken"
        end_lease(one)
        await two.store.write(lambda uow: take_over({(TENANT, LINK): two.link}, uow))
        assert await two.store.write(lambda uow: work.held(uow, queue)) == 2
        assert set(await claim(two, 6)) == {f"m{n}" for n in range(6)} - set(others)

    between_two(postgresql, story, start=False, mortal=True, enquiry_slots=4)


# ── the emergency stop ──────────────────────────────────────────────────────────────────────


def test_a_stop_pulled_elsewhere_holds_from_its_commit_on(postgresql):
    async def story(one, two, far):
        first, second = await posted(one, 2)
        entered, go_on = threading.Event(), threading.Event()

        def slowly(uow):
            found = plan(one.link, uow, 1, FOR_EVER)
            entered.set()
            assert go_on.wait(20)
            return found

        planning = asyncio.create_task(one.store.write(slowly))
        await asyncio.to_thread(entered.wait, 20)
        stops = EmergencyStops(two.store, two.runtime)
        pulling = asyncio.create_task(
            stops.pull(two.tenant, WANG, StopScope.TENANT, "", "电话核实有疑问")
        )
        await two.until(lambda: _waits_for_a_guard(two))
        assert not pulling.done(), "what was planned before the stop is committed before it"
        go_on.set()
        assert len((await planning).planned) == 1
        await pulling
        assert (await planned(one, 1)).planned == ()
        states = sorted([one.row(first).state, one.row(second).state])
        assert states == ["QUEUED", "SENDING"]

    between_two(postgresql, story, start=False)


def test_what_no_stop_holds_back_is_planned_beside_one(postgresql):
    """An account is stopped: its lines stay, the others are taken once."""

    async def story(one, two, far):
        del far
        held_account, free_account = (number for number, _, _ in CAST.accounts[:2])
        stops = EmergencyStops(one.store, one.runtime)
        await stops.pull(one.tenant, WANG, StopScope.ACCOUNT, held_account, "电话核实有疑问")
        held = [
            await one.post(erp_reference=f"H{n}", amount=f"{n}.00", debtor_account=held_account)
            for n in (1, 2)
        ]
        free = await two.post(erp_reference="F", debtor_account=free_account)
        rounds = await asyncio.gather(*(planned(it) for it in (one, two, one, two)))
        sent = [
            line for found in rounds for it in found.planned for line in it.message.instructions
        ]
        assert sent == [free]
        assert [one.row(it).state for it in held] == ["QUEUED", "QUEUED"]

    between_two(postgresql, story, start=False)


def _waits_for_a_guard(it: Office) -> bool:
    with it.engine.connect() as db:
        return bool(
            db.exec_driver_sql(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            ).scalar()
        )


def test_in_flight_ends_with_the_answer(postgresql):
    async def story(one, two, far):
        far.script.append(far.half_open)
        sent = await one.post()
        await one.until(lambda: far.calls)
        (message,) = two.rows(tables.message)
        assert message.in_flight
        assert message.holder in {one.store.lane.id, two.store.lane.id}
        far.silence.set()
        await one.until_state(sent, "UNCONFIRMED")
        held = two.store.read_now(
            lambda db: db.execute(select(tables.message.c.in_flight)).scalars().all()
        )
        assert held == [False]

    between_two(postgresql, story)


def test_a_lease_given_up_in_good_order_is_taken_over_at_once(postgresql):
    async def story(one, two, far):
        sending = await one.post()
        await planned(one, 1)
        await one.store.write(one.store.lease.end)
        taken = await two.store.write(lambda uow: take_over({(TENANT, LINK): two.link}, uow))
        assert taken == 1
        assert two.row(sending).state == "UNCONFIRMED"
        again = replace(two.link, poll_s=0.02)
        assert await two.store.write(lambda uow: take_over({(TENANT, LINK): again}, uow)) == 0

    between_two(postgresql, story, start=False, mortal=True)


# ── refunds ─────────────────────────────────────────────────────────────────────────────────


def test_each_account_is_asked_for_refunds_by_one_of_two(postgresql):
    async def story(one, two, far):
        del far
        accounts = set(one.tenant.accounts)
        both = [
            Refunds(it.store, it.runtime, it.relay.queries, directory_of(it), 1.0)
            for it in (one, two)
        ]
        await asyncio.gather(
            *(it.store.write(found._plan) for it, found in zip((one, two), both, strict=True))
        )
        assert {row.subject for row in one.rows(tables.work)} == accounts
        one.sql("UPDATE work SET due_us = 0")
        mine, others = await asyncio.gather(
            one.store.write(both[0]._claim), two.store.write(both[1]._claim)
        )
        asked = [visit.account.number for visit in (*mine, *others)]
        assert sorted(asked) == sorted(accounts), "every account once"
        assert await one.store.write(both[0]._claim) == [], "while somebody is at it"
        end_lease(two)
        await one.store.write(lambda uow: take_over({(TENANT, LINK): one.link}, uow))
        taken = await one.store.write(both[0]._claim)
        assert {it.account.number for it in taken} == {it.account.number for it in others}

    between_two(postgresql, story, start=False)


def directory_of(it: Office) -> Directory:
    return Directory(tenants={it.tenant.id: it.tenant}, keys={})
