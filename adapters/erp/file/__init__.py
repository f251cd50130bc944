"""Spreadsheets: CSV and XLSX with a saved column mapping; see README.md."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Final

from adapters.erp.file.codes import CODES
from adapters.erp.file.mapping import OPTIONS, SheetForm, form_of
from adapters.erp.file.read import question_columns, questions, read
from adapters.erp.file.write import Write, as_csv, as_xlsx, refuse, report, writers
from gateway.domain.errors import WireError
from gateway.ports.erp import ErpDialect, ErpTransport, FilePart, Product
from gateway.wire.workbook import is_workbook

__all__ = ["DIALECT", "DIALECTS"]

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HEADER_ROWS: Final = 10
_WAYS: Final = frozenset({ErpTransport.FOLDER, ErpTransport.SFTP, ErpTransport.REST})


def _header_rows(head: bytes, form: SheetForm) -> Iterator[list[str]]:
    """The first rows of what may be a CSV; nothing for what is no text."""
    if b"\0" in head or head.lstrip()[:1] in {b"<", b"{", b"["}:
        return
    whole, _, _ = head.rpartition(b"\n")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = whole.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        return
    try:
        for number, row in enumerate(csv.reader(text.splitlines(), delimiter=form.delimiter)):
            if number == _HEADER_ROWS:
                return
            yield row
    except csv.Error:
        return


def _is_payments(head: bytes, form: SheetForm) -> bool:
    """Whether it is a workbook, or text with a header of a payment sheet."""
    if is_workbook(head):
        return True
    try:
        return any(form.find(row) is not None for row in _header_rows(head, form))
    except WireError:  # a column that is named twice: ours to refuse
        return True


def _is_questions(head: bytes, form: SheetForm) -> bool:
    """Whether it is text with a header of questions. A workbook is taken for payments."""
    return not is_workbook(head) and any(
        "kind" in question_columns(row) for row in list(_header_rows(head, form))[:1]
    )


def _dialect(name: str, form: SheetForm) -> ErpDialect:
    xlsx = name.endswith("/xlsx")
    write: Write = as_xlsx if xlsx else as_csv(form.output_encoding)

    def read_sheet(chunks: Iterable[bytes]) -> Iterator[FilePart]:
        return read(chunks, form)

    def with_options(options: Mapping[str, str]) -> ErpDialect:
        return _dialect(name, form_of(options))

    return ErpDialect(
        name=name,
        title_zh="表格文件（CSV、XLSX），" + ("回写 XLSX" if xlsx else "回写 CSV"),
        title_en="Spreadsheets (CSV, XLSX), answered as " + ("XLSX" if xlsx else "CSV"),
        read=read_sheet,
        report=partial(report, write=write),
        content_type=_XLSX if xlsx else "text/csv; charset=" + form.output_encoding,
        # A text is taken for one that wants a text back; it is read by both.
        sniff=is_workbook if xlsx else lambda head: _is_payments(head, form),
        refuse=partial(refuse, write=write),
        files=writers(write, "xlsx" if xlsx else "csv"),
        questions=lambda body: questions(body, form),
        asks=lambda head: _is_questions(head, form),
        with_options=with_options,
        options=OPTIONS,
        codes=CODES,
        transports=_WAYS,
        products=(
            Product(
                code="spreadsheet-xlsx" if xlsx else "spreadsheet",
                title_zh="任何能导出 CSV 或 XLSX 的系统",
                title_en="Any system that exports CSV or XLSX",
                dialect=name,
                transports=_WAYS,
            ),
        ),
    )


DIALECT: Final = _dialect("file", form_of({}))
DIALECTS: Final = {"xlsx": _dialect("file/xlsx", form_of({}))}
