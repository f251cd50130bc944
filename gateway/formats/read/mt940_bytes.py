"""A file of MT messages as fields: tag, text, line; whatever its bytes and line ends are.

Rule kept here: memory is bounded by one field, work by the file's length, and the outcome does
not depend on how the bytes arrive.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from gateway.domain.bank_file import Finding
from gateway.domain.errors import WireError
from gateway.formats.read.mt940_found import finding

PIECE: Final = 1 << 16
FIELD_MAX: Final = 1 << 20
"""Characters of one field; field 86 has some hundreds."""
_PREAMBLE_MAX: Final = 1 << 12
Field = tuple[str, str, int]
"""Tag ('' before the first one), text with ``\\n`` between its lines, one-based line."""

# The second mark stands where a tag follows its frame on the same line. Files that somebody broke
# at a fixed width have an end of line within the tag.
_TAG: Final = re.compile(
    r"[\n\x1d][ \t]{0,64}:\n?([0-9]{2}[A-Z]?|NS|[0-9]{3})"
    # A balance whose tag lost its second colon can be nothing else.
    r"(?::|(?<=6[024][FM])(?=[CD][0-9]{6}[A-Z]{3}[0-9,]))"
)
# Frames of other protocols: SOH, STX, ETX, the end mark of old systems. No text holds them.
_CONTROLS: Final = bytes(set(range(32)) - {9, 10, 13})
_AT_SIGNS: Final = b"@@:"
_ONE_LINE: Final = re.compile(rb"(?:\A|[\s:]):20:[^\n]{1,99}:25P?:[^\n]{1,99}:60[FM]:[CD]")
"""A message that lost all its line ends."""
_INSIDE: Final = re.compile(
    rb"(?=:(?:20|21|25P?|28C?|60[FM]|61|62[FM]|64|65|86|34F|13D?|90[CD]):|-\}|-:20:)"
)
_INSIDE_MAX: Final = 6
_CHINESE_CODEC: Final = "gb18030"
_WESTERN: Final = "cp1252"
_DOS: Final = "cp852"
# Letters of the old PC sets inside a word; in Windows' set these bytes are marks or nothing.
_DOS_LETTER: Final = re.compile(
    rb"(?<=[A-Za-z])[\x81\x82\x84\x8b\x8e\x94\x99\x9a\xa0-\xa3](?=[a-z])"
)
_PAIR: Final = re.compile(rb"[\x81-\xfe][\x40-\xfe]")
_FOUR: Final = re.compile(rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]")
_COMMON: Final = range(0xB0, 0xD8)
"""First bytes of the frequent characters of GB 2312."""
_MARKS: Final = range(0xA1, 0xAA)
"""First bytes of its punctuation and full-width forms."""
_PHONETIC: Final = re.compile(r"[\x00-\x7f]*(?:[\u0180-\u02ff][\x00-\x7f]*)+")
_HIGH: Final = 0xA1
_WIDE: Final = 0x800
"""From here on UTF-8 takes three bytes: no GBK text looks like that by accident."""
LABELS: Final = {
    "utf-8": "utf-8",
    "gbk": _CHINESE_CODEC,
    "gb2312": _CHINESE_CODEC,
    "gb18030": _CHINESE_CODEC,
    "latin-1": "latin-1",
    "iso-8859-1": "latin-1",
    "iso-8859-2": "iso-8859-2",
    "cp1250": "cp1250",
    "cp1251": "cp1251",
    "cp1252": _WESTERN,
    "cp437": "cp437",
    "cp850": "cp850",
    "cp852": "cp852",
    "big5": "big5hkscs",
    "shift_jis": "cp932",
}
"""What a file that is not UTF-8 may be told to be, by the names people use."""


class Decoder:
    """Makes text of bytes, line by line where it must, and keeps what there was to find.

    ``label`` is what the file is said to be written in where it is not UTF-8, '' to find out.
    Raises WireError ``encoding`` for a label that is none.
    """

    __slots__ = ("_carried", "_fallback", "_given", "_line", "_other", "_unicode", "found")

    def __init__(self, label: str = "") -> None:
        if label and label.lower() not in LABELS:
            raise WireError("encoding", "options.encoding")
        self._given = LABELS[label.lower()] if label else ""
        self._fallback = ""
        self._line = 1
        self._carried = b""
        self._unicode = self._other = False
        self.found: list[Finding] = []

    def blocks(self, chunks: Iterable[bytes]) -> Iterator[str]:
        """Whole lines at a time: an LF before each line, none behind the last.

        Raises WireError ``nothing`` for an empty file, ``size`` for a line without end.
        """
        pieces = _pieces(_narrow(chunks))
        first = next(pieces, b"")
        if not first.strip():
            raise WireError("nothing")
        if _AT_SIGNS in first and b"\n:" not in first:
            pieces = _without_at_signs(_with_first(first, pieces))
            first = next(pieces)
        elif b"\n:" not in first and _ONE_LINE.search(first):
            pieces = _with_line_ends(_with_first(first, pieces))
            first = next(pieces)
        self._fallback = self._given or _verdict(first)
        rest = b""
        for piece in _with_first(first, pieces):
            cut = piece.rfind(b"\n")
            if cut < 0:
                rest += piece
                if len(rest) > FIELD_MAX:
                    raise WireError("size", line=self._line)
                continue
            lines, rest = rest + piece[:cut], piece[cut + 1 :]
            if lines.endswith(b"\n:"):
                lines, rest = lines[:-2], b":\n" + rest  # a broken tag stays in one block
            yield self._text(lines)
        if rest:
            yield self._text(rest)
        if self._carried:
            self._lost(self._line - 1)

    def _text(self, lines: bytes) -> str:
        """Decode whole lines; ``lines`` has no line end at its end."""
        lines = lines.translate(None, _CONTROLS)
        start, self._line = self._line, self._line + lines.count(b"\n") + 1
        try:
            text = lines.decode("utf-8")
        except UnicodeDecodeError:
            return "\n" + self._by_line(lines, start)
        if text.isascii() and not self._carried:
            return "\n" + text
        if self._other or self._fallback == _CHINESE_CODEC or self._carried:
            return "\n" + self._by_line(lines, start)
        self._unicode = True
        return "\n" + text.replace("\ufeff", "")

    def _by_line(self, lines: bytes, line: int) -> str:
        told: list[str] = []
        for number, raw in enumerate(lines.split(b"\n"), line):
            if self._carried and raw[:1] in {b":", b"-", b""}:
                self._lost(number - 1)
            if not self._carried and raw.isascii():
                told.append(raw.decode("ascii"))
            else:
                told.append(self._one(self._carried + raw, number))
        return "\n".join(told)

    def _lost(self, number: int) -> None:
        """The half of a character that nothing completes."""
        self._carried = b""
        self.found.append(finding("undecodable", line=number))

    def _one(self, raw: bytes, number: int) -> str:
        self._carried = b""
        if not self._fallback:
            self._fallback = _verdict(raw)
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            return self._foreign(raw, number)
        if text.isascii():
            return text
        if self._fallback == _CHINESE_CODEC and max(map(ord, text)) < _WIDE:
            return self._foreign(raw, number)
        self._mixed(number, unicode=True)
        return text.replace("\ufeff", "")

    def _foreign(self, raw: bytes, number: int) -> str:
        """A line that is not UTF-8."""
        if not self._other:
            codec = self._fallback or _WESTERN
            self.found.append(finding("encoding", line=number, detail=codec))
        self._mixed(number, unicode=False)
        codec = self._fallback or _WESTERN
        try:
            return raw.decode(codec)
        except UnicodeDecodeError as error:
            if codec == _CHINESE_CODEC and error.start == len(raw) - 1:
                # The line was broken in the middle of a character: it goes on with the next one.
                self._carried = raw[-1:]
                return raw[:-1].decode(codec)
        if codec == _WESTERN:
            return raw.decode("latin-1")
        self.found.append(finding("undecodable", line=number))
        return raw.decode(codec, "backslashreplace")

    def _mixed(self, number: int, *, unicode: bool) -> None:
        before = self._unicode and self._other
        self._unicode, self._other = self._unicode or unicode, self._other or not unicode
        if self._unicode and self._other and not before:
            self.found.append(finding("encoding_mixed", line=number))


def _with_first(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces


def _narrow(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """UTF-16 as UTF-8, by its mark; UTF-8 without its mark. Raises WireError ``encoding``."""
    source = iter(chunks)
    head = b""
    while len(head) < len(codecs.BOM_UTF8) and (chunk := next(source, None)) is not None:
        head += chunk
    if not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield head.removeprefix(codecs.BOM_UTF8)
        yield from source
        return
    decoder = codecs.getincrementaldecoder("utf-16")("strict")
    try:
        yield decoder.decode(head).encode()
        for chunk in source:
            yield decoder.decode(chunk).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError:
        raise WireError("encoding") from None


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes in pieces of ``PIECE`` and more, every line end an LF."""
    kept: list[bytes] = []
    size = 0
    returned = False
    for chunk in chunks:
        for start in range(0, len(chunk), PIECE):
            kept.append(chunk[start : start + PIECE])
            size += len(kept[-1])
            if size >= PIECE:
                joined, returned = _ends(b"".join(kept), returned=returned)
                yield joined
                kept, size = [], 0
    last, returned = _ends(b"".join(kept), returned=returned)
    yield last + (b"\n" if returned else b"")


def _ends(joined: bytes, *, returned: bool) -> tuple[bytes, bool]:
    """Line ends as LF; ``returned`` says that a CR at the end waits for its LF."""
    if returned:
        joined = b"\r" + joined
    if b"\r" not in joined:
        return joined, False
    waits = joined.endswith(b"\r")
    joined = joined[:-1] if waits else joined
    return joined.replace(b"\r\n", b"\n").replace(b"\r", b"\n"), waits


def _without_at_signs(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Lines that end in ``@@``, as old online banking has them, with an LF instead."""
    held = b""
    for piece in pieces:
        whole = held + piece
        half = (len(whole) - len(whole.rstrip(b"@"))) % 2
        held = b"@" * half
        yield whole[: len(whole) - half].replace(b"@@", b"\n")
    yield held


def _with_line_ends(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A message on one line, with an LF before what is a field's tag or the end of the block."""
    held = b""
    for piece in pieces:
        whole = held + piece
        cut = max(0, len(whole) - _INSIDE_MAX)
        yield _broken(whole, cut)
        held = whole[cut:]
    last = _broken(held, len(held)).rstrip()
    yield last[:-1] + b"\n-" if last.endswith(b"-") else last


def _broken(whole: bytes, end: int) -> bytes:
    found = (it.start() for it in _INSIDE.finditer(whole))
    at = [0, *(it for it in found if it < end), end]
    return b"\n".join(whole[a:b] for a, b in pairwise(at))


def _verdict(sample: bytes) -> str:
    """How a sample that is not UTF-8 is read: '' where nothing decides it."""
    common = odd = dos = 0
    for line in sample.split(b"\n"):
        if line.isascii() or _is_utf8(line):
            continue
        dos += len(_DOS_LETTER.findall(line))
        pairs, others = _pairs(line)
        common += pairs
        odd += others
    if not common and not odd:
        return ""
    if common > odd:
        return _CHINESE_CODEC
    return _DOS if dos * 2 > odd else _WESTERN


def _pairs(line: bytes) -> tuple[int, int]:
    """How many bytes look like frequent Chinese characters, and how many do not."""
    common = odd = at = 0
    while at < len(line):
        if line[at] < 0x80:  # noqa: PLR2004 - ASCII
            at += 1
            continue
        if _FOUR.match(line, at):
            common, at = common + 1, at + 4
            continue
        pair = _PAIR.match(line, at)
        frequent = pair is not None and line[at + 1] >= _HIGH
        if frequent and (line[at] in _COMMON or line[at] in _MARKS):
            common += 1
        else:
            odd += 1
        at += 2 if pair else 1
    return common, odd


def _is_utf8(line: bytes) -> bool:
    """Whether a line is UTF-8; phonetic letters alone are Chinese characters by accident."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not _PHONETIC.fullmatch(text)


def fields(blocks: Iterable[str]) -> Iterator[Field]:
    """Cut text into fields. The first has no tag and holds what stands before the first tag.

    Raises WireError ``size`` for a field that is far too long.
    """
    tag, line, length, breaks = "", 0, 0, 0
    kept: list[str] = []
    for block in blocks:
        if "{4::" in block:
            block = block.replace("{4::", "{4:\x1d:")  # noqa: PLW2901 - a tag behind its frame
        first, *rest = _TAG.split(block)
        if first:
            if tag or length < _PREAMBLE_MAX:
                kept.append(first)
            length += len(first)
            breaks += first.count("\n")
            if tag and length > FIELD_MAX:
                raise WireError("size", f":{tag}:", line=line)
        if not rest:
            continue
        yield tag, "".join(kept), line
        line += breaks + 1
        for at in range(0, len(rest) - 2, 2):
            body = rest[at + 1]
            yield rest[at], body, line
            line += body.count("\n") + 1
        tag, body = rest[-2:]
        kept, length, breaks = [body], len(body), body.count("\n")
    yield tag, "".join(kept), line
