"""Envelopes that an ERP system posts and reads its answer from at once, in its own language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.domain.errors import NotFound
from gateway.store.tenancy import acting_for
from gateway.web.asked import Asked, desk_of
from gateway.web.bodies import BATCH_BYTES_MAX, digest_of, read_body
from gateway.web.streaming import streamed

if TYPE_CHECKING:
    from gateway.intake.exchange import Replied

MOST: Final = BATCH_BYTES_MAX
"""Most bytes of an envelope."""


async def post(request: Request) -> Response:
    """Take in an envelope; the answer is the system's own, refusals included.

    Query parameters are the sender's business: its program puts them there, nobody reads them.
    """
    desk = desk_of(request)
    claim = desk.door.claim(request)
    body = await read_body(request, MOST)
    digest = await digest_of(desk.gateway.runtime, body)
    key = request.state.key = desk.door.check(claim, request, digest)
    asked = Asked(request=request, desk=desk, key=key, digest=digest, query={}, body=body)
    await desk.door.remember(key, claim)
    with acting_for((key.tenant,)):
        replied = await _replied(asked)
        if replied.batch:
            asked.accepted("envelope", replied.accepted, batch=replied.batch)
        tasks = asked.gateway.runtime.tasks
        return streamed(tasks, "exchange", replied.pieces, replied.content_type)


async def _replied(asked: Asked) -> Replied:
    caller, name = asked.machine(), asked.path("system")
    system = asked.tenant.erps.get(name)
    exchange = asked.gateway.front.exchange
    if system is None or exchange is None or caller.erp != system.id:
        raise NotFound(
            "the key's ERP has no such system in the settings", "该密钥所属的 ERP 没有此系统配置"
        )
    from gateway.taking_in import sender_of  # noqa: PLC0415 - costs a start

    sender = sender_of(system, asked.tenant)
    return await exchange.reply(sender, caller, asked.body, asked.digest)
