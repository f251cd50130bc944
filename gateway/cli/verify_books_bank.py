"""The sandbox bank's books for a check: from its running server, or from its ledger's file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import msgspec

from gateway.cli.api_client import ApiClient
from gateway.domain.errors import GatewayError, Refused
from gateway.ports.bank_books import BankBooks, Execution
from gateway.sandbox.executions import LedgerBooks

_LEDGER = "bank.db"


class Bank(BankBooks, Protocol):
    """Books that are closed when they have been read."""

    def close(self) -> None:
        """Let go of the file or the connection."""
        ...


def open_bank(place: str) -> Bank:
    """The books at a URL (a running sandbox), in a ledger's file, or in its folder.

    Raises Refused when there are none.
    """
    if place.startswith(("http://", "https://")):
        return _Served(place)
    path = Path(place)
    path = path / _LEDGER if path.is_dir() else path
    if not path.is_file():
        raise Refused(f"no ledger at {path}", f"没有账本：{path}")
    return _Kept(path)


class _Kept(LedgerBooks):
    """A ledger's file, opened to read only; the bank may go on working in it."""

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        super().__init__(self._file)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _Line(msgspec.Struct, frozen=True, kw_only=True):
    customer: str
    serial: str
    line: int
    amount_minor: int
    debtor_account: str
    creditor_account: str
    returned: bool


class _Page(msgspec.Struct, frozen=True, kw_only=True):
    executions: tuple[_Line, ...]
    next: int


class _Ledger(msgspec.Struct, frozen=True, kw_only=True):
    faults: tuple[str, ...]


class _Served:
    """A running sandbox, asked page by page."""

    def __init__(self, address: str) -> None:
        self._client = ApiClient(address)

    def executions(self, customer: str) -> Iterator[Execution]:
        """Everything executed for the customer."""
        after = 0
        while True:
            page = msgspec.json.decode(self._get(f"/admin/executions?after={after}"), type=_Page)
            for it in page.executions:
                if it.customer == customer:
                    yield Execution(
                        serial=it.serial,
                        line=it.line,
                        amount_minor=it.amount_minor,
                        debtor_account=it.debtor_account,
                        creditor_account=it.creditor_account,
                        returned=it.returned,
                    )
            if not page.next:
                return
            after = page.next

    def complaints(self) -> Sequence[str]:
        """What the bank says of its own books."""
        return msgspec.json.decode(self._get("/admin/ledger"), type=_Ledger).faults

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _get(self, target: str) -> bytes:
        try:
            answer = self._client.call("GET", target)
        except (GatewayError, OSError) as error:
            raise _unreachable(target) from error
        if answer.status != 200:  # noqa: PLR2004 - OK
            raise _unreachable(target)
        return answer.body


def _unreachable(target: str) -> Refused:
    return Refused(f"the sandbox bank does not answer {target}", f"沙箱银行未应答 {target}")
