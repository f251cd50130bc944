"""What a webhook says of the books: how an item of the ledger is matched, how an account stands.

Rule kept here: as for payments, nothing of payee, account or amount leaves this way: an item is
named by its id, a line by its key, an account by its last four digits; who may see more asks.
"""

from __future__ import annotations

import json
from typing import Final

from gateway.delivery.webhook_event import VERSION, Envelope
from gateway.ports.erp_told import MatchTold, OpenItemsTold
from gateway.ports.webhooks import MATCH_EVENT, OPEN_ITEMS_EVENT

BookTold = MatchTold | OpenItemsTold
_SHOWN: Final = 4
_ITEM_WORDS: Final = {
    "matched": ("已勾对", "matched"),
    "partly": ("部分勾对", "partly matched"),
    "open": ("未勾对", "open"),
}
_ACCOUNT_WORDS: Final = {
    "balanced": ("已对平", "balanced"),
    "open": ("有未达账项", "open items"),
}


def book_text(envelope: Envelope, told: BookTold) -> str:
    """The body of an event, JSON. It is stored as it is and every attempt sends the same bytes."""
    is_item = isinstance(told, MatchTold)
    document = {
        "version": VERSION,
        "type": MATCH_EVENT if is_item else OPEN_ITEMS_EVENT,
        "id": envelope.id,
        "sequence": envelope.sequence,
        "occurred_at": told.at.isoformat(),
        "tenant": envelope.tenant,
        "endpoint": envelope.endpoint,
        **(_item(told) if isinstance(told, MatchTold) else _account(told)),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _item(told: MatchTold) -> dict[str, object]:
    zh, en = _ITEM_WORDS[told.state]
    return {
        "ledger_item": {
            "id": told.item_id,
            "version": told.version,
            "erp_reference": told.erp_reference,
            "state": told.state,
            "state_zh": zh,
            "state_en": en,
            "matches": [
                {"id": it.match, "kind": it.kind, "lines": [line.key for line in it.lines]}
                for it in told.matches
            ],
        },
        "links": {"reconciliations": "/v1/reconciliations"},
    }


def _account(told: OpenItemsTold) -> dict[str, object]:
    zh, en = _ACCOUNT_WORDS[told.state]
    return {
        "account": {
            "ends_in": told.account[-_SHOWN:],
            "company": told.company,
            "currency": told.currency,
            "version": told.version,
            "state": told.state,
            "state_zh": zh,
            "state_en": en,
            "bank_open": told.bank_open,
            "book_open": told.book_open,
            "suggested": told.suggested,
        },
        "links": {"reconciliations": "/v1/reconciliations"},
    }
