"""``[[tenant.statement_box]]``: a place for statement files as it stands in the settings.

Rule kept here: a box belongs to the tenant, not to an ERP system: what lies in an ERP's inbox is
read in that system's language and may move money, and a statement never does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final, Protocol, Self

from gateway.domain.errors import Refused
from gateway.ports.erp import ErpTransport
from gateway.ports.erp_boxes import BOX_OPTIONS, SFTP_OPTIONS, SFTP_SECRETS
from gateway.ports.statement_boxes import StatementBox
from gateway.transport.sftp_address import server_at

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}", re.ASCII)
_SETTLE: Final = re.compile(r"[0-9]{1,4}", re.ASCII)
_TIMEOUT_MAX_S: Final = 120
_TABLE: Final = frozenset(
    {
        *("account", "currency", "header_row", "date_format", "signed", "delimiter", "encoding"),
        *("sheet", "ccc", "status"),
    }
)
_COLUMN: Final = "column_"


class Table(Protocol):
    """A table of settings that is being read."""

    def has(self, name: str) -> bool:
        """Whether it is set."""
        ...

    def text(self, name: str, default: str | None = None) -> str:
        """A text."""
        ...

    def texts(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """A list of texts."""
        ...

    def number(self, name: str, default: int) -> int:
        """A whole number, not negative."""
        ...

    def secret(self, name: str) -> str:
        """A secret inline, from a file or from the environment."""
        ...

    def table(self, name: str) -> Self:
        """A table inside it, empty where there is none."""
        ...

    def names(self) -> list[str]:
        """What is set in it."""
        ...

    def fault(self, name: str, zh: str, en: str, code: str = "settings") -> None:
        """Tell what is wrong with one setting."""
        ...

    def done(self) -> None:
        """Tell every setting that nobody has read."""
        ...


def read_boxes(
    tables: Sequence[Table], tenant: str, accounts: Collection[str], base: Path
) -> dict[str, StatementBox]:
    """All boxes of a tenant by id; folders are taken from ``base``."""
    made: dict[str, StatementBox] = {}
    for table in tables:
        box = _box(table, tenant, accounts, base)
        if box.id in made:
            table.fault("id", "编号重复", "this id is used twice")
        made[box.id] = box
    return made


def _box(table: Table, tenant: str, accounts: Collection[str], base: Path) -> StatementBox:
    name, transport = table.text("id"), _transport(table)
    if name and not _ID.fullmatch(name):
        table.fault("id", "须为 1–32 位字母、数字、_ . -", "must be 1 to 32 letters, digits, _ . -")
    address = table.text("address")
    sftp = transport is ErpTransport.SFTP
    made = StatementBox(
        tenant=tenant,
        id=name,
        transport=transport,
        address=address if sftp or not address else str(base.joinpath(address)),
        options=_options(table.table("options"), SFTP_OPTIONS if sftp else BOX_OPTIONS),
        secrets=_secrets(table.table("secrets"), SFTP_SECRETS if sftp else frozenset()),
        mapping=_mapping(table.table("mapping"), accounts),
        accounts=table.texts("accounts", ()),
        poll_s=max(table.number("poll_s", 30), 1),
        timeout_s=min(max(table.number("timeout_s", 30), 1), _TIMEOUT_MAX_S),
    )
    if not frozenset(made.accounts) <= frozenset(accounts):
        table.fault("accounts", "没有该账户", "no such account")
    if sftp:
        _reached(table, made)
    table.done()
    return made


def _transport(table: Table) -> ErpTransport:
    text = table.text("transport", ErpTransport.FOLDER.value)
    if text not in {ErpTransport.FOLDER.value, ErpTransport.SFTP.value}:
        table.fault("transport", "应为 folder 或 sftp", "must be folder or sftp")
        return ErpTransport.FOLDER
    return ErpTransport(text)


def _options(table: Table, known: Collection[str]) -> dict[str, str]:
    found = {it: table.text(it, "") for it in sorted(known) if table.has(it)}
    if "settle_s" in found and not _SETTLE.fullmatch(found["settle_s"]):
        table.fault("settle_s", "须为 0–9999 的整数（秒）", "must be whole seconds, 0 to 9999")
        del found["settle_s"]
    table.done()
    return found


def _secrets(table: Table, known: Collection[str]) -> dict[str, str]:
    found = {
        it: table.secret(it)
        for it in sorted(known)
        if any(table.has(f"{it}{ending}") for ending in ("", "_file", "_env"))
    }
    table.done()
    return found


def _mapping(table: Table, accounts: Collection[str]) -> dict[str, str]:
    """A saved mapping: what ``gateway read --mapping`` takes as JSON."""
    names = [it for it in table.names() if it in _TABLE or it.startswith(_COLUMN)]
    found = {it: table.text(it, "") for it in names}
    if found.get("account") and found["account"] not in accounts:
        table.fault("account", "没有该账户", "no such account")
    table.done()
    return found


def _reached(table: Table, box: StatementBox) -> None:
    """Tell what the way to a server still needs."""
    try:
        server_at(box.address, host_key="", secrets={})
    except Refused as error:
        table.fault("address", error.zh, error.en, error.code)
    if not box.options.get("host_key"):
        table.fault(
            "options.host_key",
            "SFTP 须填写服务器公钥（ssh-keyscan 输出中主机名之后的部分）",
            "SFTP needs the server's public key, as ssh-keyscan prints it without the name",
        )
    if not (box.secrets.get("password") or box.secrets.get("private_key")):
        table.fault(
            "secrets",
            "SFTP 须配置 password 或 private_key",
            "SFTP needs a password or a private_key",
        )
