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
from gateway.wire.shapes import Shape, Shapes, learn
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
        self._known: list[Shape] | None = None
        """Shapes of the place in which the parser stands; None unless right after a record."""
        self._text = ""
        self._at = 0
        self._line = 1
        self._breaks = 0
        self._idle = self._crowded = 0

    def events(self, pieces: Iterator[str]) -> Iterator[Event | Alike]:
        """All of it."""
        for piece in pieces:
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
            if self._known:
                yield from self._matches(self._known)
            found = self._end.search(self._text, self._at)
            if found is None:
                break
            yield from self._one(found.end())
        if len(self._text) - self._at > _HELD_MAX:
            yield from self._feed(len(self._text))

    def _matches(self, known: list[Shape]) -> Iterator[Alike]:
        """The records that match a shape, up to the first that does not."""
        text, at = self._text, self._at
        place = 0
        while place < len(known) and self._breaks < _BREAKS_MAX:
            shape = known[place]
            found = shape.pattern.match(text, at)
            if found is None:
                place += 1
                continue
            if place:  # the next one is likely to be like this one
                known.insert(0, known.pop(place))
                place = 0
            self._at = at = found.end()
            line = self._line + shape.first
            self._line += shape.lines
            self._breaks += shape.lines
            yield Alike(shape, found.groups(), line)

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
        learn(self._known, self._text[begun:end], last)

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
