"""Ways to an ERP's files, API and tables as Protocols: implemented in ``transport``, passed in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.ports.erp_api import Call, CallReply
from gateway.ports.erp_tables import OrderTable, ResultTable, Row

BOX_OPTIONS: Final = frozenset({"marker", "settle_s"})
"""Options of a system with folders. ``marker`` (``.ok``): a file counts once ``name + marker``
stands beside it; without, once it stood still for ``settle_s`` seconds."""
SFTP_OPTIONS: Final = BOX_OPTIONS | {"host_key"}
"""``host_key``: the server's public key, without which nothing is sent to it."""
SFTP_SECRETS: Final = frozenset({"password", "private_key", "passphrase"})


class ErpLine(Protocol):
    """HTTP to one ERP system."""

    async def call(self, call: Call) -> CallReply:
        """One request. Raises UrlForbidden, NotSent or Unconfirmed."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A whole file that was claimed: nobody else takes it. ``path`` is a copy on our disk."""

    name: str
    path: str
    too_large: bool = False
    """It is longer than any file may be, and was not copied: ``path`` is empty."""


class FileBox(Protocol):
    """Folders ``in``, ``work``, ``processed``, ``refused`` and ``out``, here or on a server.

    A file is taken only once it is complete; claiming it is one rename from ``in`` to ``work``.
    What stands in ``work`` after a crash is taken again. Raises NotSent where the place cannot be
    reached.
    """

    async def claim(self) -> Arrived | None:
        """The oldest complete file, claimed and copied here; None where there is none.

        What was claimed from here and is neither finished nor put off is not given again.
        """
        ...

    async def finish(self, arrived: Arrived, *, refused: bool) -> None:
        """Put a claimed file to ``processed`` or ``refused``."""
        ...

    async def put_off(self, arrived: Arrived) -> None:
        """Leave a claimed file for later: it is claimed again, until then nothing holds it."""
        ...

    async def put(self, name: str, pieces: Iterator[bytes]) -> None:
        """Write a file into ``out``: under a temporary name first, then renamed.

        A file of that name with the same bytes is left as it is; with others it is replaced.
        """
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


class TableBox(Protocol):
    """A database that an ERP and the gateway share. Raises NotSent where it cannot be reached."""

    async def claim(
        self, table: OrderTable, answered_in: ResultTable, system: str, most: int
    ) -> Sequence[Row]:
        """Rows to be taken, oldest first.

        Ready ones, marked as taken in the same transaction, and taken ones that have no row in
        ``answered_in`` yet.

        So a crash between the claim and our own commit loses nothing: accepting a row twice is
        harmless, and each accepted or refused one is answered.
        """
        ...

    async def write(self, table: ResultTable, rows: Sequence[Row]) -> None:
        """Write result rows; a row that is there already is harmless."""
        ...

    async def answer(
        self,
        table: OrderTable,
        taken: Sequence[Row],
        results: Sequence[tuple[ResultTable, Sequence[Row]]],
    ) -> None:
        """Write result rows and, in the same transaction, mark the taken rows as answered.

        A row whose status the ERP changed meanwhile keeps it.
        """
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...
