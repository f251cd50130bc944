"""A relay at work on the real event loop: CIB dialect, file database, httpx's mock as network.

Behind the mock stands the sandbox bank. A test scripts what happens to the next requests, moves
the clock by hand and waits for conditions, never for time.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
import respx
from sqlalchemy import Engine, select, text

from adapters.bank.cib import DIALECT
from gateway.audit.books import Question, check
from gateway.controls.release import Releaser
from gateway.domain.errors import NotSent
from gateway.intake.accept import Caller, Intake
from gateway.lifecycle import history
from gateway.ports.erp import Draft
from gateway.relay.archive import Archive
from gateway.relay.context import Link
from gateway.relay.relay import Relay
from gateway.runtime import LoopTasks, RealRuntime
from gateway.sandbox import rules, seed
from gateway.sandbox.bank import SandboxBank
from gateway.sandbox.executions import LedgerBooks
from gateway.sandbox.ledger import Ledger
from gateway.sandbox.options import Options
from gateway.signing.vault import Vault
from gateway.simulation.bank_end import cast_of_seed
from gateway.simulation.plan import ERP_ACTOR, LINK, TENANT, tenant_of
from gateway.simulation.schema import lay_tables
from gateway.store import tables
from gateway.store.engine import Database, open_engine, sqlite_engine
from gateway.store.store import Store
from gateway.transport.http_client import HttpNet
from tests.records import replace
from tests.store_ground import START, StillClock

URL = "http://bank.invalid/"
CAST = cast_of_seed("cib")
VAULT_KEY = b"v" * 32
WAIT_S = 20.0
LEASE_S = 36_000.0
DRAFT = Draft(
    erp_reference="PO-1",
    debtor_account="900010101000000011",
    creditor_name="样本钢铁有限公司",
    creditor_account="900010801000000014",
    creditor_agent_name="兴业银行",
    creditor_city="福州",
    amount="1200.50",
    currency="CNY",
    purpose="货款",
)
OTHER_BANK = replace(
    DRAFT,
    creditor_name="示例化工有限公司",
    creditor_account="910010801000000013",
    creditor_agent_name="示例商业银行上海分行",
    creditor_agent_cnaps="999290000012",
    creditor_city="上海",
)
Fate = Callable[[httpx.Request], Awaitable[httpx.Response]]


class LookedStore(Store):
    """Counts how often somebody looked at the schedule."""

    looks = 0

    async def read(self, work):
        self.looks += 1
        return await super().read(work)


@dataclass(frozen=True)
class Call:
    """A request the network saw."""

    operation: str
    serial: str
    original: str
    body: bytes
    at: datetime


def _call(body: bytes, at: datetime) -> Call:
    shown = body.decode("gb18030")

    def first(pattern: str) -> str:
        found = re.search(pattern, shown)
        return found[1] if found else ""

    return Call(
        operation=first(r"<([A-Z]+)TRNRQ>"),
        serial=first(r"<TRNUID>(.*?)</TRNUID>"),
        original=first(r"<CLIENTREF>(.*?)</CLIENTREF>"),
        body=body,
        at=at,
    )


class FarEnd:
    """The network and the bank behind it. ``script`` decides about the next requests."""

    def __init__(self, clock: StillClock) -> None:
        self.clock = clock
        self.ledger = Ledger(":memory:", durable=False)
        seed.plant(self.ledger, seed.shipped(), START)
        options = Options(code="cib", own_bank=DIALECT.is_own_bank)
        self.bank = SandboxBank(self.ledger, DIALECT.bank_side, options=options)
        self.script: deque[Fate] = deque()
        self.calls: list[Call] = []
        self.silence = asyncio.Event()

    async def answer(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(_call(request.content, self.clock.at))
        fate = self.script.popleft() if self.script else self.served
        return await fate(request)

    async def served(self, request: httpx.Request) -> httpx.Response:
        """The bank does it and answers."""
        reply = self.bank.handle(request.content, self.clock.at).reply
        assert reply is not None
        return httpx.Response(
            reply.status, content=reply.body, headers={"content-type": reply.content_type}
        )

    async def refused(self, request: httpx.Request) -> httpx.Response:
        """The transport knows that nothing left."""
        self.calls.pop()
        raise NotSent("connection refused", "连接被拒绝")

    async def lost(self, request: httpx.Request) -> httpx.Response:
        """The request is lost on its way; nobody answers."""
        raise httpx.ReadTimeout("lost", request=request)

    async def answer_lost(self, request: httpx.Request) -> httpx.Response:
        """The bank does it; the answer is lost."""
        await self.served(request)
        raise httpx.ReadTimeout("lost", request=request)

    async def half_open(self, request: httpx.Request) -> httpx.Response:
        """Silence until the test ends."""
        await self.silence.wait()
        raise httpx.ReadTimeout("silence", request=request)

    def password(self, wanted: str) -> None:
        """The bank's side gets another password for our operator."""
        with self.ledger.transaction():
            self.ledger.db.execute(
                "UPDATE operator SET secret = ? WHERE customer = ? AND user = ?",
                (rules.secret(CAST.customer, CAST.operator, wanted), CAST.customer, CAST.operator),
            )

    def of(self, operation: str) -> list[Call]:
        """Calls of one operation: XFER, XFERINQ, INQSTATE."""
        return [call for call in self.calls if call.operation == operation]

    @property
    def serials(self) -> list[str]:
        """Serials of the payment messages, in order of sending."""
        return [call.serial for call in self.of("XFER")]

    def paid(self) -> int:
        """How many payments the bank executed."""
        return len(list(LedgerBooks(self.ledger.db).executions(CAST.customer)))


def instead(status: int, body: bytes, kind: str = "application/x-fox", *, executed: bool = False):
    """A scripted answer of these bytes, with or without the bank having done it."""

    def of(far: FarEnd) -> Fate:
        async def fate(request: httpx.Request) -> httpx.Response:
            if executed:
                await far.served(request)
            return httpx.Response(status, content=body, headers={"content-type": kind})

        return fate

    return of


class ProcessClock:
    """Business time is everybody's and moves by hand; monotonic time is each process's own.

    ``stood_still_s`` is how much of it passed unseen, as after SIGSTOP.
    """

    def __init__(self, shared: StillClock) -> None:
        self.shared = shared
        self.stood_still_s = 0.0

    def now(self) -> datetime:
        return self.shared.now()

    def monotonic(self) -> float:
        return time.monotonic() + self.stood_still_s


def _engine(place: Path | Database) -> Engine:
    """A file below a folder, made here, or a database that is made already."""
    if isinstance(place, Database):
        return open_engine(place)
    engine = sqlite_engine(str(place / "gateway.db"))
    lay_tables(engine)
    return engine


class Office:
    """One gateway process on the database of ``place``."""

    def __init__(self, place: Path | Database, client: httpx.AsyncClient, clock, **changes):
        self.clock = clock
        self.deaths: list[tuple[str, BaseException]] = []
        self.engine = _engine(place)
        self.tasks = LoopTasks(lambda name, error: self.deaths.append((name, error)))
        self.runtime = RealRuntime(clock=clock, tasks=self.tasks, net=HttpNet(client=client))
        tenant = tenant_of(CAST)
        dialect = changes.pop("dialect", DIALECT)
        connection = replace(tenant.connections[LINK], url=URL, **changes)
        self.tenant = replace(tenant, connections={LINK: connection})
        self.store = LookedStore(self.engine, self.runtime)
        # Nobody renews it here: a lease ends when a test says so, not when the machine is busy.
        self.store.lease.length_s = LEASE_S
        self.store.open()
        self.vault = Vault(VAULT_KEY, self.runtime.random.bytes)
        self.link = Link(
            tenant=self.tenant,
            connection=connection,
            dialect=dialect,
            store=self.store,
            runtime=self.runtime,
            archive=Archive(self.runtime, self.vault),
            wake=self.tasks.signal(),
            poll_s=0.01,
        )
        self.relay = Relay([self.link])
        self.store.on_rouse(self.relay.rouse)
        release = Releaser(self.runtime)
        self.intake = Intake(self.store, self.runtime, {"cib": dialect}, release)

    async def post(self, draft: Draft = DRAFT, **changes: str) -> str:
        """Accept one instruction; its id."""
        caller = Caller(tenant=self.tenant, actor=ERP_ACTOR, erp="sap")
        told = await self.intake.accept(caller, replace(draft, **changes), key="", body_digest="")
        return told.id

    async def stop(self) -> None:
        self.relay.drain()
        await self.tasks.stop()
        self.store.close()

    # ── looking ─────────────────────────────────────────────────────────────────────────

    def row(self, instruction: str):
        """The instruction's row."""
        where = tables.instruction.c.id == instruction
        return self.store.read_now(
            lambda db: db.execute(select(tables.instruction).where(where)).one()
        )

    def rows(self, table, *order) -> list:
        return self.store.read_now(
            lambda db: list(db.execute(select(table).order_by(*order)).all())
        )

    def steps(self, instruction: str) -> list[tuple[str, str]]:
        """(state, cause) of every step of its history."""
        return [(step.after, step.cause) for step in self.history(instruction)]

    def history(self, instruction: str) -> tuple[history.Step, ...]:
        return self.store.read_now(lambda db: history.of(db, self.tenant.id, instruction))

    def cases(self) -> list[tuple[str, str]]:
        """(instruction, kind) of every case."""
        return [(row.instruction, row.kind) for row in self.rows(tables.case, tables.case.c.id)]

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for a condition; fails loudly when it does not come."""
        async with asyncio.timeout(WAIT_S):
            while not condition():
                assert not self.deaths, self.deaths
                await asyncio.sleep(0.002)

    async def until_state(self, instruction: str, *states: str) -> None:
        await self.until(lambda: self.row(instruction).state in states)

    async def looked(self, times: int = 12) -> None:
        """Let the relay look at its schedule some times more: what it would do, it has done."""
        goal = self.store.looks + times
        await self.until(lambda: self.store.looks >= goal)
        await self.until(lambda: self.relay.in_flight == 0)

    async def at_rest(self) -> None:
        """No message and no enquiry under way."""
        await self.until(lambda: self.relay.in_flight == 0)

    def sql(self, statement: str) -> None:
        """Somebody writes past the gateway."""
        with self.engine.connect() as db:
            db.execute(text(statement))
            db.commit()


@asynccontextmanager
async def office(
    place: Path | Database, *, start: bool = True, far: FarEnd | None = None, **changes
) -> AsyncIterator[tuple[Office, FarEnd]]:
    """A gateway at work; at its end the books and the trail must hold and no task may have died.

    On a server's database each has monotonic time of its own, so that several may share it.
    ``mortal``: it may come to its end; ``books=False``: what the bank said was made up.
    """
    still = far.clock if far is not None else StillClock()
    end = far or FarEnd(still)
    clock = ProcessClock(still) if isinstance(place, Database) else still
    mortal, books_hold = changes.pop("mortal", False), changes.pop("books", True)
    with respx.mock(using="httpx", assert_all_called=False) as router:
        router.post(URL).mock(side_effect=end.answer)
        async with httpx.AsyncClient(trust_env=False) as client:
            it = Office(place, client, clock, **changes)
            try:
                if start:
                    await it.relay.start()
                yield it, end
                assert mortal or it.deaths == []
                with it.engine.connect() as db:
                    question = Question(bank=LedgerBooks(end.ledger.db), trail=True)
                    assert not books_hold or check(db, question).texts() == []
            finally:
                end.silence.set()
                await it.stop()
                if far is None:
                    end.ledger.close()


def at_work(folder: Path, story: Callable[[Office, FarEnd], Awaitable[None]], **changes) -> None:
    """Run a story on its own event loop."""

    async def inside() -> None:
        async with office(folder, **changes) as (it, far):
            await story(it, far)

    asyncio.run(inside())


__all__ = [
    "CAST",
    "DRAFT",
    "LINK",
    "OTHER_BANK",
    "TENANT",
    "VAULT_KEY",
    "FarEnd",
    "Office",
    "at_work",
]
