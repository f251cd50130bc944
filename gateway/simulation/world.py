"""A simulated world: an ERP, a gateway that dies and comes back, a network, a bank with a ledger.

The gateway's rooms are the real ones. A run has a stormy phase, then everything heals and the
world must come to rest; then the books are checked.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, select

from gateway.audit.books import Question, check
from gateway.audit.books_rest import Promise
from gateway.audit.breach import Harm
from gateway.audit.checkpoint import Checkpoints
from gateway.controls.release import Releaser
from gateway.domain.errors import Corrupt, GatewayError, Refused
from gateway.domain.instruction import FINAL
from gateway.intake.accept import Accepted, Caller, Intake
from gateway.lifecycle.history import all_steps
from gateway.ports.bank import BankDialect
from gateway.ports.bank_books import BankBooks
from gateway.ports.erp import Draft
from gateway.relay.archive import Archive
from gateway.relay.context import Link
from gateway.relay.relay import Relay
from gateway.signing.vault import Vault
from gateway.simulation.net import Bank, SimNet, Weather
from gateway.simulation.plan import ERP_ACTOR, LINK, Cast, Result, draft, tenant_of
from gateway.simulation.runtime import SimClock, SimIds, SimRandom, SimRuntime, SimTasks
from gateway.simulation.scheduler import Future, Killed, Process, Scheduler
from gateway.simulation.schema import lay_tables
from gateway.store import tables
from gateway.store.engine import sqlite_engine
from gateway.store.store import Store

_STORM_S: Final = 3_600.0
_HEAL_S: Final = 400_000.0
_BATCHING: Final = 0.5
_BURST: Final = 8
_POLL_S: Final = 600.0
_LOOK_S: Final = 60.0
_POSTED_TWICE: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class BankEnd:
    """The simulated bank: what answers, and what it has in its books."""

    bank: Bank
    books: BankBooks
    faults: Callable[[], Mapping[str, int]]
    heal: Callable[[], None]
    close: Callable[[], None]


class Gateway:
    """One life of the gateway process."""

    def __init__(self, world: World) -> None:
        self.process = Process(f"gateway {world.lives}")
        tasks = SimTasks(world.scheduler, self.process, world.draw.uniform)
        net = SimNet(
            scheduler=world.scheduler,
            process=self.process,
            bank=world.end.bank,
            now=world.clock.now,
            weather=lambda: world.weather,
            draw=world.draw,
            witness=world.witness,
        )
        runtime = SimRuntime(
            clock=world.clock,
            tasks=tasks,
            net=net,
            ids=world.ids,
            generator=SimRandom(world.draw),
        )
        self.store = Store(world.engine, runtime, probe=world.probe)
        self.store.open()
        link = Link(
            tenant=world.tenant,
            connection=world.tenant.connections[LINK],
            dialect=world.dialect,
            store=self.store,
            runtime=runtime,
            archive=Archive(runtime, Vault(b"k" * 32, runtime.random.bytes)),
            wake=tasks.signal(),
            poll_s=_POLL_S,
        )
        self.relay = Relay([link])
        self.store.on_rouse(self.relay.rouse)
        self.intake = Intake(
            self.store,
            runtime,
            {world.dialect.code: world.dialect},
            Releaser(runtime),
        )
        self.checkpoints = Checkpoints(self.store, runtime, world.key)
        world.scheduler.spawn(self.process, self.relay.start())


class World:
    """Everything of one seed."""

    def __init__(  # noqa: PLR0913 - keyword-only, the parts of a world
        self,
        *,
        seed: int,
        payments: int,
        dialect: BankDialect,
        cast: Cast,
        end: Callable[[Random], BankEnd],
        calm: bool = False,
    ) -> None:
        self.seed, self.payments, self.dialect, self.cast = seed, payments, dialect, cast
        self.draw = Random(seed)  # noqa: S311 - a seed is the point
        self.weather = Weather.calm() if calm else Weather.drawn(self.draw)
        self.crash_rate = 0.0 if calm else self.draw.choice((0.0, 0.005, 0.02))
        self.scheduler = Scheduler()
        self.clock = SimClock(self.scheduler)
        self.ids = SimIds()
        batches = dialect.batch is not None and self.draw.random() < _BATCHING
        self.burst = _BURST if batches else 1
        self.tenant = tenant_of(cast, batching=batches)
        self.end = end(self.draw)
        self.engine: Engine = sqlite_engine(":memory:")
        lay_tables(self.engine)
        self._database = _driver(self.engine)
        self.key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"sim").digest())
        self.trace = hashlib.sha256()
        self.unarchived: list[str] = []
        self.kills = 0
        self.lives = 0
        self.gateway: Gateway | None = None
        self.accepted: dict[str, Accepted] = {}
        self.disagreed: list[str] = []
        self._looked_s = 0.0
        self._jumps = 0 if calm else self.draw.choice((0, 0, 1, 2))

    def run(self) -> Result:
        """Storm, heal, rest, check."""
        erp = Process("erp")
        self._start()
        done = self.scheduler.spawn(erp, self._erp())
        for _ in range(self._jumps):
            at_s = self.draw.uniform(0, _STORM_S)
            self.scheduler.call_at(at_s, self._jump)
        self.scheduler.run(lambda: done.done and self.scheduler.now_s > _STORM_S, _STORM_S * 3)
        self._heal()
        rested = self.scheduler.run(lambda: done.done and self._at_rest(), _HEAL_S)
        return self._judge(rested=rested)

    # ── lives and deaths ────────────────────────────────────────────────────────────────

    def _start(self) -> None:
        self.lives += 1
        self.gateway = Gateway(self)
        self.gateway.process.on_death = self._died

    def _died(self) -> None:
        """Notice a death, and start the next life a while later."""
        self.kills += 1
        self.scheduler.call_at(self.scheduler.now_s + self.draw.uniform(0.2, 20), self._start)

    def probe(self, point: str) -> None:
        """A point of every commit: the process may end here."""
        del point
        if self.crash_rate and self.draw.random() < self.crash_rate:
            raise Killed

    def _jump(self) -> None:
        """The shared clock jumps: up to a day forward or back."""
        self.clock.offset += timedelta(seconds=self.draw.choice((-86_400, -600, 600, 86_400)))

    def _heal(self) -> None:
        self.weather, self.crash_rate = Weather.calm(), 0.0
        self.end.heal()

    # ── the ERP ─────────────────────────────────────────────────────────────────────────

    async def _erp(self) -> None:
        """Post everything; without an answer post again; sometimes post twice."""
        for number in range(self.payments):
            if number % self.burst == 0:
                await self._sleep(self.draw.uniform(0, _STORM_S * self.burst / self.payments))
            it = draft(self.cast, number, self.draw, batching=self.burst > 1)
            await self._post(it)
            if self.draw.random() < _POSTED_TWICE:
                await self._post(it)

    async def _post(self, it: Draft) -> None:
        while True:
            gateway = self.gateway
            if gateway is not None and gateway.process.alive:
                answer = await self._call(gateway, it)
                if isinstance(answer, Accepted):
                    self._compare(it.erp_reference, answer)
                    return
                if isinstance(answer, Refused):
                    self.disagreed.append(f"I12: {it.erp_reference} was refused: {answer.faults}")
                    return
            await self._sleep(2.0)

    async def _call(self, gateway: Gateway, it: Draft) -> Accepted | GatewayError | None:
        """One request; None when the process died before it answered."""
        caller = Caller(tenant=self.tenant, actor=ERP_ACTOR, erp="sim")
        outcome: Future[Accepted | GatewayError | None] = Future()

        async def serve() -> None:
            try:
                outcome.settle(await gateway.intake.accept(caller, it, key="", body_digest=""))
            except GatewayError as error:
                outcome.settle(error)

        self.scheduler.spawn(gateway.process, serve())
        self.scheduler.call_at(self.scheduler.now_s + 10, lambda: outcome.settle(None))
        return await outcome

    def _compare(self, reference: str, answer: Accepted) -> None:
        before = self.accepted.setdefault(reference, answer)
        if before != answer:
            self.disagreed.append(f"I12: {reference} got two different answers")

    async def _sleep(self, seconds: float) -> None:
        future: Future[None] = Future()
        self.scheduler.call_at(self.scheduler.now_s + seconds, lambda: future.settle(None))
        await future

    # ── judgement ───────────────────────────────────────────────────────────────────────

    def witness(self, body: bytes) -> None:
        """Every byte that leaves: it must stand in the archive already, committed (I7)."""
        self.trace.update(body)
        public = body.replace(self.cast.password.encode(), b"", 1)
        if self._database.in_transaction:
            self.unarchived.append("I7: bytes left in the middle of a transaction")
        elif (public,) not in self._database.execute(_NEWEST_OUT).fetchall():
            self.unarchived.append("I7: bytes left that are not in the archive")

    def _at_rest(self) -> bool:
        """Looked at once a virtual minute, without SQLAlchemy: a quiet day has many minutes."""
        if self.scheduler.now_s < self._looked_s + _LOOK_S:
            return False
        self._looked_s = self.scheduler.now_s
        states = Counter(state for (state,) in self._database.execute(_STATES))
        return states.total() >= self.payments and states.keys() <= _RESTING

    def _judge(self, *, rested: bool) -> Result:
        gateway = self.gateway
        if gateway is not None and gateway.process.alive:
            self.scheduler.spawn(gateway.process, _checkpoint(gateway.checkpoints))
            self.scheduler.run_for(5)
        with self.engine.connect() as db:
            report = check(
                db,
                Question(
                    bank=self.end.books,
                    promises=self._promises(),
                    at_rest=True,
                    trail=True,
                    key=self.key.public_key(),
                ),
            )
            steps = all_steps()
            history = db.execute(
                select(steps).order_by(steps.c.tenant, steps.c.instruction, steps.c.seq)
            ).all()
            states = Counter(db.execute(select(tables.instruction.c.state)).scalars())
        for row in history:
            self.trace.update(repr(tuple(row)).encode())
        harms = Counter(report.harms)
        restless = [] if rested or harms[Harm.STUCK] else ["I19: the world did not come to rest"]
        harms[Harm.STUCK] += len(restless)
        seen = [*self.unarchived, *self.disagreed]
        harms[Harm.WRONG] += len(seen)
        self.engine.dispose()
        result = Result(
            seed=self.seed,
            payments=self.payments,
            kills=self.kills,
            faults=dict(self.end.faults()),
            broken=(*report.texts(), *restless, *seen),
            states=dict(states),
            trace=self.trace.hexdigest(),
            lost=harms[Harm.LOST],
            doubled=harms[Harm.DOUBLED],
            stuck=harms[Harm.STUCK],
            wrong=harms[Harm.WRONG],
        )
        self.end.close()
        return result

    def _promises(self) -> Iterator[Promise]:
        """What the ERP was answered (I3)."""
        for reference, answer in self.accepted.items():
            yield Promise(tenant=self.tenant.id, erp="sim", erp_reference=reference, id=answer.id)


_NEWEST_OUT: Final = "SELECT content FROM wire WHERE direction = 'out' ORDER BY id DESC LIMIT 64"
_STATES: Final = "SELECT state FROM instruction"
_RESTING: Final = frozenset({state.value for state in FINAL} | {"HELD"})


def _driver(engine: Engine) -> sqlite3.Connection:
    """The one connection of a database in memory, to look at without SQLAlchemy's transactions."""
    with engine.connect() as db:
        driver = db.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise Corrupt("the simulated world stands on SQLite")
    return driver


async def _checkpoint(checkpoints: Checkpoints) -> None:
    await checkpoints.write()
