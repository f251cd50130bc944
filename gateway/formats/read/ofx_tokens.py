"""Tags and texts of OFX, as SGML with unclosed tags or as XML, out of any encoding.

Rule kept here: a file is cut at its ``<``, a byte that is part of no other character in any
encoding that is read, so nothing larger than one text is ever held. Document types and entity
definitions are refused.
Source: OFX 1.0.3, 2.3 (headers) and 2.4 (SGML); OFX 2.2, 2.2 (XML).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from gateway.domain.bank_file import Finding
from gateway.domain.errors import WireError
from gateway.formats.read.texts import (
    CHINESE,
    WESTERN,
    Findings,
    begun,
    fallback,
    narrowed,
    western,
)
from gateway.formats.read.texts import wide as wide_codec

_TEXT_MAX: Final = 1 << 18
_TAG: Final = re.compile(rb"(/?)([A-Za-z][A-Za-z0-9._-]{0,63})([^<>]{0,512}?)(/?)>")
_MARK: Final = re.compile(rb"(?:ENCODING|CHARSET)\s*[:=]\s*\"?([A-Za-z0-9_-]+)", re.IGNORECASE)
_REFERENCE: Final = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,5});")
_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'", "nbsp": " "}
_WESTERN: Final = frozenset({"1252", "cp1252", "windows-1252", "iso-8859-1", "8859-1"})
_CHINESE: Final = frozenset({"936", "cp936", "gbk", "gb2312", "gb18030", "hz", "euc-cn"})
_CODES: Final = 0x110000
_SURROGATES: Final = range(0xD800, 0xE000)
_CDATA: Final = b"![CDATA["


class Tag(NamedTuple):
    """A tag in capitals, and the text up to the next one without blanks around it."""

    name: str
    closing: bool
    text: str
    line: int


def tags(chunks: Iterable[bytes], findings: Findings) -> Iterator[Tag]:
    """The tags of a file. Raises WireError ``nothing``, ``doctype``, ``size`` or ``truncated``."""
    head, pieces = begun(chunks)
    wide = wide_codec(head)
    if wide:
        pieces = narrowed(head, pieces, wide)
        head = next(pieces)
    text = _Texts(_stated(head) if not wide else "utf-8", head, findings)
    waiting: Tag | None = None
    raw = b""
    for segment, line in _Segments(head.removeprefix(codecs.BOM_UTF8), pieces):
        found = _TAG.match(segment)
        if found is None:
            if waiting is not None and not waiting.closing:
                # A text with a bare < in it goes on.
                literal = segment.startswith(_CDATA)
                raw += _literal(segment) if literal else b"<" + segment
                if len(raw) > _TEXT_MAX:
                    raise WireError("size", f"/{waiting.name}", line=line)
                waiting = waiting._replace(text=text.of(raw, line))
            continue
        if waiting is not None:
            yield waiting
        name = found[2].decode("ascii").upper()
        raw = segment[found.end() :]
        waiting = Tag(name, bool(found[1]), text.of(raw, line), line)
        if found[4] and not found[1]:
            yield waiting
            waiting = Tag(name, True, "", line)
    if waiting is not None:
        yield waiting


def _literal(segment: bytes) -> bytes:
    """What a CDATA section says, written as text is."""
    inside, _, behind = segment.removeprefix(_CDATA).partition(b"]]>")
    return inside.replace(b"&", b"&amp;") + behind


def _stated(head: bytes) -> str:
    """The encoding that the header states; '' where it says nothing of use."""
    words = {it.decode("ascii").lower() for it in _MARK.findall(head[:2048])}
    if words & _CHINESE:
        return CHINESE
    if words & _WESTERN and not words & {"utf-8", "utf8", "unicode"}:
        return fallback(head)
    return ""


class _Segments:
    """What stands between two ``<``, with the line it begins on; comments are left out."""

    def __init__(self, head: bytes, pieces: Iterator[bytes]) -> None:
        self._head = head
        self._pieces = pieces

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        line, started, special = 1, False, b""
        for part in self._parts():
            text = part
            if special:
                text = special = special + b"<" + part
            if text.startswith((b"!DOCTYPE", b"!ENTITY", b"!doctype", b"!entity")):
                raise WireError("doctype", "/", line=line)
            end = _end_of(text)
            if end and end not in text:
                special = text
                if len(special) > _TEXT_MAX:
                    raise WireError("size", "/", line=line)
                continue
            special = b""
            if started and not text.startswith((b"!--", b"?")):
                yield text, line
            started = True
            line += text.count(b"\n")
        if special:
            raise WireError("truncated", "/", line=line)

    def _parts(self) -> Iterator[bytes]:
        rest = b""
        piece: bytes | None = self._head
        while piece is not None:
            *whole, rest = (rest + piece).split(b"<")
            yield from whole
            if len(rest) > _TEXT_MAX:
                raise WireError("size", "/")
            piece = next(self._pieces, None)
        yield rest


def _end_of(segment: bytes) -> bytes:
    """How a part that may hold ``<`` must end; b'' for any other."""
    if segment.startswith(_CDATA):
        return b"]]>"
    return b"-->" if segment.startswith(b"!--") else b""


class _Texts:
    """Bytes as text: UTF-8 where it is, else what the header says, else what it looks like."""

    def __init__(self, stated: str, head: bytes, findings: Findings) -> None:
        self._fallback = stated or fallback(head)
        self._findings = findings
        self._seen: set[str] = set()

    def of(self, raw: bytes, line: int) -> str:
        """A text without markup and blanks around it."""
        if not raw.strip():
            return ""
        text = raw.decode("ascii") if raw.isascii() else self._decoded(raw, line)
        if "&" in text:
            text = _REFERENCE.sub(_character, text)
        text = text.strip()
        if not text.isprintable():
            text = "".join(it if it.isprintable() else " " for it in text)
        return " ".join(text.split()) if " " in text else text

    def _decoded(self, raw: bytes, line: int) -> str:
        for codec in ("utf-8", self._fallback):
            try:
                text = raw.decode(codec)
            except UnicodeDecodeError:
                continue
            break
        else:
            text, codec = western(raw), WESTERN
        self._seen.add(codec)
        if len(self._seen) > 1:
            self._findings.once(
                Finding(
                    code="encoding_mixed",
                    zh="文件中混用多种编码，文字可能有误",
                    en="the file mixes encodings; texts may be wrong",
                    line=line,
                )
            )
        return text


def _character(found: re.Match[str]) -> str:
    name = found[1]
    if not name.startswith("#"):
        return _NAMED.get(name.lower(), found[0])
    code = int(name[1:]) if name[1].isdigit() else int(f"0{name[1:]}", 0)
    return chr(code) if code < _CODES and code not in _SURROGATES else found[0]
