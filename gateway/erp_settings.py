"""``[[tenant.erp]]``: an ERP system as it stands in the settings; every fault with its place.

Rule kept here: what a dialect needs is the dialect's own word (its options, secrets, transports),
so a misspelt option is told when the file is read, not when the first payment is missed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from gateway.delivery.webhook_settings import read_states
from gateway.dialects import erp_dialect
from gateway.domain.errors import Corrupt, Refused
from gateway.domain.ids import TenantId
from gateway.ports.erp import ErpDialect, ErpTransport
from gateway.ports.erp_boxes import BOX_OPTIONS, SFTP_OPTIONS, SFTP_SECRETS
from gateway.ports.erp_systems import ErpSystem, Feed, ReceiptForm
from gateway.ports.erp_told import ToldKind
from gateway.settings_table import SettingsTable
from gateway.transport.sftp_address import server_at

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}", re.ASCII)
_TRIES_MAX: Final = 100
_TIMEOUT_MAX_S: Final = 120
_SETTLE_DIGITS: Final = 4
_WAY_OPTIONS: Final = {
    ErpTransport.FOLDER: BOX_OPTIONS,
    ErpTransport.SFTP: SFTP_OPTIONS,
}
_CALLS: Final = frozenset({ErpTransport.API, ErpTransport.XML})
"""Ways on which the dialect's own envelope goes over HTTP."""


def read_erp(
    table: SettingsTable,
    tenant: TenantId,
    *,
    allowed: Collection[str],
    accounts: Collection[str],
    base: Path,
) -> ErpSystem:
    """One ``[[tenant.erp]]``. ``allowed`` are the folders of ``[gateway] erps``."""
    name = table.text("id")
    if name and not _ID.fullmatch(name):
        table.fault(
            "id",
            "须为 1–32 位字母、数字、_ . -",
            "must be 1 to 32 letters, digits, _ . -",
        )
    dialect = _dialect(table, allowed)
    transport = _transport(table, dialect)
    ca = table.text("ca", "")
    made = ErpSystem(
        tenant=tenant,
        id=name,
        dialect=table.text("dialect"),
        transport=transport,
        address=_address(table, transport, base),
        options=_options(table, dialect, transport),
        secrets=_secrets(table, dialect, transport),
        states=read_states(table),
        tells=_kinds(table, "tells") or frozenset(ToldKind),
        feed=_feed(table.table("feed"), accounts),
        poll_s=max(table.number("poll_s", 30), 1),
        rate_per_s=table.number("rate_per_s", 0),
        gather_s=table.number("gather_s", 0),
        tries_max=min(max(table.number("tries_max", 24), 1), _TRIES_MAX),
        timeout_s=min(max(table.number("timeout_s", 30), 1), _TIMEOUT_MAX_S),
        keep_days=table.number("keep_days", 7),
        ca=str(base.joinpath(ca)) if ca else "",
        aliases=_aliases(table.table("aliases"), accounts),
        shadow=_shadow(table, allowed, transport),
        shadow_options=_shadow_options(table, allowed),
    )
    _made_of(table, dialect, made)
    _shadow_made_of(table, made, allowed)
    _reached(table, made)
    table.done()
    return made


def _dialect(table: SettingsTable, allowed: Collection[str]) -> ErpDialect | None:
    name = table.text("dialect")
    if not name:
        return None
    if name.partition("/")[0] not in allowed:
        table.fault(
            "dialect",
            f"适配器 {name[:40]} 未列入 [gateway] erps",
            f"adapter {name[:40]} is not listed in [gateway] erps",
        )
        return None
    try:
        return erp_dialect(name)
    except Corrupt as error:
        table.fault("dialect", error.zh, error.en)
        return None


def _shadow(table: SettingsTable, allowed: Collection[str], transport: ErpTransport) -> str:
    name = table.text("shadow", "")
    if not name:
        return ""
    dialect = _allowed_dialect(name, allowed)
    if dialect is None or not _reads(dialect, transport):
        table.fault(
            "shadow",
            f"须为 [gateway] erps 中能读取以 {transport} 方式到达的付款单据的方言",
            "must be a dialect of [gateway] erps that reads payments which come by"
            f" {transport.value}",
        )
    return name


def _reads(dialect: ErpDialect, transport: ErpTransport) -> bool:
    """Whether a language reads what comes this way: its own envelopes, pages, rows, or files."""
    if transport is ErpTransport.API:
        return dialect.api is not None
    if transport is ErpTransport.TABLES:
        return dialect.tables is not None
    return dialect.read is not None


def _allowed_dialect(name: str, allowed: Collection[str]) -> ErpDialect | None:
    if name.partition("/")[0] not in allowed:
        return None
    try:
        return erp_dialect(name)
    except Corrupt:
        return None


def _shadow_options(table: SettingsTable, allowed: Collection[str]) -> dict[str, str]:
    """Options of the shadow alone: of a new mapping before it counts."""
    if not table.has("shadow_options"):
        return {}
    reader = table.table("shadow_options")
    dialect = _allowed_dialect(table.text("shadow", ""), allowed)
    if dialect is None:
        return {}
    found = {it: reader.text(it, "") for it in sorted(dialect.options) if reader.has(it)}
    reader.done()
    return found


def _shadow_made_of(table: SettingsTable, system: ErpSystem, allowed: Collection[str]) -> None:
    """Let the shadow say what is wrong with its options, before anything comes in."""
    dialect = _allowed_dialect(system.shadow, allowed)
    if dialect is None:
        return
    try:
        _made(dialect, system.transport, system.shadow_options or system.options)
    except Refused as error:
        for one in error.faults:
            table.fault(f"shadow_options.{one.path}", one.zh, one.en, one.code)
        if not error.faults:
            table.fault("shadow_options", error.zh, error.en)


def _transport(table: SettingsTable, dialect: ErpDialect | None) -> ErpTransport:
    text = table.text("transport", ErpTransport.REST.value)
    if text not in frozenset(ErpTransport):
        listed = "、".join(ErpTransport)
        table.fault("transport", f"应为 {listed}", f"must be one of {', '.join(ErpTransport)}")
        return ErpTransport.REST
    chosen = ErpTransport(text)
    if dialect is not None and chosen not in dialect.transports:
        able = sorted(dialect.transports)
        table.fault(
            "transport",
            f"方言 {dialect.name} 不支持 {text}，可用：{'、'.join(able)}",
            f"dialect {dialect.name} does not travel by {text}; it does by {', '.join(able)}",
        )
    return chosen


def _address(table: SettingsTable, transport: ErpTransport, base: Path) -> str:
    """Where the system is; a database's address may be a secret, a folder is taken from here."""
    if transport is ErpTransport.TABLES:
        return table.secret("address")
    if transport is ErpTransport.REST:
        return table.text("address", "")
    if transport is ErpTransport.XML:  # one that only calls us has none
        return table.text("address", "")
    text = table.text("address")
    return str(base / text) if transport is ErpTransport.FOLDER and text else text


def _options(
    table: SettingsTable, dialect: ErpDialect | None, transport: ErpTransport
) -> dict[str, str]:
    """What the dialect knows, and what the way itself needs."""
    reader = table.table("options")
    known = _WAY_OPTIONS.get(transport, frozenset())
    known = known | dialect.options if dialect is not None else known
    found = {name: reader.text(name, "") for name in sorted(known) if reader.has(name)}
    if dialect is not None:
        reader.done()
    return found


def _secrets(
    table: SettingsTable, dialect: ErpDialect | None, transport: ErpTransport
) -> dict[str, str]:
    reader = table.table("secrets")
    known = SFTP_SECRETS if transport is ErpTransport.SFTP else frozenset()
    known = known | dialect.secrets if dialect is not None else known
    endings = ("", "_file", "_env")
    found = {
        name: reader.secret(name)
        for name in sorted(known)
        if any(reader.has(f"{name}{ending}") for ending in endings)
    }
    if dialect is not None:
        reader.done()
    return found


def _made_of(table: SettingsTable, dialect: ErpDialect | None, system: ErpSystem) -> None:
    """Let the dialect say what is wrong with its options."""
    if dialect is None:
        return
    try:
        _made(dialect, system.transport, system.options)
    except Refused as error:
        for fault in error.faults:
            table.fault(f"options.{fault.path}", fault.zh, fault.en, fault.code)
        if not error.faults:
            table.fault("options", error.zh, error.en)


def _made(dialect: ErpDialect, transport: ErpTransport, options: Mapping[str, str]) -> None:
    """Build what a way needs of a language. Raises Refused."""
    if transport in _CALLS and dialect.api is not None:
        dialect.api(options)
    if transport is ErpTransport.TABLES and dialect.tables is not None:
        dialect.tables(options)
    if dialect.with_options is not None:
        dialect.with_options(options)


def _reached(table: SettingsTable, system: ErpSystem) -> None:
    """Tell what the way to files still needs."""
    settle = system.options.get("settle_s", "")
    if settle and not (settle.isascii() and settle.isdigit() and len(settle) <= _SETTLE_DIGITS):
        table.fault(
            "options.settle_s", "须为 0–9999 的整数（秒）", "must be whole seconds, 0 to 9999"
        )
    if system.transport is not ErpTransport.SFTP:
        return
    try:
        server_at(system.address, host_key="", secrets={})
    except Refused as error:
        table.fault("address", error.zh, error.en, error.code)
    if not system.options.get("host_key"):
        table.fault(
            "options.host_key",
            "SFTP 须填写服务器公钥（ssh-keyscan 输出中主机名之后的部分）",
            "SFTP needs the server's public key, as ssh-keyscan prints it without the name",
        )
    if not (system.secrets.get("password") or system.secrets.get("private_key")):
        table.fault(
            "secrets",
            "SFTP 须配置 password 或 private_key",
            "SFTP needs a password or a private_key",
        )


def _kinds(table: SettingsTable, name: str) -> frozenset[ToldKind]:
    texts = table.texts(name, ())
    unknown = [it for it in texts if it not in frozenset(ToldKind)]
    if unknown:
        listed = ", ".join(ToldKind)
        table.fault(name, f"应取自：{listed}", f"must be of: {listed}")
    return frozenset(ToldKind(it) for it in texts if it not in unknown)


def _feed(table: SettingsTable, accounts: Collection[str]) -> Feed:
    kinds = _kinds(table, "kinds")
    if ToldKind.STATUS in kinds:
        table.fault(
            "kinds",
            "status 由 states 决定，不在此列出",
            "status is chosen by states, not here",
        )
    if kinds & {ToldKind.MATCH, ToldKind.OPEN_ITEMS}:
        table.fault("kinds", "勾对以 matches 开启，不在此列出", "matches turns that on, not kinds")
    listed = table.texts("accounts", ())
    for number in listed:
        if number not in accounts:
            table.fault("accounts", "没有该账户", "no such account")
            break
    made = Feed(
        kinds=kinds,
        accounts=listed,
        every_s=max(table.number("every_s", 60), 1),
        receipts=_receipt_form(table),
        matches=bool(table.flag("matches", default=False)),
    )
    table.done()
    return made


def _receipt_form(table: SettingsTable) -> ReceiptForm:
    told = table.text("receipts", ReceiptForm.PDF.value)
    if told not in frozenset(ReceiptForm):
        table.fault("receipts", "应为 pdf 或 data", "must be pdf or data")
        return ReceiptForm.PDF
    return ReceiptForm(told)


def _aliases(table: SettingsTable, accounts: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for written in table.names():
        found[written] = table.text(written)
        if found[written] not in accounts:
            table.fault(written, "没有该账户", "no such account")
    return found
