"""Rows of an XLSX workbook as a stream: what was written in each cell, and as what.

Rule kept here: a number is the text that the file holds, never a binary fraction; a formula is
seen as one and its last result is not used. Zip and XML are bounded; a document type is refused.

A spreadsheet keeps 15 significant digits and writes 17 (1.1 as 1.1000000000000001), so a number
is read back to 15. What would need more must be a text cell, and its reader says so.
Source: ECMA-376 part 1, 18.3 (worksheets), 18.4 (shared strings), 18.8.30 (number formats).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal
from enum import Enum
from typing import Final, NamedTuple

from gateway.domain.errors import WireError
from gateway.wire.libxml import Element
from gateway.wire.package import BROKEN, Parts
from gateway.wire.tree import local

PACKED_MAX: Final = 64 << 20
"""Bytes of a workbook as it is sent."""
_SHEET_MAX: Final = 1 << 30
_STRINGS_MAX: Final = 256 << 20
_TEXTS_MAX: Final = 3_000_000
"""Short texts take more room in memory than in the file."""
_PART_MAX: Final = 16 << 20
_COLUMNS_MAX: Final = 16_384
_MAGIC: Final = b"PK\x03\x04"
_OFFICE: Final = (b"[Content_Types].xml", b"_rels/.rels", b"xl/")
_DIGITS: Final = Context(prec=15)
_NUMBER: Final = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_PLACE: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})", re.ASCII)
_DAY_FORMATS: Final = frozenset({*range(14, 18), 22, *range(27, 37), *range(50, 59)})
_QUOTED: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_EPOCH: Final = date(1899, 12, 30)
_EPOCH_1904: Final = date(1904, 1, 1)
_DAYS_MAX: Final = 2_958_465


class CellKind(Enum):
    """As what a cell was written."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    """A number that the workbook shows as a day: here YYYY-MM-DD."""
    FORMULA = "formula"
    ERROR = "error"
    TRUTH = "truth"


class Cell(NamedTuple):
    """One cell. ``text`` is '' for a formula: what it last came to is nobody's word."""

    kind: CellKind
    text: str


class SheetRow(NamedTuple):
    """A row that has cells. ``line`` counts from 1 as the sheet shows it; columns from 0."""

    line: int
    cells: Mapping[int, Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbook:
    """A workbook's rows, and the names of the sheets that were not read."""

    rows: Iterator[SheetRow]
    sheet: str
    others: tuple[str, ...]


def is_workbook(head: bytes) -> bool:
    """Whether the first bytes are a zip of an office document's parts."""
    return head.startswith(_MAGIC) and any(it in head for it in _OFFICE)


def open_workbook(chunks: Iterable[bytes], sheet: str = "") -> Workbook:
    """The rows of the sheet of that name, or of the first one.

    Raises WireError ``workbook``, ``size``, ``sheet``, or as XML does, also while rows are read.
    """
    packed = bytearray()
    for chunk in chunks:
        packed += chunk
        if len(packed) > PACKED_MAX:
            raise WireError("size", "/")
    try:
        parts = Parts(zipfile.ZipFile(io.BytesIO(bytes(packed))))
    except BROKEN:
        raise WireError("workbook", "/") from None
    book = _book(parts)
    chosen = next((it for it in book.sheets if it.name == sheet or not sheet), None)
    if chosen is None:
        raise WireError("sheet", "/")
    return Workbook(
        rows=_rows(parts, book, chosen.part),
        sheet=chosen.name,
        others=tuple(it.name for it in book.sheets if it is not chosen),
    )


# ── what the workbook says of its sheets ──────────────────────────────────────────────────────


class _Sheet(NamedTuple):
    name: str
    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    sheets: tuple[_Sheet, ...]
    strings: str
    days: frozenset[int]
    epoch: date


def _book(parts: Parts) -> _Book:
    main = next(
        (it.target for it in _relations(parts, "", "_rels/.rels") if it.kind == "officeDocument"),
        "xl/workbook.xml",
    )
    folder, _, own = main.rpartition("/")
    listed = _relations(parts, folder, f"{folder}/_rels/{own}.rels")
    by_id = {it.id: it.target for it in listed}
    by_kind = {it.kind: it.target for it in listed}
    sheets: list[_Sheet] = []
    epoch = _EPOCH
    for element in parts.elements(main, frozenset({"sheet", "workbookPr"}), _PART_MAX):
        if local(element.tag) == "workbookPr":
            epoch = _EPOCH_1904 if element.get("date1904") in {"1", "true"} else _EPOCH
        elif part := by_id.get(_relation_id(element), ""):
            sheets.append(_Sheet(element.get("name") or "", part))
    styles = by_kind.get("styles", "")
    return _Book(
        sheets=tuple(sheets),
        strings=by_kind.get("sharedStrings", ""),
        days=_days(parts, styles) if styles in parts.names else frozenset(),
        epoch=epoch,
    )


class _Relation(NamedTuple):
    id: str
    kind: str
    target: str


def _relations(parts: Parts, folder: str, name: str) -> tuple[_Relation, ...]:
    if name not in parts.names:
        return ()
    found = []
    for element in parts.elements(name, frozenset({"Relationship"}), _PART_MAX):
        if element.get("TargetMode") != "External":
            target = element.get("Target") or ""
            whole = target[1:] if target.startswith("/") else f"{folder}/{target}".lstrip("/")
            kind = (element.get("Type") or "").rpartition("/")[2]
            found.append(_Relation(element.get("Id") or "", kind, whole))
    return tuple(found)


def _relation_id(element: Element) -> str:
    for key, value in element.attrib.items():
        if str(key).endswith("}id"):
            return str(value)
    return ""


def _days(parts: Parts, name: str) -> frozenset[int]:
    """The cell styles that show a number as a day."""
    own: dict[int, bool] = {}
    styles: list[int] = []
    for element in parts.elements(name, frozenset({"numFmt", "cellXfs"}), _PART_MAX):
        if local(element.tag) == "numFmt":
            shown = _QUOTED.sub("", element.get("formatCode") or "").lower()
            own[_integer(element.get("numFmtId") or "")] = "y" in shown or "d" in shown
        else:
            forms = element.iterchildren("{*}xf")
            styles = [_integer(it.get("numFmtId") or "") for it in forms]
    return frozenset(
        place for place, form in enumerate(styles) if own.get(form, form in _DAY_FORMATS)
    )


def _integer(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1  # noqa: PLR2004


# ── rows ──────────────────────────────────────────────────────────────────────────────────────


def _rows(parts: Parts, book: _Book, part: str) -> Iterator[SheetRow]:
    strings = _strings(parts, book.strings) if book.strings in parts.names else []
    cells = _Cells(strings, book)
    line = 0
    for element in parts.elements(part, frozenset({"row"}), _SHEET_MAX):
        said = _integer(element.get("r") or "")
        if 0 <= said <= line:
            raise WireError("workbook", f"/row[{said}]", line=said)
        line = said if said > 0 else line + 1
        found = cells.of(element, line)
        if found:
            yield SheetRow(line, found)


def _strings(parts: Parts, name: str) -> list[str]:
    found: list[str] = []
    for element in parts.elements(name, frozenset({"si"}), _STRINGS_MAX):
        if len(found) == _TEXTS_MAX:
            raise WireError("size", f"/{name}")
        found.append(_text(element))
    return found


def _text(element: Element) -> str:
    """The text of a string item: its runs joined, without what tells how to pronounce it."""
    found: list[str] = []
    for child in element.iterchildren("{*}t", "{*}r"):
        if child.tag.endswith("}t"):
            found.append(child.text or "")
        else:
            found.extend(it.text or "" for it in child.iterchildren("{*}t"))
    return "".join(found)


class _Cells:
    """Reads the cells of rows."""

    def __init__(self, strings: list[str], book: _Book) -> None:
        self._strings = strings
        self._days = book.days
        self._epoch = book.epoch
        self._space = ""
        """The namespace of the row that is read, as its tags begin."""

    def of(self, row: Element, line: int) -> dict[int, Cell]:
        """A row's cells by column; empty ones are left out."""
        found: dict[int, Cell] = {}
        column = -1
        self._space = row.tag.removesuffix("row")
        for child in row.iterchildren(f"{self._space}c"):
            place = child.get("r")
            column = column + 1 if place is None else _column(place, line)
            if column >= _COLUMNS_MAX or column in found:
                raise WireError("workbook", f"/row[{line}]", line=line)
            cell = self._cell(child, line)
            if cell is not None:
                found[column] = cell
        return found

    def _cell(self, element: Element, line: int) -> Cell | None:
        kind = element.get("t") or "n"
        value = ""
        inline: Element | None = None
        space = self._space
        for child in element:
            name = child.tag
            if name == f"{space}v":
                value = child.text or ""
            elif name == f"{space}f":
                return Cell(CellKind.FORMULA, "")
            elif name == f"{space}is":
                inline = child
        if kind == "inlineStr":
            text = _text(inline) if inline is not None else ""
            return Cell(CellKind.TEXT, text) if text else None
        if not value:
            return None
        return self._valued(element, kind, value, line)

    def _valued(self, element: Element, kind: str, value: str, line: int) -> Cell:
        match kind:
            case "s":
                place = _integer(value)
                if not 0 <= place < len(self._strings):
                    raise WireError("workbook", f"/row[{line}]", line=line)
                return Cell(CellKind.TEXT, self._strings[place])
            case "str":
                return Cell(CellKind.TEXT, value)
            case "e":
                return Cell(CellKind.ERROR, "")
            case "b":
                return Cell(CellKind.TRUTH, value)
            case "d":
                return Cell(CellKind.DAY, value[:10])
            case "n":
                return self._number(_integer(element.get("s") or "0"), value, line)
            case _:
                raise WireError("workbook", f"/row[{line}]", line=line)

    def _number(self, style: int, value: str, line: int) -> Cell:
        text = value.strip()
        if not _NUMBER.fullmatch(text):
            raise WireError("workbook", f"/row[{line}]", line=line)
        number = _DIGITS.create_decimal(text)
        if style in self._days:
            days = int(number)
            if 0 < days <= _DAYS_MAX:
                return Cell(CellKind.DAY, (self._epoch + timedelta(days=days)).isoformat())
        return Cell(CellKind.NUMBER, _plain(number))


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _column(place: str, line: int) -> int:
    found = _PLACE.fullmatch(place)
    if found is None or int(found[2]) != line:
        raise WireError("workbook", f"/row[{line}]", line=line)
    number = 0
    for letter in found[1]:
        number = number * 26 + ord(letter) - 64
    return number - 1
