"""Receipt files (电子回单文件): ordered of a bank for a day, asked about, fetched by their ids.

An order is a task of the bank's under OUR number: that number is the only way back to it, and a
day may be ordered once, unless the task failed.
"""

from __future__ import annotations

from datetime import date

import msgspec

from gateway.domain.ids import Serial
from gateway.domain.receipt_order import TaskState as TaskState


class ReceiptOrder(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Make the receipts of all lines of a closed day; our number is the serial it is sent under."""

    account: str
    day: date


class ReceiptOrdered(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What became of an order."""

    state: TaskState


class ReceiptFilesQuestion(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One page (from 1) of the files of an earlier order; ``original`` is the order's number."""

    original: Serial
    account: str
    page: int = 1


class ReceiptFile(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A file of an order: fetched by ``id``; ``name`` is a PDF's or a zip's."""

    place: int
    id: str
    name: str


class ReceiptFilesPage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One page of an order's files. ``count`` is how many the bank says there are, None if not."""

    state: TaskState
    bank_reference: str = ""
    count: int | None = None
    expires_on: date | None = None
    """After this day the bank no longer has the files."""
    files: tuple[ReceiptFile, ...] = ()
    more: bool = False


# ── the bank side ────────────────────────────────────────────────────────────────────────


class ReceiptOrderRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The receipts of a day are ordered."""

    account: str
    day: date


class ReceiptFilesRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A page of the files of the order with this number."""

    original: str
    page: int


class StoredReceiptTask(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An order as the bank stores it, with one page of its files. ``count`` is of all of them."""

    original: str
    account: str
    state: TaskState
    created_on: date
    bank_reference: str = ""
    count: int = 0
    expires_on: date | None = None
    files: tuple[ReceiptFile, ...] = ()
    more: bool = False
    word: str = ""
    """The state in a word of the bank's own that stands in no table; '' says ``state``."""
