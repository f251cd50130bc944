"""A file whose records are mostly alike, read several times as fast as ``stream`` reads it.

Rule kept here: the parser gets every character but those of records that match a shape it has
taught us, and for those their line breaks: so what is well-formed, refused, and told of lines is
the same. Right after a record is the only place where one is looked for; that the parser stands
there is proven by its telling the end of the record at the very last character it was given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from gateway.domain.errors import WireError
from gateway.wire.events import Event, Record
from gateway.wire.libxml import ended, pull_parser
from gateway.wire.limits import LIMITS, Limits, Profile
from gateway.wire.node import Node
from gateway.wire.shapes import ODD, Place, Shape, Shapes, resolved
from gateway.wire.transcode import as_text, crowd
from gateway.wire.tree import refusal
from gateway.wire.walker import Walker

_HELD_MAX: Final = 1 << 18
"""So many characters are held back to see the end of a record; then the parser gets them."""
_BREAKS_MAX: Final = 1 << 20
"""So many line breaks of skipped records stand between two that the parser sees."""


@dataclass(frozen=True, slots=True)
class Alike:
    """A record of a known shape: its texts in document order, and the line of its start."""

    shape: Shape
    texts: tuple[str, ...]
    line: int


def runs(
    chunks: Iterable[bytes],
    records: frozenset[str],
    alike: str,
    *,
    limits: Limits = LIMITS[Profile.FILE],
) -> Iterator[Event | Alike]:
    """What ``stream`` gives, but records called ``alike`` may come as texts of a shape.

    The first of a shape always comes as a Record. Raises as ``stream`` does.
    """
    return _Reader(records, alike, limits).events(as_text(chunks))


class _Reader:
    """One file. ``_text`` from ``_at`` on is what neither the parser nor a shape has taken."""

    def __init__(self, records: frozenset[str], alike: str, limits: Limits) -> None:
        self._limits = limits
        self._end = re.compile(rf"</(?:[A-Za-z_][A-Za-z0-9_.-]*:)?{alike}>")
        self._walker = Walker(limits, records)
        self._parser = pull_parser(f"{{*}}{name}" for name in sorted(records))
        self._shapes = Shapes()
        self._known: Place | None = None
        """Shapes of the place in which the parser stands; None unless right after a record."""
        self._matching = True
        """Whether the file, as far as it has come, is made of characters alone."""
        self._text = ""
        self._at = 0
        self._line = 1
        self._breaks = 0
        self._idle = self._crowded = 0

    def events(self, pieces: Iterator[str]) -> Iterator[Event | Alike]:
        """All of it."""
        for piece in pieces:
            if not piece.isascii() and any(odd in piece for odd in ODD):
                self._matching = False
            self._text, self._at = self._text[self._at :] + piece, 0
            yield from self._advance()
        yield from self._feed(len(self._text))
        try:
            root = self._parser.close()
        except etree.XMLSyntaxError as error:
            raise refusal(error) from None
        for element in ended(self._parser):
            if not self._walker.inside_record(element):
                yield from self._walker.advance(element)
        yield from self._walker.finish(root)

    def _advance(self) -> Iterator[Event | Alike]:
        """Take as many whole records as there are."""
        while True:
            known = self._known if self._matching else None
            if known is not None:
                yield from self._matches(known)
            found = self._end.search(self._text, self._at)
            if found is None:
                break
            alike = self._found(known, found.end()) if known is not None else None
            if alike is None:
                yield from self._one(found.end())
            else:
                yield alike
        if len(self._text) - self._at > _HELD_MAX:
            yield from self._feed(len(self._text))

    def _matches(self, known: Place) -> Iterator[Alike]:
        """The records that match a pattern, up to the first that does not."""
        text, at = self._text, self._at
        patterns = known.patterns
        place = 0
        while place < len(patterns) and self._breaks < _BREAKS_MAX:
            pattern = patterns[place]
            found = pattern.matcher.match(text, at)
            if found is None:
                place += 1
                continue
            if place:  # the next one is likely to be like this one
                patterns.insert(0, patterns.pop(place))
                place = 0
            texts, end = found.groups(), found.end()
            if text.find("&", at, end) >= 0:
                texts = resolved(texts)
            line = self._line + pattern.first
            lines = text.count("\n", at, end)
            self._line += lines
            self._breaks += lines
            self._at = at = end
            yield Alike(pattern.shape, texts, line)

    def _found(self, known: Place, end: int) -> Alike | None:
        """The record up to ``end`` if its shape is known, whether or not that has a pattern."""
        if self._breaks >= _BREAKS_MAX:
            return None
        hit = known.find(self._text[self._at : end])
        if hit is None:
            return None
        line = self._line + hit.first
        lines = self._text.count("\n", self._at, end)
        self._line += lines
        self._breaks += lines
        self._at = end
        return Alike(hit.shape, hit.texts, line)

    def _one(self, end: int) -> Iterator[Event]:
        """Have the parser take everything up to the end of a record, and see that it is one."""
        begun = self._at
        # The last character by itself: only then does what it ends end there.
        yield from self._feed(end - 1)
        last: Node | None = None
        for event in self._feed(end):
            last = event.node if isinstance(event, Record) else None
            yield event
        if last is None:
            return
        self._known = self._shapes.at(self._walker.home())
        self._shapes.learn(self._known, self._text[begun:end], last)

    def _feed(self, end: int) -> Iterator[Event]:
        """Give the parser the text up to ``end``; what it finds."""
        text = self._text[self._at : end]
        self._at, self._known = end, None
        self._line += text.count("\n")
        piece = ("\n" * self._breaks + text).encode()
        self._breaks = 0
        try:
            self._parser.feed(piece)
        except etree.XMLSyntaxError as error:
            raise refusal(error) from None
        self._idle, self._crowded = self._idle + len(piece), self._crowded + crowd(piece)
        for element in ended(self._parser):
            if not self._walker.inside_record(element):
                self._idle = self._crowded = 0
                yield from self._walker.advance(element)
        if self._idle > self._limits.octets:
            raise WireError("size", self._walker.path)
        if self._crowded > self._limits.nodes:
            raise WireError("nodes", self._walker.path)
