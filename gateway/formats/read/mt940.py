"""MT940 and MT942 (and MT941, MT950, which look alike) as banks really write them.

Rule kept here: every field is used, kept, or named as a finding; the file's order of tags decides
what is a field and what only looks like one inside a text.

Options of ``Reading``: ``encoding`` for a file that is not UTF-8; ``account=number`` leaves out
the bank before the account and the currency behind it; ``status=pending`` for a bank whose
interim lines are not booked yet; ``ccc=yes`` tells where Chinese telegraphic codes stand.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import Final

from gateway.domain.bank_file import Finding
from gateway.domain.errors import WireError
from gateway.formats.read.mt940_bytes import Decoder, fields
from gateway.formats.read.mt940_found import finding
from gateway.formats.read.mt940_statement import KNOWN, OPENINGS, Message
from gateway.formats.read.mt940_values import Days
from gateway.ports.statement_formats import Part, Reading, StatementFormat

_SNIFF: Final = re.compile(
    r"(?:^|[\r\n]|@@|\{4:)[ \t\x00-\x08]*"
    r":(?:20|25P?|28C?|60[FM]?|61|62[FM]?|64|65F?|86|NS|34F|13D?|90[CD]|940|942):"
)
_PAYMENT: Final = re.compile(r"[\r\n]:(?:32A|32B|50[A-Z]?|59[A-Z]?|28D|21R):")
_STATEMENT: Final = re.compile(r"[\r\n]:(?:60[FM]?|61|62[FM]?|34F|90[CD]):")
_SNIFFED: Final = 1 << 16
_HEADS: Final = frozenset({"13", "13D", "21", "25", "25P", "28", "28C", "34F"})
"""Fields that come before all lines; two digits may also be minutes inside a text."""
_AFTER_REFERENCE: Final = _HEADS | OPENINGS | {"NS", "20"}
_TEXTS: Final = frozenset({"61", "86", "NS"})
_END: Final = re.compile(r"-(?:[A-Z]{3}|[}åä].*)?")
_KIND: Final = re.compile(r"\{2:[IO]([0-9]{3})(?:[0-9]{10})?([A-Z]{6}[A-Z0-9]{2})?")
_BARE_KIND: Final = re.compile(r"(9[0-9]{2})(?:[ ][0-9]{2})?")
_FRAME: Final = re.compile(r"[A-Z0-9]{8,12}|[0-9]{4}[ ][0-9]{2}[A-Z0-9]{8,30}|[äåÄÅ]4:")
_CUT: Final = re.compile(r"\n:[0-9A-Z]{0,3}$")
_KINDS: Final = frozenset({"940", "941", "942", "950"})
_NOISE_MAX: Final = 50


def sniff(head: bytes) -> bool:
    """Whether a file looks like MT messages: a known tag stands at the beginning of a line."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = head[: len(head) & ~1].decode("utf-16", "replace")
    else:
        text = head.removeprefix(codecs.BOM_UTF8).decode("latin-1")
    if text.lstrip()[:1] == "<":
        return False
    text = text[:_SNIFFED]
    if _PAYMENT.search(text) and not _STATEMENT.search(text):
        return False
    return _SNIFF.search(text) is not None


def read(chunks: Iterable[bytes], reading: Reading) -> Iterator[Part]:
    """Read a file, a message at a time, its lines as they come.

    Raises WireError ``nothing``, ``unrecognised``, ``unsupported`` (another message type),
    ``encoding``, ``size`` or ``truncated`` (it ends within a tag or an open block).
    """
    decoder = Decoder(reading.options.get("encoding", ""))
    reader = _Reader(reading, decoder)
    out = reader.out
    for tag, body, line in fields(decoder.blocks(chunks)):
        reader.take(tag, body, line)
        if out:
            yield from out
            out.clear()
    reader.end()
    yield from out


class _Reader:
    """Tells messages from each other and fields from texts."""

    __slots__ = (
        "_blocks_closed",
        "_days",
        "_decoder",
        "_ended",
        "_frame_open",
        "_held",
        "_kind",
        "_last",
        "_message",
        "_noise",
        "_open",
        "_reading",
        "_sender",
        "_separated",
        "out",
    )

    def __init__(self, reading: Reading, decoder: Decoder) -> None:
        self.out: list[Part] = []
        self._reading, self._decoder = reading, decoder
        self._days = Days(reading.century)
        self._message: Message | None = None
        self._held: tuple[str, int] | None = None
        self._separated = False
        self._kind = self._sender = ""
        self._noise: list[Finding] = []
        self._open = self._frame_open = False
        self._blocks_closed = self._ended = 0
        self._last = ("", 0)

    def take(self, tag: str, body: str, line: int) -> None:
        """Take the next field."""
        self._last = (body, line)
        message = self._message
        if tag in _TEXTS and message is not None and self._held is None:
            if "\n-" not in body and "{" not in body:
                message.field(tag, body, line)
                return
            body, rest = _parted(body)
            message.field(tag, body, line)
            self._between(rest, line + body.count("\n") + 1)
            return
        if self._held is not None:
            self._decide(tag)
        if not tag:
            self._between(body.removeprefix("\n"), 1)
        elif len(tag) == len("940") and tag.isdigit():
            self._named(tag, line)
            self._between(body, line)
        else:
            self._field(tag, body, line)

    def _field(self, tag: str, body: str, line: int) -> None:
        rest = ""
        if "-}" in body and tag not in _TEXTS:
            # The end of the message, on the line of its last field.
            body = body.replace("-}", "\n-}", 1)
        if "\n" in body and tag not in _MANY:
            body, _, rest = body.partition("\n")
        elif "\n" in body:
            body, rest = _parted(body)
        message = self._message
        if message is None or self._begins(tag, message):
            self._begin(line)
        elif tag == "20" and message.in_body:
            self._held = (body, line)
            return
        message = self._message
        assert message is not None
        if message.in_entry and (tag in _HEADS or tag not in KNOWN):
            message.goes_on(tag, f"{body}\n{rest}" if rest else body, line)
            return
        message.field(tag, body, line)
        if rest:
            self._between(rest, line + body.count("\n") + 1)

    def _begins(self, tag: str, message: Message) -> bool:
        """Whether a field is the first of another message."""
        if tag == "20":
            return self._separated or message.ended or not message.in_body
        if tag in OPENINGS:
            return message.ended or message.in_body
        if tag in _HEADS:
            return message.ended or (self._separated and message.in_body)
        return False

    def _decide(self, tag: str) -> None:
        """A ``:20:`` among lines: another message, or a time inside a text."""
        assert self._held is not None
        assert self._message is not None
        body, line = self._held
        self._held = None
        if tag in _AFTER_REFERENCE:
            self._begin(line)
            self._message.field("20", body, line)
        else:
            self._message.goes_on("20", body, line)

    def _begin(self, line: int) -> None:
        self._close(line)
        self._message = Message(self._reading, self._days, self.out, at=line)
        self._message.header.kind = f"MT{self._kind}" if self._kind else ""
        self._message.header.bank = self._sender
        for told in self._noise:
            self._message.heard(told)
        self._noise = []
        self._separated = self._frame_open = False

    def _close(self, line: int) -> None:
        if self._message is None:
            return
        known = self._decoder.found
        mine = tuple(it for it in known if it.line < line)
        del known[: len(mine)]
        self._message.end(others_ended=self._ended > 0, found=mine)
        self._ended += self._message.stated_closing
        self._message = None

    # ── what stands between messages ──────────────────────────────────────────────────────

    def _between(self, text: str, line: int) -> None:
        for number, told in enumerate(text.split("\n"), line):
            words = told.strip()
            if words:
                self._line_between(words, number)

    def _line_between(self, words: str, line: int) -> None:
        if words.startswith("-"):
            self._separated = True
            self._blocks_closed += self._open
            self._open = False
            if "{" not in words:
                return
        if "{" in words:
            self._framed(words, line)
        elif (bare := _BARE_KIND.fullmatch(words)) is not None:
            self._named(bare[1], line)
        elif _FRAME.fullmatch(words) is not None:
            self._separated = True
        elif words != "}":
            self._unread(line)

    def _framed(self, words: str, line: int) -> None:
        found = _KIND.search(words)
        if found is not None:
            self._named(found[1], line)
            self._sender = found[2] or ""
        if "{1:" in words or "{2:" in words:
            self._separated = self._frame_open = True
        if "{4:" in words:
            self._separated = self._open = True
            self._frame_open = False

    def _named(self, kind: str, line: int) -> None:
        if kind not in _KINDS:
            raise WireError("unsupported", f"MT{kind}", line=line)
        self._kind, self._separated = kind, True

    def _unread(self, line: int) -> None:
        told = finding("unread", line=line)
        if self._message is not None:
            self._message.heard(told)
        elif len(self._noise) < _NOISE_MAX:
            self._noise.append(told)

    # ── the end ───────────────────────────────────────────────────────────────────────────

    def end(self) -> None:
        """The file is over. Raises WireError ``truncated`` or ``unrecognised``."""
        body, line = self._last
        if self._held is not None and self._message is not None:
            self._message.goes_on("20", *self._held)
        if self._message is None:
            raise WireError("unrecognised")
        last = line + body.count("\n")
        if _CUT.search(body) or self._frame_open:
            raise WireError("truncated", line=last)
        if self._open:
            closed = body.rstrip().endswith("}")
            if not closed and (self._blocks_closed or not self._message.ended):
                raise WireError("truncated", "{4:", line=last)
            self._message.found("block", "{4:", last)
        self._close(last + 2)


_MANY: Final = frozenset({"25", "25P", "20"})
"""Fields of the header that may have more than one line."""


def _parted(body: str) -> tuple[str, str]:
    """A text and what stands behind the end of its message.

    A line of one dash is an end only where nothing but frames follows it.
    """
    lines = body.split("\n")
    first = len(lines)
    while first > 1 and _is_frame(lines[first - 1]):
        first -= 1
    for at in range(first, len(lines)):
        if lines[at].lstrip()[:1] in {"-", "{"}:
            return "\n".join(lines[:at]), "\n".join(lines[at:])
    return body, ""


def _is_frame(line: str) -> bool:
    words = line.strip()
    return (
        not words
        or words[0] == "{"
        or _END.fullmatch(words) is not None
        or _FRAME.fullmatch(words) is not None
        or _BARE_KIND.fullmatch(words) is not None
    )


FORMAT: Final = StatementFormat(
    name="mt940",
    sniff=sniff,
    read=read,
    suffixes=(".sta", ".mt940", ".940", ".mt942", ".942", ".txt", ".swi", ".fin"),
)
