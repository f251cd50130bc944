"""What a webhook says: the change of one instruction, as the API would have shown it then.

Rule kept here: an unknown outcome is said to be unknown, and nothing of payee, account or amount
leaves this way: who may see them asks the API.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from gateway.delivery.standing import WORDS
from gateway.domain.instruction import FINAL
from gateway.domain.merged import merged_parts
from gateway.lifecycle.outbox import Told
from gateway.store.instants import from_us

VERSION: Final = 1
TYPE: Final = "instruction.status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What makes an event of one endpoint out of a change."""

    id: str
    sequence: int
    tenant: str
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the ERP knows the instruction by."""

    erp: str
    erp_reference: str
    batch: str
    payroll: bool = False
    budget_item: str = ""
    merged: str = ""
    """Its source documents, as in ``domain.merged``."""


def event_text(envelope: Envelope, subject: Subject, told: Told) -> str:
    """The body of an event, JSON. It is stored as it is and every attempt sends the same bytes."""
    zh, en = WORDS[told.state]
    document = {
        "version": VERSION,
        "type": TYPE,
        "id": envelope.id,
        "sequence": envelope.sequence,
        "occurred_at": from_us(told.at_us).isoformat(),
        "tenant": envelope.tenant,
        "endpoint": envelope.endpoint,
        "instruction": {
            "id": told.instruction,
            "version": told.version,
            "erp": subject.erp,
            "erp_reference": subject.erp_reference,
            "batch": subject.batch or None,
            "state": told.state.value,
            "state_zh": zh,
            "state_en": en,
            "final": told.state in FINAL,
            "reason": told.reason,
            "code": told.code,
            "text": told.text,
            "bank_reference": told.bank_reference,
            **({"budget_item": subject.budget_item} if subject.budget_item else {}),
            **({"merged": _sources(subject.merged)} if subject.merged else {}),
        },
        "links": {"instruction": f"/v1/instructions/{told.instruction}"},
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _sources(merged: str) -> list[str]:
    """The references of a merged payment's source documents: no amount leaves this way."""
    return [it.reference for it in merged_parts(merged)]
