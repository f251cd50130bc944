"""The only place that builds things: settings in, a running gateway out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final

import adapters
import gateway
from gateway.audit.checkpoint import Checkpoints, load_key
from gateway.controls.cancel import Cancellations
from gateway.controls.decide import Decisions
from gateway.controls.release import Releaser
from gateway.controls.stops import EmergencyStops
from gateway.domain.errors import Corrupt, GatewayError
from gateway.intake.accept import Intake
from gateway.intake.bulk import Bulk, sweep
from gateway.intake.releasing import Releasing
from gateway.lifecycle.notice import Notices
from gateway.ports.bank import BankDialect
from gateway.ports.erp import ErpDialect
from gateway.ports.runtime import Runtime
from gateway.relay.archive import Archive
from gateway.relay.context import Link
from gateway.relay.relay import Relay
from gateway.relay.withdraw import withdraw
from gateway.runtime import LoopTasks, RealRuntime, SharedClock, SystemClock
from gateway.settings import Settings
from gateway.signing.vault import KEY_BYTES, Vault
from gateway.statements.refunds import Refunds
from gateway.store.engine import sqlite_engine
from gateway.store.lock import Lock
from gateway.store.migrate import migrate
from gateway.store.store import Probe, Store
from gateway.transport.http_client import HttpNet

_NAME: Final = re.compile(r"[a-z][a-z0-9]{1,15}", re.ASCII)


def ensure_own_adapters(adapters_file: Path, gateway_file: Path) -> None:
    """Refuse to start when a stranger's package named ``adapters`` is the one imported.

    Raises Corrupt unless both packages lie side by side.
    """
    if adapters_file.resolve().parent.parent != gateway_file.resolve().parent.parent:
        raise Corrupt(
            "the imported package 'adapters' is not this product's: another distribution of that "
            "name is installed; remove it or use an environment of its own",
            "导入的 adapters 包不属于本产品：环境中装有同名的其他软件包，请移除或使用独立环境",
        )


def bank_dialect(code: str, version: str = "") -> BankDialect:
    """Load a bank's language by its code, in a document version or its newest.

    Raises Corrupt when there is none.
    """
    dialect = _load("bank", code)
    if version:
        dialect = import_module(f"adapters.bank.{code}").DIALECTS.get(version)
    if not isinstance(dialect, BankDialect):
        raise Corrupt(
            f"no bank dialect {code} {version}".strip(), f"没有银行方言 {code} {version}".strip()
        )
    return dialect


def erp_dialect(name: str) -> ErpDialect:
    """Load an ERP's language by its name. Raises Corrupt when there is none."""
    dialect = _load("erp", name)
    if not isinstance(dialect, ErpDialect):
        raise Corrupt(f"adapters.erp.{name} exports no ERP dialect")
    return dialect


def _load(kind: str, name: str) -> object:
    if not _NAME.fullmatch(name):
        raise Corrupt(f"not a name of an adapter: {kind}", f"适配器名称不合法：{kind}")
    ensure_own_adapters(Path(adapters.__file__), Path(gateway.__file__))
    return import_module(f"adapters.{kind}.{name}").DIALECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A built gateway. ``start`` begins work; ``stop`` ends it and leaves nothing half done."""

    settings: Settings
    runtime: Runtime
    store: Store
    intake: Intake
    bulk: Bulk
    relay: Relay
    decisions: Decisions
    cancellations: Cancellations
    stops: EmergencyStops
    notices: Notices
    checkpoints: Checkpoints
    releasing: Releasing
    refunds: Refunds
    erps: dict[str, ErpDialect]
    net: HttpNet
    tasks: LoopTasks
    lock: Lock

    async def start(self) -> None:
        """Sweep what was never accepted, anchor the trail, take over what was in flight, begin."""
        await self.store.write(sweep)
        await self.checkpoints.write()
        await self.relay.start()
        self.tasks.spawn("release", self.releasing.run())
        self.tasks.spawn("checkpoints", self.checkpoints.run())
        self.tasks.spawn("refunds", self.refunds.run())

    async def stop(self, drain_s: float = 10.0) -> None:
        """Start nothing new, let what is in flight end, checkpoint, close."""
        self.notices.close()
        self.relay.drain()
        deadline = self.runtime.clock.monotonic() + drain_s
        while self.relay.in_flight and self.runtime.clock.monotonic() < deadline:
            await self.tasks.sleep(0.05)
        await self.checkpoints.write()
        await self.tasks.stop()
        await self.net.aclose()
        self.store.close()
        self.lock.release()


def build(
    settings: Settings,
    on_death: Callable[[str, BaseException], None],
    *,
    probe: Probe | None = None,
) -> Gateway:
    """Build a gateway on SQLite (one process). Call inside the event loop.

    ``on_death`` is told of a task that ended with an exception: the caller ends the process.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    lock = Lock(settings.data / "gateway.lock")
    lock.take()
    try:
        return _build(settings, on_death, probe, lock)
    except GatewayError:
        lock.release()
        raise


def _build(
    settings: Settings,
    on_death: Callable[[str, BaseException], None],
    probe: Probe | None,
    lock: Lock,
) -> Gateway:
    clock = SharedClock(settings.clock) if settings.clock else SystemClock()
    tasks = LoopTasks(on_death)
    net = HttpNet()
    runtime = RealRuntime(clock=clock, tasks=tasks, net=net)
    engine = sqlite_engine(str(settings.database))
    migrate(engine)
    store = Store(engine, runtime, probe=probe) if probe else Store(engine, runtime)
    store.open()
    banks = _banks(settings)
    archive = Archive(runtime, Vault(_vault_key(settings, runtime), runtime.random.bytes))
    relay = Relay(
        [
            Link(
                tenant=tenant,
                connection=connection,
                dialect=banks[connection.dialect],
                store=store,
                runtime=runtime,
                archive=archive,
                wake=tasks.signal(),
                poll_s=settings.poll_s,
            )
            for tenant in settings.directory.tenants.values()
            for connection in tenant.connections.values()
        ]
    )
    releaser = Releaser(runtime, relay.wake)
    intake = Intake(store, runtime, banks, releaser)
    release_wake = tasks.signal()
    notices = Notices(runtime)
    store.listen(notices.announce)
    return Gateway(
        settings=settings,
        runtime=runtime,
        store=store,
        intake=intake,
        bulk=Bulk(intake, release_wake.set),
        relay=relay,
        decisions=Decisions(store, runtime, releaser, lambda: None, withdraw),
        cancellations=Cancellations(store, runtime, withdraw),
        stops=EmergencyStops(store, runtime, relay.wake),
        notices=notices,
        checkpoints=Checkpoints(store, runtime, load_key(settings.data / "checkpoint.pem")),
        refunds=Refunds(store, runtime, relay.queries, settings.directory, settings.poll_s),
        releasing=Releasing(intake, settings.directory, release_wake, settings.poll_s),
        erps={name: erp_dialect(name) for name in settings.erps},
        net=net,
        tasks=tasks,
        lock=lock,
    )


def _banks(settings: Settings) -> dict[str, BankDialect]:
    """The languages of all connections. Raises Corrupt for a bank that is not on the list."""
    spoken = {
        connection.dialect: (connection.bank, connection.version)
        for tenant in settings.directory.tenants.values()
        for connection in tenant.connections.values()
    }
    for bank, _ in spoken.values():
        if bank not in settings.banks:
            raise Corrupt(
                f"bank {bank} is not listed in [gateway] banks", f"银行 {bank} 未列入 banks"
            )
    return {name: bank_dialect(*wanted) for name, wanted in spoken.items()}


def _vault_key(settings: Settings, runtime: Runtime) -> bytes:
    """The local key of the vault, made on first use (readable by the owner only)."""
    path = settings.data / "vault.key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(runtime.random.bytes(KEY_BYTES))
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise Corrupt("the vault key has a wrong length", "保险库密钥长度不对")
    return key
