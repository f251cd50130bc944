"""Reads a client's file; every fault is told with its path and line.

Rule kept here: a secret has no place in this file, and nothing of the file's values is repeated
in a fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from gateway.domain.errors import Fault, Refused
from gateway.onboarding import plain_yaml
from gateway.onboarding.client import Client, ClientAccount, ClientConnection, Contact
from gateway.onboarding.plain_yaml import Items, Table, Text, Value

_ID: Final = (re.compile(r"[a-z0-9][a-z0-9-]{0,31}"), "小写字母、数字与 -", "a-z, 0-9 and -")
_ADAPTER: Final = (re.compile(r"[a-z][a-z0-9]{1,15}"), "小写字母与数字", "a-z and 0-9")
_NUMBER: Final = (re.compile(r"[0-9A-Za-z-]{1,34}"), "字母、数字与 -", "letters, digits and -")
_CODE: Final = (
    re.compile(r"[0-9A-Za-z._@-]{1,64}"),
    "字母、数字与 . _ @ -",
    "letters, digits, . _ @ -",
)
_CURRENCY: Final = (re.compile(r"[A-Z]{3}"), "三位大写字母", "three capitals")
_VARIABLE: Final = (re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}"), "环境变量名", "a variable's name")
_VERSION: Final = (re.compile(r"[0-9A-Za-z.]{1,16}"), "字母、数字与 .", "letters, digits and .")
_Form = tuple[re.Pattern[str], str, str]
_TEXT_MAX: Final = 200
T = TypeVar("T")
_SECRETS: Final = frozenset({"password", "secret", "key", "token"})


class ClientFileError(Refused):
    """The client's file cannot be used."""

    code = "client_file"
    zh = "客户文件有误，未作检查"
    en = "the client's file has faults; nothing was checked"


class _Reader:
    """Reads one table, collecting faults with path and line."""

    def __init__(self, table: Table, path: str, faults: list[Fault]) -> None:
        self._table = table
        self._path = path
        self._faults = faults
        self._read: set[str] = set()

    @property
    def line(self) -> int:
        """Where the table begins."""
        return self._table.line

    def fault(self, name: str, code: str, zh: str, en: str) -> None:
        """Something is wrong with a member."""
        value = self._table.values.get(name)
        line = value.line if value is not None else self._table.line
        self._faults.append(Fault(path=self._at(name), code=code, zh=zh, en=en, line=line))

    def line_of(self, name: str) -> int:
        """Where a member stands."""
        value = self._table.values.get(name)
        return value.line if value is not None else self._table.line

    def text(self, name: str, form: _Form | None = None, default: str | None = None) -> str:
        """A text; ``default`` None: it must be there."""
        value = self._value(name)
        if value is None or (isinstance(value, Text) and not value.value.strip()):
            if default is None:
                self.fault(name, "required", "必填", "must be given")
            return default or ""
        if not isinstance(value, Text):
            self.fault(name, "not_text", "应为文本", "must be a text")
            return ""
        found = value.value.strip()
        if len(found) > _TEXT_MAX or not found.isprintable():
            self.fault(
                name,
                "text",
                "应为一行不超过 200 字、不含控制字符的文本",
                "must be one line of at most 200 characters without control characters",
            )
            return ""
        if form is not None and not form[0].fullmatch(found):
            self.fault(name, "form", f"只能含{form[1]}", f"may only be {form[2]}")
            return ""
        return found

    def table(self, name: str) -> _Reader:
        """A table that must be there."""
        value = self._value(name)
        if isinstance(value, Table):
            return _Reader(value, self._at(name), self._faults)
        code = "required" if value is None else "not_table"
        self.fault(name, code, "应为“名称: 内容”的表", "must be a table")
        return _Reader(Table({}, self.line_of(name)), self._at(name), [])

    def tables(self, name: str) -> list[_Reader]:
        """A list of tables with at least one."""
        value = self._value(name)
        if not isinstance(value, Items) or not value.values:
            code = "required" if value is None or isinstance(value, Items) else "not_list"
            self.fault(name, code, "应为至少一项的列表", "must be a list of at least one")
            return []
        found = []
        for number, it in enumerate(value.values):
            place = f"{self._at(name)}[{number}]"
            if isinstance(it, Table):
                found.append(_Reader(it, place, self._faults))
            else:
                self._faults.append(
                    Fault(
                        path=place,
                        code="not_table",
                        zh="应为表",
                        en="must be a table",
                        line=it.line,
                    )
                )
        return found

    def done(self) -> None:
        """Tell every member that nobody reads."""
        for name in self._table.values:
            if name in self._read:
                continue
            if name in _SECRETS:
                self.fault(
                    name,
                    "secret",
                    "此文件不得含口令或密钥，请改用 password_file 或 password_env",
                    "no secret may stand in this file; use password_file or password_env",
                )
            else:
                self.fault(
                    name, "unknown", "未知项，请检查拼写", "is not known; check its spelling"
                )

    def _value(self, name: str) -> Value | None:
        self._read.add(name)
        return self._table.values.get(name)

    def _at(self, name: str) -> str:
        shown = name if len(name) <= _TEXT_MAX and name.isprintable() else "?"
        return f"{self._path}.{shown}".lstrip(".")


def load(path: Path) -> Client:
    """Read the file at ``path``. Raises ClientFileError listing every fault."""
    try:
        with path.open("rb") as file:
            content = file.read(plain_yaml.BYTES_MAX + 1)
    except OSError as error:
        raise ClientFileError(f"{path}: cannot be read", f"{path}：无法读取") from error
    return read(content, path.resolve().parent)


def read(content: bytes, base: Path) -> Client:
    """A client from a file's bytes; relative paths are taken from ``base``.

    Raises ClientFileError listing every fault.
    """
    root, faults = plain_yaml.read(content)
    if root is None:
        raise ClientFileError(faults=faults)
    client = _client(_Reader(root, "", faults), base)
    if faults:
        raise ClientFileError(faults=sorted(faults, key=lambda it: it.line or 0))
    return client


def _client(it: _Reader, base: Path) -> Client:
    who = it.table("client")
    connections = _each(it, "connections", lambda one: _connection(one, base))
    known = {made.id for made in connections}
    erp = it.table("erp")
    made = Client(
        tenant=it.text("tenant", _ID),
        name_zh=who.text("name_zh"),
        name_en=who.text("name_en"),
        uscc=who.text("uscc"),
        line_of_uscc=who.line_of("uscc"),
        connections=connections,
        accounts=_each(it, "accounts", lambda one: _account(one, known)),
        erp=erp.text("adapter", _ADAPTER),
        sample=base / erp.text("sample"),
        contacts=_each(it, "contacts", _contact),
    )
    _unique(it, "connections", [one.id for one in connections])
    _unique(it, "accounts", [one.number for one in made.accounts])
    for reader in (who, erp, it):
        reader.done()
    return made


def _each(it: _Reader, name: str, make: Callable[[_Reader], T]) -> tuple[T, ...]:
    return tuple(make(one) for one in it.tables(name))


def _unique(it: _Reader, name: str, keys: list[str]) -> None:
    if len({key for key in keys if key}) != len([key for key in keys if key]):
        it.fault(name, "repeated", "同一项列出两次", "the same one is listed twice")


def _connection(it: _Reader, base: Path) -> ClientConnection:
    made = ClientConnection(
        id=it.text("id", _ID),
        bank=it.text("bank", _ADAPTER),
        url=it.text("url"),
        customer=it.text("customer", _CODE),
        operator=it.text("operator", _CODE),
        password_file=it.text("password_file", default=""),
        password_env=it.text("password_env", _VARIABLE, default=""),
        version=it.text("version", _VERSION, default=""),
    )
    if bool(made.password_file) == bool(made.password_env):
        it.fault(
            "password_file",
            "password_place",
            "password_file 与 password_env 须且只能给出一个",
            "give password_file or password_env, and only one of them",
        )
    if made.url and not _address(made.url):
        it.fault(
            "url",
            "url",
            "应为 http(s)://主机[:端口]/路径，不含用户名与口令",
            "must be http(s)://host[:port]/path without user and password",
        )
    it.done()
    if not made.password_file:
        return made
    return ClientConnection(
        id=made.id,
        bank=made.bank,
        url=made.url,
        customer=made.customer,
        operator=made.operator,
        password_file=str(base / made.password_file),
        version=made.version,
    )


def _address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = parts.username is None and parts.password is None and port != 0
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and plain


def _account(it: _Reader, connections: set[str]) -> ClientAccount:
    made = ClientAccount(
        number=it.text("number", _NUMBER),
        holder=it.text("holder"),
        connection=it.text("connection", _ID),
        currency=it.text("currency", _CURRENCY, default="CNY"),
        city=it.text("city", default=""),
        agent_name=it.text("agent_name", default=""),
    )
    if made.connection and made.connection not in connections:
        it.fault("connection", "no_connection", "没有该银行连接", "no such connection")
    it.done()
    return made


def _contact(it: _Reader) -> Contact:
    made = Contact(
        name=it.text("name"),
        role=it.text("role"),
        phone=it.text("phone", default=""),
        email=it.text("email", default=""),
    )
    if not made.phone and not made.email:
        it.fault("phone", "no_way", "电话与邮箱至少给出一个", "give a phone or an e-mail")
    it.done()
    return made
