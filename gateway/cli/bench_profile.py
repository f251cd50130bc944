"""The product's own work inside one process: intake, store and relay, with a bank that is no net.

Rule kept here: first a plain run tells CPU time per payment, then a profiled run tells where it
goes; a profiler's own cost never stands in a figure that is compared.

The far end is the dialect's bank side answering "paid" at once. Its cost shows in the profile
under ``bank_side`` and is none of the product's.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO, TypeVar

import uvloop
from sqlalchemy import func, select

from gateway import settings as settings_of
from gateway.cli import bench_settings
from gateway.cli.load import LoadOrder, bodies
from gateway.cli.measured import Options
from gateway.controls.release import Releaser
from gateway.dialects import bank_dialect
from gateway.domain.errors import Corrupt
from gateway.domain.message import WireMessage, WireReply
from gateway.intake.accept import Caller, Intake
from gateway.intake.bulk import Bulk
from gateway.intake.calls import Call
from gateway.intake.json_body import parse_batch, parse_instruction
from gateway.intake.releasing import RELEASE_LANE, Releasing
from gateway.ports.bank import BankAnswer, BankDialect, BankState, PayRequest, StoredPayment
from gateway.ports.bank_batch import BatchRequest, StoredBatch, StoredLine
from gateway.ports.runtime import Batcher, GroupRunner
from gateway.relay.archive import Archive
from gateway.relay.context import Link
from gateway.relay.relay import Relay
from gateway.runtime import LoopTasks, RealRuntime, SystemClock
from gateway.settings import Settings
from gateway.signing.release_seal import ReleaseSeal
from gateway.signing.vault import KEY_BYTES, Vault
from gateway.store import tables
from gateway.store.engine import open_engine
from gateway.store.migrate import migrate
from gateway.store.store import Keys, Store

T = TypeVar("T")
_TOP: Final = 30
_CONCURRENT: Final = 16
_POLL_S: Final = 0.02


class Profiles:
    """One profile per kind of thread; off means that nothing is recorded."""

    def __init__(self, *, on: bool) -> None:
        self.on = on
        self.found: dict[str, list[cProfile.Profile]] = {"loop": [], "writer": [], "readers": []}

    def wrap(self, thread: str, work: Callable[..., T]) -> Callable[..., T]:
        """``work``, recorded under ``thread`` whenever it runs."""
        if not self.on:
            return work
        kept = self.found[thread]
        if thread == "writer":
            kept.append(cProfile.Profile())

        def recorded(*arguments: object) -> T:
            # Readers overlap, so each call gets a profile of its own; there is one writer.
            profile = kept[0] if thread == "writer" else cProfile.Profile()
            profile.enable()
            try:
                return work(*arguments)
            finally:
                profile.disable()
                if thread != "writer":
                    kept.append(profile)

        return recorded

    def stats(self, thread: str, out: TextIO) -> pstats.Stats | None:
        """What one kind of thread did, or None."""
        kept = self.found[thread]
        if not kept:
            return None
        stats = pstats.Stats(kept[0], stream=out)
        for profile in kept[1:]:
            stats.add(profile)
        return stats


class _Tasks(LoopTasks):
    """The real tasks, with the writer's and the readers' work recorded."""

    def __init__(self, on_death: Callable[[str, BaseException], None], profiles: Profiles) -> None:
        super().__init__(on_death)
        self._profiles = profiles

    def batcher(self, name: str, run_group: GroupRunner) -> Batcher:
        return super().batcher(name, self._profiles.wrap("writer", run_group))

    async def read(self, work: Callable[[], T]) -> T:
        return await super().read(self._profiles.wrap("readers", work))


class _NullNet:
    """Answers every payment with the dialect's own "paid", at once."""

    def __init__(self, dialect: BankDialect, clock: SystemClock) -> None:
        self._side = dialect.bank_side
        self._clock = clock

    async def exchange(
        self,
        _url: str,
        message: WireMessage,
        _timeout_s: float,
        *,
        may_send: Callable[[], bool] | None = None,
    ) -> WireReply:
        del may_send
        request = self._side.decode(message.body())
        at = self._clock.now().replace(microsecond=0)
        body = request.body
        if isinstance(body, PayRequest):
            paid = StoredPayment(
                serial=request.serial,
                bank_reference=request.serial[-16:],
                order=body.order,
                state=BankState.PAID,
                processed_at=at,
            )
            return self._side.encode(request, BankAnswer(at=at, payment=paid))
        if isinstance(body, BatchRequest):
            batch = StoredBatch(
                serial=request.serial,
                bank_reference=request.serial[-12:],
                order=body.order,
                state=BankState.PAID,
                processed_at=at,
                lines=tuple(
                    StoredLine(line=it.line, state=BankState.PAID) for it in body.order.lines
                ),
            )
            return self._side.encode(request, BankAnswer(at=at, batch=batch))
        raise Corrupt("the profile's bank knows payments only")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spent:
    wall_s: float
    cpu_s: float


def run(options: Options, out: TextIO, *, payments: int, bulk: bool) -> None:
    """Run plain, then profiled; write the statistics to ``options.profile`` and a table to ``out``.

    Raises Corrupt when a payment does not come to rest as SETTLED.
    """
    plain = uvloop.run(_once(options, payments, Profiles(on=False), bulk=bulk))
    out.write(
        f"{payments} payments, {payments / plain.wall_s:.0f}/s, "
        f"CPU {1000 * plain.cpu_s / payments:.3f} ms per payment"
        " (null net and its bank side included)\n"
    )
    profiles = Profiles(on=True)
    uvloop.run(_once(options, payments, profiles, bulk=bulk))
    whole: pstats.Stats | None = None
    for thread in profiles.found:
        stats = profiles.stats(thread, out)
        if stats is None:
            continue
        out.write(f"\n── {thread} ──\n")
        stats.sort_stats("tottime").print_stats(_TOP)
        whole = stats if whole is None else whole.add(stats)
    if whole is not None and options.profile is not None:
        whole.dump_stats(options.profile)


async def _once(options: Options, payments: int, profiles: Profiles, *, bulk: bool) -> _Spent:
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as made:
        folder = Path(made)
        path = folder / "gateway.toml"
        written = bench_settings.text(bank="http://127.0.0.1:9", slots=options.slots, batching=bulk)
        path.write_text(written, encoding="utf-8")
        return await _Path(settings_of.load(path), profiles).drive(payments, bulk=bulk)


class _Path:
    """Intake, store and relay wired as ``bootstrap`` does, but with the null net."""

    def __init__(self, settings: Settings, profiles: Profiles) -> None:
        self._profiles = profiles
        self._died: list[BaseException] = []
        self.clock = SystemClock()
        dialect = bank_dialect("cib")
        self.tasks = _Tasks(lambda _, error: self._died.append(error), profiles)
        net = _NullNet(dialect, self.clock)
        runtime = RealRuntime(clock=self.clock, tasks=self.tasks, net=net)
        engine = open_engine(settings.database)
        migrate(engine)
        self.store = Store(engine, runtime)
        self.store.open()
        (tenant,) = settings.directory.tenants.values()
        (key,) = settings.directory.keys.values()
        self.caller = Caller(tenant=tenant, actor=key.actor, erp=key.erp)
        (connection,) = tenant.connections.values()
        link = Link(
            tenant=tenant,
            connection=connection,
            dialect=dialect,
            store=self.store,
            runtime=runtime,
            archive=Archive(runtime, Vault(bytes(KEY_BYTES), runtime.random.bytes)),
            wake=self.tasks.signal(),
            poll_s=settings.poll_s,
        )
        self.relay = Relay([link])
        releaser = Releaser(runtime, seals=ReleaseSeal(bytes(KEY_BYTES)))
        self.intake = Intake(self.store, runtime, {dialect.code: dialect}, releaser)
        wake = self.tasks.signal()
        self.bulk = Bulk(self.intake)

        def rouse(keys: Keys | None) -> None:
            if keys is None or any(lane == RELEASE_LANE for _, lane in keys):
                wake.set()
            self.relay.rouse(keys)

        self.store.on_rouse(rouse)
        self.releasing = Releasing(
            self.store, runtime, releaser, settings.directory, wake=wake, poll_s=settings.poll_s
        )

    async def drive(self, payments: int, *, bulk: bool) -> _Spent:
        """Post, wait until everything is settled, close."""
        posted = bodies(
            LoadOrder(
                host="",
                port=0,
                key="",
                secret="",
                debtor=bench_settings.DEBTOR,
                calls=1 if bulk else payments,
                lines=payments if bulk else 0,
            )
        )
        await self.relay.start()
        self.tasks.spawn("release", self.releasing.run())
        profile = cProfile.Profile()
        begun, cpu = self.clock.monotonic(), cpu_seconds()
        if self._profiles.on:
            profile.enable()
        await (self._post_batch(posted[0]) if bulk else self._post_singles(posted))
        await self._settled(payments)
        profile.disable()
        if self._profiles.on:
            self._profiles.found["loop"].append(profile)
        spent = _Spent(wall_s=self.clock.monotonic() - begun, cpu_s=cpu_seconds() - cpu)
        self.relay.drain()
        await self.tasks.stop()
        self.store.close()
        return spent

    async def _post_singles(self, posted: list[bytes]) -> None:
        waiting = iter(posted)

        async def worker() -> None:
            for body in waiting:
                draft = parse_instruction(body)
                await self.intake.accept(self.caller, draft, key="", body_digest="")

        await self.tasks.gather([worker() for _ in range(_CONCURRENT)])

    async def _post_batch(self, body: bytes) -> None:
        head, drafts = parse_batch(body)
        call = Call(
            caller=self.caller,
            scope=self.caller.erp,
            reference=head.batch_reference,
            digest="",
            format="json",
        )
        accepted = await self.bulk.accept(call, drafts)
        if accepted.refused:
            raise Corrupt(f"{accepted.refused} lines of the bench were refused")

    async def _settled(self, payments: int) -> None:
        count = select(func.count()).where(tables.instruction.c.state == "SETTLED")
        while not self._died:
            if self.store.read_now(lambda db: db.execute(count).scalar()) == payments:
                return
            await self.tasks.sleep(_POLL_S)
        raise self._died[0]


def cpu_seconds() -> float:
    """CPU time of this process, all threads."""
    spent = os.times()
    return spent.user + spent.system
