"""A told receipt with the gateway's paper in place of its data file."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from gateway.domain.receipt import decoded
from gateway.ports.erp_told import ReceiptTold

if TYPE_CHECKING:
    from gateway.documents.face import FontFile

DATA_SUFFIX: Final = ".json"


def on_paper(told: ReceiptTold, booked_on: date | None, font: FontFile | None) -> ReceiptTold:
    """The receipt with a PDF as its file; one that is no data file already stays as it is.

    ``booked_on`` is the day of the statement entry. Raises UnusableFont, or WireError for a data
    file that is not ours.
    """
    from gateway.documents.receipt import receipt_pdf  # noqa: PLC0415 - costs a start

    if not told.file_name.endswith(DATA_SUFFIX):
        return told
    content = receipt_pdf(replace(decoded(told.content), booked_on=booked_on), font)
    return replace(
        told,
        content=content,
        file_name=f"{told.file_name.removesuffix(DATA_SUFFIX)}.pdf",
        file_sha256=hashlib.sha256(content).hexdigest(),
    )
