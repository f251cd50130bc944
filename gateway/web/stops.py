"""Endpoints of the emergency stop (紧急停付): pull, list, lift."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gateway.controls.stops import PEOPLE_TO_LIFT, Stop
from gateway.lifecycle.stops import StopScope
from gateway.web.asked import Asked, json_response
from gateway.web.small_json import Member, read_texts

_PULL: Final = {
    "scope": Member(required=True, words=StopScope),
    "subject": Member(most=64),
    "reason": Member(required=True),
}
_LIFT: Final = {"reason": Member(required=True)}


async def pull(asked: Asked) -> Response:
    """One person stops a tenant, an account or a connection."""
    asked.person()
    wish = read_texts(asked.body, _PULL, en="nothing was stopped", zh="停付请求有误，未拉起")
    stop = await asked.gateway.stops.pull(
        asked.tenant,
        asked.key.actor,
        StopScope(wish["scope"]),
        wish.get("subject", ""),
        wish["reason"],
    )
    return json_response(_view(stop))


async def listed(asked: Asked) -> Response:
    """The tenant's stops, those that hold first."""
    stops = await asked.gateway.stops.listed(asked.key.tenant)
    return json_response({"stops": [_view(stop) for stop in stops]})


async def lift(asked: Asked) -> Response:
    """One of the two people who lift a stop."""
    asked.person()
    wish = read_texts(asked.body, _LIFT, en="the vote was refused", zh="解除请求有误，未受理")
    stop = await asked.gateway.stops.lift(
        asked.tenant, asked.key.actor, asked.path("id"), wish["reason"]
    )
    return json_response(_view(stop))


def _view(stop: Stop) -> dict[str, object]:
    return {
        "id": stop.id,
        "scope": stop.scope.value,
        "subject": stop.subject,
        "reason": stop.reason,
        "holds": stop.lifted_at is None,
        "pulled_by": stop.pulled_by,
        "pulled_at": stop.pulled_at.isoformat(),
        "lifted_at": stop.lifted_at.isoformat() if stop.lifted_at else None,
        "needed": PEOPLE_TO_LIFT,
        "votes": [
            {"actor": vote.actor, "reason": vote.reason, "at": vote.at.isoformat()}
            for vote in stop.votes
        ],
        "links": {"lift": f"/v1/stops/{stop.id}/lift"},
    }
