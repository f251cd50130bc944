"""Emergency stops over the relay: nothing queued leaves, what has left is enquired about."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from gateway.controls.stops import EmergencyStops, _Wanted
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotFound, NotPermitted, Refused
from gateway.lifecycle.stops import StopScope
from gateway.relay.outcome_rows import Unsent, write
from gateway.relay.pace import Pace
from gateway.relay.plan import plan
from gateway.relay.sender import Sender
from gateway.store import tables
from tests.records import replace
from tests.relay_ground import CAST, DRAFT, LINK, TENANT, at_work

WANG = Actor(kind=ActorKind.PERSON, name="wang")
LI = Actor(kind=ActorKind.PERSON, name="li")
MACHINE = Actor(kind=ActorKind.MACHINE, name="sap")
HERE, ELSEWHERE = (number for number, _, _ in CAST.accounts[:2])
SCOPES = [
    (StopScope.TENANT, ""),
    (StopScope.TENANT, TENANT),
    (StopScope.ACCOUNT, HERE),
    (StopScope.CONNECTION, LINK),
]
AFTER_SEND = timedelta(minutes=15, seconds=30)
NEXT = timedelta(hours=5)


def stops_of(it) -> EmergencyStops:
    return EmergencyStops(it.store, it.runtime)


async def pulled(it, scope=StopScope.TENANT, subject="", actor=WANG):
    return await stops_of(it).pull(it.tenant, actor, scope, subject, "电话核实有疑问")


async def lifted(it, stop):
    stops = stops_of(it)
    assert (await stops.lift(it.tenant, WANG, stop.id, "已核实")).lifted_at is None
    return await stops.lift(it.tenant, LI, stop.id, "已核实")


def kinds(it) -> list[str]:
    return [row.kind for row in it.rows(tables.journal, tables.journal.c.seq)]


@pytest.mark.parametrize(("scope", "subject"), SCOPES)
def test_nothing_queued_leaves_until_two_people_lift_it(tmp_path, scope, subject):
    async def story(it, far):
        assert DRAFT.debtor_account == HERE
        stop = await pulled(it, scope, subject)
        held = [await it.post(erp_reference=f"S-{n}", amount=f"{n}.00") for n in (1, 2)]
        await it.looked()
        assert far.calls == []
        assert [it.row(one).state for one in held] == ["QUEUED", "QUEUED"]
        assert len(it.rows(tables.work)) == 2, "held back, not forgotten"
        assert (await lifted(it, stop)).lifted_at is not None
        for one in held:
            await it.until_state(one, "SETTLED")
        assert far.paid() == 2

    at_work(tmp_path, story)


def test_while_all_that_is_due_is_held_back_the_sender_rests(tmp_path):
    async def story(it, far):
        await pulled(it, StopScope.ACCOUNT, HERE)
        await it.post()
        link = replace(it.link, poll_s=7.0)
        sender = Sender(link, Pace(it.runtime, 0))
        for scope in (None, StopScope.TENANT):
            if scope is not None:
                await pulled(it, scope)
            found = await it.store.write(lambda uow: plan(link, uow, 8, 1.0))
            assert (found.planned, found.more, found.rest_s) == ((), False, 7.0)
            sender._due = False
            await sender._look()
            assert (sender._due, sender._rest_s) == (False, 7.0)

    at_work(tmp_path, story, start=False)


def test_it_holds_within_the_commit_that_stores_it(tmp_path):
    async def story(it, far):
        paid = await it.post()
        stops = stops_of(it)

        wanted = _Wanted(scope=StopScope.TENANT, subject=TENANT, reason="x")

        def both(uow):
            made = stops._pull(uow, it.tenant, WANG, wanted)
            return made, plan(it.link, uow, 10, 1.0).planned

        stop, planned = await it.store.write(both)
        assert planned == ()
        assert it.row(paid).state == "QUEUED"

        def lift_and_plan(uow):
            stops._lift(uow, it.tenant, WANG, stop.id, "ok")
            one_is_not_enough = plan(it.link, uow, 10, 1.0).planned
            stops._lift(uow, it.tenant, LI, stop.id, "ok")
            return one_is_not_enough, plan(it.link, uow, 10, 1.0).planned

        before, after = await it.store.write(lift_and_plan)
        assert (before, len(after)) == ((), 1)

    at_work(tmp_path, story, start=False)


def test_a_stopped_account_takes_no_place_from_the_others(tmp_path):
    """With one slot, older payments of the stopped account must not stand in the way."""

    async def story(it, far):
        await pulled(it, StopScope.ACCOUNT, HERE)
        held = [await it.post(erp_reference=f"S-{n}", amount=f"{n}.00") for n in range(1, 6)]
        free = await it.post(erp_reference="F", debtor_account=ELSEWHERE)
        await it.until_state(free, "SETTLED")
        assert {it.row(one).state for one in held} == {"QUEUED"}

    at_work(tmp_path, story, slots=1)


def test_what_is_in_flight_is_enquired_about(tmp_path):
    async def story(it, far):
        far.script.append(far.answer_lost)
        paid = await it.post()
        await it.until_state(paid, "UNCONFIRMED")
        await pulled(it)
        it.clock.pass_time(seconds=AFTER_SEND.total_seconds())
        await it.until_state(paid, "SETTLED")
        assert len(far.serials) == 1

    at_work(tmp_path, story)


@pytest.mark.parametrize(("scope", "subject"), SCOPES)
def test_nothing_is_resent_while_it_holds(tmp_path, scope, subject):
    async def story(it, far):
        far.script.append(far.lost)
        lost = await it.post()
        await it.until_state(lost, "UNCONFIRMED")
        await it.at_rest()
        stop = await pulled(it, scope, subject)
        for asked in (1, 2):
            it.clock.pass_time(seconds=NEXT.total_seconds())
            await it.until(lambda asked=asked: len(far.of("XFERINQ")) == asked)
            await it.at_rest()
        assert len(far.serials) == 1, "asked about, not sent again"
        assert it.row(lost).state == "UNCONFIRMED"
        await lifted(it, stop)
        it.clock.pass_time(seconds=NEXT.total_seconds())
        await it.until_state(lost, "SETTLED")
        assert len(far.serials) == 2
        assert len(set(far.serials)) == 1
        assert far.paid() == 1

    at_work(tmp_path, story)


def test_what_was_not_sent_waits_as_well(tmp_path):
    async def story(it, far):
        paid = await it.post()

        def job(uow):
            (planned,) = plan(it.link, uow, 1, 1.0).planned
            write(it.link, uow, [Unsent(message=planned.message, why="refused")])

        await it.store.write(job)
        stop = await pulled(it)
        await it.relay.start()
        await it.looked()
        assert far.calls == []
        await lifted(it, stop)
        await it.until_state(paid, "SETTLED")
        assert len(it.rows(tables.message)) == 1

    at_work(tmp_path, story, start=False)


def test_every_vote_is_kept_and_one_person_counts_once(tmp_path):
    async def story(it, far):
        stops, stop = stops_of(it), await pulled(it)
        assert await pulled(it) == stop, "the same person's wish, repeated"
        for _ in range(2):
            again = await stops.lift(it.tenant, WANG, stop.id, "误操作")
            assert (again.lifted_at, len(again.votes)) == (None, 1)
        anew = await pulled(it)
        assert anew.id != stop.id, "after a vote it is a new wish"
        done = await stops.lift(it.tenant, LI, stop.id, "同意")
        assert [(vote.actor, vote.reason) for vote in done.votes] == [
            ("person:wang", "误操作"),
            ("person:li", "同意"),
        ]
        third = replace(LI, name="zhao")
        assert await stops.lift(it.tenant, third, stop.id, "也同意") == done
        assert await stops.listed(TENANT) == [anew, done]
        assert await stops.listed("other") == []
        told = [kind for kind in kinds(it) if kind.startswith("stop")]
        assert told == ["stop_pulled", "stop_vote", "stop_pulled", "stop_vote", "stop_lifted"]

    at_work(tmp_path, story, start=False)


def test_another_persons_stop_must_be_lifted_as_well(tmp_path):
    async def story(it, far):
        first, second = await pulled(it), await pulled(it, actor=LI)
        paid = await it.post()
        await lifted(it, first)
        await it.looked()
        assert it.row(paid).state == "QUEUED"
        await lifted(it, second)
        await it.until_state(paid, "SETTLED")

    at_work(tmp_path, story)


def test_the_journal_tells_what_was_stopped_and_by_whom(tmp_path):
    async def story(it, far):
        stop = await pulled(it, StopScope.CONNECTION, LINK)
        (row,) = [r for r in it.rows(tables.journal) if r.kind == "stop_pulled"]
        content = json.loads(row.payload)["content"]
        assert row.subject == stop.id
        assert content == {
            "scope": "connection",
            "subject": LINK,
            "reason": "电话核实有疑问",
            "actor": "person:wang",
        }

    at_work(tmp_path, story, start=False)


def test_who_may_not_and_what_does_not_exist(tmp_path):
    async def story(it, far):
        stops, stop = stops_of(it), await pulled(it)
        with pytest.raises(NotPermitted):
            await pulled(it, actor=MACHINE)
        with pytest.raises(NotPermitted):
            await stops.lift(it.tenant, MACHINE, stop.id, "x")
        with pytest.raises(Refused):
            await stops.lift(it.tenant, WANG, stop.id, "  ")
        with pytest.raises(NotFound):
            await stops.lift(it.tenant, WANG, "stp_none", "x")
        stranger = replace(it.tenant, id="other")
        with pytest.raises(NotFound):
            await stops.lift(stranger, WANG, stop.id, "x")
        for scope, subject in (
            *((StopScope.ACCOUNT, ""), (StopScope.ACCOUNT, "0"), (StopScope.CONNECTION, "none")),
            (StopScope.TENANT, "other"),
        ):
            with pytest.raises(NotFound):
                await pulled(it, scope, subject)
        assert len(it.rows(tables.stop)) == 1
        assert it.rows(tables.stop_vote) == []

    at_work(tmp_path, story, start=False)
