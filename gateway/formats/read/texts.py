"""Lines of text files that nobody says the encoding of, and what is found in them.

Rule kept here: every byte becomes some character, in bounded memory; a guess that did not hold
for the whole file is a finding.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from gateway.domain.bank_file import Finding, Gravity
from gateway.domain.errors import WireError

HEAD: Final = 1 << 16
LINE_MAX: Final = 1 << 20
"""Characters of one line; what is longer is no text of a bank."""
FOUND_MAX: Final = 200
"""Findings kept of one statement: a file may have a million lines, all wrong alike."""
_PAIRS: Final = re.compile(rb"[\xa1-\xfe][\xa1-\xfe]")
_HIGH: Final = re.compile(rb"[\x80-\xff]")
_WIDE: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
CHINESE: Final = "gb18030"
WESTERN: Final = "cp1252"


class Line(NamedTuple):
    """One line without its end; ``number`` counts from 1."""

    number: int
    text: str


class Findings:
    """What was found in one statement, in the file's order and of bounded number."""

    __slots__ = ("_codes", "_kept", "_left_out")

    def __init__(self) -> None:
        self._kept: list[Finding] = []
        self._left_out = 0
        self._codes: set[str] = set()

    def add(self, finding: Finding) -> None:
        """Keep a finding. A contradiction is always kept."""
        if len(self._kept) < FOUND_MAX or finding.gravity is Gravity.CONTRADICTION:
            self._kept.append(finding)
        else:
            self._left_out += 1

    def once(self, finding: Finding) -> None:
        """Keep a finding unless one of its code is there already."""
        if finding.code not in self._codes:
            self._codes.add(finding.code)
            self.add(finding)

    def taken(self) -> tuple[Finding, ...]:
        """Everything found since the last call."""
        found = list(self._kept)
        if self._left_out:
            found.append(
                Finding(
                    code="more",
                    zh=f"另有 {self._left_out} 条提示未列出",
                    en=f"{self._left_out} more findings are not listed",
                )
            )
        self._kept, self._left_out, self._codes = [], 0, set()
        return tuple(found)


def begun(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first 64 KiB of a file or all of it, and what follows. Raises WireError ``nothing``."""
    pieces = iter(chunks)
    head = b""
    while len(head) < HEAD and (piece := next(pieces, None)) is not None:
        head += piece
    if not head.strip():
        raise WireError("nothing", "/")
    return head, pieces


def fallback(head: bytes) -> str:
    """How bytes that are no UTF-8 are read: Chinese characters are pairs of high bytes."""
    pairs = len(_PAIRS.findall(head))
    alone = len(_HIGH.findall(_PAIRS.sub(b"", head)))
    return CHINESE if pairs > alone else WESTERN


def wide(head: bytes) -> str:
    """``utf-16-le`` or ``utf-16-be`` of a file with its mark, or whose zeros give it away."""
    for mark, codec in _WIDE.items():
        if head.startswith(mark):
            return codec
    sample = head[:1024]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if even + odd > len(sample) // 4:
        return "utf-16-le" if odd > even else "utf-16-be"
    return ""


def western(line: bytes) -> str:
    """Windows-1252, with the five bytes it does not have as Latin-1 has them."""
    try:
        return line.decode(WESTERN)
    except UnicodeDecodeError:
        return line.decode("latin-1")


class TextLines:
    """Decodes a file line by line; ``findings`` takes what its encoding gives to say.

    ``stated`` is an encoding that somebody is sure of, '' to find out. UTF-8 is tried first for
    every line, because no other encoding looks like it.
    """

    def __init__(self, chunks: Iterable[bytes], findings: Findings, stated: str = "") -> None:
        self._chunks = iter(chunks)
        self._findings = findings
        self._stated = stated
        self._fallback = stated
        self._seen: set[str] = set()
        self.unended = False
        """Whether the last line had no end, known once it is read."""

    def __iter__(self) -> Iterator[Line]:
        """Raises WireError ``nothing``, or ``size`` for a line without end."""
        head, self._chunks = begun(self._chunks)
        codec = wide(head)
        if codec:
            chunks = narrowed(head, self._chunks, codec)
            head = next(chunks, b"")
            self._chunks = chunks
        if not self._fallback or codec:
            self._fallback = fallback(head)
        head = head.removeprefix(codecs.BOM_UTF8)
        ends = b"\n" if b"\n" in head else b"\r"
        yield from self._lines(head, ends)

    def _lines(self, head: bytes, ends: bytes) -> Iterator[Line]:
        number, rest = 0, b""
        piece: bytes | None = head
        while piece is not None:
            *whole, rest = (rest + piece).split(ends)
            for line in whole:
                number += 1
                yield Line(number, self._decoded(line.rstrip(b"\r"), number))
            if len(rest) > LINE_MAX:
                raise WireError("size", "/", line=number + 1)
            piece = next(self._chunks, None)
        if rest.strip():
            self.unended = True
            yield Line(number + 1, self._decoded(rest.rstrip(b"\r\x1a"), number + 1))

    def _decoded(self, line: bytes, number: int) -> str:
        if line.isascii():
            return line.decode("ascii")
        for codec in ("utf-8", self._fallback):
            try:
                text = line.decode(codec)
            except UnicodeDecodeError:
                continue
            self._note(codec, number)
            return text
        self._note(WESTERN, number)
        return western(line)

    def _note(self, codec: str, number: int) -> None:
        if codec in self._seen:
            return
        self._seen.add(codec)
        if len(self._seen) > 1:
            self._findings.once(
                Finding(
                    code="encoding_mixed",
                    zh="文件中混用多种编码，文字可能有误",
                    en="the file mixes encodings; texts may be wrong",
                    line=number,
                )
            )


def narrowed(head: bytes, chunks: Iterator[bytes], codec: str) -> Iterator[bytes]:
    """UTF-16 as UTF-8."""
    decoder = codecs.getincrementaldecoder(codec)("replace")
    yield decoder.decode(head).removeprefix("\ufeff").encode("utf-8", "replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")
