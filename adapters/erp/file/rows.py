"""The rows of a CSV or XLSX file, alike: line number and cells; in flat memory.

Rule kept here: bytes are decoded strictly, in an encoding that is certain; a file whose last line
has no end is taken for cut off, because half an amount is an amount too.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from adapters.erp.file.mapping import SheetForm
from gateway.domain.errors import WireError
from gateway.wire.charset import chinese_count, refuse_wide
from gateway.wire.workbook import Cell, CellKind, is_workbook, open_workbook

HEAD: Final = 1 << 16
_LINE_MAX: Final = 1 << 20
_BOM: Final = codecs.BOM_UTF8
_BLANKS: Final = " \t\u3000"
_CHINESE: Final = 8
"""So many Chinese characters in UTF-8 are no accident of GBK bytes."""
_GB: Final = "gb18030"


class RawRow(NamedTuple):
    """One row that is not blank. ``width`` is None where absent cells are simply empty (XLSX)."""

    line: int
    cells: Mapping[int, Cell]
    width: int | None


class Source(NamedTuple):
    """A file's rows. ``others`` are sheets that are not read."""

    rows: Iterator[RawRow]
    format: str
    others: tuple[str, ...] = ()


def open_rows(chunks: Iterable[bytes], form: SheetForm) -> Source:
    """Begin to read. Raises WireError, also while rows are read."""
    pieces = iter(chunks)
    head = b""
    while len(head) < HEAD and (piece := next(pieces, None)) is not None:
        head += piece
    if not head.strip():
        raise WireError("nothing", "/")
    if is_workbook(head):
        book = open_workbook(_rejoined(head, pieces), form.sheet)
        return Source(_sheet_rows(book.rows), "xlsx", book.others)
    codec = _codec(head[:HEAD], form.encoding, whole=len(head) <= HEAD)
    lines = _lines(_rejoined(head.removeprefix(_BOM), pieces), codec)
    return Source(_csv_rows(lines, form.delimiter), "csv")


def _rejoined(head: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from pieces


def _sheet_rows(rows: Iterator[tuple[int, Mapping[int, Cell]]]) -> Iterator[RawRow]:
    for line, cells in rows:
        said = {
            at: cell
            for at, cell in cells.items()
            if cell.kind is not CellKind.TEXT or cell.text.strip(_BLANKS)
        }
        if said:
            yield RawRow(line, said, None)


# ── text ──────────────────────────────────────────────────────────────────────────────────────


def _codec(head: bytes, stated: str, *, whole: bool) -> str:
    """The encoding of a text. Raises WireError where it is none that is certain."""
    refuse_wide(head)
    if b"\0" in head:
        raise WireError("encoding", "/", line=1 + head.count(b"\n", 0, head.index(b"\0")))
    if stated != "auto":
        return _GB if stated in {"gbk", _GB} else "utf-8"
    if head.startswith(_BOM) or head.isascii():
        return "utf-8"
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        text = decoder.decode(head, whole)
    except UnicodeDecodeError as error:
        # A UTF-8 file with one wrong byte must not be read as GBK: names would turn into others.
        if chinese_count(head.decode("utf-8", "ignore")) >= _CHINESE:
            line = 1 + head.count(b"\n", 0, error.start)
            raise WireError("encoding", "/", line=line) from None
        return _GB
    if not chinese_count(text):
        raise WireError("encoding_unclear", "/")
    return "utf-8"


def _lines(pieces: Iterator[bytes], codec: str) -> Iterator[str]:
    """Lines with their ends. A line break is never part of a character in these encodings."""
    rest, line = b"", 0
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for one in whole:
            line += 1
            yield _decoded(one + b"\n", codec, line)
        if len(rest) > _LINE_MAX:
            raise WireError("size", "/", line=line + 1)
    if rest.strip(b" \t\r"):
        raise WireError("truncated", "/", line=line + 1)


def _decoded(line: bytes, codec: str, number: int) -> str:
    if b"\0" in line:
        raise WireError("encoding", "/", line=number)
    try:
        return line.decode(codec)
    except UnicodeDecodeError:
        raise WireError("encoding", "/", line=number) from None


def _csv_rows(lines: Iterator[str], delimiter: str) -> Iterator[RawRow]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            row = next(reader, None)
        except csv.Error:
            raise WireError("truncated", "/", line=line) from None
        if row is None:
            return
        cells = {
            at: Cell(CellKind.TEXT, text) for at, text in enumerate(row) if text.strip(_BLANKS)
        }
        if cells:
            yield RawRow(line, cells, len(row))
        line = reader.line_num + 1
