"""A file's bytes as checked UTF-8, piece by piece.

Rule kept here: the parser is never asked to decode; what it gets is valid UTF-8 behind our
own declaration, without NUL and without a document type.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from typing import Final

from gateway.domain.errors import WireError
from gateway.wire import charset as charsets
from gateway.wire.declaration import DECLARATION_MAX, declaration

CANONICAL: Final = b'<?xml version="1.0" encoding="UTF-8"?>'
_HEAD: Final = len(charsets.UTF8_BOM) + DECLARATION_MAX
_PIECE: Final = 1 << 16
_NEEDLES: Final = (("\x00", "malformed"), ("<!DOCTYPE", "doctype"), ("<!ENTITY", "doctype"))
_OVERLAP: Final = max(len(needle) for needle, _ in _NEEDLES) - 1
_PROBE_CHINESE: Final = 8
"""So many Chinese characters in valid UTF-8 are no accident of GBK bytes."""


def refuse_text(text: str, line: int) -> None:
    """Refuse what must not stand anywhere in a document, whatever a parser makes of it.

    ``line`` is that of the text's first character. Raises WireError ``malformed`` for NUL,
    ``doctype`` for a document type or entity declaration.
    """
    for needle, reason in _NEEDLES:
        at = text.find(needle)
        if at >= 0:
            raise WireError(reason, line=line + text.count("\n", 0, at))


def crowd(utf8: bytes) -> int:
    """How many nodes these bytes are likely to become: tags, and two quotes for an attribute.

    Counted before a parser sees them, because a tree takes many times the room of its text.
    """
    tags = utf8.count(b"<") - utf8.count(b"</")
    return tags + (utf8.count(b'"') + utf8.count(b"'")) // 2


def as_utf8(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """``as_text`` as bytes for a parser."""
    return (text.encode() for text in as_text(chunks))


def as_text(chunks: Iterable[bytes]) -> Iterator[str]:
    """The document behind our own declaration, in pieces of at most 64 KiB of input.

    Encoding comes from the declaration (UTF-8, US-ASCII, GB2312, GBK, GB18030), else UTF-8.
    Raises WireError ``encoding``, ``encoding_mismatch``, ``declaration``, ``doctype``
    or ``malformed``, with the line.
    """
    pieces = _pieces(chunks)
    head = b""
    while len(head) < _HEAD and (piece := next(pieces, None)) is not None:
        head += piece
    charsets.refuse_wide(head)
    body = head.removeprefix(charsets.UTF8_BOM)
    declared, length = declaration(body)
    codec = charsets.document_codec(declared, marked=len(body) != len(head))
    lines = body.count(b"\n", 0, length)
    yield CANONICAL.decode() + "\n" * lines
    decoder = _Decoder(codec, line=1 + lines)
    yield decoder.feed(body[length:])
    for piece in pieces:
        yield decoder.feed(piece)
    yield decoder.feed(b"", final=True)


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut large chunks, so that the parser never holds much ahead of the reader."""
    for chunk in chunks:
        for start in range(0, len(chunk), _PIECE):
            yield chunk[start : start + _PIECE]


class _Decoder:
    """Strict incremental decoding that knows its line."""

    def __init__(self, codec: str, *, line: int) -> None:
        self._decoder = codecs.getincrementaldecoder(codec)("strict")
        self._line = line
        self._tail = ""
        self._probe = (
            codecs.getincrementaldecoder("utf-8")("strict") if codec == "gb18030" else None
        )
        self._chinese = 0

    def feed(self, piece: bytes, *, final: bool = False) -> str:
        """Decode and check one piece."""
        try:
            text = self._decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            line = self._line + error.object.count(b"\n", 0, error.start)
            raise WireError("encoding", line=line) from None
        self._unmask(piece, final=final)
        refuse_text(self._tail + text[:_OVERLAP], self._line)
        refuse_text(text, self._line)
        self._tail = (self._tail + text[-_OVERLAP:])[-_OVERLAP:]
        self._line += text.count("\n")
        return text

    def _unmask(self, piece: bytes, *, final: bool) -> None:
        """Refuse UTF-8 Chinese under a GB label, as soon as it is certain."""
        if self._probe is None:
            return
        try:
            self._chinese += charsets.chinese_count(self._probe.decode(piece, final))
        except UnicodeDecodeError:
            self._probe = None
            return
        if self._chinese >= (1 if final else _PROBE_CHINESE):
            raise WireError("encoding_mismatch", line=self._line)
