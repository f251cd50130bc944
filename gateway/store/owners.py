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
        "control_version": "gateway.controls",
        "control_vote": "gateway.controls",
        "hold": "gateway.controls",
        "limit_use": "gateway.lifecycle",
        "reservation": "gateway.lifecycle",
        "limit_reservation": "gateway.lifecycle",
        "payee": "gateway.controls",
        "payee_change": "gateway.controls",
        "payee_change_item": "gateway.controls",
        "payee_vote": "gateway.controls",
        "resolution": "gateway.controls",
        "bank_debit": "gateway.statements",
        "bank_debit_look": "gateway.statements",
        "attachment": "gateway.controls",
        "reference_import": "gateway.controls",
        "bank_office": "gateway.controls",
        "calendar_day": "gateway.controls",
        "calendar_year": "gateway.controls",
        "listed_name": "gateway.controls",
        "identity_account": "gateway.identity",
        "identity_recovery": "gateway.identity",
        "identity_key": "gateway.identity",
        "identity_session": "gateway.identity",
        "identity_ceremony": "gateway.identity",
        "identity_failure": "gateway.identity",
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
