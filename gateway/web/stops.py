"""Endpoints of the emergency stop (紧急停付): pull, list, lift."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gateway.controls.stop_rows import Stop
from gateway.controls.stops import ToldStop
from gateway.lifecycle.stops import StopScope
from gateway.web.asked import Asked, json_response
from gateway.web.small_json import Member, read_texts

_PULL: Final = {
    "scope": Member(required=True, words=tuple(StopScope)),
    "subject": Member(most=64),
    "reason": Member(required=True),
}
_LIFT: Final = {"reason": Member(required=True)}


async def pull(asked: Asked) -> Response:
    """One person stops a tenant, an account or a connection."""
    asked.person()
    wish = read_texts(asked.body, _PULL, en="nothing was stopped", zh="停付请求有误，未拉起")
    stop = await asked.gateway.front.stops.pull(
        asked.tenant,
        asked.key.actor,
        StopScope(wish["scope"]),
        wish.get("subject", ""),
        wish["reason"],
    )
    return await _answer(asked, stop)


async def listed(asked: Asked) -> Response:
    """The tenant's stops, those that hold first."""
    stops = await asked.gateway.front.stops.told(asked.tenant, asked.key.actor)
    return json_response({"stops": [_view(stop) for stop in stops]})


async def lift(asked: Asked) -> Response:
    """One of the two people who lift a stop."""
    asked.person()
    wish = read_texts(asked.body, _LIFT, en="the vote was refused", zh="解除请求有误，未受理")
    stop = await asked.gateway.front.stops.lift(
        asked.tenant, asked.key.actor, asked.path("id"), wish["reason"]
    )
    return await _answer(asked, stop)


async def _answer(asked: Asked, stop: Stop) -> Response:
    return json_response(_view(await asked.gateway.front.stops.told_of(asked.tenant, stop)))


def _view(told: ToldStop) -> dict[str, object]:
    stop = told.stop
    return {
        "id": stop.id,
        "scope": stop.scope.value,
        "subject": stop.subject,
        "reason": stop.reason,
        "holds": stop.lifted_at is None,
        "pulled_by": stop.pulled_by,
        "pulled_at": stop.pulled_at.isoformat(),
        "lifted_at": stop.lifted_at.isoformat() if stop.lifted_at else None,
        "held_seconds": told.held_s,
        "needed": told.lifting.needed,
        "counted": told.lifting.counted,
        "next": list(told.lifting.next_people),
        "votes": [
            {"actor": vote.actor, "reason": vote.reason, "at": vote.at.isoformat()}
            for vote in stop.votes
        ],
        "links": {"lift": f"/v1/stops/{stop.id}/lift"},
    }
