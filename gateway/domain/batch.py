"""A bulk call: many instructions that came together and are accepted together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.ids import BatchId, TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A JSON batch or an ERP's file. ``accepted_at`` None: still being read, visible to nobody.

    ``reference`` is what the ERP calls it (batch_reference, MsgId), unique per ``scope``;
    ``digest`` is the SHA-256 of the bytes as they came.
    """

    tenant: TenantId
    id: BatchId
    scope: str
    reference: str
    format: str
    digest: str
    maker: str
    lines: int = 0
    accepted: int = 0
    created_at: datetime
    accepted_at: datetime | None = None

    @property
    def refused(self) -> int:
        """Lines that were not accepted."""
        return self.lines - self.accepted
