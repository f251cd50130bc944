"""Endpoints of people's log-in: taking it away from somebody, and giving it back."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gateway.controls.rules.document import Right
from gateway.web.asked import Asked, json_response
from gateway.web.small_json import Member, read_texts

_REASON: Final = {"reason": Member(required=True)}


async def disable(asked: Asked) -> Response:
    """Somebody may no longer log in; every session of theirs ends."""
    return await _change(asked, disabled=True)


async def enable(asked: Asked) -> Response:
    """Somebody may log in again."""
    return await _change(asked, disabled=False)


async def _change(asked: Asked, *, disabled: bool) -> Response:
    from gateway.identity.access import AccessChanges  # noqa: PLC0415 - machines need no people
    from gateway.web.ui.people import people_of  # noqa: PLC0415

    asked.person()
    wish = read_texts(asked.body, _REASON, en="nothing was changed", zh="请求有误，未作更改")
    sight = asked.gateway.front.sight
    await asked.gateway.store.read(lambda db: sight.require(db, asked.onlooker, Right.IDENTITIES))
    done = await AccessChanges(people_of(asked.request).identities).change(
        asked.tenant,
        asked.key.actor,
        asked.path("login"),
        disabled=disabled,
        reason=wish["reason"],
    )
    return json_response({"login": done.login, "person": done.person, "disabled": done.disabled})
