"""Processes that take instructions in and release them, on one database."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from sqlalchemy import select

from gateway.controls.altered import ErpAltered
from gateway.controls.cancel import Cancellations
from gateway.controls.decide import Decisions
from gateway.controls.in_force import RulesInForce
from gateway.controls.release import Releaser
from gateway.controls.stops import EmergencyStops
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import GatewayError
from gateway.intake.accept import Accepted, Caller, Intake
from gateway.intake.bulk import Bulk
from gateway.intake.calls import Call
from gateway.intake.releasing import Releasing
from gateway.lifecycle import history
from gateway.ports.erp import Draft
from gateway.ports.tenancy import Directory, Policy
from gateway.runtime import LoopTasks, RealRuntime
from gateway.signing.release_seal import ReleaseSeal
from gateway.store import tables
from gateway.store.engine import Database, open_engine
from gateway.store.store import Store
from gateway.store.tenancy import acting_for
from gateway.transport.http_client import HttpNet
from tests.records import replace
from tests.store_ground import StillClock
from tests.unit.intake.sample import DRAFT, FAKE, TENANT

ERP = Actor(kind=ActorKind.MACHINE, name="sap")
WAIT_S = 60
STRAIGHT = Policy(default_local=False)


class Node:
    """One process."""

    def __init__(
        self,
        database: Database,
        policy: Policy = STRAIGHT,
        rules: RulesInForce | None = None,
    ) -> None:
        self.deaths: list[tuple[str, BaseException]] = []
        self.tasks = LoopTasks(lambda name, error: self.deaths.append((name, error)))
        self.runtime = RealRuntime(clock=StillClock(), tasks=self.tasks, net=HttpNet())
        self.store = Store(open_engine(database), self.runtime)
        self.store.lease.length_s = 10_000.0
        self.store.open()
        self.tenant = replace(TENANT, policy=policy)
        self.caller = Caller(tenant=self.tenant, actor=ERP, erp="sap")
        self.seals = ReleaseSeal(b"r" * 32)
        releaser = Releaser(self.runtime, rules, None, self.seals)
        altered = ErpAltered(releaser, self.runtime, lambda *_: None)
        self.intake = Intake(self.store, self.runtime, {"fake": FAKE}, releaser, altered=altered)
        self.bulk = Bulk(self.intake)
        self.wake = self.tasks.signal()
        self.store.on_rouse(lambda _: self.wake.set())
        directory = Directory(tenants={self.tenant.id: self.tenant}, keys={})
        self.releasing = Releasing(
            self.store, self.runtime, releaser, directory, wake=self.wake, poll_s=0.01
        )
        self.decisions = Decisions(
            self.store, self.runtime, releaser, lambda: None, lambda *_: None
        )
        self.cancellations = Cancellations(self.store, self.runtime, lambda *_: None)
        self.stops = EmergencyStops(self.store, self.runtime)

    async def post(self, key: str = "", body: str = "", **changes: str) -> Accepted | GatewayError:
        """Accept one instruction, or the error."""
        draft = replace(DRAFT, **changes)
        try:
            return await self.intake.accept(self.caller, draft, key=key, body_digest=body)
        except GatewayError as error:
            return error

    def call(self, reference: str, digest: str = "d") -> Call:
        return Call(
            caller=self.caller, scope="sap", reference=reference, digest=digest, format="json"
        )

    def rows(self, table, *order) -> list:
        return self.store.read_now(
            lambda db: list(db.execute(select(table).order_by(*order)).all())
        )

    def states(self) -> Counter[str]:
        return Counter(row.state for row in self.rows(tables.instruction))

    def steps(self, instruction: str) -> list[str]:
        return self.store.read_now(
            lambda db: [it.after for it in history.of(db, self.tenant.id, instruction)]
        )

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not condition():
                assert not self.deaths, self.deaths
                await asyncio.sleep(0.005)

    async def stop(self) -> None:
        await self.tasks.stop()
        self.store.close()


@asynccontextmanager
async def nodes(
    database: Database,
    count: int = 2,
    policy: Policy = STRAIGHT,
    rules: RulesInForce | None = None,
) -> AsyncIterator[Sequence[Node]]:
    """So many processes where the database serves many, else one."""
    made = [Node(database, policy, rules) for _ in range(count if database.postgresql else 1)]
    try:
        with acting_for((TENANT.id,)):
            yield made
    finally:
        for node in made:
            await node.stop()


def among(
    database: Database,
    story: Callable[[Node, Node], Awaitable[None]],
    policy: Policy = STRAIGHT,
    rules: RulesInForce | None = None,
) -> None:
    """Run a story of two processes, or of one that is both where there can be only one."""

    async def run() -> None:
        async with nodes(database, policy=policy, rules=rules) as made:
            await story(made[0], made[-1])

    asyncio.run(run())


def draft(number: int, **changes: str) -> Draft:
    """A payment that looks like no other."""
    changes = {"erp_reference": f"R{number:06d}", "amount": f"{number + 1}.00", **changes}
    return replace(DRAFT, **changes)
