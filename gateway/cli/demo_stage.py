"""The demonstration's stage: folders, settings, and the processes (bank, gateway, database)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import select
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from gateway import settings
from gateway.cli.api_client import ApiClient
from gateway.cli.children import Child
from gateway.cli.demo_erp_settings import DIALECTS, tenant_text
from gateway.cli.demo_files import BATCHING, ERP_ACCOUNT
from gateway.cli.own_postgres import AUDITOR, NODE, OWNER, OwnPostgres
from gateway.domain.errors import Corrupt, Refused
from gateway.domain.instruction import State
from gateway.runtime import SharedClock
from gateway.sandbox import seed as seeds
from gateway.simulation.runtime import START
from gateway.store import tables
from gateway.store.engine import open_engine

SECRET: Final = "gw-demo-secret-not-for-production"  # noqa: S105 - the demonstration's own, printed
MACHINES: Final = {"demo-erp": "sap", "demo-tryton": "tryton", "demo-rest": "rest"}
PEOPLE: Final = {"demo-wang": "王复核", "demo-li": "李主管"}
ACCOUNTANTS: Final = {"demo-zhao": "赵会计", "demo-qian": "钱复核"}
"""Who signs balance sheets; they have no part in payments. In other tenants: ``demo-zhao@key``."""
DATABASES: Final = ("sqlite", "postgresql")
_READY_S: Final = 60
_START_S: Final = 90
_LEASE_S: Final = 6
_WORKERS: Final = 2
_OWNER: Final = "GATEWAY_DEMO_OWNER"


class Stage:
    """Starts, kills and restarts the processes of a demonstration or a campaign.

    On SQLite one process is the whole gateway; on PostgreSQL it is an API and two workers.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        database: str = "sqlite",
        sandbox: tuple[str, ...] = (),
        erps: bool = False,
    ) -> None:
        """``erps`` adds stand-ins of the vendors' servers, and a tenant that speaks to them."""
        if database not in DATABASES:
            raise Refused(
                f"unknown database {database}: sqlite or postgresql",
                f"未知数据库 {database}：应为 sqlite 或 postgresql",
            )
        self.folder = folder
        self.database = database
        self.workers: list[Child] = []
        self._ending = ExitStack()
        folder.mkdir(parents=True, exist_ok=True)
        self.clock = SharedClock.create(folder / "clock.json", START)
        self.config = folder / "gateway.toml"
        self.books = folder / ("auditor.toml" if database == "postgresql" else "gateway.toml")
        """Settings of who reads the books as a whole, which no process that serves may."""
        try:
            self.postgres = (
                self._ending.enter_context(OwnPostgres()) if database == "postgresql" else None
            )
            self.bank = self._bank(sandbox)
            self.erps = self._erps() if erps else None
            self._configure(port)
            if self.postgres is not None:
                self._migrate(self.postgres.url)
            self.gateway = self._child("serve")
            self.gateway.start()
            self.workers = [
                self._child("worker", f"worker-{number}")
                for number in range(1, _WORKERS + 1)
                if self.postgres is not None
            ]
            for worker in self.workers:
                worker.start()
            for child in (self.gateway, *self.workers):
                child.wait(_START_S)
        except BaseException:
            self.close()
            raise

    @property
    def senders(self) -> list[Child]:
        """The processes that send to the bank."""
        return self.workers or [self.gateway]

    def restart(self, child: Child) -> None:
        """Start what was killed, and wait until it works."""
        child.start()
        child.wait(_START_S)

    def keep_ports(self) -> None:
        """Let restarted processes listen where they did before: their callers know no other."""
        self._configure(urlsplit(self.gateway.told).port or 0)

    def client(self, key: str) -> ApiClient:
        """The API as one key sees it."""
        return ApiClient(self.gateway.told, key, SECRET.encode())

    def admin(self) -> ApiClient:
        """The sandbox bank's admin API."""
        return ApiClient(self.bank.told)

    def where_erps(self) -> dict[str, str]:
        """Where each of the ERPs in a box is."""
        if self.erps is None:
            return {}
        hub = ApiClient(self.erps.told)
        found = {name: str(it) for name, it in hub.get("/admin/where").items()}
        hub.close()
        return found

    def quiesce(self) -> None:
        """End the gateway and the bank gracefully; the database goes on."""
        for child in (self.gateway, *self.workers, self.bank):
            child.stop()

    def close(self) -> None:
        """End everything that was started."""
        self._ending.close()

    def _bank(self, more: tuple[str, ...]) -> Child:
        """Start the bank on a free port, which is its own from then on."""
        where = ("--data", str(self.folder / "bank"), "--clock", str(self.folder / "clock.json"))
        first = Child("bank", self.folder / "bank.log", "sandbox", *where, *more, "--port", "0")
        self._ending.callback(first.stop)
        first.start()
        first.wait(_START_S)
        port = urlsplit(first.told).port
        return first.with_arguments(*where, *more, "--port", str(port))

    def _erps(self) -> Child:
        """Start the ERPs in a box, and prepare the folders that some of them share with us."""
        for name in ("tryton", "sheets"):
            for place in ("in", "work", "processed", "refused", "out"):
                (self.folder / name / place).mkdir(parents=True, exist_ok=True)
        log, data = self.folder / "erps.log", str(self.folder / "erps")
        child = Child("erps", log, "erps", "--data", data, "--port", "0")
        self._ending.callback(child.stop)
        child.start()
        child.wait(_START_S)
        return child

    def _child(self, command: str, name: str = "gateway") -> Child:
        child = Child(name, self.folder / f"{name}.log", command, "--config", str(self.config))
        self._ending.callback(child.stop)
        return child

    def _configure(self, port: int) -> None:
        for path, role in ((self.config, NODE), (self.books, AUDITOR)):
            url = self.postgres.url_of(OWNER, role) if self.postgres is not None else None
            where = self.where_erps()
            text = settings_text(self.bank.told, port, url, where)
            path.write_text(text, encoding="utf-8")

    def _migrate(self, owner: str) -> None:
        migrate = [sys.executable, "-m", "gateway.cli.main", "migrate", "--database-env", _OWNER]
        made = subprocess.run(  # noqa: S603 - our own program
            [*migrate, "--config", str(self.config)],
            env={**os.environ, _OWNER: owner},
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            raise Corrupt(f"migrate: {made.stderr[-500:]}", f"升级数据库失败：{made.stderr[-500:]}")


def in_mid_send(stage: Stage) -> Child:
    """A process that has handed a message to the socket and awaits the answer."""
    message, it = tables.message, tables.instruction
    engine = open_engine(settings.load(stage.books).database)
    with engine.connect() as db:
        holders = set(
            db.execute(
                select(message.c.holder)
                .join(it, (it.c.tenant == message.c.tenant) & (it.c.message == message.c.id))
                .where(it.c.state == State.SENDING.value)
            ).scalars()
        )
    engine.dispose()
    for child in stage.workers:
        if child.told in holders:
            return child
    return stage.gateway


def until(condition: object, what: str, seconds: int = _READY_S) -> None:
    """Wait for a condition, looking ten times a second; raises Corrupt naming what did not come."""
    if not callable(condition):
        raise TypeError("a condition is a function")
    looking: Retrying = Retrying(
        retry=retry_if_result(lambda met: not met),
        stop=stop_after_delay(seconds),
        wait=wait_fixed(0.1),
        retry_error_callback=lambda _: False,
    )
    if not looking(condition):
        raise Corrupt(f"did not happen within {seconds} s: {what}", f"{seconds} 秒内未发生：{what}")


def settings_text(
    bank: str, port: int, database: str | None = None, erps: Mapping[str, str] | None = None
) -> str:
    """The demonstration's settings file; ``database`` is the URL of a PostgreSQL database.

    ``erps`` says where the ERPs in a box are, if there are any.
    """
    group = seeds.shipped().groups[0]
    operator = group.operators[0]
    text = [
        "# made by `gateway demo`; invented names and numbers",
        "[gateway]",
        'data = "data"',
        'clock = "clock.json"',
        f"port = {port}",
        *([f"erps = {['iso20022', *DIALECTS]}"] if erps else []),
        *([f'database = "{database}"', f"lease_s = {_LEASE_S}"] if database else []),
        "[[tenant]]",
        'id = "demo-group"',
        f'name = "{group.name}"',
        "[tenant.policy]",
        "default_local = false",
        'serial_prefix = "DM"',
        "[[tenant.connection]]",
        'id = "cib-main"',
        'bank = "cib"',
        f'url = "{bank}/cib"',
        f'customer = "{group.customer}"',
        f'operator = "{operator.user}"',
        f'password = "{operator.password}"',
        "timeout_s = 5",
    ]
    for number, company in enumerate(group.companies, start=1):
        text += ["[[tenant.company]]", f'id = "company-{number}"', f'name = "{company.name}"']
        for account in company.accounts:
            if account.status == "active" and account.number not in {BATCHING, ERP_ACCOUNT}:
                text += [
                    "[[tenant.company.account]]",
                    f'number = "{account.number}"',
                    f'city = "{account.city}"',
                    'agent_name = "兴业银行"',
                    'connection = "cib-main"',
                ]
    for key, erp in MACHINES.items():
        text += _key(key, "machine", key, f'erp = "{erp}"')
    for key, name in (PEOPLE | ACCOUNTANTS).items():
        text += _key(key, "person", name)
    text += _batching_tenant(bank)
    if erps:
        text += tenant_text(bank, erps, SECRET, accountants("demo-rest-erp"))
    return "\n".join(text) + "\n"


def _batching_tenant(bank: str) -> list[str]:
    """A second tenant of the same bank customer, which lets its payments travel together."""
    group = seeds.shipped().groups[0]
    operator = group.operators[0]
    return [
        "[[tenant]]",
        'id = "demo-batch"',
        'name = "批量演示"',
        "[tenant.policy]",
        "default_local = false",
        'serial_prefix = "DB"',
        "batching = true",
        "[[tenant.connection]]",
        'id = "cib-batch"',
        'bank = "cib"',
        f'url = "{bank}/cib"',
        f'customer = "{group.customer}"',
        f'operator = "{operator.user}"',
        f'password = "{operator.password}"',
        "timeout_s = 5",
        "slots = 2",
        "[[tenant.company]]",
        'id = "company-1"',
        f'name = "{group.companies[0].name}"',
        "[[tenant.company.account]]",
        f'number = "{BATCHING}"',
        f'city = "{group.companies[0].accounts[1].city}"',
        'agent_name = "兴业银行"',
        'connection = "cib-batch"',
        *_key("demo-batch", "machine", "demo-batch", 'erp = "hr"'),
        *accountants("demo-batch"),
    ]


def accountants(of: str) -> list[str]:
    """The keys of the accountants in the tenant of the machine key ``of``."""
    return [
        line for key, name in ACCOUNTANTS.items() for line in _key(f"{key}@{of}", "person", name)
    ]


def _key(key: str, kind: str, name: str, *more: str) -> list[str]:
    return [
        "[[tenant.key]]",
        f'id = "{key}"',
        f'kind = "{kind}"',
        f'name = "{name}"',
        f'secret = "{SECRET}"',
        *more,
    ]
