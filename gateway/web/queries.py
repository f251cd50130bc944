"""Endpoints of questions to the bank, for machines that ask in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.responses import Response

from gateway.ports.erp_answers import Answered, Asker
from gateway.ports.erp_questions import Question
from gateway.statements.wanted import ID_MAX
from gateway.web.asked import Asked, json_bytes
from gateway.web.small_json import Member, read_texts

FIELDS: Final = ("kind", "id", "account", "start", "end", "erp_reference")
"""The members of a question."""
_MEMBERS: Final = {
    "kind": Member(required=True),
    "id": Member(most=ID_MAX),
    "account": Member(most=255),
    "start": Member(),
    "end": Member(),
    "erp_reference": Member(most=255),
}
_ENCODER: Final = msgspec.json.Encoder()


async def ask(asked: Asked) -> Response:
    """Answer a question in the body."""
    texts = read_texts(asked.body, _MEMBERS, en="the query was refused", zh="查询有误，未受理")
    return await _answer(asked, texts, "/")


async def get(asked: Asked) -> Response:
    """Answer a question in the address."""
    return await _answer(asked, asked.query, "?")


async def _answer(asked: Asked, texts: Mapping[str, str], mark: str) -> Response:
    question = Question(
        kind=texts.get("kind", ""),
        id=texts.get("id", ""),
        account=texts.get("account", ""),
        start=texts.get("start", ""),
        end=texts.get("end", ""),
        erp_reference=texts.get("erp_reference", ""),
        at={name: f"{mark}{name}" for name in FIELDS},
    )
    # From here on an unreadable reply is the bank's fault, not the caller's.
    asked.request.state.asking_bank = True
    return json_bytes(
        _ENCODER.encode(
            _view(await asked.gateway.front.answers.answer(asker_of_key(asked), question))
        )
    )


def asker_of_key(asked: Asked) -> Asker:
    """Whoever holds the key, as an asker."""
    key = asked.key
    system = asked.tenant.erps.get(key.erp)
    return Asker(
        tenant=key.tenant,
        actor=key.actor,
        erp=key.erp,
        aliases=tuple(system.aliases.items()) if system is not None else (),
    )


def _view(found: Answered) -> dict[str, object]:
    return {
        "kind": found.question.kind,
        "id": found.question.id,
        "asked_at": found.asked_at,
        "shared": found.shared,
        "enquiry_at": found.enquiry_at,
        "warnings": found.warnings,
        "answers": found.told,
    }
