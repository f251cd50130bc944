"""Many who ask for the same at the same time, in one process and in two: each payment once."""

from __future__ import annotations

import asyncio
import json

import pytest
from sqlalchemy import update

from gateway.controls.decide import Decided
from gateway.domain.decision import Action, Actor, ActorKind
from gateway.domain.errors import GatewayError, Overloaded, ReusedReference
from gateway.intake.accept import Accepted
from gateway.intake.bulk import CHUNK
from gateway.intake.staged import sweep
from gateway.lifecycle.stops import StopScope
from gateway.ports.tenancy import ApiKey
from gateway.store import tables
from tests.integration.intake.ground import ERP, STRAIGHT, Node, among, draft
from tests.records import replace

SAME = 25
WANG = Actor(kind=ActorKind.PERSON, name="wang")
ZHAO = Actor(kind=ActorKind.PERSON, name="zhao")


def test_the_same_reference_at_the_same_time_is_one_payment(database):
    async def story(one: Node, two: Node) -> None:
        told = await asyncio.gather(
            *(node.post(erp_reference=f"R{number}", amount=f"{number + 1}.00")
              for number in range(SAME) for node in (one, two))
        )  # fmt: skip
        assert all(isinstance(it, Accepted) for it in told), told
        assert told[::2] == told[1::2], "both got the same answer"
        assert one.states() == {"QUEUED": SAME}
        assert len(one.rows(tables.work)) == SAME
        for it in told[::2]:
            assert one.steps(it.id) == ["RECEIVED", "APPROVED", "QUEUED"]

    among(database, story)


def test_other_content_under_the_same_reference_loses_whoever_comes_first(database):
    async def story(one: Node, two: Node) -> None:
        told = await asyncio.gather(
            *(node.post(erp_reference=f"R{number}", amount=f"{number + 1}.0{at}")
              for number in range(SAME) for at, node in enumerate((one, two)))
        )  # fmt: skip
        won = [it for it in told if isinstance(it, Accepted)]
        lost = [it for it in told if isinstance(it, ReusedReference)]
        assert (len(won), len(lost)) == (SAME, SAME)
        assert {it.stored_digest for it in lost} == {it.digest for it in won}
        assert sum(one.states().values()) == SAME

    among(database, story)


def test_of_twins_that_come_at_the_same_time_one_is_held(database):
    """The same money, payee and day under two references."""

    async def story(one: Node, two: Node) -> None:
        told = await asyncio.gather(
            *(node.post(erp_reference=f"{at}-{number}", amount=f"{number + 1}.00")
              for number in range(SAME) for at, node in enumerate((one, two)))
        )  # fmt: skip
        assert all(isinstance(it, Accepted) for it in told), told
        assert one.states() == {"QUEUED": SAME, "HELD": SAME}
        held = [row.erp_reference for row in one.rows(tables.instruction) if row.state == "HELD"]
        assert len({it.split("-")[1] for it in held}) == SAME, "one of each two"

    among(database, story)


def test_a_key_used_twice_at_the_same_time_gets_one_answer(database):
    async def story(one: Node, two: Node) -> None:
        told = await asyncio.gather(
            *(node.post(key=f"k{number}", body="b", erp_reference=f"R{number}",
                        amount=f"{number + 1}.00")
              for number in range(SAME) for node in (one, two))
        )  # fmt: skip
        assert told[::2] == told[1::2]
        assert len(one.rows(tables.acceptance)) == SAME
        again = await two.post(key="k0", body="other", erp_reference="R-new", amount="900.00")
        assert isinstance(again, ReusedReference)
        assert sum(one.states().values()) == SAME

    among(database, story)


def test_one_record_of_history_for_what_was_accepted_together(database):
    async def story(one: Node, _: Node) -> None:
        gate = asyncio.Event()

        def busy(uow) -> None:
            del uow

        async def post(number: int):
            await gate.wait()
            return await one.post(erp_reference=f"R{number}", amount=f"{number + 1}.00")

        posting = [asyncio.ensure_future(post(number)) for number in range(SAME)]
        await one.store.write(busy)
        gate.set()
        told = await asyncio.gather(*posting)
        lines = [json.loads(row.lines) for row in one.rows(tables.step)]
        assert sum(len(it) for it in lines) == 3 * SAME
        assert len(lines) < 3 * SAME, "some were accepted together"
        for it in told:
            assert one.steps(it.id) == ["RECEIVED", "APPROVED", "QUEUED"]
        kinds = [row.kind for row in one.rows(tables.journal)]
        assert kinds.count("accepted") == SAME, "each acceptance has its own record"

    among(database, story)


# ── batches ─────────────────────────────────────────────────────────────────────────────────


def test_the_same_batch_at_the_same_time_is_read_in_once(database):
    async def story(one: Node, two: Node) -> None:
        async def send(node: Node):
            try:
                return await node.bulk.accept(node.call("B1"), [draft(n) for n in range(30)])
            except GatewayError as error:
                return error

        told = await asyncio.gather(*(send(node) for node in (one, two) * 4))
        accepted = {it.id for it in told if not isinstance(it, GatewayError)}
        assert len(accepted) == 1
        assert {type(it) for it in told if isinstance(it, GatewayError)} <= {Overloaded}
        assert one.states() == {"QUEUED": 30}
        assert len(one.rows(tables.batch)) == 1

    among(database, story)


def test_lines_that_two_batches_share_are_accepted_once(database):
    async def story(one: Node, two: Node) -> None:
        first, second = await asyncio.gather(
            one.bulk.accept(one.call("B1"), [draft(n) for n in range(200)]),
            two.bulk.accept(two.call("B2"), [draft(n) for n in range(100, 300)]),
        )
        assert first.accepted + second.accepted == 300
        assert first.refused + second.refused == 100
        assert sum(one.states().values()) == 300

    among(database, story)


def test_a_large_batch_is_released_once_however_many_release_it(database):
    lines = 2 * CHUNK + 7

    async def story(one: Node, two: Node) -> None:
        for node in {one, two}:
            node.tasks.spawn("release", node.releasing.run())
        batch = await one.bulk.accept(one.call("B1"), [draft(n) for n in range(lines)])
        assert batch.accepted == lines
        await one.until(lambda: one.states() == {"QUEUED": lines})
        await one.until(lambda: {row.kind for row in one.rows(tables.work)} == {"send"})
        assert len(one.rows(tables.work)) == lines
        taken = [row for row in one.rows(tables.step) if row.after == "QUEUED"]
        assert len(taken) == -(-lines // CHUNK)
        for row in one.rows(tables.instruction, tables.instruction.c.line)[:: CHUNK // 2]:
            assert one.steps(row.id) == ["RECEIVED", "APPROVED", "QUEUED"]

    among(database, story)


@pytest.mark.parametrize("by_itself", [False, True])
def test_what_a_living_process_reads_in_is_not_swept_and_what_a_dead_one_read_is(
    database, by_itself
):
    async def story(one: Node, two: Node) -> None:
        batch = await one.store.write(lambda uow: one.bulk._open(uow, one.call("B1")))
        staged = [one.intake.examine(one.caller, draft(n)) for n in range(3)]
        news = [
            one.intake.new(one.caller, it, draft(n), batch=batch.id, line=n + 1)
            for n, it in enumerate(staged)
        ]
        await one.store.write(lambda uow: one.bulk._stage(uow, one.call("B1"), batch.id, news, []))
        assert await two.store.write(sweep) == 0
        with pytest.raises(Overloaded):
            await two.bulk.accept(two.call("B1"), [draft(1)])
        await two.store.write(
            lambda uow: uow.change(update(tables.batch).values(holder=_ended(uow, two)))
        )
        if by_itself:
            two.runtime.clock.pass_time(seconds=11)
            two.tasks.spawn("release", two.releasing.run())
            await two.until(lambda: not two.rows(tables.batch))
        else:
            assert await two.store.write(sweep) == 1
        for table in (tables.batch, tables.instruction, tables.step, tables.history):
            assert two.rows(table) == []

    among(database, story)


def test_the_same_call_takes_the_place_of_one_whose_reader_has_ended(database):
    async def story(one: Node, two: Node) -> None:
        await one.store.write(lambda uow: one.bulk._open(uow, one.call("B1")))
        await two.store.write(
            lambda uow: uow.change(update(tables.batch).values(holder=_ended(uow, two)))
        )
        batch = await two.bulk.accept(two.call("B1"), [draft(n) for n in range(3)])
        assert batch.accepted == 3
        assert [row.id for row in two.rows(tables.batch)] == [batch.id]

    among(database, story)


def _ended(uow, node: Node) -> str:
    """The lane of a process that has ended."""
    row = {"id": "lan_gone", "opened_us": 1, "previous": "", "role": "", "lease_until_us": 0}
    uow.add(tables.lane, row | {"ended_us": 2, "commits": 0})
    assert node.store.lane.id != "lan_gone"
    return "lan_gone"


# ── people ──────────────────────────────────────────────────────────────────────────────────


def test_two_votes_at_the_same_time_count_as_two(database):
    async def story(one: Node, two: Node) -> None:
        for number in range(10):
            told = await one.post(erp_reference=f"R{number}", amount=f"{number + 1}.00")
            votes = await asyncio.gather(
                *(
                    node.decisions.decide(
                        tenant=node.tenant,
                        actor=actor,
                        instruction=told.id,
                        action=Action.APPROVE,
                        content_hash=told.digest,
                        reason="",
                    )
                    for node, actor in ((one, WANG), (two, ZHAO))
                )
            )
            assert sorted((it.votes, it.complete) for it in votes) == [(1, False), (2, True)]
            assert one.steps(told.id) == ["RECEIVED", "HELD", "APPROVED", "QUEUED"]
        assert len(one.rows(tables.vote)) == 20

    among(database, story, replace(STRAIGHT, release_people=2))


def test_of_a_cancellation_and_an_approval_at_the_same_time_one_wins(database):
    async def story(one: Node, two: Node) -> None:
        for number in range(10):
            told = await one.post(erp_reference=f"R{number}", amount=f"{number + 1}.00")
            key = ApiKey(id="k", secret=b"s", tenant=one.tenant.id, actor=ERP, erp="sap")
            _, decided = await asyncio.gather(
                one.cancellations.cancel(key, told.id, "not wanted"),
                two.decisions.decide(
                    tenant=two.tenant,
                    actor=WANG,
                    instruction=told.id,
                    action=Action.APPROVE,
                    content_hash=told.digest,
                    reason="",
                ),
                return_exceptions=True,
            )
            steps = one.steps(told.id)
            assert steps[-1] == "CANCELLED", "before it has left it can always be cancelled"
            assert ("APPROVED" in steps) is isinstance(decided, Decided)
        assert one.rows(tables.work) == []

    among(database, story, replace(STRAIGHT, release_people=1))


def test_two_votes_to_lift_a_stop_at_the_same_time_lift_it(database):
    async def story(one: Node, two: Node) -> None:
        for _ in range(10):
            stop = await one.stops.pull(one.tenant, WANG, StopScope.TENANT, "", "fire")
            told = await asyncio.gather(
                one.stops.lift(one.tenant, WANG, stop.id, "out"),
                two.stops.lift(two.tenant, ZHAO, stop.id, "out"),
            )
            assert sorted(len(it.votes) for it in told) == [1, 2]
            assert sorted(it.lifted_at is not None for it in told) == [False, True]
        assert all(row.lifted_us for row in one.rows(tables.stop))

    among(database, story)
