"""Receipts of payments (回单), as data or as the gateway's paper, by what the caller accepts."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.responses import Response

from gateway.domain.receipt import ReceiptFacts
from gateway.web.asked import Asked, json_bytes
from gateway.web.queries import asker_of_key

PDF: Final = "application/pdf"
_NO_STORE: Final = {"Cache-Control": "no-store"}


async def get(asked: Asked) -> Response:
    """The receipt of an instruction of ours, or the kept one with that number of the bank's."""
    wanted = asked.path("id")
    # From here on an unreadable reply is the bank's fault, not the caller's.
    asked.request.state.asking_bank = True
    facts = await asked.gateway.front.receipts.get(asker_of_key(asked), wanted)
    if not wants_pdf(asked.request.headers.get("accept", "")):
        return json_bytes(msgspec.json.encode(facts))
    content = await asked.gateway.runtime.tasks.read(lambda: _paper(asked, facts))
    return pdf_response(content, "receipt.pdf")


def _paper(asked: Asked, facts: ReceiptFacts) -> bytes:
    from gateway.documents.receipt import receipt_pdf  # noqa: PLC0415 - few ever ask

    return receipt_pdf(facts, asked.gateway.settings.font)


def wants_pdf(accept: str) -> bool:
    """Whether the caller names PDF, and not JSON before it."""
    kinds = [it.partition(";")[0].strip().lower() for it in accept.split(",")]
    if PDF not in kinds:
        return False
    return "application/json" not in kinds[: kinds.index(PDF)]


def pdf_response(content: bytes, name: str) -> Response:
    """A PDF that a browser shows or saves under a name."""
    headers = _NO_STORE | {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(content, media_type=PDF, headers=headers)
