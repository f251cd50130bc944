"""Files of lines: CSV, and text with ``|`` or tabs, in UTF-8 or GBK, read line by line.

Rule kept here: a character is never replaced by another. A line that cannot be read is told
with its number and skipped; a file that is no file of lines is refused.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Protocol

from gateway.controls.reference.faults import fault, refused
from gateway.domain.errors import Fault, WireError
from gateway.domain.names import folded
from gateway.wire.charset import UTF8_BOM, decode_strict, forbidden_characters, refuse_wide

LINE_BYTES_MAX: Final = 1 << 16
_PROBE: Final = 1 << 16
_DELIMITERS: Final = ("|", "\t", ",")
_DATES: Final = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d")
_SHORTEST_DATE: Final = 8
_MARKUP: Final = str.maketrans("", "", "<>&")
"""Harmless in a reference file, though no payment may carry it."""


class Readable(Protocol):
    """A stream of bytes: an open file, an upload."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, about ``size``; b'' at the end."""
        ...


Columns = Mapping[str, Sequence[str]]
"""Our field → what a header may call it, in any width, case and punctuation."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line: the cells of known columns by our field names, blanks around them dropped."""

    line: int
    cells: Mapping[str, str]
    headers: Mapping[str, str]

    def fault(self, code: str, field: str, detail: str = "") -> Fault:
        """A fault of this line, at the column as its file calls it."""
        return fault(code, self.headers.get(field, field), detail=detail, line=self.line)

    def text(self, field: str, *, longest: int) -> str | Fault:
        """The cell, '' where there is none; a fault when it is too long or not printable."""
        text = self.cells.get(field, "")
        if len(text) > longest:
            return self.fault("too_long", field, str(longest))
        if not printable(text):
            return self.fault("forbidden_character", field)
        return text

    def day(self, field: str) -> date | Fault | None:
        """The cell as a date, None where it is empty."""
        text = self.cells.get(field, "")
        found = read_day(text)
        return self.fault("date", field) if text and found is None else found


def printable(text: str) -> bool:
    """Whether the text holds no control, no line break and nothing invisible."""
    return not forbidden_characters(text.translate(_MARKUP))


def read_day(text: str) -> date | None:
    """``2026-09-15``, ``20260915`` or ``2026/9/15`` as a date; None when it is none."""
    if len(text) < _SHORTEST_DATE or not text.isascii():
        return None
    for form in _DATES:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


class Rejoined:
    """A stream whose first bytes were already looked at."""

    __slots__ = ("_head", "_rest")

    def __init__(self, head: bytes, rest: Readable) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        """The next bytes, ``size`` or a few more; b'' at the end."""
        head, self._head = self._head, b""
        return head + self._rest.read(size)


def json_fault(error: Exception, *, line: int | None = None) -> Fault:
    """What is wrong with a JSON text: where only, since the decoder's words may repeat a value."""
    _, found, path = str(error).rpartition(" - at `")
    return fault("json", "", detail=path.removesuffix("`") if found else "syntax", line=line)


def rows(source: Readable, columns: Columns, needed: Sequence[str]) -> Iterator[Row | Fault]:
    """The lines below the header, or what is wrong with one. ``needed`` columns must be there.

    Reads as it goes: memory does not grow with the file. Raises Refused for another encoding, a
    line beyond 64 KiB, a header that lacks a needed column, or a file without a line.
    """
    told = lines(source)
    first = next((line for line in told if isinstance(line, Fault) or line[1].strip()), None)
    if first is None:
        raise refused(fault("empty", ""))
    if isinstance(first, Fault):
        raise refused(first)
    number, title = first
    delimiter = max(_DELIMITERS, key=title.count)
    header = _cells(title, delimiter)
    if header is None:
        raise refused(fault("quotes", "", line=number))
    places = _places(header, columns, needed, number)
    headers = {field: header[place].strip() for field, place in places.items()}
    for one in told:
        if isinstance(one, Fault):
            yield one
        elif one[1].strip():
            yield _row(one, delimiter, len(header), places, headers)


def _row(
    line: tuple[int, str],
    delimiter: str,
    width: int,
    places: Mapping[str, int],
    headers: Mapping[str, str],
) -> Row | Fault:
    number, text = line
    cells = _cells(text, delimiter)
    if cells is None:
        return fault("quotes", "", line=number)
    surplus = cells[width:]
    if len(cells) < width or any(cell.strip() for cell in surplus):
        return fault("cells", "", detail=str(width), line=number)
    return Row(number, {field: cells[at].strip() for field, at in places.items()}, headers)


def _cells(text: str, delimiter: str) -> list[str] | None:
    """The cells of one line, None where its quotes do not close; only CSV knows quotes."""
    if delimiter != "," or '"' not in text:
        return text.split(delimiter)
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        return None


def _places(
    header: Sequence[str], columns: Columns, needed: Sequence[str], line: int
) -> dict[str, int]:
    """Our field → which cell of a line holds it."""
    known = {folded(name): field for field, names in columns.items() for name in (field, *names)}
    places: dict[str, int] = {}
    for place, title in enumerate(header):
        field = known.get(folded(title))
        if field is None:
            continue
        if field in places:
            raise refused(fault("header_twice", title.strip(), detail=field, line=line))
        places[field] = place
    missing = [f"{field} ({columns[field][0]})" for field in needed if field not in places]
    if missing:
        raise refused(fault("no_header", "", detail=", ".join(missing), line=line))
    return places


def lines(source: Readable) -> Iterator[tuple[int, str] | Fault]:
    """(line number, text) of every line, blank ones too; the first 64 KiB tell the encoding.

    Raises Refused for UTF-16 and UTF-32, and for a line beyond 64 KiB.
    """
    head = source.read(_PROBE)
    try:
        refuse_wide(head)
    except WireError:
        raise refused(fault("wide_encoding", "", line=1)) from None
    codec = _codec(head)
    for number, line in enumerate(_lines(source, head.removeprefix(UTF8_BOM)), start=1):
        try:
            yield number, decode_strict(line, codec)
        except WireError:
            yield fault("encoding", "", detail=codec, line=number)


def _codec(head: bytes) -> str:
    """UTF-8 where the head is UTF-8 up to a cut at its end, or its first Chinese line is.

    Else GB18030, which holds GBK. So one damaged line does not change how all others are read.
    """
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(head) < _PROBE)
    except UnicodeDecodeError:
        first = next(line for line in head.split(b"\n") if not line.isascii())
        try:
            decode_strict(first, "gb18030")
        except WireError:
            return "utf-8"
        return "gb18030"
    return "utf-8"


def _lines(source: Readable, head: bytes) -> Iterator[bytes]:
    rest = head
    while True:
        *full, rest = rest.split(b"\n")
        for line in (*full, rest):
            if len(line) > LINE_BYTES_MAX:
                raise refused(fault("line_too_long", "", detail=str(LINE_BYTES_MAX)))
        yield from (line.removesuffix(b"\r") for line in full)
        piece = source.read(_PROBE)
        if not piece:
            break
        rest += piece
    if rest:
        yield rest.removesuffix(b"\r")
