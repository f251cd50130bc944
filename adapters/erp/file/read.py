"""Sheets of payments and of questions: rows become drafts, cell by cell.

Rule kept here: nothing is guessed. A formula, an error, a number where digits would be lost, a row
that has slipped by a column: each is a fault of its line that names line and column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain, islice
from typing import Final

from adapters.erp.file.codes import (
    BATCH,
    DIGITS,
    FAULTS,
    HEADERS,
    KINDS,
    MERGED,
    QUESTIONS,
    WORDS,
)
from adapters.erp.file.mapping import Columns, SheetForm, label
from adapters.erp.file.rows import RawRow, open_rows
from gateway.domain.errors import Fault, WireError
from gateway.formats.amounts import plain, scaled
from gateway.formats.merging import SIGNED, Merging
from gateway.formats.sheets import is_formula
from gateway.ports.erp_draft import Draft, FaultyDraft, FileEnd, FileHead, FilePart
from gateway.ports.erp_questions import Question
from gateway.wire.workbook import Cell, CellKind

_HEADER_ROWS: Final = 10
"""So many rows are looked at for a header: titles may stand above it."""
_BLANKS: Final = " \t\u3000"
_AMOUNT: Final = re.compile(r"(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,5})?", re.ASCII)
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,5})?", re.ASCII)
_EXACT_WHOLE: Final = 13
"""Digits before the point that a spreadsheet's number holds together with two behind it."""
_COUNT: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_NAME_SHOWN: Final = 60


def read(chunks: Iterable[bytes], form: SheetForm) -> Iterator[FilePart]:
    """A sheet of payments. Raises WireError with the line."""
    source = open_rows(chunks, form)
    columns, rows = _columns(source.rows, form)
    first = next(rows, None)
    reader = _Reader(form, columns)
    unused = [f"未使用的列 column not used: {it}" for it in columns.unused]
    others = [f"未读取的工作表 sheet not read: {it[:_NAME_SHOWN]}" for it in source.others]
    yield FileHead(
        format=source.format,
        message_id=reader.batch(first) if first is not None else "",
        warnings=(*unused, *others),
    )
    if first is not None:
        for row in chain([first], rows):
            draft = reader.draft(row)
            if draft is not None:
                yield draft
    yield from reader.merging.drafts()
    yield reader.end()


def _columns(rows: Iterator[RawRow], form: SheetForm) -> tuple[Columns, Iterator[RawRow]]:
    """The header's columns, and the rows below it."""
    if form.header_row == 0:
        return form.fixed_columns(), rows
    looked: list[RawRow] = []
    for row in islice(rows, form.header_row or _HEADER_ROWS):
        looked.append(row)
        if form.header_row and row.line != form.header_row:
            continue
        found = form.find(_texts(row))
        if found is not None:
            return found, rows
    best = min(looked, key=lambda row: len(form.missing(_texts(row))), default=None)
    lacking = form.missing(_texts(best)) if best is not None else ()
    own = [form.columns[it] or HEADERS[it][0] for it in lacking]
    raise WireError("columns", f"/{'、'.join(own)}", line=best.line if best is not None else None)


def _texts(row: RawRow) -> Sequence[str]:
    width = row.width if row.width is not None else max(row.cells, default=-1) + 1
    return [cell.text if (cell := row.cells.get(at)) else "" for at in range(width)]


class _Reader:
    """Makes drafts of the rows of one sheet, and counts them."""

    def __init__(self, form: SheetForm, columns: Columns) -> None:
        self._form = form
        self._fields = [(it, at) for it, at in columns.places.items() if it != BATCH]
        self._batch = columns.places.get(BATCH)
        self._amount = columns.places["amount"]
        self._at = {it: place for it, place in columns.at.items() if it != BATCH}
        self._width = columns.width
        self._count = 0
        self._sum: int | None = 0
        self._trailer: RawRow | None = None
        self.merging = Merging()

    def batch(self, row: RawRow) -> str:
        """What the file calls itself: the batch number of its first line."""
        cell = row.cells.get(self._batch) if self._batch is not None else None
        return cell.text.strip(_BLANKS) if cell is not None else ""

    def draft(self, row: RawRow) -> Draft | None:
        """A row as a draft; None for the row of totals, and for one that is merged with others.

        Raises WireError for rows after that of totals.
        """
        if self._trailer is not None:
            raise WireError("truncated", "/", line=row.line)
        if self._is_trailer(row):
            self._trailer = row
            return None
        self._count += 1
        if row.width is not None and not self._fits(row):
            self._sum = None
            return FaultyDraft(
                at=self._at, line=row.line, source={"line": str(row.line)}, unreadable=True,
                faults=(_fault("cells", "/", row.line),),
            )  # fmt: skip
        texts = dict(self._form.fixed)
        faults: list[Fault] = []
        for field, column in self._fields:
            cell = row.cells.get(column)
            if cell is None:
                continue
            code = _wrong(field, cell, self._form)
            if code:
                faults.append(_fault(code, self._at[field], row.line))
                texts.pop(field, None)
            else:
                texts[field] = _written(field, cell, self._form)
        number = texts.pop(MERGED, "")
        self._add(texts.get("amount", ""), SIGNED if number else _AMOUNT)
        source = {"line": str(row.line), "reference": texts.get("erp_reference", "")}
        made = _draft(**texts, at=self._at, line=row.line, source=source)
        if faults:
            made = _faulty_draft(
                **texts, at=self._at, line=row.line, source=source, faults=tuple(faults)
            )
        if not number:
            return made
        self.merging.add(number, made)
        return None

    def _fits(self, row: RawRow) -> bool:
        """Whether a row of text has the header's cells; empty ones behind them do no harm."""
        assert row.width is not None
        return row.width >= self._width and not any(at >= self._width for at in row.cells)

    def _is_trailer(self, row: RawRow) -> bool:
        first = row.cells[min(row.cells)].text.strip(_BLANKS)
        return bool(self._form.trailer) and first == self._form.trailer

    def _add(self, amount: str, form: re.Pattern[str]) -> None:
        known = form.fullmatch(amount) is not None and self._sum is not None
        self._sum = (self._sum or 0) + scaled(amount) if known else None

    def end(self) -> FileEnd:
        """What the file as a whole says. Raises WireError for a total that has to be there."""
        if self._trailer is None:
            if self._form.trailer_needed:
                raise WireError("truncated", "/")
            return FileEnd(count=self._count - self.merging.folded)
        faults = tuple(self._of_totals(self._trailer))
        return FileEnd(count=self._count - self.merging.folded, faults=faults)

    def _of_totals(self, row: RawRow) -> Iterator[Fault]:
        """The stated total and count against what was read; a count is any other whole number."""
        stated = row.cells.get(self._amount)
        if stated is not None and self._sum is not None:
            text = _written("amount", stated, self._form)
            if not SIGNED.fullmatch(text) or scaled(text) != self._sum:
                zh = f"合计金额与各行之和 {plain(self._sum, 2)} 不符"
                en = f"the lines add up to {plain(self._sum, 2)}"
                yield Fault(
                    path=self._at["amount"], code="control_sum", zh=zh, en=en, line=row.line
                )
        others = [cell.text.strip() for at, cell in row.cells.items() if at != self._amount]
        counts = [it for it in others if _COUNT.fullmatch(it)]
        if counts and str(self._count) not in {str(int(it)) for it in counts}:
            zh, en = f"笔数与实际 {self._count} 行不符", f"there are {self._count} lines"
            yield Fault(path="/", code="number_of_transactions", zh=zh, en=en, line=row.line)


# Typed loosely because texts are passed by name.
_draft: Final[Callable[..., Draft]] = Draft
_faulty_draft: Final[Callable[..., Draft]] = FaultyDraft


# ── cells ─────────────────────────────────────────────────────────────────────────────────────


def _wrong(field: str, cell: Cell, form: SheetForm) -> str:
    """The code of what is wrong with a cell's form, '' if nothing is."""
    kind, text = cell.kind, cell.text
    if kind is CellKind.FORMULA or (kind is CellKind.TEXT and is_formula(text.strip(_BLANKS))):
        return "formula"
    if kind is CellKind.ERROR or kind is CellKind.TRUTH:
        return "cell_error"
    if field == "execution_date":
        known = kind is CellKind.DAY or (kind is CellKind.TEXT and bool(_day(text.strip(), form)))
        return "" if known else "date_cell"
    if kind is CellKind.NUMBER:
        if field in DIGITS:
            return "number_cell"
        whole = text.lstrip("-").partition(".")[0]
        return "number_exact" if len(whole) > _EXACT_WHOLE else ""
    return "number_cell" if kind is CellKind.DAY else ""


def _written(field: str, cell: Cell, form: SheetForm) -> str:
    """A cell's text as validation wants it; what is no known word stands as it is."""
    text = cell.text.strip(_BLANKS)
    if field == "amount":
        grouped = form.thousands and _GROUPED.fullmatch(text)
        return text.replace(",", "") if grouped else text
    if field == "execution_date":
        return text if cell.kind is CellKind.DAY else _day(text, form)
    words = WORDS.get(field)
    return words.get(text.casefold(), text) if words else text


def _day(text: str, form: SheetForm) -> str:
    found = form.date_form.fullmatch(text)
    if found is None:
        return ""
    try:
        return date(int(found["y"]), int(found["m"]), int(found["d"])).isoformat()
    except ValueError:
        return ""


def _fault(code: str, path: str, line: int) -> Fault:
    zh, en = FAULTS[code]
    return Fault(path=path, code=code, zh=zh, en=en, line=line)


# ── questions ─────────────────────────────────────────────────────────────────────────────────


def questions(body: bytes, form: SheetForm) -> tuple[Question, ...]:
    """A sheet of questions. Raises WireError with the line."""
    rows = open_rows([body], form).rows
    header = next(rows, None)
    places = question_columns(_texts(header)) if header is not None else {}
    if header is None or "kind" not in places:
        raise WireError("columns", "/查询种类", line=1)
    names = _texts(header)
    return tuple(_question(row, places, names) for row in rows)


def question_columns(header: Sequence[str]) -> Mapping[str, int]:
    """Where the columns of a sheet of questions stand; empty where it is none."""
    names = [it.strip().casefold() for it in header]
    return {
        field: names.index(known)
        for field, words in QUESTIONS.items()
        for known in words[:1] + tuple(it for it in words[1:] if words[0] not in names)
        if known in names
    }


def _question(row: RawRow, places: Mapping[str, int], names: Sequence[str]) -> Question:
    texts: dict[str, str] = {}
    for field, at in places.items():
        cell = row.cells.get(at)
        if cell is None:
            continue
        if cell.kind not in {CellKind.TEXT, CellKind.DAY} or is_formula(cell.text):
            raise WireError("cells", f"/{label(names, at)}", line=row.line)
        texts[field] = cell.text.strip(_BLANKS)
    kind = texts.pop("kind", "")
    return _asked(
        **texts,
        kind=KINDS.get(kind, kind.casefold()),
        source={"line": str(row.line)},
        at={field: f"{row.line}:{label(names, at)}" for field, at in places.items()},
    )


_asked: Final[Callable[..., Question]] = Question
