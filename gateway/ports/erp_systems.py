"""The ERP systems of a tenant: which language each speaks, how it is reached, what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.domain.ids import TenantId
from gateway.domain.instruction import State
from gateway.ports.erp import ErpTransport
from gateway.ports.erp_api import Access
from gateway.ports.erp_told import ToldKind
from gateway.ports.webhooks import TOLD_UNLESS_SET

ENDPOINT: Final = "erp:"
"""Before an ERP system's id where it stands among webhooks: so none bears the name of another."""


class ReceiptForm(StrEnum):
    """What file a receipt is told with. The strings stand in settings: for ever."""

    PDF = "pdf"
    """The gateway's rendering of the bank's data."""
    DATA = "data"
    """The data itself, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What an ERP is told of accounts without asking.

    ``kinds`` of STATEMENT (each closed day once), BALANCE (every ``every_s``), CREDIT (within one
    ``every_s`` of the bank's booking) and RECEIPT; ``accounts`` empty means all of the tenant.
    """

    kinds: frozenset[ToldKind] = frozenset()
    accounts: tuple[str, ...] = ()
    every_s: int = 60
    receipts: ReceiptForm = ReceiptForm.PDF
    matches: bool = False
    """Told with which lines of the bank its ledger items are matched, and how accounts stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErpSystem:
    """One ERP system. ``id`` is the ``erp`` of its machine keys and of its instructions."""

    tenant: TenantId
    id: str
    dialect: str
    """``iso20022``, ``yonyou/nc``: as ``ErpDialect.name``."""
    transport: ErpTransport
    address: str = ""
    """URL of the API or exchange servlet, folder, ``sftp://user@host:port/folder``, or database
    URL; '' where the ERP calls us."""
    options: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    states: frozenset[State] = TOLD_UNLESS_SET
    tells: frozenset[ToldKind] = frozenset(ToldKind)
    """Which records go out this way at all."""
    feed: Feed = Feed()
    poll_s: int = 30
    """Seconds between two looks for new documents, files or rows."""
    rate_per_s: int = 0
    """Most calls a second; 0 is unbounded."""
    gather_s: int = 0
    """How long a status waits for others, so that they share a file or a call."""
    tries_max: int = 24
    timeout_s: int = 30
    keep_days: int = 7
    ca: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Account numbers as the ERP writes them (an IBAN it needs) to our account numbers."""
    shadow: str = ""
    """A dialect that reads the same beside this one; only differences are told."""
    shadow_options: Mapping[str, str] = field(default_factory=dict)
    """Its options, where they are not those of this one: a new column mapping before it counts."""

    @property
    def access(self) -> Access:
        """What an adapter is given of it."""
        return Access(system=self.id, options=self.options, secrets=self.secrets)

    @property
    def maker(self) -> str:
        """Who stands behind what the gateway fetched from it, as the audit trail names it."""
        return f"machine:{self.id}"
