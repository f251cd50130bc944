"""Laying out a paper: titles, blocks of facts, tables, lines to sign, on as many pages as needed.

Rule kept here: nothing is cut. A text too long for its place is broken into lines, a row too high
for a page goes on the next one under the table's head, and each page says which of how many it is.
Lengths are thousandths of a point, whole numbers; y grows upwards, as in the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise, zip_longest
from typing import Final

from gateway.documents.face import EM, Face, FontFile, borrowed, shown
from gateway.documents.pdf import HEIGHT, WIDTH, Paper, length, written

MARGIN: Final = 48_000
INNER: Final = WIDTH - 2 * MARGIN
"""The width between the margins."""
PLAIN: Final = 9_000
SMALL: Final = 7_500
_FOOT: Final = 7_000
_PAD: Final = 4_000
_GAP: Final = 12_000
_BOTTOM: Final = MARGIN + 26_000
_NOT_FIRST: Final = frozenset("，。、；：！？）】》”’,.;:!?)]%")


class Align(Enum):
    """Where a text stands in its cell."""

    LEFT = 0
    MIDDLE = 1
    RIGHT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """The paper's name in both languages, centred."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A paragraph."""

    text: str
    size: int = SMALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells in a grid. ``shares`` are the columns' parts of the width, in any unit."""

    shares: tuple[int, ...]
    rows: Sequence[tuple[str, ...]]
    head: tuple[str, ...] = ()
    """Repeated on every page that the table reaches."""
    aligns: tuple[Align, ...] = ()
    size: int = PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """Lines to sign on: what each is for, and what stands on it already."""

    lines: tuple[tuple[str, str], ...]


Block = Title | Note | Table | Signatures


def facts(pairs: Iterable[tuple[str, str]]) -> Table:
    """A block of names and values, one pair a row."""
    return Table(shares=(30, 70), rows=tuple(pairs))


def printed(title: str, blocks: Sequence[Block], foot: str, font: FontFile | None = None) -> bytes:
    """The paper as PDF. ``foot`` stands on every page. Raises UnusableFont."""
    with borrowed(font) as face:
        press = _Press(face)
        for block in blocks:
            match block:
                case Title():
                    press.title(block)
                case Note():
                    press.note(block)
                case Table():
                    press.table(block)
                case Signatures():
                    press.signatures(block)
        return written(press.paper(title, foot), face)


class _Press:
    """Draws one paper from top to bottom."""

    def __init__(self, face: Face) -> None:
        self._face = face
        self._numbers: dict[str, int] = {}
        self._pages: list[list[str]] = [[]]
        self._y = HEIGHT - MARGIN
        self._lacking = False

    def paper(self, title: str, foot: str) -> Paper:
        """All pages, each with its foot."""
        count = len(self._pages)
        lacking = (
            "字体中没有的字符以 [U+编码] 标出 / characters that the font lacks stand as [U+code]"
        )
        for number, page in enumerate(self._pages, start=1):
            told = f"第 {number} 页，共 {count} 页 / Page {number} of {count}"
            y = MARGIN
            page.append(self._placed(told, (MARGIN, y), Align.RIGHT, _FOOT))
            width = INNER * 2 // 3
            lines = self._lines(foot, width, _FOOT)[:2]
            if self._lacking:
                lines.append(lacking)
            for line in reversed(lines):
                page.append(self._placed(line, (MARGIN, y), Align.LEFT, _FOOT))
                y += _FOOT + 1_000
        return Paper(
            title=title,
            pages=tuple("\n".join(page).encode() for page in self._pages),
            marks=tuple(self._numbers),
        )

    # ── blocks ────────────────────────────────────────────────────────────────────────────

    def title(self, it: Title) -> None:
        """The name of the paper."""
        for text, size in ((it.zh, 18_000), (it.en, PLAIN)):
            for line in self._lines(text, INNER, size):
                self._room(size)
                self._y -= size
                self._put(line, (MARGIN, self._y), Align.MIDDLE, size)
            self._y -= _PAD
        self._y -= _PAD

    def note(self, it: Note) -> None:
        """A paragraph over the whole width."""
        for line in self._lines(it.text, INNER, it.size):
            self._room(it.size + _PAD)
            self._y -= it.size + _PAD // 2
            self._put(line, (MARGIN, self._y), Align.LEFT, it.size)
        self._y -= _GAP // 2

    def signatures(self, it: Signatures) -> None:
        """The lines side by side, never apart from each other."""
        self._room(3 * _GAP + PLAIN)
        width = INNER // max(1, len(it.lines))
        self._y -= 2 * _GAP
        for at, (label, value) in enumerate(it.lines):
            left = MARGIN + at * width
            self._put(f"{label}：{value}", (left, self._y), Align.LEFT, PLAIN)
            self._rule((left, self._y - 3_000), (left + width - _GAP, self._y - 3_000))
        self._y -= _GAP

    def table(self, it: Table) -> None:
        """Rows; each begins where the one before ended."""
        whole = sum(it.shares)
        edges = [MARGIN + INNER * sum(it.shares[:at]) // whole for at in range(len(it.shares) + 1)]
        aligns = it.aligns or (Align.LEFT,) * len(it.shares)
        head = self._cells(it.head, edges, it.size)
        if it.head:
            self._row(head, edges, (Align.MIDDLE,) * len(it.shares), it.size, again=[])
        for row in it.rows:
            self._row(self._cells(row, edges, it.size), edges, aligns, it.size, again=head)
        self._y -= _GAP

    def _cells(self, row: tuple[str, ...], edges: Sequence[int], size: int) -> list[list[str]]:
        widths = [right - left - 2 * _PAD for left, right in pairwise(edges)]
        return [
            self._lines(text, width, size) for text, width in zip(row, widths, strict=bool(row))
        ]

    def _row(
        self,
        cells: list[list[str]],
        edges: Sequence[int],
        aligns: Sequence[Align],
        size: int,
        *,
        again: list[list[str]],
    ) -> None:
        """One row; what does not fit goes on the next page, under the head ``again``."""
        step = size + _PAD // 2
        lines = list(zip_longest(*cells, fillvalue=""))
        while lines:
            fit = (self._y - _BOTTOM - 2 * _PAD) // step
            if fit < min(len(lines), 3):
                self._turn()
                if again:
                    self._row(again, edges, (Align.MIDDLE,) * len(aligns), size, again=[])
                fit = max(1, (self._y - _BOTTOM - 2 * _PAD) // step)
            part, lines = lines[:fit], lines[fit:]
            top = self._y
            self._y -= _PAD
            for line in part:
                self._y -= step
                for text, left, right, align in zip(line, edges, edges[1:], aligns, strict=False):
                    self._put(text, (left + _PAD, self._y + 2_000), align, size, right - _PAD)
            self._y -= _PAD // 2
            self._box(edges, top)

    # ── drawing ───────────────────────────────────────────────────────────────────────────

    def _box(self, edges: Sequence[int], top: int) -> None:
        for y in (top, self._y):
            self._rule((edges[0], y), (edges[-1], y))
        for x in edges:
            self._rule((x, top), (x, self._y))

    def _rule(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        (a, b), (c, d) = start, end
        self._pages[-1].append(f"0.5 w {length(a)} {length(b)} m {length(c)} {length(d)} l S")

    def _put(
        self, text: str, at: tuple[int, int], align: Align, size: int, right: int = WIDTH - MARGIN
    ) -> None:
        if text:
            self._pages[-1].append(self._placed(text, at, align, size, right))

    def _placed(
        self, text: str, at: tuple[int, int], align: Align, size: int, right: int = WIDTH - MARGIN
    ) -> str:
        left, y = at
        room = right - left - self._measure(text, size)
        x = left + room * align.value // 2
        glyphs = "".join(f"{self._number(mark):04X}" for mark in text)
        return f"BT /F1 {length(size)} Tf {length(x)} {length(y)} Td <{glyphs}> Tj ET"

    def _number(self, mark: str) -> int:
        return self._numbers.setdefault(mark, len(self._numbers) + 1)

    def _measure(self, text: str, size: int) -> int:
        return sum(map(self._face.width, text)) * size // EM

    def _room(self, height: int) -> None:
        if self._y - height < _BOTTOM:
            self._turn()

    def _turn(self) -> None:
        self._pages.append([])
        self._y = HEIGHT - MARGIN

    # ── lines ─────────────────────────────────────────────────────────────────────────────

    def _lines(self, text: str, width: int, size: int) -> list[str]:
        """A text in lines that fit: broken at spaces, between hanzi, or where it must be."""
        made: list[str] = []
        for paragraph in text.split("\n"):
            told, lacking = shown(self._face, paragraph)
            self._lacking |= lacking
            made.extend(self._broken(told.strip(), width * EM // size))
        return made

    def _broken(self, text: str, most: int) -> list[str]:
        made: list[str] = []
        start = used = 0
        for at, mark in enumerate(text):
            used += self._face.width(mark)
            if used > most and at > start:
                cut = _cut(text, start, at)
                made.append(text[start:cut].rstrip())
                start = cut
                used = sum(map(self._face.width, text[start : at + 1]))
        made.append(text[start:])
        return made


def _cut(text: str, start: int, at: int) -> int:
    """Where the line that begins at ``start`` and is full before ``at`` is broken."""
    if text[at].isascii() and text[at] != " ":
        space = text.rfind(" ", start + (at - start) // 2, at)
        if space > start:
            return space + 1
    if text[at] in _NOT_FIRST and at - 1 > start:
        return at - 1
    return at
