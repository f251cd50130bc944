"""Endpoints of single instructions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from gateway.controls.rules.document import Right
from gateway.controls.sight import DECIDING
from gateway.delivery.standing import by_reference, held_or_open, instruction_view
from gateway.domain.decision import AT_ONCE, Action
from gateway.domain.instruction import State
from gateway.intake.json_body import parse_instruction
from gateway.web.acceptance import acceptance_body
from gateway.web.asked import Asked, json_bytes, json_response, refused_at
from gateway.web.small_json import Member, read_texts

_VOTE: Final = {
    "action": Member(required=True, words=AT_ONCE),
    "content_hash": Member(required=True),
    "reason": Member(),
}
_CANCELLATION: Final = {"reason": Member()}


async def post(asked: Asked) -> Response:
    """Accept one instruction."""
    caller, key = asked.machine(), asked.idempotency_key()
    accepted = await asked.gateway.front.intake.accept(
        caller, parse_instruction(asked.body), key=key, body_digest=asked.digest
    )
    asked.accepted("instruction", 1, instruction=accepted.id)
    return json_bytes(acceptance_body(accepted.id, accepted.erp_reference, accepted.digest))


async def find(asked: Asked) -> Response:
    """Instructions by ERP reference, or those in some states, oldest first."""
    query, store, tenant = asked.query, asked.gateway.store, asked.key.tenant
    reference, states = query.get("erp_reference"), query.get("state")
    if (reference is None) == (states is None):
        raise refused_at(
            "?erp_reference",
            "required",
            "请提供 erp_reference 或 state 之一",
            "give either erp_reference or state",
        )
    names = () if states is None else _states(states)

    def found(db: Connection) -> list[dict[str, object]]:
        only = asked.gateway.front.sight.rows(db, asked.onlooker)
        if reference is not None:
            views = by_reference(db, tenant, query.get("erp"), reference, only)
        else:
            views = held_or_open(db, tenant, names, only)
        return asked.gateway.front.holds.told(db, asked.tenant, views)

    return json_response({"instructions": await store.read(found)})


async def enquire(asked: Asked) -> Response:
    """Ask the bank about an instruction as soon as its quiet time allows (查证)."""
    instruction, tenant = asked.path("id"), asked.key.tenant
    sight = asked.gateway.front.sight

    def permitted(db: Connection) -> None:
        instruction_view(db, tenant, instruction)
        sight.check(db, asked.onlooker, instruction, Right.ENQUIRE)

    await asked.gateway.store.read(permitted)
    at = await asked.gateway.relay.enquire_soon(tenant, instruction)
    return json_response({"id": instruction, "enquiry_at": at})


async def cancel(asked: Asked) -> Response:
    """Cancel what has not left; asked again, the answer is the same."""
    wish = read_texts(
        asked.body,
        _CANCELLATION,
        en="the cancellation was refused",
        zh="取消请求有误，未受理",
        empty=True,
    )
    await _meets(asked, (Right.VIEW, Right.CANCEL))
    done = await asked.gateway.front.cancellations.cancel(
        asked.key, asked.path("id"), wish.get("reason", "")
    )
    return json_response(
        {
            "id": done.id,
            "erp_reference": done.erp_reference,
            "state": State.CANCELLED.value,
            "cancelled_by": done.by,
            "cancelled_at": done.at.isoformat(),
            "reason": done.reason,
        }
    )


async def decide(asked: Asked) -> Response:
    """Take one person's vote."""
    asked.person()
    action, content_hash, reason = _vote(asked.body)
    await _meets(asked, DECIDING)
    decided = await asked.gateway.front.decisions.decide(
        tenant=asked.tenant,
        actor=asked.key.actor,
        instruction=asked.path("id"),
        action=action,
        content_hash=content_hash,
        reason=reason,
    )
    return json_response(
        {
            "id": asked.path("id"),
            "action": decided.action.value,
            "votes": decided.votes,
            "needed": decided.needed,
            "complete": decided.complete,
            "state": decided.state.value,
        }
    )


async def _meets(asked: Asked, rights: Sequence[str]) -> None:
    """Raise NotFound for an instruction with which the caller has nothing to do."""
    sight, instruction = asked.gateway.front.sight, asked.path("id")
    await asked.gateway.store.read(lambda db: sight.find(db, asked.onlooker, instruction, rights))


def _states(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if not frozenset(names) <= frozenset(State):
        raise refused_at(
            "?state",
            "state_unknown",
            f"state 须为以逗号分隔的状态：{'、'.join(State)}",
            f"state must be states joined by commas: {', '.join(State)}",
        )
    return names


def _vote(body: bytes) -> tuple[Action, str, str]:
    """Read ``{"action", "content_hash", "reason"?}``. Raises Refused with every fault."""
    texts = read_texts(body, _VOTE, en="the decision was refused", zh="决定有误，未受理")
    return Action(texts["action"]), texts["content_hash"], texts.get("reason", "")
