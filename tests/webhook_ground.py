"""A simulated gateway process that sends webhooks, and a receiver that behaves as told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from sqlalchemy import select

from gateway.delivery.webhooks import Way, Webhooks
from gateway.domain.errors import NotSent, Unconfirmed
from gateway.domain.evidence import Evidence
from gateway.domain.ids import InstructionId, TenantId
from gateway.domain.instruction import Cause, State
from gateway.domain.outcome import Grade, Outcome
from gateway.lifecycle.outbox import tell
from gateway.lifecycle.rows import Standing
from gateway.ports.webhooks import Answer, Webhook
from gateway.signing.webhook_signature import is_signed
from gateway.simulation.runtime import SimClock, SimIds, SimRandom, SimRuntime, SimTasks
from gateway.simulation.scheduler import Future, Killed, Process, Scheduler
from gateway.simulation.schema import lay_tables
from gateway.store import tables
from gateway.store.engine import sqlite_engine
from gateway.store.instants import to_us
from gateway.store.store import Store

TENANT = "t1"
KEY = bytes(range(32))
STEPS = (State.HELD, State.UNCONFIRMED, State.PROCESSING, State.SETTLED, State.RETURNED)


def webhook(endpoint: str = "erp", **changes: object) -> Webhook:
    """An endpoint that wants to hear of everything."""
    return Webhook(
        **{
            "tenant": TenantId(TENANT),
            "id": endpoint,
            "url": "https://erp.example/",
            "secrets": (KEY,),
            "states": frozenset(State),
            **changes,
        }
    )


def instruction_row(number: int, **changes: object) -> dict[str, object]:
    """An instruction as it is stored, with nothing in it that nobody is told."""
    empty: dict[str, object] = {
        column.name: column.type.python_type()
        for column in tables.instruction.columns
        if not column.nullable
    }
    named = {"tenant": TENANT, "id": f"ins_{number:03d}", "erp": "sap", "currency": "CNY"}
    return empty | named | {"erp_reference": f"PO-{number}"} | changes


def change(number: int, version: int, state: State, clock, **outcome: str):
    """A new standing with its evidence, as lifecycle hands it to the outbox."""
    standing = Standing(
        tenant=TenantId(TENANT),
        id=InstructionId(f"ins_{number:03d}"),
        state=state,
        version=version,
        grade=Grade.NONE,
        message="",
        maker="machine:sap",
        digest="",
        batch="",
    )
    evidence = Evidence(
        cause=Cause.BANK_ANSWER,
        target=state,
        actor="relay",
        at=clock.now(),
        outcome=Outcome.unconfirmed("later", **outcome) if outcome else None,
    )
    return standing, evidence


@dataclass
class Receiver:
    """The other end. ``mood`` decides each call: a status, or an error that is raised."""

    clock: SimClock
    mood: Callable[[dict], int | Exception] = lambda _: 200
    calls: list[dict] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)
    taken: list[dict] = field(default_factory=list)
    open_now: int = 0
    widest: int = 0

    def got(self, headers, body: bytes) -> int | Exception:
        """One call arrived whole."""
        named = dict(headers)
        event = json.loads(body)
        assert named["Webhook-Id"] == event["id"]
        stamp = int(named["Webhook-Timestamp"])
        assert is_signed(KEY, event["id"], stamp, body, named["Webhook-Signature"])
        assert self.bodies.setdefault(event["id"], body) == body, "other bytes under the same id"
        self.calls.append(event)
        answer = self.mood(event)
        if answer == 200 or isinstance(answer, Unconfirmed):
            self.taken.append(event)
        return answer


class Life:
    """One life of the sending process."""

    def __init__(self, room: Room) -> None:
        self.process = Process("webhooks")
        room.lives.append(self)
        tasks = SimTasks(room.scheduler, self.process, room.draw.uniform)
        runtime = SimRuntime(
            clock=room.clock,
            tasks=tasks,
            net=None,
            ids=room.ids,
            generator=SimRandom(room.draw),
        )
        self.store = Store(room.engine, runtime, probe=room.probe)
        self.store.open()
        self.store.tell_of({TENANT: frozenset(state.value for state in State)})
        ways = [Way(webhook=it, post=room.post_to(self), close=room.closed) for it in room.webhooks]
        self.webhooks = Webhooks(
            self.store,
            runtime,
            ways,
            room.poll_s,
            room.clock.now,
            outlets=room.outlets(runtime),
        )
        self.store.on_rouse(self.webhooks.rouse)
        self.webhooks.start()


class Room:
    """One database, one receiver, one process after the other."""

    def __init__(
        self,
        seed: int = 1,
        *,
        webhooks=(),
        outlets=lambda _: (),
        latency_s: float = 0.0,
        poll_s: int = 60,
    ) -> None:
        """``outlets`` makes the ERP systems that are told, of a process's runtime."""
        self.draw = Random(seed)
        self.scheduler = Scheduler()
        self.clock = SimClock(self.scheduler)
        self.ids = SimIds()
        self.engine = sqlite_engine(":memory:")
        lay_tables(self.engine)
        self.webhooks = (webhook(),) if webhooks == () else tuple(webhooks)
        self.outlets = outlets
        self.receiver = Receiver(self.clock)
        self.latency_s = latency_s
        self.poll_s = poll_s
        self.kill_at: str | None = None
        self.lives: list[Life] = []
        self.life = Life(self)

    def close(self) -> None:
        """Bury every process that ever lived here."""
        for life in self.lives:
            life.process.alive = False
            for work in life.process.graveyard:
                work.close()
        self.engine.dispose()

    def probe(self, point: str) -> None:
        """Die at a named point of a commit, when told to."""
        if self.kill_at == point:
            self.kill_at = None
            raise Killed

    def post_to(self, life: Life):
        async def post(headers, body: bytes) -> Answer:
            self.receiver.open_now += 1
            self.receiver.widest = max(self.receiver.widest, self.receiver.open_now)
            answer: Future[int | Exception] = Future()
            there_s = self.scheduler.now_s + self.latency_s * self.draw.random()
            back_s = there_s + self.latency_s * self.draw.random()

            def arrive() -> None:
                said = self.receiver.got(headers, body)
                self.receiver.open_now -= 1
                self.scheduler.call_at(back_s, lambda: answer.settle(said))

            self.scheduler.call_at(there_s, arrive)
            said = await answer
            if isinstance(said, Exception):
                raise said
            return Answer(status=said)

        return post

    async def closed(self) -> None:
        """Nothing to close."""

    def instructions(self, count: int, **changes: object) -> None:
        with self.engine.begin() as db:
            db.execute(
                tables.instruction.insert(),
                [instruction_row(number, **changes) for number in range(1, count + 1)],
            )

    def tell(self, *changes) -> bool:
        """Commit these changes, as one call of lifecycle would; False if they are not durable."""
        done: list[bool] = []

        async def work() -> None:
            await self.life.store.write(lambda uow: tell(uow, changes))
            done.append(True)

        self.scheduler.spawn(self.life.process, work())
        self.until(lambda: bool(done) or not self.life.process.alive)
        return bool(done) or self.is_told(changes[0][0])

    def is_told(self, now: Standing) -> bool:
        """Whether a change is in the database, as it is or as an event."""
        it, line = tables.webhook_event, f'["{now.id}",{now.version},'
        with self.engine.connect() as db:
            waiting = db.execute(select(tables.outbox.c.content)).scalars().all()
            events = db.execute(
                select(it.c.id).where(
                    it.c.instruction.startswith(now.id), it.c.version == now.version
                )
            ).all()
        return bool(events) or any(line in content for content in waiting)

    def until(self, condition: Callable[[], bool], span_s: float = 3600 * 24 * 30) -> None:
        assert self.scheduler.run(condition, self.scheduler.now_s + span_s)

    def run_for(self, span_s: float) -> None:
        self.scheduler.run_for(span_s)

    def kill(self) -> None:
        """SIGKILL: nothing of it ever runs again; its open transaction is undone."""
        self.life.process.alive = False

    def restart(self) -> None:
        """Another process on the same database."""
        self.kill()
        self.receiver.open_now = 0
        self.life = Life(self)

    def write(self, job):
        """Run one job of somebody else's and return its result."""
        results: list[object] = []

        async def work() -> None:
            results.append(await self.life.store.write(job))

        self.scheduler.spawn(self.life.process, work())
        self.until(lambda: bool(results))
        return results[0]

    def rows(self, *columns):
        it = tables.webhook_event
        with self.engine.connect() as db:
            return db.execute(
                select(*(columns or (it,))).order_by(it.c.endpoint, it.c.sequence)
            ).all()

    def now_us(self) -> int:
        return to_us(self.clock.now())


LOST = Unconfirmed("the answer was lost", "应答丢失")
AWAY = NotSent("nobody listens", "无人监听")


def quiet(room: Room) -> Life:
    """A process that accepts changes and sends nothing: an API node."""
    kept, room.webhooks = room.webhooks, ()
    try:
        return Life(room)
    finally:
        room.webhooks = kept


def story(room: Room, number: int, *states: State) -> None:
    for version, state in enumerate(states, start=1):
        room.tell(change(number, version, state, room.clock))
