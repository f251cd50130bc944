"""A camt file's bytes as XML documents in UTF-8, one after the other.

Rule kept here: no byte is dropped. Any encoding that the file declares, shows by its mark or
turns out to have is read; where its declaration is not true, that is a finding. What stands
behind the end of a document is the next document, or nothing.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Final

from gateway.domain.bank_file import Finding
from gateway.domain.errors import WireError
from gateway.formats.read.texts import HEAD, Findings, fallback, western, wide

_DECLARED: Final = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']\s*([A-Za-z0-9._:-]+)\s*["']""")
_ROOT: Final = re.compile(
    rb"(?:[^<]+|<!--.*?-->|<\?.*?\?>)*<([A-Za-z_\x80-\xff][^\s/>]*)[\s/>]", re.DOTALL
)
_BLANK: Final = b" \t\r\n"
_NOISE: Final = b" \t\r\n\x00\x1a\xef\xbb\xbf"
"""What may stand between documents and behind the last: space, fillers of hosts, marks."""
_PIECE: Final = 1 << 16
_PROLOG_MAX: Final = 1 << 20
_CARRY: Final = 256
_NAME_MAX: Final = 200
_MEANT: Final = {
    "ascii": "utf-8",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "utf-16": "utf-8",
    "utf-16-le": "utf-8",
    "utf-16-be": "utf-8",
    "utf_16_le": "utf-8",
    "utf_16_be": "utf-8",
}
"""A superset that reads what is labelled so; UTF-16 that shows no sign of it is none."""
_READ: Final = frozenset(
    {
        "utf-8",
        "cp1252",
        "gb18030",
        "big5",
        "shift_jis",
        "euc_jp",
        "euc_kr",
        "koi8-r",
        "cp437",
        "cp850",
        "cp852",
        *(f"cp125{last}" for last in range(9)),
        *(f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)),
    }
)


class Documents:
    """Cuts a file into its documents. Each is told with the number of lines before it."""

    def __init__(self, chunks: Iterable[bytes], findings: Findings) -> None:
        self._pieces = _utf8(chunks, findings)
        self._held = b""
        self._lines = 0
        """Line breaks before ``_held``."""

    def __iter__(self) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Each document must be read to its end before the next. Raises WireError ``nothing``."""
        found = False
        while self._begin():
            found = True
            root = self._root()
            yield self._lines, self._body(root)
        if not found:
            raise WireError("nothing", "/")

    def _more(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._held += piece
        return True

    def _skip(self, length: int) -> None:
        self._lines += self._held.count(b"\n", 0, length)
        self._held = self._held[length:]

    def _begin(self) -> bool:
        """Stand at what is a document's: behind space, declaration and remarks after the last."""
        while True:
            self._skip(len(self._held) - len(self._held.lstrip(_NOISE)))
            if len(self._held) < _CARRY and self._more():
                continue
            held = self._held
            if not held:
                return False
            if held.startswith(b"<?"):
                self._past(b"?>")
            elif held.startswith(b"<!--"):
                self._past(b"-->")
            elif held.startswith(b"<"):
                return True
            else:
                raise WireError("malformed", "/", line=self._lines + 1)

    def _past(self, mark: bytes) -> None:
        while (at := self._held.find(mark)) < 0:
            if len(self._held) > _PROLOG_MAX or not self._more():
                raise WireError("malformed", "/", line=self._lines + 1)
        self._skip(at + len(mark))

    def _root(self) -> bytes:
        """Name of the root as it is written."""
        while (found := _ROOT.match(self._held)) is None:
            if self._held.startswith(b"<!"):
                break
            if len(self._held) > _PROLOG_MAX or not self._more():
                break
        if found is None or len(found[1]) > _NAME_MAX:
            reason = "doctype" if self._held[:9].upper() == b"<!DOCTYPE" else "malformed"
            raise WireError(reason, "/", line=self._lines + 1)
        return found[1]

    def _body(self, root: bytes) -> Iterator[bytes]:
        """Everything up to the end of the root; of a file that breaks off, what there is."""
        end = b"</" + root
        carry = max(_CARRY, len(end) + 1)
        while True:
            at = self._held.find(end)
            close = self._held.find(b">", at) + 1 if at >= 0 else 0
            if close:
                if self._held[at + len(end) : close - 1].strip(_BLANK):
                    close = at + len(end)  # a longer name: go on behind it
                else:
                    yield self._taken(close)
                    return
                yield self._taken(close)
                continue
            if at < 0 and len(self._held) > carry:
                yield self._taken(len(self._held) - carry)
            if not self._more():
                yield self._taken(len(self._held))
                return

    def _taken(self, length: int) -> bytes:
        piece = self._held[:length]
        self._skip(length)
        return piece


def _utf8(chunks: Iterable[bytes], findings: Findings) -> Iterator[bytes]:
    """The file in UTF-8 with line breaks as XML understands them."""
    cut = _cut(chunks)
    head = b""
    while len(head) < HEAD and (piece := next(cut, None)) is not None:
        head += piece
    codec = _codec(head, findings)
    texts = _checked(head, cut, findings) if codec == "utf-8" else _decoded(head, cut, codec)
    carriage = b""
    for text in texts:
        whole = carriage + text
        carriage = b"\r" if whole.endswith(b"\r") else b""
        if b"\r" in whole:
            whole = whole[: len(whole) - len(carriage)]
            whole = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        yield whole
    if carriage:
        yield b"\n"


def _cut(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), _PIECE):
            yield chunk[start : start + _PIECE]


def _codec(head: bytes, findings: Findings) -> str:
    """How the file is read: by its mark, its zeros, its declaration if that can be true."""
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8"
    marked = wide(head)
    if marked:
        return marked
    found = _DECLARED.match(head.lstrip(_NOISE))
    if found is None:
        return "utf-8"
    try:
        name = codecs.lookup(found[1].decode("ascii")).name
    except LookupError:
        name = ""
    codec = _MEANT.get(name, name)
    if codec not in _READ:
        _found(findings, "encoding_unknown", 1)
        return "utf-8"
    if codec != "utf-8" and not head.isascii() and _is_utf8(head):
        _found(findings, "encoding_untrue", 1)
        return "utf-8"
    return codec


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _decoded(head: bytes, rest: Iterator[bytes], codec: str) -> Iterator[bytes]:
    """Another encoding. Bytes it does not have become U+FFFD, which every reader shows."""
    if codec == "cp1252":
        yield western(head).encode()
        for piece in rest:
            yield western(piece).encode()
        return
    decoder = codecs.getincrementaldecoder(codec)("replace")
    yield decoder.decode(head).removeprefix("\ufeff").encode("utf-8", "replace")
    for piece in rest:
        yield decoder.decode(piece).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _checked(head: bytes, rest: Iterator[bytes], findings: Findings) -> Iterator[bytes]:
    """UTF-8 as it is, as long as it is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    lines, pending = 0, b""
    piece: bytes | None = head
    while piece is not None:
        try:
            decoder.decode(piece)
        except UnicodeDecodeError:
            break
        whole = pending + piece
        pending = decoder.getstate()[0]
        whole = whole[: len(whole) - len(pending)] if pending else whole
        lines += whole.count(b"\n")
        yield whole
        piece = next(rest, None)
    else:
        if not pending:
            return
        piece = b""
    _found(findings, "encoding_mixed", lines + 1)
    yield from _mixed(pending + piece, rest)


def _mixed(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    """What is no UTF-8 throughout, piece by piece of markup: each in what it seems to be.

    ``>`` is never the second byte of a character, in no encoding that is tried here.
    """
    other = fallback(first)
    held = b""
    piece: bytes | None = first
    while piece is not None:
        *whole, held = (held + piece).split(b">")
        if len(held) > _PROLOG_MAX:
            raise WireError("size", "/")
        yield b"".join(_guessed(part, other) + b">" for part in whole)
        piece = next(rest, None)
    yield _guessed(held, other)


def _guessed(part: bytes, other: str) -> bytes:
    if part.isascii():
        return part
    for codec in ("utf-8", other):
        try:
            return part.decode(codec).encode()
        except UnicodeDecodeError:
            continue
    return western(part).encode()


def _found(findings: Findings, code: str, line: int) -> None:
    zh, en = _TEXTS[code]
    findings.once(Finding(code=code, zh=zh, en=en, line=line))


_TEXTS: Final = {
    "encoding_unknown": (
        "XML 声明的编码不受支持，按 UTF-8 读取，文字可能有误",
        "the declared encoding is not known here; read as UTF-8, texts may be wrong",
    ),
    "encoding_untrue": (
        "XML 声明的编码与实际不符：内容为 UTF-8，已按 UTF-8 读取",
        "the declared encoding is not the real one: the content is UTF-8 and was read so",
    ),
    "encoding_mixed": (
        "文件中混用多种编码，文字可能有误",
        "the file mixes encodings; texts may be wrong",
    ),
}
