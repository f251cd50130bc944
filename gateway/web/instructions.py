"""Endpoints of single instructions."""

from __future__ import annotations

import json
from collections import Counter
from typing import Final

from starlette.responses import Response

from gateway.delivery.standing import by_reference, held_or_open, instruction_view
from gateway.domain.decision import Action
from gateway.domain.errors import Fault, Refused
from gateway.domain.instruction import State
from gateway.intake.faults import fault
from gateway.intake.json_body import parse_instruction
from gateway.web.acceptance import acceptance_body
from gateway.web.asked import Asked, json_bytes, json_response, refused_at

_VOTE: Final = ("action", "content_hash", "reason")
_REASON_MAX: Final = 1000


async def post(asked: Asked) -> Response:
    """Accept one instruction."""
    caller, key = asked.machine(), asked.idempotency_key()
    accepted = await asked.gateway.intake.accept(
        caller, parse_instruction(asked.body), key=key, body_digest=asked.digest
    )
    asked.desk.meter.accepted["instruction"] += 1
    return json_bytes(acceptance_body(accepted.id, accepted.erp_reference, accepted.digest))


async def get(asked: Asked) -> Response:
    """One instruction with its history."""
    instruction, tenant = asked.path("id"), asked.key.tenant
    return json_response(
        await asked.gateway.store.read(lambda db: instruction_view(db, tenant, instruction))
    )


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
    if reference is not None:
        wanted, erp = reference, query.get("erp")
        found = await store.read(lambda db: by_reference(db, tenant, erp, wanted))
    else:
        names = _states(states or "")
        found = await store.read(lambda db: held_or_open(db, tenant, names))
    return json_response({"instructions": found})


async def enquire(asked: Asked) -> Response:
    """Ask the bank about an instruction as soon as its quiet time allows (查证)."""
    instruction, tenant = asked.path("id"), asked.key.tenant
    await asked.gateway.store.read(lambda db: instruction_view(db, tenant, instruction))
    at = await asked.gateway.relay.enquire_soon(tenant, instruction)
    return json_response({"id": instruction, "enquiry_at": at})


async def decide(asked: Asked) -> Response:
    """Take one person's vote."""
    asked.person()
    action, content_hash, reason = _vote(asked.body)
    decided = await asked.gateway.decisions.decide(
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
    found: list[Fault] = []
    members = _members(body, found)
    texts: dict[str, str] = {}
    for name, value in members.items():
        if name not in _VOTE:
            found.append(fault("unknown_field", f"/{name[:40]}"))
        elif not isinstance(value, str):
            found.append(fault("not_text", f"/{name}"))
        else:
            texts[name] = value
    found.extend(
        fault("required", f"/{name}", field=name)
        for name in ("action", "content_hash")
        if name not in members or texts.get(name) == ""
    )
    action = texts.get("action", "")
    if action and action not in frozenset(Action):
        listed = ", ".join(Action)
        found.append(
            Fault(
                path="/action",
                code="action_unknown",
                zh=f"action 须为 {listed} 之一",
                en=f"the action must be one of {listed}",
            )
        )
    if len(texts.get("reason", "")) > _REASON_MAX:
        found.append(fault("too_long", "/reason", field="reason", detail=str(_REASON_MAX)))
    if found:
        raise Refused("the decision was refused", "决定有误，未受理", found)
    return Action(action), texts["content_hash"], texts.get("reason", "")


def _members(body: bytes, found: list[Fault]) -> dict[str, object]:
    """The members of a small JSON object; one that stands twice is a fault."""

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        counts = Counter(name for name, _ in items)
        found.extend(
            fault("duplicate_field", f"/{name[:40]}") for name, count in counts.items() if count > 1
        )
        return dict(items)

    try:
        document: object = json.loads(body.decode(), object_pairs_hook=pairs)
    except UnicodeDecodeError as error:
        raise _malformed("json_encoding", f"1:{error.start + 1}", 1) from None
    except json.JSONDecodeError as error:
        raise _malformed("json_malformed", f"{error.lineno}:{error.colno}", error.lineno) from None
    except (RecursionError, ValueError):
        raise _malformed("json_depth", "", None) from None
    if not isinstance(document, dict):
        raise _malformed("not_object", "", None)
    return document


def _malformed(code: str, detail: str, line: int | None) -> Refused:
    return Refused(
        "the body cannot be read",
        "请求正文无法读取",
        [fault(code, "", detail=detail, line=line)],
    )
