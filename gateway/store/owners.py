"""Pure table. Which package owns which table: the SQL that writes a table lives in its owner."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

OWNERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "acceptance": "gateway.intake",
        "batch": "gateway.intake",
        "refused_line": "gateway.intake",
        "nonce": "gateway.intake",
        "instruction": "gateway.lifecycle",
        "step": "gateway.lifecycle",
        "history": "gateway.lifecycle",
        "evidence": "gateway.lifecycle",
        "case_file": "gateway.lifecycle",
        "outbox": "gateway.lifecycle",
        "webhook_endpoint": "gateway.delivery",
        "webhook_event": "gateway.delivery",
        "vote": "gateway.controls",
        "stop": "gateway.controls",
        "stop_vote": "gateway.controls",
        "message": "gateway.relay",
        "message_line": "gateway.relay",
        "blockade": "gateway.relay",
        "pace": "gateway.relay",
        "wire": "gateway.relay",
        "wire_secret": "gateway.relay",
        "work": "gateway.schedule",
        "lane": "gateway.store",
        "journal": "gateway.store",
        "checkpoint": "gateway.audit",
    }
)
