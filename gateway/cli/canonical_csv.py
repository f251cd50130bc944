"""Canonical CSV: one instruction per row, one column per field, safe to open in a spreadsheet.

Rule kept here: what is written is read back character for character. A cell that a spreadsheet
would take for a formula gets an apostrophe in front, and only that one is taken away again.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import MappingProxyType
from typing import IO, Final

from gateway.domain.errors import Fault, Refused
from gateway.intake.json_body import FIELDS
from gateway.ports.erp import Draft

COLUMNS: Final = FIELDS
"""The header, in this order; a reader takes any order, and columns may be absent."""
_KNOWN: Final = frozenset(COLUMNS)
_KEY: Final = "erp_reference"
_AT: Final = MappingProxyType({name: name for name in COLUMNS})
_FORMULA: Final = re.compile("'*[=+\\-@\t\r＝＋－＠]")
_PLAIN_AMOUNT: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_FLUSH_CHARACTERS: Final = 1 << 16

# Typed loosely because texts are passed by name; COLUMNS keeps the names right.
_draft: Final[Callable[..., Draft]] = Draft


def guarded(column: str, cell: str) -> str:
    """The cell as it is written: a formula becomes text. A plain amount is a number, no formula."""
    if column == "amount" and _PLAIN_AMOUNT.fullmatch(cell):
        return cell
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was meant: the exact inverse of ``guarded``."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell, 1) else cell


def sniff(head: bytes) -> bool:
    """Whether the first line is a header with the column that no payment lacks."""
    line = head.removeprefix(codecs.BOM_UTF8).partition(b"\n")[0].decode("ascii", "replace")
    return _KEY in [cell.strip(' "\r') for cell in line.split(",")]


def read(source: IO[bytes]) -> Iterator[Draft]:
    """The drafts of a file in UTF-8, with or without a byte order mark; ``source`` is closed.

    Raises Refused with line and column for a file that is not of this form.
    """
    with io.TextIOWrapper(source, encoding="utf-8-sig", newline="") as text:
        rows = csv.reader(text, strict=True)
        try:
            names = _header(next(rows, []))
            for row in rows:
                if row:
                    yield _row(names, row, rows.line_num)
        except UnicodeDecodeError:
            raise _refused(
                "encoding",
                "不是合法的 UTF-8，请另存为 UTF-8 编码的 CSV",
                "not valid UTF-8: save it as CSV in UTF-8",
                line=rows.line_num + 1,
            ) from None
        except csv.Error:
            raise _refused(
                "malformed",
                "不是合法的 CSV（多为引号未配对）",
                "not well-formed CSV, mostly an unpaired quotation mark",
                line=rows.line_num,
            ) from None


def _header(names: Sequence[str]) -> list[str]:
    cleaned = [name.strip() for name in names]
    for name in cleaned:
        if name not in _KNOWN:
            shown = "".join(mark if mark.isprintable() else "?" for mark in name[:64])
            raise _refused(
                "unknown_column",
                "不认识的列，请删除或更正列名",
                "unknown column: remove it or correct its name",
                path=shown or "''",
                line=1,
            )
        if cleaned.count(name) > 1:
            raise _refused("repeated_column", "列重复", "the column comes twice", path=name, line=1)
    return cleaned


def _row(names: Sequence[str], row: Sequence[str], line: int) -> Draft:
    if len(row) != len(names):
        raise _refused(
            "cells",
            f"本行有 {len(row)} 个单元格，表头有 {len(names)} 个",
            f"{len(row)} cells in this row, {len(names)} in the header",
            line=line,
        )
    texts = {name: unguarded(cell) for name, cell in zip(names, row, strict=True)}
    return _draft(**texts, at=_AT, line=line)


def _refused(code: str, zh: str, en: str, *, path: str = "", line: int | None = None) -> Refused:
    return Refused(en, zh, [Fault(path=path, code=code, zh=zh, en=en, line=line)])


def write(drafts: Iterable[Draft], *, bom: bool = False) -> Iterator[bytes]:
    """The file in pieces: UTF-8, CRLF; ``bom`` for spreadsheets that guess the encoding.

    Raises Refused naming the field for a text that UTF-8 cannot carry.
    """
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    yield codecs.BOM_UTF8 if bom else b""
    for draft in drafts:
        cells = [(name, str(getattr(draft, name))) for name in COLUMNS]
        for name, cell in cells:
            encodable(name, cell, draft)
        writer.writerow([guarded(name, cell) for name, cell in cells])
        if held.tell() >= _FLUSH_CHARACTERS:
            yield held.getvalue().encode()
            held.seek(0)
            held.truncate()
    yield held.getvalue().encode()


def encodable(name: str, text: str, draft: Draft) -> None:
    """Raise Refused for half a surrogate pair, which JSON can spell and no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _refused(
            "characters",
            "含有无法写出的字符（不成对的代理项），请更正",
            "holds a character that cannot be written (half a surrogate pair): correct it",
            path=draft.at.get(name, name),
            line=draft.line,
        ) from None
