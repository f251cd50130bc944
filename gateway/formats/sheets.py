"""Rows as CSV or as an XLSX workbook, streamed; no cell is ever a formula.

Rule kept here: what a spreadsheet would run (a text that begins with = + - @ or a control) is
written so that it is shown. An amount keeps its digits: in a workbook it is a number where a
spreadsheet holds it exactly, else a text.
Source: ECMA-376 part 1 (the parts of a minimal workbook); RFC 4180 (quotation of CSV).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from gateway.domain.errors import WireError
from gateway.wire.charset import codec_out
from gateway.wire.write import Element, document, element, fragment

Rows = Iterable[Sequence[str]]
"""The first row is the header."""
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,5})?", re.ASCII)
_EXACT_DIGITS: Final = 15
_PIECE: Final = 1 << 16
_TEXT_MAX: Final = 32_767
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_BOOK: Final = (
    f'<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>'
).encode()
"""Always the same: the one attribute with a prefix that this product writes."""
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)


def is_number(text: str) -> bool:
    """Whether a text is plain digits: such a cell runs nothing, whatever it begins with."""
    return _NUMBER.fullmatch(text) is not None


def is_formula(text: str) -> bool:
    """Whether a spreadsheet that opens a CSV would take this cell for a formula."""
    return text.startswith(FORMULA_STARTS) and not is_number(text)


# ── CSV ───────────────────────────────────────────────────────────────────────────────────────


def csv_bytes(rows: Rows, encoding: str = "utf-8") -> Iterator[bytes]:
    """CSV with CRLF; UTF-8 begins with its mark, so that spreadsheets read Chinese.

    Raises WireError for a character that GBK does not have.
    """
    codec = codec_out(encoding)
    parts, size = ["\ufeff" if codec == "utf-8" else ""], 0
    for row in rows:
        line = ",".join(map(_csv_cell, row)) + "\r\n"
        parts.append(line)
        size += len(line)
        if size >= _PIECE:
            yield _encoded(parts, codec)
            parts, size = [], 0
    yield _encoded(parts, codec)


def _csv_cell(text: str) -> str:
    shown = f"'{text}" if is_formula(text) else text
    if any(mark in shown for mark in ',"\r\n'):
        return '"' + shown.replace('"', '""') + '"'
    return shown


def _encoded(parts: Sequence[str], codec: str) -> bytes:
    try:
        return "".join(parts).encode(codec)
    except UnicodeEncodeError:
        raise WireError("encoding", "/") from None


# ── XLSX ──────────────────────────────────────────────────────────────────────────────────────


def xlsx_bytes(rows: Rows, amounts: frozenset[int] = frozenset()) -> Iterator[bytes]:
    """A workbook of one sheet. ``amounts`` are the columns (from 0) that hold amounts."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as packed:  # type: ignore[call-overload]
        for name, part in _parts():
            packed.writestr(_entry(name), part)
        with packed.open(_entry("xl/worksheets/sheet1.xml"), "w") as sheet:
            opening, closing = _frame()
            sheet.write(opening)
            for number, row in enumerate(rows, start=1):
                sheet.write(fragment(_row(number, row, amounts), encoding="UTF-8"))
                if sink.full():
                    yield sink.take()
            sheet.write(closing)
    yield sink.take()


class _Sink:
    """Takes what the zip writes and hands it on; it cannot be rewound."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, part: bytes) -> int:
        """Take bytes."""
        self._parts.append(bytes(part))
        self._size += len(part)
        return len(part)

    def flush(self) -> None:
        """Nothing is held back: what was written is in ``take``."""
        self._size = sum(map(len, self._parts))

    def full(self) -> bool:
        """Whether a piece is worth handing on."""
        return self._size >= _PIECE

    def take(self) -> bytes:
        """Hand on all that was written since the last call."""
        piece = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return piece


def _entry(name: str) -> zipfile.ZipInfo:
    """A part of the package; always of the same time, so that the same rows give the same bytes."""
    entry = zipfile.ZipInfo(name, date_time=_LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _parts() -> Iterator[tuple[str, bytes]]:
    types = f"{_PACKAGE}/content-types"
    relations = f"{_PACKAGE}/relationships"
    yield (
        "[Content_Types].xml",
        _whole(
            element(
                "Types",
                element("Default", Extension="xml", ContentType="application/xml"),
                element(
                    "Default",
                    Extension="rels",
                    ContentType="application/vnd.openxmlformats-package.relationships+xml",
                ),
                _override("/xl/workbook.xml", "sheet.main"),
                _override("/xl/worksheets/sheet1.xml", "worksheet"),
                xmlns=types,
            )
        ),
    )
    yield "_rels/.rels", _related(relations, "officeDocument", "xl/workbook.xml")
    yield "xl/_rels/workbook.xml.rels", _related(relations, "worksheet", "worksheets/sheet1.xml")
    yield "xl/workbook.xml", _BOOK


def _override(part: str, kind: str) -> Element:
    return element("Override", PartName=part, ContentType=f"{_TYPE}.{kind}+xml")


def _related(namespace: str, kind: str, target: str) -> bytes:
    relation = element("Relationship", Id="rId1", Type=f"{_OFFICE}/{kind}", Target=target)
    return _whole(element("Relationships", relation, xmlns=namespace))


def _whole(root: Element) -> bytes:
    return document(root, encoding="UTF-8")


def _frame() -> tuple[bytes, bytes]:
    whole = _whole(element("worksheet", element("sheetData", element("row")), xmlns=_MAIN))
    opening, _, closing = whole.partition(b"<row/>")
    return opening, closing


def _row(number: int, row: Sequence[str], amounts: frozenset[int]) -> Element:
    cells = [_cell(text, at in amounts) for at, text in enumerate(row)]
    return element("row", *cells, r=str(number))


def _cell(text: str, amount: bool) -> Element:  # noqa: FBT001 - two kinds of cells
    if amount and is_number(text) and _digits(text) <= _EXACT_DIGITS:
        return element("c", element("v", text))
    if not text:
        return element("c")
    shown = "".join(mark if mark.isprintable() or mark == " " else " " for mark in text)
    return element("c", element("is", element("t", shown[:_TEXT_MAX])), t="inlineStr")


def _digits(text: str) -> int:
    return len(text.lstrip("-").replace(".", "").lstrip("0"))
