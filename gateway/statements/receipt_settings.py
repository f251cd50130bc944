"""Settings of receipt files: where a connection's are fetched, and which accounts want them."""

from __future__ import annotations

from typing import Final, Protocol

from gateway.ports.tenancy import Connection

PLACE: Final = "{file_id}"
_NAME: Final = "receipt_files"


class Table(Protocol):
    """A table of settings that is being read."""

    def text(self, name: str, default: str | None = None) -> str:
        """A text; not empty unless ``default`` says so."""
        ...

    def flag(self, name: str, *, default: bool | None) -> bool | None:
        """A yes or no."""
        ...

    def fault(self, name: str, zh: str, en: str) -> None:
        """Remember a fault at a setting of this table."""
        ...


def read_files_at(reader: Table) -> str:
    """The address of a connection's receipt files; '' where nothing fetches any."""
    told = reader.text(_NAME, "")
    if told and (not told.startswith(("http://", "https://")) or told.count(PLACE) != 1):
        zh, en = "应为含一处 {file_id} 的 http(s) 地址", "must be http(s)://… with one {file_id}"
        reader.fault(_NAME, zh, en)
    return told


def read_files_wanted(reader: Table, connection: Connection | None) -> bool:
    """Whether an account wants receipt files; a fault where nothing says where they are."""
    wanted = bool(reader.flag(_NAME, default=False))
    if wanted and connection is not None and not connection.receipt_files:
        reader.fault(
            _NAME,
            "其连接未配置 receipt_files，不知从何处获取文件",
            "its connection has no receipt_files: nothing says where files are fetched",
        )
    return wanted
