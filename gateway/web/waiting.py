"""One instruction over HTTP: its version as an ETag, and waiting for the next one (long poll)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from gateway.controls.reference.proposal import proposal, unsent
from gateway.delivery.standing import instruction_view
from gateway.lifecycle.notice import version_of
from gateway.web.asked import Asked, json_response, refused_at

WAIT_MAX_S: Final = 60
_VERSION_MAX: Final = 10
_ETAG: Final = re.compile(r'(?:W/)?"([0-9]{1,10})"', re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    version: int
    view: dict[str, object]

    @property
    def final(self) -> bool:
        return self.view["final"] is True


async def get(asked: Asked) -> Response:
    """One instruction with its history, at once or when it has changed.

    A caller names the version it knows in ``version`` or If-None-Match; without, the version of
    the moment counts as known.
    """
    wait_s = _number(asked, "wait", WAIT_MAX_S)
    told = _number(asked, "version", None)
    etags, wants_way = _etags(asked), _wants_way(asked)
    instruction, tenant = asked.path("id"), asked.key.tenant

    def read(db: Connection) -> _Found:
        # The version first: should it change in between, the view is newer than its ETag, and
        # the caller asks once too often instead of missing something.
        version = version_of(db, tenant, instruction)
        only = asked.gateway.front.sight.rows(db, asked.onlooker)
        view = instruction_view(db, tenant, instruction, only)
        (told,) = asked.gateway.front.holds.told(db, asked.tenant, [view])
        return _Found(version=version, view=told)

    async def look() -> _Found:
        return await asked.gateway.store.read(read)

    async def answer(found: _Found) -> Response:
        way = {"route": await _way(asked)} if wants_way and found.version not in etags else {}
        return _answer(replace(found, view=found.view | way), etags)

    if not wait_s:
        return await answer(await look())
    known = etags if told is None else frozenset({told})
    if not known:
        known = frozenset({(await look()).version})

    def enough(found: _Found) -> bool:
        return found.final or found.version not in known

    notices = asked.gateway.notices
    return await answer(await notices.until((tenant, instruction), look, enough, wait_s))


def _wants_way(asked: Asked) -> bool:
    told = asked.query.get("route", "false")
    if told not in {"true", "false"}:
        raise refused_at("?route", "not_boolean", "route 须为 true 或 false", "use true or false")
    return told == "true"


async def _way(asked: Asked) -> dict[str, object] | None:
    """How it would go, had it to leave now; None where it has left or ended."""
    instruction, tenant, gateway = asked.path("id"), asked.key.tenant, asked.gateway
    payment = await gateway.store.read(lambda db: unsent(db, tenant, instruction))
    if payment is None:
        return None
    return proposal(payment, await gateway.reference.dated(), gateway.runtime.clock.now())


def _answer(found: _Found, etags: frozenset[int]) -> Response:
    tag = f'"{found.version}"'
    if found.version in etags:
        return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "no-store"})
    response = json_response({**found.view, "version": found.version})
    response.headers["ETag"] = tag
    return response


def _number(asked: Asked, name: str, most: int | None) -> int | None:
    """A whole number of the query. Raises Refused."""
    text = asked.query.get(name)
    if text is None:
        return None
    plain = text.isascii() and text.isdigit() and len(text) <= _VERSION_MAX
    if not plain or (most is not None and int(text) > most):
        limit = "" if most is None else f" 0–{most}"
        raise refused_at(
            f"?{name}",
            "not_a_number",
            f"{name} 须为整数{limit}",
            f"{name} must be a whole number{limit}",
        )
    return int(text)


def _etags(asked: Asked) -> frozenset[int]:
    """The versions in If-None-Match; what is no version of ours matches nothing."""
    held = ",".join(asked.request.headers.getlist("if-none-match"))
    return frozenset(int(found) for found in _ETAG.findall(held[:1000]))
