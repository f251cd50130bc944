"""One font: which characters it really draws, how wide they are, and a subset to embed.

Rule kept here: a glyph without an outline is no glyph. A font that lacks digits, Latin letters,
¥ or the capitals of amounts is refused as a whole; any other character that it lacks is told to
whoever asks, never drawn as nothing.

Outlines of any form (PostScript or TrueType, a collection's first member or another) are drawn
anew into a bare CFF program in which glyph n is the n-th character of the paper.
"""

from __future__ import annotations

import io
import struct
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gateway.domain.capitals import DIGITS
from gateway.domain.errors import NotOffered

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

EM: Final = 1000
"""Units of a character's square; widths are counted in them."""
NEEDED: Final = (
    "".join(map(chr, range(0x21, 0x7F)))
    + "¥￥，。、；：（）"
    + DIGITS
    + "拾佰仟万亿元角分整负人民币"
)
"""Without any of these a paper about money cannot be printed."""
_SPACES: Final = " \u3000\u00a0"
_BROKEN: Final = (OSError, LookupError, ValueError, TypeError, AssertionError, struct.error)
"""What a file that is no font comes to while it is read, beside TTLibError."""


class UnusableFont(NotOffered):
    """The font cannot be read, or lacks what every paper needs."""

    code = "font_unusable"


class FontFile(NamedTuple):
    """An operator's own font; of a collection (TTC) the member with this number, from 0."""

    path: Path
    member: int = 0


class Drawn(NamedTuple):
    """One character: its width in 1/1000 of the size, and its outline as Type 2 charstring."""

    width: int
    outline: bytes


class Face:
    """An open font. Only one paper at a time may be drawn with it: see ``borrowed``."""

    def __init__(self, font: TTFont, name: str) -> None:
        """Raises UnusableFont, naming the characters that are missing."""
        self.name = name
        self._glyphs = font.getGlyphSet()
        self._names = font.getBestCmap() or {}
        self._scale = EM / font["head"].unitsPerEm
        self._drawn: dict[str, Drawn | None] = {}
        missing = [mark for mark in NEEDED if self.drawn(mark) is None]
        if missing:
            shown = " ".join(missing[:20])
            raise UnusableFont(
                f"the font lacks {len(missing)} needed characters: {shown}; choose another one",
                f"所配置字体缺少 {len(missing)} 个必需字符：{shown}；请更换字体",
            )

    def drawn(self, mark: str) -> Drawn | None:
        """One character, or None where the font has nothing to show for it."""
        if mark not in self._drawn:
            self._drawn[mark] = self._draw(mark)
        return self._drawn[mark]

    def width(self, mark: str) -> int:
        """Width of a character that it has."""
        found = self.drawn(mark)
        assert found is not None
        return found.width

    def _draw(self, mark: str) -> Drawn | None:
        from fontTools.pens.recordingPen import DecomposingRecordingPen  # noqa: PLC0415 - costs a start
        from fontTools.pens.t2CharStringPen import T2CharStringPen  # noqa: PLC0415
        from fontTools.pens.transformPen import TransformPen  # noqa: PLC0415

        name = self._names.get(ord(mark))
        if name is None:
            return None
        glyph = self._glyphs[name]
        seen = DecomposingRecordingPen(self._glyphs)
        glyph.draw(seen)
        if not seen.value and mark not in _SPACES:
            return None
        width = round(glyph.width * self._scale)
        pen = T2CharStringPen(width, None)
        seen.replay(TransformPen(pen, (self._scale, 0, 0, self._scale, 0, 0)))
        made = pen.getCharString()
        made.compile()
        return Drawn(width, bytes(made.bytecode))

    def subset(self, marks: Sequence[str]) -> bytes:
        """A bare CFF program: glyph 0 is empty, glyph n the n-th of these characters."""
        from fontTools.fontBuilder import FontBuilder  # noqa: PLC0415 - costs a start
        from fontTools.misc.psCharStrings import T2CharString  # noqa: PLC0415

        order = [".notdef", *(f"g{number}" for number in range(1, len(marks) + 1))]
        outlines = [T2CharString(program=[EM, "endchar"])]
        for mark in marks:
            found = self.drawn(mark)
            assert found is not None
            outlines.append(T2CharString(found.outline))
        builder = FontBuilder(EM, isTTF=False)
        builder.setupGlyphOrder(order)
        charstrings: dict[str, Any] = dict(zip(order, outlines, strict=True))
        builder.setupCFF(self.name, {}, charstrings, {})
        return bytes(builder.font["CFF "].compile(builder.font))


def shown(face: Face, text: str) -> tuple[str, bool]:
    """The text as it can be printed, and whether something had to be written as [U+...].

    Line ends, tabs and other controls that banks put into texts become one space.
    """
    made, lacking = [], False
    for mark in text:
        if face.drawn(mark) is not None:
            made.append(mark)
        elif unicodedata.category(mark) == "Cc":
            made.append(" ")
        else:
            made.append(f"[U+{ord(mark):04X}]")
            lacking = True
    return "".join(made), lacking


@contextmanager
def borrowed(font: FontFile | None = None) -> Iterator[Face]:
    """An open face for one paper; opened fonts are kept, and never shared by two at a time.

    Without a file of the operator's it is the one that comes with the product.
    Raises UnusableFont.
    """
    idle = _idle(font)
    try:
        face = idle.pop()
    except IndexError:
        face = _opened(font)
    yield face
    idle.append(face)  # not after an error: what it left half done is not used again


def tried(font: FontFile) -> None:
    """Raise UnusableFont for a font that no paper can be printed with."""
    with borrowed(font):
        return


@cache
def _idle(font: FontFile | None) -> list[Face]:
    del font
    return []


def _opened(font: FontFile | None) -> Face:
    from fontTools.ttLib import TTFont, TTLibError  # noqa: PLC0415 - costs a start

    path = font.path if font is not None else _own()
    member = font.member if font is not None else 0
    try:
        opened = TTFont(io.BytesIO(path.read_bytes()), fontNumber=member, lazy=True)
        return Face(opened, _name(opened))
    except (*_BROKEN, TTLibError) as error:
        raise UnusableFont(
            f"the font file cannot be read ({type(error).__name__}): {path.name}",
            f"字体文件无法读取（{type(error).__name__}）：{path.name}",
        ) from None


def _own() -> Path:
    from pylopdf_fonts_zh_cn import sans_path  # noqa: PLC0415 - only who prints needs it

    return sans_path()


def _name(font: TTFont) -> str:
    told = font["name"].getDebugName(6) or ""
    kept = "".join(mark for mark in told if mark.isascii() and (mark.isalnum() or mark == "-"))
    return kept[:60] or "Font"
