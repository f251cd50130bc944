"""A PDF file from pages of drawing operators and one embedded font.

Rule kept here: the same pages give the same bytes: no clock, no chance, one order of objects.
Text can be copied out of it, because every glyph is mapped back to its character.
Source: ISO 32000-1, 7.5 (file structure), 9.6.6 and 9.7 (composite fonts), 9.10.3 (ToUnicode).
"""

from __future__ import annotations

import hashlib
import string
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.documents.face import EM, Face

WIDTH: Final = 595_276
HEIGHT: Final = 841_890
"""A4 upright, in thousandths of a point, as all lengths here."""
_HEAD: Final = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
_MAPPED_MAX: Final = 100
_CMAP_HEAD: Final = (
    "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
    "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
    "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
    "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
)
_CMAP_TAIL: Final = "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What is printed. ``pages`` are drawing operators in which glyphs are numbers of ``marks``.

    Glyph n (from 1) is the n-th character of ``marks``.
    """

    title: str
    pages: Sequence[bytes]
    marks: Sequence[str]


def written(paper: Paper, face: Face) -> bytes:
    """The file."""
    program = face.subset(paper.marks)
    digest = hashlib.sha256(program + b"".join(paper.pages)).digest()
    name = f"{_tag(digest)}+{face.name}"
    first = 9
    kids = " ".join(f"{first + 2 * at} 0 R" for at in range(len(paper.pages)))
    objects = [
        (
            b"<< /Type /Catalog /Pages 2 0 R /Lang (zh-CN)"
            b" /ViewerPreferences << /DisplayDocTitle true >> >>"
        ),
        f"<< /Type /Pages /Kids [{kids}] /Count {len(paper.pages)} >>".encode(),
        *_font(paper, face, name),
        _stream(program, "/Subtype /CIDFontType0C "),
        _stream(_to_unicode(paper.marks)),
        f"<< /Title <{_utf16(paper.title, mark=True)}> /Producer (bank-gateway) >>".encode(),
    ]
    size = f"[0 0 {length(WIDTH)} {length(HEIGHT)}]"
    for at, page in enumerate(paper.pages):
        told = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox {size}"
            f" /Resources << /Font << /F1 3 0 R >> >> /Contents {first + 2 * at + 1} 0 R >>"
        )
        objects += [told.encode(), _stream(page)]
    return _file(objects, hashlib.sha256(b"".join(objects)).hexdigest()[:32])


def _font(paper: Paper, face: Face, name: str) -> tuple[bytes, bytes, bytes]:
    """The font (object 3), its widths (4) and its measures (5)."""
    whole = (
        f"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H"
        " /DescendantFonts [4 0 R] /ToUnicode 7 0 R >>"
    )
    widths = " ".join(str(face.width(mark)) for mark in paper.marks)
    glyphs = (
        f"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /{name}"
        " /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
        f" /FontDescriptor 5 0 R /DW {EM} /W [1 [{widths}]] >>"
    )
    measures = (
        f"<< /Type /FontDescriptor /FontName /{name} /Flags 4 /FontBBox [-1000 -500 3000 1500]"
        " /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 733 /StemV 80 /FontFile3 6 0 R >>"
    )
    return whole.encode(), glyphs.encode(), measures.encode()


def length(thousandths: int) -> str:
    """A length as the file writes it: points with up to three decimals."""
    sign = "-" if thousandths < 0 else ""
    whole, part = divmod(abs(thousandths), 1000)
    return f"{sign}{whole}.{part:03}" if part else f"{sign}{whole}"


def _file(objects: Sequence[bytes], identity: str) -> bytes:
    made = bytearray(_HEAD)
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    made += (
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info 8 0 R"
        f" /ID [<{identity}> <{identity}>] >>\nstartxref\n{start}\n%%EOF\n"
    ).encode()
    return bytes(made)


def _stream(content: bytes, more: str = "") -> bytes:
    packed = zlib.compress(content, 9)
    head = f"<< {more}/Length {len(packed)} /Filter /FlateDecode >>".encode()
    return b"%b\nstream\n%b\nendstream" % (head, packed)


def _tag(digest: bytes) -> str:
    """The six letters that mark a subset."""
    return "".join(string.ascii_uppercase[byte % 26] for byte in digest[:6])


def _to_unicode(marks: Sequence[str]) -> bytes:
    lines = [_CMAP_HEAD]
    for start in range(0, len(marks), _MAPPED_MAX):
        part = marks[start : start + _MAPPED_MAX]
        lines.append(f"{len(part)} beginbfchar\n")
        lines.extend(f"<{start + at:04X}> <{_utf16(mark)}>\n" for at, mark in enumerate(part, 1))
        lines.append("endbfchar\n")
    lines.append(_CMAP_TAIL)
    return "".join(lines).encode()


def _utf16(text: str, *, mark: bool = False) -> str:
    return (("\ufeff" if mark else "") + text).encode("utf-16-be", "replace").hex().upper()
