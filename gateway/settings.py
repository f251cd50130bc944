"""Settings: one TOML file, read once, checked whole; every fault is told with its place.

Secrets stand in files or environment variables (``password_file``, ``password_env``); an inline
``password`` is for demonstrations.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from gateway.delivery.webhook_settings import read_reach, read_webhook
from gateway.domain.bank_office import number_agrees
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import Fault, Refused
from gateway.domain.ids import TenantId
from gateway.domain.party import Account, Agent, Party
from gateway.identity.options import NO_IDENTITY, IdentityOptions
from gateway.identity.options_reading import read_identity, read_people
from gateway.observe.options import DEFAULT_LOG, DEFAULT_METRICS, Form, LogOptions, MetricsOptions
from gateway.ports.events import Level
from gateway.ports.tenancy import (
    ApiKey,
    Connection,
    Directory,
    OwnAccount,
    Policy,
    Tenant,
)
from gateway.ports.webhooks import Reach, Webhook
from gateway.store.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a deployment is told. Paths are absolute; ``clock`` '' means the machine's clock."""

    data: Path
    """Folder for the database, keys and spooled uploads."""
    database: Database
    host: str
    port: int
    clock: Path | None
    banks: tuple[str, ...]
    erps: tuple[str, ...]
    directory: Directory
    poll_s: float = 0.5
    books_every_minutes: int = 60
    """How often a worker checks the books (shared clock); 0 never."""
    drift_every_minutes: int = 0
    """How often a worker compares banks with the settings (shared clock); 0 never."""
    lease_s: int = 15
    """How long a process may be silent before others take its work over (PostgreSQL)."""
    log: LogOptions = DEFAULT_LOG
    metrics: MetricsOptions = DEFAULT_METRICS
    identity: IdentityOptions = NO_IDENTITY


class SettingsError(Refused):
    """The settings file has faults."""

    code = "settings"
    zh = "配置有误，未启动"
    en = "the settings have faults; nothing was started"


_DEFAULT_PORT: Final = 8700
_PREFIX_MAX: Final = 4
"""A serial is prefix, day and 16 characters, and a bank may take no more than 30."""


class _Reader:
    """Reads a table of settings, collecting faults with their places."""

    def __init__(self, table: Mapping[str, object], place: str, faults: list[Fault]) -> None:
        self._table = table
        self.place = place
        self._faults = faults
        self._read: set[str] = set()

    def fault(self, name: str, zh: str, en: str, code: str = "settings") -> None:
        self._faults.append(Fault(path=f"{self.place}.{name}", code=code, zh=zh, en=en))

    def text(self, name: str, default: str | None = None) -> str:
        value = self._value(name, default)
        if not isinstance(value, str) or (default is None and not value):
            self.fault(name, "应为非空文本", "must be a text that is not empty")
            return ""
        return value

    def number(self, name: str, default: int) -> int:
        value = self._value(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self.fault(name, "应为非负整数", "must be a whole number, not negative")
            return default
        return value

    def flag(self, name: str, *, default: bool | None) -> bool | None:
        value = self._value(name, default)
        if value is not None and not isinstance(value, bool):
            self.fault(name, "应为 true 或 false", "must be true or false")
            return default
        return value

    def texts(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        value = self._value(name, list(default))
        if not isinstance(value, list) or not all(isinstance(it, str) for it in value):
            self.fault(name, "应为文本列表", "must be a list of texts")
            return default
        return tuple(value)

    def numbers(self, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
        value = self._value(name, list(default))
        if not isinstance(value, list) or not all(type(it) is int and it >= 0 for it in value):
            self.fault(name, "应为非负整数列表", "must be a list of whole numbers, not negative")
            return default
        return tuple(value)

    def tables(self, name: str) -> list[_Reader]:
        value = self._value(name, [])
        if not isinstance(value, list) or not all(isinstance(it, dict) for it in value):
            self.fault(name, "应为表数组", "must be an array of tables")
            return []
        return [
            _Reader(table, f"{self.place}.{name}[{index}]", self._faults)
            for index, table in enumerate(value)
        ]

    def table(self, name: str) -> _Reader:
        value = self._value(name, {})
        if not isinstance(value, dict):
            self.fault(name, "应为表", "must be a table")
            value = {}
        return _Reader(value, f"{self.place}.{name}", self._faults)

    def has(self, name: str) -> bool:
        """Whether it is set."""
        return name in self._table

    def secret(self, name: str) -> str:
        """A secret inline, from a file, or from an environment variable."""
        self._read |= {name, f"{name}_file", f"{name}_env"}
        if f"{name}_file" in self._table:
            path = Path(str(self._table[f"{name}_file"]))
            try:
                return path.read_text(encoding="utf-8").strip()
            except OSError:
                self.fault(f"{name}_file", "文件无法读取", "the file cannot be read")
                return ""
        if f"{name}_env" in self._table:
            variable = str(self._table[f"{name}_env"])
            if variable not in os.environ:
                self.fault(f"{name}_env", "环境变量未设置", "the environment variable is not set")
            return os.environ.get(variable, "")
        return self.text(name)

    def done(self) -> None:
        """Tell every setting that nobody reads: a misspelt one must not pass in silence."""
        for name in sorted(set(self._table) - self._read):
            self.fault(name, "未知配置项", "unknown setting")

    def _value(self, name: str, default: object) -> object:
        self._read.add(name)
        return self._table.get(name, default)


def load(path: Path) -> Settings:
    """Read a settings file. Raises SettingsError listing every fault."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read", f"{path}：无法读取") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: {error}", f"{path}：{error}") from error
    return parse(content, path.resolve().parent)


def parse(content: Mapping[str, object], base: Path) -> Settings:
    """Settings from parsed TOML; relative paths are taken from ``base``."""
    faults: list[Fault] = []
    root = _Reader(content, "", faults)
    it = root.table("gateway")
    data = base / it.text("data", "var")
    clock = it.text("clock", "")
    tenants = {}
    keys = {}
    for reader in root.tables("tenant"):
        tenant = _tenant(reader, base)
        tenants[tenant.id] = tenant
        for key in reader.tables("key"):
            made = _key(key, tenant.id)
            if made.id in keys:
                key.fault("id", "密钥编号重复", "this key id is used twice")
            keys[made.id] = made
        reader.done()
    host = it.text("host", "127.0.0.1")
    identity = root.table("identity")
    settings = Settings(
        data=data,
        database=_database(it, data),
        host=host,
        port=it.number("port", _DEFAULT_PORT),
        clock=base / clock if clock else None,
        banks=it.texts("banks", ("cib",)),
        erps=it.texts("erps", ("iso20022",)),
        directory=Directory(tenants=tenants, keys=keys),
        books_every_minutes=it.number("books_every_minutes", 60),
        drift_every_minutes=it.number("drift_every_minutes", 0),
        lease_s=max(it.number("lease_s", 15), 2),
        log=_log(root.table("log")),
        metrics=_metrics(root.table("metrics")),
        identity=read_identity(identity, host=host, base=base, tenants=tenants, keys=keys),
    )
    it.done()
    root.done()
    if faults:
        raise SettingsError(faults=faults)
    return settings


def _database(it: _Reader, data: Path) -> Database:
    """A file below the data folder, or the URL of a PostgreSQL database (also as a secret)."""
    if it.has("database_file") or it.has("database_env"):
        named = it.secret("database")
    else:
        named = it.text("database", "gateway.db")
    if not named.startswith("postgresql:"):
        return Database.file(data / named)
    try:
        make_url(named)
    except ArgumentError:
        it.fault(
            "database",
            "不是有效的 PostgreSQL 地址",
            "is not a valid address of a PostgreSQL database",
        )
    return Database(url=named)


def _log(reader: _Reader) -> LogOptions:
    level = reader.text("level", "info").upper()
    if level not in Level.__members__:
        reader.fault(
            "level", "应为 debug、info、warning 或 error", "must be debug, info, warning or error"
        )
        level = "INFO"
    form = reader.text("form", "json")
    if form not in frozenset(Form):
        reader.fault("form", "应为 json 或 text", "must be json or text")
        form = "json"
    made = LogOptions(
        level=Level[level],
        form=Form(form),
        slow_commit_ms=reader.number("slow_commit_ms", 500),
    )
    reader.done()
    return made


def _metrics(reader: _Reader) -> MetricsOptions:
    made = MetricsOptions(host=reader.text("host", "127.0.0.1"), port=reader.number("port", 0))
    reader.done()
    return made


def _tenant(reader: _Reader, base: Path) -> Tenant:
    tenant_id = TenantId(reader.text("id"))
    connections = {
        made.id: made for made in (_connection(it, tenant_id) for it in reader.tables("connection"))
    }
    companies: dict[str, str] = {}
    accounts: dict[str, OwnAccount] = {}
    for company in reader.tables("company"):
        company_id = company.text("id")
        companies[company_id] = company.text("name")
        for account in company.tables("account"):
            made = _account(account, company_id, companies[company_id], connections)
            if made.number in accounts:
                account.fault("number", "账号重复", "this account is listed twice")
            accounts[made.number] = made
        company.done()
    reach = read_reach(reader.table("egress"))
    return Tenant(
        id=tenant_id,
        name=reader.text("name"),
        companies=companies,
        accounts=accounts,
        connections=connections,
        policy=_policy(reader.table("policy")),
        reach=reach,
        webhooks=_webhooks(reader, tenant_id, reach, base),
        people=read_people(reader.tables("person")),
    )


def _webhooks(reader: _Reader, tenant: TenantId, reach: Reach, base: Path) -> tuple[Webhook, ...]:
    made: list[Webhook] = []
    for table in reader.tables("webhook"):
        webhook = read_webhook(table, tenant, reach, base)
        if any(it.id == webhook.id for it in made):
            table.fault("id", "接收端编号重复", "this endpoint is listed twice")
        made.append(webhook)
    return tuple(made)


def _connection(reader: _Reader, tenant: TenantId) -> Connection:
    made = Connection(
        tenant=tenant,
        id=reader.text("id"),
        bank=reader.text("bank"),
        version=reader.text("version", ""),
        url=reader.text("url"),
        customer=reader.text("customer"),
        operator=reader.text("operator"),
        password=reader.secret("password"),
        slots=max(reader.number("slots", 8), 1),
        enquiry_slots=max(reader.number("enquiry_slots", 4), 1),
        rate_per_s=reader.number("rate_per_s", 0),
        timeout_s=max(reader.number("timeout_s", 30), 1),
        use_bank_due_date=bool(reader.flag("use_bank_due_date", default=False)),
    )
    reader.done()
    return made


def _account(
    reader: _Reader, company: str, holder: str, connections: Mapping[str, Connection]
) -> OwnAccount:
    connection = reader.text("connection")
    if connection not in connections:
        reader.fault("connection", "没有该银行连接", "no such connection")
    if (cnaps := reader.text("cnaps", "")) and not number_agrees(cnaps):
        reader.fault("cnaps", "须为 12 位行号", "must be the 12 digits of a bank office")
        cnaps = ""
    made = OwnAccount(
        party=Party(
            name=reader.text("name", holder),
            account=Account(
                number=reader.text("number"),
                agent=Agent(
                    name=reader.text("agent_name", ""), cnaps=cnaps, city=reader.text("city", "")
                ),
            ),
        ),
        company=company,
        connection=connection,
        currency=reader.text("currency", "CNY"),
    )
    reader.done()
    return made


def _policy(reader: _Reader) -> Policy:
    made = Policy(
        release_people=reader.number("release_people", 0),
        hold_people=max(reader.number("hold_people", 1), 1),
        resolve_people=max(reader.number("resolve_people", 2), 2),
        default_local=reader.flag("default_local", default=None),
        serial_prefix=reader.text("serial_prefix", "GW"),
        batching=bool(reader.flag("batching", default=False)),
    )
    if (
        not (made.serial_prefix.isascii() and made.serial_prefix.isalnum())
        or len(made.serial_prefix) > _PREFIX_MAX
    ):
        reader.fault("serial_prefix", "应为 1–4 位字母数字", "must be 1 to 4 letters or digits")
    reader.done()
    return made


def _key(reader: _Reader, tenant: TenantId) -> ApiKey:
    kind = reader.text("kind", "machine")
    if kind not in {"machine", "person"}:
        reader.fault("kind", "应为 machine 或 person", "must be machine or person")
        kind = "machine"
    made = ApiKey(
        id=reader.text("id"),
        tenant=tenant,
        actor=Actor(kind=ActorKind(kind), name=reader.text("name")),
        secret=reader.secret("secret").encode(),
        erp=reader.text("erp", "") if kind == "machine" else "",
    )
    if kind == "machine" and not made.erp:
        reader.fault("erp", "机器密钥须指明 ERP", "a machine key must name its ERP")
    reader.done()
    return made
