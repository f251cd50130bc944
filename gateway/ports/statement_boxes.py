"""The folders and servers of a tenant into which statement files are put: where, and how read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.ports.erp import ErpTransport


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementBox:
    """A place that is looked at for statement files. ``transport`` is FOLDER or SFTP.

    ``options`` and ``secrets`` are those of the way. ``mapping`` describes tables that come here:
    their columns, and which ``account`` and ``currency`` they are of where they name none.
    """

    tenant: str
    id: str
    transport: ErpTransport
    address: str
    """A folder, or ``sftp://user@host:port/folder``."""
    options: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    mapping: Mapping[str, str] = field(default_factory=dict)
    accounts: tuple[str, ...] = ()
    """Accounts whose statements may come this way; empty means all of the tenant."""
    poll_s: int = 30
    timeout_s: int = 30

    @property
    def actor(self) -> str:
        """Who imports what comes this way, as the audit trail names it."""
        return f"machine:{self.id}"
