"""Bank receipts (电子回单) as one ZIP: the bank's files as they are, and a list of them.

``receipts.csv`` (UTF-8 with byte order mark, so that spreadsheets read Chinese) says which file
belongs to which entry. The same records give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from gateway.formats.messages import clean
from gateway.formats.records import only
from gateway.ports.erp import FileFacts
from gateway.ports.erp_told import ReceiptTold, Told

if TYPE_CHECKING:
    from zipfile import ZipInfo

LIST: Final = "receipts.csv"
_COLUMNS: Final = (
    "file",
    "receipt_number",
    "account",
    "day",
    "amount",
    "currency",
    "bank_reference",
    "counterparty_name",
    "counterparty_account",
    "erp_reference",
    "sha256",
)
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)
_PIECE: Final = 1 << 16


def write(told: tuple[Told, ...], _facts: FileFacts) -> Iterator[bytes]:
    """A ZIP of all receipts, in pieces."""
    from zipfile import ZIP_DEFLATED, ZipFile  # noqa: PLC0415 - costs a start

    receipts = only(ReceiptTold, told)
    target = io.BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        names = [_name(it, number) for number, it in enumerate(receipts, start=1)]
        archive.writestr(_entry(LIST), _listing(receipts, names))
        for receipt, name in zip(receipts, names, strict=True):
            archive.writestr(_entry(name), receipt.content)
    content = target.getvalue()
    for at in range(0, len(content), _PIECE):
        yield content[at : at + _PIECE]


def _entry(name: str) -> ZipInfo:
    from zipfile import ZIP_DEFLATED, ZipInfo  # noqa: PLC0415 - costs a start

    entry = ZipInfo(name, _LONG_AGO)
    entry.compress_type = ZIP_DEFLATED
    return entry


def _name(receipt: ReceiptTold, number: int) -> str:
    """The bank's file name without any folder, made unique by a number in front."""
    last = PurePosixPath(receipt.file_name.replace("\\", "/")).name
    kept = "".join(c for c in last if c.isalnum() or c in "._-").lstrip(".")
    return f"{number:04}-{kept or 'receipt'}"


def _listing(receipts: tuple[ReceiptTold, ...], names: list[str]) -> bytes:
    import csv  # noqa: PLC0415 - costs a start

    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(_COLUMNS)
    for it, name in zip(receipts, names, strict=True):
        cells = (
            name,
            it.receipt_number,
            it.account,
            it.day.isoformat(),
            it.amount,
            it.currency,
            it.bank_reference,
            it.counterparty_name,
            it.counterparty_account,
            it.erp_reference,
            it.file_sha256,
        )
        rows.writerow([_harmless(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    """A text that no spreadsheet takes for a formula; an amount's own minus sign may stand."""
    text = clean(cell)
    amount = text.removeprefix("-").replace(".", "").isdigit()
    return f"'{text}" if text.startswith(_FORMULA) and not amount else text
