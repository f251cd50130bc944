"""A bank's receipt files over HTTP: GET at the address that the connection's settings give.

Rule kept here: the id is the bank's word and is escaped whole, so that it names a file and never
another address. Redirects are not followed; an answer is a file only with status 200.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from gateway.domain.errors import Unconfirmed
from gateway.ports.tenancy import Connection
from gateway.transport.fetch import HttpFetch

PLACE: Final = "{file_id}"
_HEADERS: Final = {"Accept-Encoding": "identity"}
_OK: Final = 200
_ID_MAX: Final = 256
_NOWHERE: Final = frozenset({"", ".", ".."})


class HttpFiles:
    """``gateway.ports.statements.FileFetcher`` over HTTP."""

    async def fetch(self, connection: Connection, file_id: str, size_max: int) -> bytes:
        """Raises Unconfirmed for any other status, an odd id, and an answer that is too long."""
        if file_id in _NOWHERE or len(file_id) > _ID_MAX:
            raise Unconfirmed("the file's id cannot stand in an address", "文件标识无法用于地址")
        url = connection.receipt_files.replace(PLACE, quote(file_id, safe=""))
        call = HttpFetch(timeout_s=connection.timeout_s, answer_max=size_max)
        status, content = await call("GET", url, _HEADERS, b"")
        if status != _OK:
            raise Unconfirmed(f"status {status} for a file", f"获取文件返回状态 {status}")
        return content
