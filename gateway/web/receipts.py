"""Receipts of payments (回单), as data or as paper: the bank's own, or else the gateway's.

Rule kept here: whose paper it is stands in a header, and the gateway's says so on each page.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import asdict
from starlette.responses import Response

from gateway.domain.receipt import ReceiptFacts
from gateway.web.asked import Asked, json_bytes
from gateway.web.queries import asker_of_key

PDF: Final = "application/pdf"
SOURCE: Final = "Receipt-Source"
"""Header: ``bank`` for the bank's own paper, ``gateway`` for a rendering of its data."""
_NO_STORE: Final = {"Cache-Control": "no-store"}


async def get(asked: Asked) -> Response:
    """The receipt of an instruction of ours, or the kept one with that number of the bank's."""
    wanted = asked.path("id")
    # From here on an unreadable reply is the bank's fault, not the caller's.
    asked.request.state.asking_bank = True
    receipts, asker = asked.gateway.front.receipts, asker_of_key(asked)
    file = await receipts.bank_file(asker, wanted)
    as_paper = wants_pdf(asked.request.headers.get("accept", ""))
    if as_paper and file is not None:
        return bank_paper(file.content, file.digest)
    facts = await receipts.get(asker, wanted)
    if not as_paper:
        bank_file = {"bank_file": file.id if file is not None else None}
        return json_bytes(msgspec.json.encode(asdict(facts) | bank_file))
    content = await asked.gateway.runtime.tasks.read(lambda: _paper(asked, facts))
    response = pdf_response(content, "receipt.pdf")
    response.headers[SOURCE] = "gateway"
    return response


def bank_paper(content: bytes, digest: str) -> Response:
    """A receipt as the bank made it; ``digest`` is its SHA-256 (hex)."""
    response = pdf_response(content, "bank-receipt.pdf")
    response.headers[SOURCE] = "bank"
    response.headers["Receipt-SHA256"] = digest
    # A stranger's file: nothing of it may be run in the name of this site.
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


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
