"""BAI2 records out of lines: several on one line, one over several lines, with or without slash.

Rule kept here: what stands on a line is never thrown away; a line without a record's code belongs
to the record before it.
Source: BAI Cash Management Balance Reporting Specifications, version 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from gateway.domain.bank_file import Finding
from gateway.domain.errors import WireError
from gateway.formats.read.texts import Findings, Line

FILE: Final = "01"
CONTINUATION: Final = "88"
_CODE: Final = re.compile(r"(0[123]|16|49|88|9[89])(?:,|/|$)")
_INSIDE: Final = re.compile(
    r"/\s+(?=0[123],[^,/]*,|16,\d{3},|49,[+-]?\d*,\d*\s*/|88,|9[89],[+-]?\d*,\d*,)"
)
"""Where another record begins on the same line: a slash, blanks, and what looks like one."""
_PIECES_MAX: Final = 5_000
"""Continuations of one record: hundreds of summary codes are common, thousands are an attack."""
_FULL: Final = 80
"""A text that goes on in the middle of a word fills its record."""


@dataclass(slots=True)
class Record:
    """One logical record. ``pieces`` are its physical ones, without code and slash."""

    code: str
    line: int
    pieces: list[str] = field(default_factory=list)
    lines: int = 1
    """How many records a control total counts for it: each continuation is one."""


def records(lines: Iterable[Line], findings: Findings) -> Iterator[Record]:
    """The logical records of a file, continuations joined. Raises WireError ``size``."""
    current: Record | None = None
    for number, text in lines:
        for piece in _split(text):
            code = found[1] if (found := _CODE.match(piece)) else ""
            if code and code != CONTINUATION:
                if current is not None:
                    yield current
                current = Record(code, number, [_bare(piece[2:].removeprefix(","))])
                continue
            if current is None:
                findings.once(_preamble(number))
                continue
            if len(current.pieces) >= _PIECES_MAX:
                raise WireError("size", "88", line=number)
            if code:
                current.lines += 1
                current.pieces.append(_bare(piece[3:]))
            else:
                findings.add(_stray(number, current.code))
                current.pieces.append(_bare(piece))
    if current is not None:
        yield current


def _split(text: str) -> list[str]:
    """The records on one line."""
    text = text.strip(" \t\x00\x1a\ufeff")
    if not text:
        return []
    if "/ " not in text and "/\t" not in text:
        return [text]
    return _INSIDE.split(text)


def _bare(piece: str) -> str:
    return piece.rstrip().removesuffix("/")


class Fields:
    """Takes a record's fields one by one, over its continuations; ``rest`` is its text."""

    __slots__ = ("_at", "_left", "_pieces")

    def __init__(self, record: Record) -> None:
        self._pieces = record.pieces
        self._left = record.pieces[0]
        self._at = 0

    @property
    def over(self) -> bool:
        """Whether nothing follows."""
        return self._at >= len(self._pieces)

    @property
    def fresh(self) -> bool:
        """Whether nothing was taken of what is left: a continuation begins, or all is over."""
        return self.over or len(self._left) == len(self._pieces[self._at])

    def take(self) -> str:
        """The next field without blanks around it, '' behind the last one."""
        if self.over:
            return ""
        word, comma, self._left = self._left.partition(",")
        if not comma:
            self._next()
        return word.strip()

    def look(self) -> str:
        """The next field, which stays where it is."""
        return "" if self.over else self._left.partition(",")[0].strip()

    def rest(self) -> list[str]:
        """Everything that is left, piece by piece."""
        if self.over:
            return []
        left = [self._left, *self._pieces[self._at + 1 :]]
        self._at = len(self._pieces)
        return left

    def _next(self) -> None:
        self._at += 1
        if not self.over:
            self._left = self._pieces[self._at]


def joined(pieces: list[str]) -> str:
    """Texts of several records as one: a blank between them unless a word was cut."""
    text = ""
    before = 0
    for piece in pieces:
        glued = not text or before == _FULL or piece.startswith("/")
        text += piece if glued else f" {piece}"
        before = len(piece)
    return " ".join(text.split())


def _preamble(line: int) -> Finding:
    return Finding(
        code="preamble",
        zh="文件头记录 01 之前的内容未使用",
        en="what stands before the file header 01 is not used",
        path=FILE,
        line=line,
    )


def _stray(line: int, code: str) -> Finding:
    return Finding(
        code="stray_line",
        zh="该行没有记录代码，已作为上一条记录的续行",
        en="the line has no record code; it was read as part of the record before it",
        path=code,
        line=line,
    )
