"""Settings: one TOML file, read once, checked whole; every fault is told with its place.

Secrets stand in files or environment variables (``password_file``, ``password_env``); an inline
``password`` is for demonstrations.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from gateway.delivery.webhook_settings import read_reach, read_webhook
from gateway.domain.bank_office import number_agrees
from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import Fault, Refused
from gateway.domain.ids import TenantId
from gateway.domain.party import Account, Agent, Party
from gateway.observe.options import DEFAULT_LOG, DEFAULT_METRICS, Form, LogOptions, MetricsOptions
from gateway.ports.erp_systems import ErpSystem
from gateway.ports.events import Level
from gateway.ports.tenancy import (
    ApiKey,
    Connection,
    Directory,
    Organisation,
    OrganisationKind,
    OwnAccount,
    Person,
    Policy,
    Tenant,
)
from gateway.ports.webhooks import Reach, Webhook
from gateway.settings_table import SettingsTable
from gateway.statements.box_settings import read_boxes
from gateway.statements.notice_settings import read_notices
from gateway.statements.receipt_settings import read_files_at, read_files_wanted
from gateway.store.engine import Database

if TYPE_CHECKING:
    from gateway.documents.face import FontFile
    from gateway.identity.options import IdentityOptions


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
    statements_every_minutes: int = 30
    """How often a worker fetches the statements of all accounts (shared clock); 0 never."""
    reconcile_every_minutes: int = 30
    """How often a worker matches what is new of accounts with their ledgers; 0 never."""
    lease_s: int = 15
    """How long a process may be silent before others take its work over (PostgreSQL)."""
    log: LogOptions = DEFAULT_LOG
    metrics: MetricsOptions = DEFAULT_METRICS
    operator: Organisation | None = None
    """Who runs this deployment; None where the file does not say."""
    identity: IdentityOptions | None = None
    """How people log in; None where the file says nothing of it."""
    font: FontFile | None = None
    """The font of PDF papers; None is the one that comes with the product."""


class SettingsError(Refused):
    """The settings file has faults."""

    code = "settings"
    zh = "配置有误，未启动"
    en = "the settings have faults; nothing was started"


_DEFAULT_PORT: Final = 8700
_PREFIX_MAX: Final = 4
"""A serial is prefix, day and 16 characters, and a bank may take no more than 30."""


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
    root = SettingsTable(content, "", faults)
    it = root.table("gateway")
    data = base / it.text("data", "var")
    clock = it.text("clock", "")
    tenants = {}
    keys = {}
    erps = it.texts("erps", ("iso20022",))
    for reader in root.tables("tenant"):
        tenant = _tenant(reader, base, erps)
        tenants[tenant.id] = tenant
        for key in reader.tables("key"):
            made = _key(key, tenant.id)
            if made.id in keys:
                key.fault("id", "密钥编号重复", "this key id is used twice")
            keys[made.id] = made
        reader.done()
    host = it.text("host", "127.0.0.1")
    settings = Settings(
        data=data,
        database=_database(it, data),
        host=host,
        port=it.number("port", _DEFAULT_PORT),
        clock=base / clock if clock else None,
        banks=it.texts("banks", ("cib",)),
        erps=erps,
        directory=Directory(tenants=tenants, keys=keys),
        books_every_minutes=it.number("books_every_minutes", 60),
        drift_every_minutes=it.number("drift_every_minutes", 0),
        statements_every_minutes=it.number("statements_every_minutes", 30),
        reconcile_every_minutes=it.number("reconcile_every_minutes", 30),
        lease_s=max(it.number("lease_s", 15), 2),
        font=_font(it, base),
        log=_log(root.table("log")),
        metrics=_metrics(root.table("metrics")),
        operator=_operator(root.table("operator")) if root.has("operator") else None,
        identity=_identity(root, host, base, Directory(tenants=tenants, keys=keys)),
    )
    it.done()
    root.done()
    if faults:
        raise SettingsError(faults=faults)
    return settings


def _font(it: SettingsTable, base: Path) -> FontFile | None:
    """The operator's own font, tried at once: nobody finds out when the first receipt is due."""
    name, member = it.text("font", ""), it.number("font_member", 0)
    if not name:
        return None
    from gateway.documents.face import FontFile, UnusableFont, tried  # noqa: PLC0415 - costs a start

    font = FontFile(base / name, member)
    try:
        tried(font)
    except UnusableFont as error:
        it.fault("font", error.zh, error.en)
    return font


def _operator(reader: SettingsTable) -> Organisation:
    kind = reader.text("kind")
    if kind not in frozenset(OrganisationKind):
        reader.fault("kind", "应为 bank 或 client", "must be bank or client")
        kind = OrganisationKind.CLIENT.value
    made = Organisation(id=reader.text("id"), name=reader.text("name"), kind=OrganisationKind(kind))
    reader.done()
    return made


def _identity(
    root: SettingsTable, host: str, base: Path, directory: Directory
) -> IdentityOptions | None:
    people = any(tenant.people for tenant in directory.tenants.values())
    if not (people or root.has("identity")):
        return None
    from gateway.identity.options_reading import read_identity  # noqa: PLC0415 - costs a start

    return read_identity(
        root.table("identity"),
        host=host,
        base=base,
        tenants=directory.tenants,
        keys=directory.keys,
    )


def _people(tables: list[SettingsTable]) -> tuple[Person, ...]:
    if not tables:
        return ()
    from gateway.identity.options_reading import read_people  # noqa: PLC0415 - costs a start

    return read_people(tables)


def _database(it: SettingsTable, data: Path) -> Database:
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


def _log(reader: SettingsTable) -> LogOptions:
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


def _metrics(reader: SettingsTable) -> MetricsOptions:
    made = MetricsOptions(host=reader.text("host", "127.0.0.1"), port=reader.number("port", 0))
    reader.done()
    return made


def _tenant(reader: SettingsTable, base: Path, erps: tuple[str, ...]) -> Tenant:
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
        people=_people(reader.tables("person")),
        erps=_erps(reader.tables("erp"), tenant_id, accounts, base, erps),
        statement_boxes=read_boxes(reader.tables("statement_box"), tenant_id, accounts, base),
    )


def _erps(
    tables: list[SettingsTable],
    tenant: TenantId,
    accounts: Mapping[str, OwnAccount],
    base: Path,
    allowed: tuple[str, ...],
) -> dict[str, ErpSystem]:
    if not tables:
        return {}
    from gateway.erp_settings import read_erp  # noqa: PLC0415 - costs a start

    made: dict[str, ErpSystem] = {}
    for table in tables:
        system = read_erp(table, tenant, allowed=allowed, accounts=accounts, base=base)
        if system.id in made:
            table.fault("id", "ERP 系统编号重复", "this ERP system is listed twice")
        made[system.id] = system
    return made


def _webhooks(
    reader: SettingsTable, tenant: TenantId, reach: Reach, base: Path
) -> tuple[Webhook, ...]:
    made: list[Webhook] = []
    for table in reader.tables("webhook"):
        webhook = read_webhook(table, tenant, reach, base)
        if any(it.id == webhook.id for it in made):
            table.fault("id", "接收端编号重复", "this endpoint is listed twice")
        made.append(webhook)
    return tuple(made)


def _connection(reader: SettingsTable, tenant: TenantId) -> Connection:
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
        query_interval_s=reader.number("query_interval_s", 0),
        receipt_files=read_files_at(reader),
        notices=read_notices(reader.table("notices")) if reader.has("notices") else None,
    )
    reader.done()
    return made


def _account(
    reader: SettingsTable, company: str, holder: str, connections: Mapping[str, Connection]
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
        receipt_files=read_files_wanted(reader, connections.get(connection)),
    )
    reader.done()
    return made


def _policy(reader: SettingsTable) -> Policy:
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


def _key(reader: SettingsTable, tenant: TenantId) -> ApiKey:
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
