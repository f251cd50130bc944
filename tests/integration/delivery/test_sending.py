"""Webhooks on real databases over real sockets: one process, two of them, one that dies."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select, update

from gateway.cli.own_postgres import NODE
from gateway.delivery import webhook_rows
from gateway.delivery.webhooks import Way, Webhooks
from gateway.domain.instruction import State
from gateway.lifecycle.outbox import tell
from gateway.ports.webhooks import Reach
from gateway.runtime import LoopTasks, RealRuntime, SystemClock
from gateway.signing.webhook_signature import is_signed
from gateway.store import tables
from gateway.store.engine import open_engine
from gateway.store.store import Store
from gateway.store.tenancy import acting_for
from gateway.transport.egress import Egress
from gateway.transport.egress_rules import read_network
from gateway.transport.http_messages import Response
from gateway.transport.http_server import serve
from tests.postgres import seen_by
from tests.records import replace
from tests.webhook_ground import KEY, STEPS, TENANT, change, instruction_row, webhook

PATIENCE_S = 60
ALL = {TENANT: frozenset(state.value for state in State)}
FENCED = pytest.mark.filterwarnings(
    # A fenced process ends by the death of its writer, which is what is wanted here.
    "ignore::pytest.PytestUnhandledThreadExceptionWarning"
)


class Receiver:
    """An ERP's end on a real socket."""

    def __init__(self) -> None:
        self.events: list[dict] = []
        self.answers: list[int] = []
        self.hold: asyncio.Event | None = None
        self.held = 0

    async def __call__(self, request) -> Response:
        event = json.loads(request.body)
        stamp = int(request.headers["webhook-timestamp"])
        signature = request.headers["webhook-signature"]
        assert is_signed(KEY, event["id"], stamp, request.body, signature)
        assert request.headers["webhook-id"] == event["id"]
        self.events.append(event)
        if self.hold is not None:
            self.held += 1
            await self.hold.wait()
        return Response(status=self.answers.pop(0) if self.answers else 204)

    def versions(self, number: int) -> list[int]:
        name = f"ins_{number:03d}"
        seen = [it["instruction"] for it in self.events if it["instruction"]["id"] == name]
        return [it["version"] for it in seen]


class Node:
    """One process that sends."""

    def __init__(self, database, url: str, port: int) -> None:
        self.deaths: list[str] = []
        self.tasks = LoopTasks(lambda name, error: self.deaths.append(name))
        self.runtime = RealRuntime(clock=SystemClock(), tasks=self.tasks, net=None)
        self.store = Store(open_engine(database), self.runtime, role="worker")
        self.store.open()
        self.store.tell_of(ALL)
        reach = Reach(networks=(read_network("127.0.0.0/8"),), ports=(port,), plain_http=True)
        egress = Egress(url, reach, timeout_s=PATIENCE_S)
        self.sent = 0

        async def post(headers, body):
            self.sent += 1
            return await egress.post(headers, body)

        self.way = Way(webhook=replace(webhook(), url=url), post=post, close=egress.aclose)
        self.webhooks = Webhooks(self.store, self.runtime, [self.way], 0.05, SystemClock().now)
        self.store.on_rouse(self.webhooks.rouse)

    async def tell(self, *changes) -> None:
        with acting_for((TENANT,)):
            await self.store.write(lambda uow: tell(uow, changes))

    async def stop(self) -> None:
        self.webhooks.drain()
        await self.tasks.stop()
        await self.way.close()
        self.store.close()


@asynccontextmanager
async def nodes(database, count: int = 1, instructions: int = 5):
    """Some processes on one database, and the receiver."""
    receiver = Receiver()
    server = await serve(receiver, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.port}/hooks"
    if database.postgresql:
        database = seen_by(NODE, database)  # behind the second wall, as in production
    made = [Node(database, url, server.port) for _ in range(count)]
    rows = [instruction_row(number) for number in range(1, instructions + 1)]
    with acting_for((TENANT,)):
        await made[0].store.write(lambda uow: uow.add(tables.instruction, *rows))
    try:
        yield made, receiver
    finally:
        for node in made:
            await node.stop()
        await server.close()


async def until(condition) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - any condition, not an event of ours
            await asyncio.sleep(0.01)


async def delivered(node: Node, count: int) -> list:
    """Wait until so many events are marked; all rows, in sequence."""
    it = tables.webhook_event
    statement = select(it).order_by(it.c.sequence)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            with acting_for((TENANT,)):
                rows = await node.store.read(lambda db: db.execute(statement).all())
            if sum(row.delivery == "delivered" for row in rows) >= count:
                return rows
            await asyncio.sleep(0.02)


def story(database, tell_it, **words) -> None:
    async def run() -> None:
        async with nodes(database, **words) as (made, receiver):
            await tell_it(*made, receiver)

    asyncio.run(run())


def changes(clock, version: int, numbers=range(1, 6)):
    return [change(number, version, STEPS[version - 1], clock) for number in numbers]


def test_changes_arrive_signed_and_in_order(database):
    async def tell_it(node, receiver):
        receiver.answers = [500, 503]  # the first two calls fail
        node.webhooks.start()
        for version in range(1, len(STEPS) + 1):
            await node.tell(*changes(node.runtime.clock, version))
        with acting_for((TENANT,)):  # their pause is over
            await until(lambda: len(receiver.events) >= 2)
            await delivered(node, 15)
            it = tables.webhook_event
            await node.store.write(lambda uow: uow.change(update(it).values(due_us=0)))
        rows = await delivered(node, 25)
        assert [row.sequence for row in rows] == list(range(1, 26))
        for number in range(1, 6):
            seen = receiver.versions(number)
            assert list(dict.fromkeys(seen)) == [1, 2, 3, 4, 5]
            assert seen == sorted(seen)
        assert node.deaths == []

    story(database, tell_it)


@pytest.mark.postgresql
def test_of_two_processes_one_sends_and_the_other_goes_on_when_it_leaves(postgresql):
    async def tell_it(one, two, receiver):
        one.webhooks.start()
        await one.tell(*changes(one.runtime.clock, 1))
        await delivered(one, 5)
        two.webhooks.start()
        await two.tell(*changes(two.runtime.clock, 2))
        await delivered(two, 10)
        assert (one.sent, two.sent) == (10, 0)
        one.webhooks.drain()
        with acting_for((TENANT,)):
            await one.webhooks.end()
        await two.tell(*changes(two.runtime.clock, 3))
        rows = await delivered(two, 15)
        assert (one.sent, two.sent) == (10, 5)
        assert [row.sequence for row in rows] == list(range(1, 16))
        assert [receiver.versions(number) for number in range(1, 6)] == [[1, 2, 3]] * 5
        assert one.deaths == two.deaths == []

    story(postgresql, tell_it, count=2)


@FENCED
@pytest.mark.postgresql
def test_a_process_that_is_taken_over_while_it_sends_marks_nothing(postgresql):
    async def tell_it(one, two, receiver):
        receiver.hold = asyncio.Event()
        one.webhooks.start()
        await one.tell(*changes(one.runtime.clock, 1, [1]))
        await until(lambda: receiver.held == 1)
        lane = tables.lane
        await two.store.write(
            lambda uow: uow.change(
                update(lane).where(lane.c.id == one.store.lane.id).values(ended_us=1)
            )
        )
        two.webhooks.start()
        await until(lambda: receiver.held == 2)  # the same event, from the other process
        first, second = receiver.events
        assert first == second
        receiver.hold.set()
        (row,) = await delivered(two, 1)
        assert (row.delivery, row.tries) == ("delivered", 1)
        await until(lambda: bool(one.deaths))  # its mark was refused, and it ends
        (row,) = await delivered(two, 1)
        assert row.tries == 1

    story(postgresql, tell_it, count=2)


@pytest.mark.postgresql
def test_two_that_make_events_at_once_number_them_without_gap_or_double(postgresql):
    async def tell_it(one, two, receiver):
        for version in range(1, 5):
            await one.tell(*changes(one.runtime.clock, version))

        async def expand(node) -> None:
            with acting_for((TENANT,)):
                for _ in range(6):
                    await node.store.write(
                        lambda uow: webhook_rows.expand(
                            uow, node.runtime.ids, [node.way.webhook], 1
                        )
                    )

        await asyncio.gather(expand(one), expand(two))
        one.webhooks.start()
        rows = await delivered(one, 20)
        assert [row.sequence for row in rows] == list(range(1, 21))
        for number in range(1, 6):
            assert receiver.versions(number) == [1, 2, 3, 4]

    story(postgresql, tell_it, count=2)


def test_only_one_lane_holds_an_endpoint(database):
    async def tell_it(node, receiver):
        it = node.way.webhook
        with acting_for((TENANT,)):
            await node.store.write(lambda uow: webhook_rows.ensure(uow, it, 1))
            mine = node.store.lane.id
            assert await node.store.write(lambda uow: webhook_rows.claim(uow, it, mine))
            assert await node.store.write(lambda uow: webhook_rows.claim(uow, it, mine))
            assert not await node.store.write(lambda uow: webhook_rows.claim(uow, it, "lan_x"))
            assert not await node.store.read(lambda db: webhook_rows.is_free(db, it, "lan_x"))
            await node.store.write(lambda uow: webhook_rows.release(uow, it, "lan_x"))
            assert not await node.store.read(lambda db: webhook_rows.is_free(db, it, "lan_x"))
            await node.store.write(lambda uow: webhook_rows.release(uow, it, mine))
            assert await node.store.write(lambda uow: webhook_rows.claim(uow, it, "lan_x"))
            # lan_x is the lane of nobody who lives
            assert await node.store.write(lambda uow: webhook_rows.claim(uow, it, mine))

    story(database, tell_it)
