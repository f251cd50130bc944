"""The 余额调节表 as a paper: the stored sheet under its digest, as PDF."""

from __future__ import annotations

import hashlib
from datetime import date

import msgspec
from starlette.responses import Response

from gateway.bootstrap import Gateway
from gateway.domain.balance_sheet import sheet_of
from gateway.domain.errors import Corrupt
from gateway.reconciliation.sheets import Sheet
from gateway.store.instants import from_us
from gateway.web.asked import Asked
from gateway.web.receipts import pdf_response
from gateway.web.reconciliations import day_of, of_path


async def get(asked: Asked) -> Response:
    """The sheet of a day: as it was prepared or reviewed, else as it would be now."""
    account = await of_path(asked)
    day = day_of(asked.path("day"), "day")
    office = asked.gateway.front.reconciliation
    sheet = await office.sheets.get((asked.tenant, account), day)
    return await paper_of(asked.gateway, sheet, day)


async def paper_of(gateway: Gateway, sheet: Sheet, day: date) -> Response:
    """A sheet as a PDF, for whoever may see it."""
    content = await gateway.runtime.tasks.read(lambda: _paper(gateway, sheet))
    return pdf_response(content, f"balance-sheet-{day.isoformat()}.pdf")


def _paper(gateway: Gateway, kept: Sheet) -> bytes:
    """What is printed is what was digested."""
    from gateway.documents.balance_sheet import (  # noqa: PLC0415 - few ever ask
        Signed,
        balance_sheet_pdf,
    )

    if hashlib.sha256(kept.content.encode()).hexdigest() != kept.digest:
        raise Corrupt("a stored balance sheet is not what was digested")
    prepared, reviewed = kept.prepared_us, kept.reviewed_us
    signed = Signed(
        digest=kept.digest,
        prepared_by=kept.prepared_by,
        prepared_at=None if prepared is None else from_us(prepared),
        reviewed_by=kept.reviewed_by,
        reviewed_at=None if reviewed is None else from_us(reviewed),
        comment=kept.comment,
    )
    sheet = sheet_of(msgspec.json.decode(kept.content))
    return balance_sheet_pdf(sheet, signed, gateway.settings.font)
