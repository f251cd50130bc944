"""Cancelling before it leaves, and payments that wait for their day on the shared clock."""

# ruff: noqa: S608 - tampering is written as SQL

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from gateway.controls.cancel import AlreadyLeft, Cancellations
from gateway.controls.decide import Decisions
from gateway.controls.release import Releaser
from gateway.domain.decision import Action, Actor, ActorKind
from gateway.domain.errors import NotFound, NotPermitted
from gateway.ports.tenancy import ApiKey
from gateway.relay.outcome_rows import Unsent, write
from gateway.relay.plan import plan
from gateway.relay.withdraw import withdraw
from gateway.simulation.plan import ERP_ACTOR
from gateway.store import tables
from tests.records import replace
from tests.relay_ground import TENANT, at_work

ERP = ApiKey(id="erp", tenant=TENANT, actor=ERP_ACTOR, secret=b"", erp="sap")
PERSON = replace(ERP, id="wang", actor=Actor(kind=ActorKind.PERSON, name="wang"), erp="")
TOMORROW = "2026-09-16"


def cancellations(it) -> Cancellations:
    return Cancellations(it.store, it.runtime, withdraw)


async def not_sent(it, *drafts: dict[str, str]) -> list[str]:
    """Payments whose first send certainly did not leave: QUEUED again under their messages."""
    posted = [await it.post(**changes) for changes in drafts]

    def job(uow):
        found = plan(it.link, uow, len(posted), 1.0).planned
        write(it.link, uow, [Unsent(message=one.message, why="refused") for one in found])

    await it.store.write(job)
    assert [it.steps(one)[-1] for one in posted] == [("QUEUED", "not_sent")] * len(posted)
    return posted


@pytest.mark.parametrize(("key", "cause"), [(ERP, "erp"), (PERSON, "person")])
def test_what_is_cancelled_never_leaves_and_the_answer_stays_the_same(tmp_path, key, cause):
    async def story(it, far):
        (paid,) = await not_sent(it, {})
        done = await cancellations(it).cancel(key, paid, "重复")
        assert it.steps(paid)[-1] == ("CANCELLED", cause)
        assert (done.by, done.reason, done.at) == (key.actor.label(), "重复", it.clock.at)
        await it.relay.start()
        await it.looked()
        assert far.calls == []
        assert it.rows(tables.work) == []
        (message,) = it.rows(tables.message)
        (line,) = it.rows(tables.message_line)
        assert (message.fate, bool(line.open)) == ("closed", False)
        for again in (ERP, PERSON):
            assert await cancellations(it).cancel(again, paid, "又一次") == done
        assert it.steps(paid).count(("CANCELLED", cause)) == 1

    at_work(tmp_path, story, start=False)


def test_once_it_has_left_it_cannot_be_cancelled(tmp_path):
    async def story(it, far):
        far.script.append(far.half_open)
        sending = await it.post()
        await it.until(lambda: far.calls)
        for state in ("SENDING", "UNCONFIRMED"):
            await it.until_state(sending, state)
            with pytest.raises(AlreadyLeft):
                await cancellations(it).cancel(ERP, sending, "")
            far.silence.set()
        await it.at_rest()
        settled = await it.post(erp_reference="S", amount="2.00")
        await it.until_state(settled, "SETTLED")
        with pytest.raises(AlreadyLeft):
            await cancellations(it).cancel(PERSON, settled, "")
        assert not any(cause == "erp" for _, cause in it.steps(sending)[1:])

    at_work(tmp_path, story)


def test_whose_it_is(tmp_path):
    async def story(it, far):
        queued = await it.post()
        with pytest.raises(NotPermitted):
            await cancellations(it).cancel(replace(ERP, erp="oa"), queued, "")
        with pytest.raises(NotFound):
            await cancellations(it).cancel(replace(ERP, tenant="other"), queued, "")
        with pytest.raises(NotFound):
            await cancellations(it).cancel(ERP, "ins_none", "")
        assert it.row(queued).state == "QUEUED"

    at_work(tmp_path, story, start=False)


def test_cancelling_a_held_one_closes_its_case(tmp_path):
    async def story(it, far):
        first = await it.post()
        await it.until_state(first, "SETTLED")
        twin = await it.post(erp_reference="TWIN")
        assert it.row(twin).state == "HELD"
        await cancellations(it).cancel(ERP, twin, "")
        assert it.row(twin).state == "CANCELLED"
        assert [row for row in it.rows(tables.case) if row.closed_us is None] == []

    at_work(tmp_path, story)


def test_a_rejection_by_a_person_closes_the_message_as_well(tmp_path):
    async def story(it, far):
        (paid,) = await not_sent(it, {})
        release = Releaser(it.runtime)
        decisions = Decisions(it.store, it.runtime, release, lambda: None, withdraw)
        await decisions.decide(
            tenant=it.tenant,
            actor=PERSON.actor,
            instruction=paid,
            action=Action.REJECT,
            content_hash=it.row(paid).digest,
            reason="",
        )
        assert it.row(paid).state == "CANCELLED"
        assert [row.fate for row in it.rows(tables.message)] == ["closed"]

    at_work(tmp_path, story, start=False)


def test_a_cancellation_and_the_planning_of_it_never_both_succeed(tmp_path):
    async def story(it, far):
        for number in range(12):
            paid = await it.post(erp_reference=f"R-{number}", amount=f"{number + 1}.00")
            try:
                await cancellations(it).cancel(ERP, paid, "")
            except AlreadyLeft:
                await it.until_state(paid, "SETTLED")
            else:
                assert it.row(paid).state == "CANCELLED"
            await asyncio.sleep(0)
        await it.looked()
        states = [row.state for row in it.rows(tables.instruction)]
        assert far.paid() == states.count("SETTLED")

    at_work(tmp_path, story)


def test_a_message_of_several_that_never_left_is_closed_as_a_whole(tmp_path):
    """What rode with the cancelled one is free to be planned anew; others are not touched."""

    async def story(it, far):
        drafts = [{"erp_reference": f"R-{n}", "amount": f"{n}.00"} for n in (1, 2)]
        one, two = await not_sent(it, *drafts)
        carrying = {line.instruction: line.message for line in it.rows(tables.message_line)}
        shared, alone = carrying[one], carrying[two]
        it.sql(f"UPDATE message_line SET message='{shared}', line=9 WHERE instruction='{two}'")

        def take_back(uow):
            withdraw(uow, TENANT, "ins_none")
            before = uow.rows(select(tables.message_line.c.open))
            withdraw(uow, TENANT, one)
            return [line.open for line in before]

        assert await it.store.write(take_back) == [True, True]
        assert [bool(line.open) for line in it.rows(tables.message_line)] == [False, False]
        fates = {row.id: row.fate for row in it.rows(tables.message)}
        assert fates == {shared: "closed", alone: "planned"}

    at_work(tmp_path, story, start=False)


# ── waiting for a day ───────────────────────────────────────────────────────────────────────


def test_it_leaves_on_its_day_by_the_shared_clock(tmp_path):
    async def story(it, far):
        waiting = await it.post(execution_date=TOMORROW)
        assert it.steps(waiting)[-1] == ("SCHEDULED", "policy")
        it.clock.pass_time(seconds=timedelta(hours=14).total_seconds() - 1)
        assert f"{it.clock.at:%d %H:%M:%S}" == "15 23:59:59"
        await it.looked()
        assert far.calls == []
        assert it.row(waiting).state == "SCHEDULED"
        it.clock.pass_time(seconds=1)
        await it.until_state(waiting, "SETTLED")
        assert ("QUEUED", "schedule") in it.steps(waiting)
        assert far.calls[0].at.date().isoformat() == TOMORROW

    at_work(tmp_path, story)


def test_it_can_be_cancelled_before_its_day(tmp_path):
    async def story(it, far):
        waiting = await it.post(execution_date=TOMORROW)
        await cancellations(it).cancel(ERP, waiting, "改期")
        it.clock.pass_time(days=2)
        await it.looked()
        assert far.calls == []
        assert it.steps(waiting)[-2:] == [("SCHEDULED", "policy"), ("CANCELLED", "erp")]

    at_work(tmp_path, story)
