"""Deliveries to webhooks and ERP systems: which wait or are dead, and delivering one again."""

from __future__ import annotations

import re
from typing import Final

from starlette.responses import Response

from gateway.delivery.deliveries import Shown
from gateway.delivery.webhook_rows import Delivery
from gateway.domain.instruction import State
from gateway.web.asked import Asked, json_response, refused_at

_STATES: Final = frozenset(State)
_ID: Final = re.compile(r"[0-9A-Za-z_]{0,40}", re.ASCII)


async def listed(asked: Asked) -> Response:
    """The tenant's deliveries in one standing, oldest first."""
    state, after = asked.query.get("state", Delivery.DEAD.value), asked.query.get("after", "")
    if state not in frozenset(Delivery):
        known = ", ".join(Delivery)
        raise refused_at(
            "?state", "unknown_state", f"state 须为：{known}", f"state must be one of: {known}"
        )
    if not _ID.fullmatch(after):
        raise refused_at(
            "?after", "not_an_id", "after 须为事件编号", "after must be the id of an event"
        )
    sight, who = asked.gateway.front.sight, asked.onlooker
    found = await asked.gateway.front.deliveries.listed(
        asked.tenant, Delivery(state), after, lambda db: sight.rows(db, who)
    )
    return json_response({"deliveries": [_view(it) for it in found]})


async def again(asked: Asked) -> Response:
    """Deliver an event again."""
    sight, who = asked.gateway.front.sight, asked.onlooker
    shown = await asked.gateway.front.deliveries.again(
        asked.tenant, asked.path("id"), asked.key.actor, lambda db: sight.rows(db, who)
    )
    return json_response(_view(shown))


def _view(it: Shown) -> dict[str, object]:
    waits = it.delivery is Delivery.PENDING
    return {
        "id": it.id,
        "endpoint": it.endpoint,
        "sequence": it.sequence,
        "instruction": it.instruction,
        "version": it.version,
        "instruction_state": it.state,
        "state": it.delivery.value,
        "tries": it.tries,
        "next_try_at": it.due_at.isoformat() if waits else None,
        "status": it.status or None,
        "failure": it.failure,
        "created_at": it.created_at.isoformat(),
        "changed_at": it.changed_at.isoformat(),
        "kind": it.kind,
        "links": {"redelivery": f"/v1/webhooks/deliveries/{it.id}/redelivery"}
        | ({"instruction": f"/v1/instructions/{it.instruction}"} if it.state in _STATES else {}),
    }
