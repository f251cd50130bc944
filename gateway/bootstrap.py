"""The only place that builds things: settings in, a running gateway out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

import gateway
from gateway.audit.books_watch import BooksWatch
from gateway.audit.checkpoint import Checkpoints, load_key
from gateway.controls.in_force import Controls
from gateway.controls.inspecting import LateInspectors
from gateway.controls.netbank import NetbankPaid, NetbankSettling
from gateway.controls.payee_leaving import BlockedPayees
from gateway.controls.payee_seal import PayeeSeal
from gateway.controls.reference.held import Reference
from gateway.controls.release import Releaser
from gateway.controls.sending import SendingCheck, seal_older
from gateway.controls.version_seal import VersionSeal
from gateway.delivery.ways import wanted_states, ways
from gateway.delivery.webhooks import Webhooks
from gateway.dialects import bank_dialects, erp_dialect
from gateway.domain.errors import Corrupt, GatewayError, NoRoom, NotOffered
from gateway.intake.releasing import RELEASE_LANE, Releasing
from gateway.intake.staged import sweep
from gateway.intake.ways_in import WaysIn
from gateway.lifecycle.notice import Notices
from gateway.observe.commits import report_commits
from gateway.observe.log import EventLog
from gateway.observe.watch import Watch
from gateway.ports import events
from gateway.ports.bank import BankDialect
from gateway.ports.erp import ErpDialect
from gateway.ports.runtime import Runtime
from gateway.reconciliation.running import Reconciling
from gateway.relay.archive import Archive
from gateway.relay.context import Link
from gateway.relay.relay import Relay
from gateway.runtime import LoopTasks, RealRuntime, SharedClock, SystemClock
from gateway.settings import Settings
from gateway.signing.release_seal import ReleaseSeal
from gateway.signing.vault import KEY_BYTES, Vault
from gateway.statements.collecting import Collecting
from gateway.statements.debits import DebitBook, Debits
from gateway.statements.import_rows import sweep as sweep_statements
from gateway.statements.refunds import Refunds
from gateway.store.away import reached
from gateway.store.engine import open_engine
from gateway.store.lock import Lock
from gateway.store.migrate import migrate, refuse_behind
from gateway.store.own_file import own_file, own_key
from gateway.store.store import READ_AWAY_S, Listener, Probe, Store
from gateway.store.tenancy import EVERYONE, acting_for
from gateway.telling import told_systems
from gateway.transport.http_client import HttpNet
from gateway.transport.limits import limits_for
from gateway.watching import drift_watch, further, inspectors, reconciling

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from gateway.front_office import FrontOffice
    from gateway.onboarding.drift import DriftWatch
    from gateway.store.hearing import Heard


class Role(StrEnum):
    """What a process of the gateway does."""

    BOTH = "both"
    """Everything: the only role on SQLite, where one process has the file."""
    API = "api"
    """Takes instructions in and answers; sends nothing."""
    WORKER = "worker"
    """Releases, sends, enquires, takes over from the dead, tells ERPs; answers nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A built gateway. ``start`` begins work; ``stop`` ends it and leaves nothing half done."""

    settings: Settings
    role: Role
    runtime: Runtime
    store: Store
    relay: Relay
    seals: ReleaseSeal
    payee_seals: PayeeSeal
    controls: Controls
    reference: Reference
    notices: Notices
    checkpoints: Checkpoints
    books: BooksWatch
    drift: DriftWatch | None
    webhooks: Webhooks
    ways_in: WaysIn
    releasing: Releasing
    refunds: Refunds
    debits: Debits
    collecting: Collecting
    reconciling: Reconciling
    erps: dict[str, ErpDialect]
    net: HttpNet
    tasks: LoopTasks
    begun: list[Callable[[], None]]
    """What begins with it, beside what has a name here."""
    watch: Watch
    lock: Lock | None
    """The lock on the data folder, with SQLite."""
    _front: FrontOffice | None

    @property
    def front(self) -> FrontOffice:
        """What ERPs and people ask. Raises Corrupt in a worker, which answers nobody."""
        if self._front is None:
            raise Corrupt("a worker has no front office", "发送进程不受理请求")
        return self._front

    @property
    def has_front(self) -> bool:
        """Whether this process answers ERPs and people."""
        return self._front is not None

    async def start(self) -> None:
        """Sweep what was never accepted, anchor the trail, take over what was in flight, begin."""
        self._tell_start()
        if self.store.shared:
            self.tasks.spawn("lease", self.store.keep_lease())
            self.tasks.spawn("hearing", self._hear())
        with acting_for(EVERYONE):
            await self.store.write(sweep)
            await self.store.write(sweep_statements)
        if self.role is Role.API:
            return
        await self._seal_older()
        await self.checkpoints.write()
        await self.relay.start()
        self.tasks.spawn("release", self.releasing.run())
        self.tasks.spawn("checkpoints", self.checkpoints.run())
        self.tasks.spawn("refunds", self.refunds.run())
        self.tasks.spawn("debits", self.debits.run())
        self.tasks.spawn("statements", self.collecting.run())
        self.tasks.spawn("reconciling", self.reconciling.run())
        self.tasks.spawn("books", self.books.run())
        if self.drift is not None:
            self.tasks.spawn("drift", self.drift.run())
        self.webhooks.start()
        self.ways_in.start()
        for begin in self.begun:
            begin()

    async def stop(self, drain_s: float = 10.0) -> None:
        """Start nothing new, let what is in flight end, checkpoint, give up the lease, close."""
        self.watch.ending = True
        self.runtime.log.tell(events.STOPPING, count=self.relay.in_flight)
        self.notices.close()
        self.relay.drain()
        self.webhooks.drain()
        self.ways_in.drain()
        deadline = self.runtime.clock.monotonic() + drain_s
        while (
            self.relay.in_flight or self.webhooks.in_flight or self.ways_in.in_flight
        ) and self.runtime.clock.monotonic() < deadline:
            await self.tasks.sleep(0.05)
        if self.role is not Role.API:
            with suppress(NoRoom):  # the next start anchors what is left
                await self.checkpoints.write(at_once=True)
        await self.tasks.stop()
        with suppress(NoRoom):  # others wait until this lane has ended
            await self.webhooks.end()
        await self.ways_in.end()
        if self.store.shared:
            with suppress(NoRoom):  # others wait for the lease to run out
                await self.store.end_lease()
        await self.net.aclose()
        self.store.close()
        if self.lock is not None:
            self.lock.release()
        self.runtime.log.tell(events.STOPPED)

    async def _seal_older(self) -> None:
        """Once in the life of a data folder: what was released before there were seals gets one.

        Never again: what has no seal later was written past the gateway.
        """
        mark = self.settings.data / "release-seals.begun"
        if not mark.exists():
            with acting_for(EVERYONE):
                await self.store.write(lambda uow: seal_older(uow, self.seals))
            own_file(mark, lambda: b"")

    def _tell_start(self) -> None:
        it = self.settings
        self.runtime.log.tell(
            events.STARTED,
            version=gateway.__version__,
            database=it.database.label,
            banks="+".join(it.banks),
            tenants=len(it.directory.tenants),
            connections=sum(len(tenant.connections) for tenant in it.directory.tenants.values()),
            threshold=it.log.level.name.lower(),
            form=it.log.form.value,
        )

    async def _hear(self) -> None:
        """Hear what other processes commit, for ever."""
        from gateway.store.hearing import Ear, keep_hearing  # noqa: PLC0415 - not for SQLite

        ear = Ear(self.settings.database.url, self.store.lane.id)
        await keep_hearing(self.tasks, ear, self._heard)

    def _heard(self, heard: Heard) -> None:
        """Another process committed something."""
        self.store.told(
            None if heard.any_roused else heard.roused, None if heard.any_touched else heard.touched
        )


def build(
    settings: Settings,
    on_death: Callable[[str, BaseException], None],
    *,
    role: Role = Role.BOTH,
    probe: Probe | None = None,
    log: EventLog | None = None,
) -> Gateway:
    """Build a gateway. Call inside the event loop.

    ``on_death`` is told of a task that ended with an exception: the caller ends the process.
    ``log`` is the process's, who built it closes it; without one, events are only counted.
    Raises NotOffered for a role that the database does not allow.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    log = log or EventLog(role.value, settings.log, fd=None)
    if settings.database.postgresql:
        return _build(settings, on_death, role, probe, None, log=log)
    if role is not Role.BOTH:
        name = settings.database.label
        raise NotOffered(
            f"{name} is SQLite: one process writes it, and `gateway serve` sends payments itself; "
            "processes of their own need PostgreSQL",
            f"{name} 为 SQLite：只允许一个进程写入，`gateway serve` 自身负责发送；"
            "独立进程需要 PostgreSQL",
        )
    lock = Lock(settings.data / "gateway.lock")
    lock.take()
    try:
        return _build(settings, on_death, role, probe, lock, log=log)
    except GatewayError:
        lock.release()
        raise


def _build(  # noqa: PLR0913 - the sixth by keyword
    settings: Settings,
    on_death: Callable[[str, BaseException], None],
    role: Role,
    probe: Probe | None,
    lock: Lock | None,
    *,
    log: EventLog,
) -> Gateway:
    clock = SharedClock(settings.clock) if settings.clock else SystemClock()
    tasks = LoopTasks(on_death)
    net = HttpNet(limits=limits_for(settings.directory))
    runtime = RealRuntime(clock=clock, tasks=tasks, net=net, log=log)
    store = _store(settings, runtime, role, probe)
    report_commits(store, log, settings.directory, settings.log.slow_commit_ms / 1000)
    banks = bank_dialects(settings.directory, settings.banks)
    vault_key = own_key(settings.data / "vault.key", runtime.random.bytes, KEY_BYTES)
    archive = Archive(runtime, Vault(vault_key, runtime.random.bytes))
    controls = Controls(settings.directory.keys.values(), VersionSeal(vault_key))
    seals, payee_seals = ReleaseSeal(vault_key), PayeeSeal(vault_key)
    checkpoint_key = load_key(settings.data / "checkpoint.pem")
    book = DebitBook()
    netbank = NetbankPaid(book, clock.now)
    guards = (BlockedPayees(clock.now), netbank)
    check = SendingCheck(seals, controls, lambda: clock.now().date(), guards)
    shared = partial(Link, store=store, runtime=runtime, archive=archive)
    link = partial(shared, check=check, poll_s=settings.poll_s)
    relay = _relay(settings, banks, tasks, link)
    reference = Reference(store, runtime)
    looks = (LateInspectors(partial(inspectors, payee_seals, reference)), netbank)
    releaser = Releaser(runtime, controls, settings.directory.tenants, seals, inspectors=looks)
    settling = NetbankSettling(netbank, controls, releaser, runtime, settings.directory)
    wake, notices = tasks.signal(), Notices(runtime)
    store.tell_of(wanted_states(settings.directory, told_systems(settings.directory)))
    told = list(ways(settings.directory))
    webhooks = Webhooks(store, runtime, told, settings.poll_s, SystemClock().now)
    more = further(settings, store, runtime, relay)
    _listen(store, notices, (relay.rouse, webhooks.rouse, reference.rouse, more.rouse), wake.set)
    built = Gateway(
        settings=settings,
        role=role,
        runtime=runtime,
        store=store,
        relay=relay,
        seals=seals,
        payee_seals=payee_seals,
        controls=controls,
        reference=reference,
        notices=notices,
        checkpoints=Checkpoints(store, runtime, checkpoint_key),
        books=BooksWatch(store, runtime, timedelta(minutes=settings.books_every_minutes)),
        drift=drift_watch(settings, store, runtime, relay, banks),
        webhooks=webhooks,
        ways_in=WaysIn(store, runtime),
        refunds=Refunds(store, runtime, relay.queries, settings.directory, settings.poll_s),
        debits=Debits(store, runtime, relay.queries, settings.directory, book, settling),
        collecting=more.collecting,
        reconciling=reconciling(settings, store, runtime),
        releasing=Releasing(
            store, runtime, releaser, settings.directory, wake=wake, poll_s=settings.poll_s
        ),
        erps={name: erp_dialect(name) for name in settings.erps},
        net=net,
        tasks=tasks,
        begun=list(more.begun),
        watch=Watch(log, store, clock, role.value, lambda: relay.in_flight),
        lock=lock,
        _front=None,
    )
    return _staffed(built, releaser, banks, checkpoint_key)


def _staffed(
    built: Gateway,
    releaser: Releaser,
    banks: dict[str, BankDialect],
    checkpoint_key: Ed25519PrivateKey,
) -> Gateway:
    """With what its role adds: whoever answers, and the ways from and to ERP systems."""
    if built.role is not Role.WORKER:
        from gateway.front_office import front_office  # noqa: PLC0415 - not for a worker

        built = replace(built, _front=front_office(built, releaser, banks, checkpoint_key))
    systems = any(it.erps for it in built.settings.directory.tenants.values())
    if systems and built.role is not Role.API:
        from gateway.taking_in import look_at_systems  # noqa: PLC0415 - costs a start

        look_at_systems(built, releaser, banks)
    boxes = any(it.statement_boxes for it in built.settings.directory.tenants.values())
    if boxes and built.role is not Role.API:
        from gateway.taking_in import look_at_boxes  # noqa: PLC0415 - costs a start

        look_at_boxes(built)
    return built


def _relay(
    settings: Settings, banks: dict[str, BankDialect], tasks: LoopTasks, link: Callable[..., Link]
) -> Relay:
    """The relay of all connections."""
    return Relay(
        link(tenant=it, connection=one, dialect=banks[one.dialect], wake=tasks.signal())
        for it in settings.directory.tenants.values()
        for one in it.connections.values()
    )


def _store(settings: Settings, runtime: Runtime, role: Role, probe: Probe | None) -> Store:
    """The opened store. A SQLite file is brought to today's schema; a server's must be there."""
    engine = open_engine(settings.database)
    if settings.database.postgresql:
        reached(lambda: refuse_behind(engine, settings.database.label), READ_AWAY_S)
    else:
        migrate(engine)
    opened = partial(Store, engine, runtime, role=role.value)
    store = opened(probe=probe) if probe else opened()
    store.lease.length_s = settings.lease_s
    store.open()
    return store


def _listen(
    store: Store, notices: Notices, told: Sequence[Listener], release: Callable[[], None]
) -> None:
    """Have those look who are to when queues have new work, here or in another process."""

    def rouse(keys: Sequence[tuple[str, str]] | None) -> None:
        if keys is None or any(lane == RELEASE_LANE for _, lane in keys):
            release()
        for listener in told:
            listener(keys)

    store.listen(notices.announce)
    store.on_rouse(rouse)
