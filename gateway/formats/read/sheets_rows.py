"""The rows of a statement table alike, whether they come as CSV or as a workbook.

Rule kept here: rows come one by one; a text that breaks off inside its quotes is cut off.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Final, NamedTuple

from gateway.domain.bank_file import Finding
from gateway.domain.errors import WireError
from gateway.formats.read.sheets_cells import constant
from gateway.formats.read.texts import Findings, Line, TextLines
from gateway.wire.workbook import Cell, CellKind, is_workbook, open_workbook

DELIMITERS: Final[Mapping[str, str]] = {",": ",", ";": ";", "|": "|", "tab": "\t"}
_TEXT: Final = CellKind.TEXT
_JOINED_MAX: Final = 20
"""Lines of one quoted cell; a quotation mark that is not closed by then is a letter."""
_CELLS_MAX: Final = 2_000


class Row(NamedTuple):
    """One row that is not blank. ``short`` is how many cells a CSV has; 0 in a workbook."""

    line: int
    cells: Mapping[int, Cell]
    width: int

    def text(self, at: int) -> str:
        """What a cell says, '' for one that is empty or a formula."""
        cell = self.cells.get(at)
        return cell.text if cell is not None else ""

    @property
    def texts(self) -> list[str]:
        """All cells' texts, in order."""
        return [self.text(at) for at in range(max(self.width, max(self.cells, default=-1) + 1))]


class Table(NamedTuple):
    """A file's rows and what it is: ``CSV`` or ``XLSX``."""

    rows: Iterator[Row]
    format: str
    unended: Callable[[], bool]
    """Whether the last line had no end, known once it is read."""


def table(
    head: bytes, chunks: Iterable[bytes], options: Mapping[str, str], findings: Findings
) -> Table:
    """Begin to read. Raises WireError, also while rows are read."""
    whole = chain([head], chunks)
    if is_workbook(head):
        book = open_workbook(whole, options.get("sheet", ""))
        for name in book.others:
            findings.add(
                Finding(
                    code="sheet",
                    zh=f"未读取的工作表：{name[:40]}",
                    en=f"a sheet that was not read: {name[:40]}",
                )
            )
        return Table(_book_rows(book.rows), "XLSX", lambda: False)
    lines = TextLines(whole, findings, _CODECS.get(options.get("encoding", ""), ""))
    rows = csv_rows(iter(lines), options.get("delimiter", ""), findings)
    return Table(rows, "CSV", lambda: lines.unended)


_CODECS: Final = {"gbk": "gb18030", "gb18030": "gb18030", "utf-8": "utf-8", "cp1252": "cp1252"}


def _book_rows(rows: Iterable[tuple[int, Mapping[int, Cell]]]) -> Iterator[Row]:
    for line, cells in rows:
        said = {
            at: Cell(cell.kind, constant(cell.text)) if cell.kind is _TEXT else cell
            for at, cell in cells.items()
        }
        said = {at: cell for at, cell in said.items() if cell.kind is not _TEXT or cell.text}
        if said:
            yield Row(line, said, 0)


def csv_rows(lines: Iterator[Line], delimiter: str, findings: Findings) -> Iterator[Row]:
    """The rows of a text. ``delimiter`` '' is found out by the first lines."""
    first: list[Line] = []
    if not delimiter:
        for line in lines:
            first.append(line)
            if len(first) == _LOOKED:
                break
        delimiter = guessed([it.text for it in first])
    else:
        delimiter = DELIMITERS.get(delimiter, delimiter)
    for number, text in _logical(chain(first, lines), findings):
        try:
            cells = next(csv.reader([text], delimiter=delimiter, skipinitialspace=True), [])
        except csv.Error:
            raise WireError("size", "/", line=number) from None
        if len(cells) > _CELLS_MAX:
            raise WireError("size", "/", line=number)
        said = {at: Cell(_TEXT, bare) for at, it in enumerate(cells) if (bare := constant(it))}
        if said:
            yield Row(number, said, len(cells))


_LOOKED: Final = 60


def guessed(lines: list[str]) -> str:
    """The delimiter that cuts most lines into the same number of cells."""
    best, most = ",", 0
    for mark in DELIMITERS.values():
        counts = [it.count(mark) for it in lines if mark in it]
        common = max(map(counts.count, set(counts)), default=0)
        cells = max((it for it in set(counts) if counts.count(it) == common), default=0)
        if common * min(cells, 12) > most:
            best, most = mark, common * min(cells, 12)
    return best


def _logical(lines: Iterable[Line], findings: Findings) -> Iterator[Line]:
    """Lines with those joined whose quotation marks are closed on a later one."""
    held: list[Line] = []
    for line in lines:
        odd = line.text.count('"') % 2 == 1
        if not held:
            if odd:
                held = [line]
            else:
                yield line
            continue
        held.append(line)
        if odd:
            yield Line(held[0].number, "\n".join(it.text for it in held))
            held = []
        elif len(held) > _JOINED_MAX:
            # A quotation mark that means inches, not a quotation.
            findings.add(
                Finding(
                    code="quotes",
                    zh="该行引号不成对，按普通字符读取",
                    en="a quotation mark is not closed; it was read as a letter",
                    line=held[0].number,
                )
            )
            yield from (Line(it.number, it.text.replace('"', "")) for it in held)
            held = []
    if held:
        raise WireError("truncated", "/", line=held[0].number)
