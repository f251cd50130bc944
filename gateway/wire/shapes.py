"""Records that differ in nothing but their texts: found in the text itself, without a parser.

Rule kept here: a shape is learned only from a record that the parser and the walker have taken,
and a text is of it only where markup is the same, tag by tag, and every leaf holds plain
characters. So what is of a shape would have been taken as well, in that very place.

A shape is known by its tags; one that comes again gets a pattern, which is faster still.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final, NamedTuple

from gateway.wire.libxml import Element
from gateway.wire.node import Node
from gateway.wire.tree import local

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_.-]*(?::[A-Za-z_][A-Za-z0-9_.-]*)?"
_VALUE: Final = r"""(?:"[^"<>&\t\n\r]*"|'[^'<>&\t\n\r]*')"""
_TAG: Final = re.compile(rf"(?:/{_NAME}|{_NAME}(?:[ \t\n]+{_NAME}={_VALUE})*[ \t\n]*/?)")
_MARKUP: Final = re.compile("<([^<>]*)>")
_PLAIN: Final = "[^<>&\x00-\x08\x0b-\x1f\x7f]*"
ODD: Final = ("\ufffe", "\uffff")
"""Not characters of XML. Whoever matches looks for them before: patterns with them cost more."""
_REFERENCES: Final = "&(?:amp|lt|gt|quot|apos);"
_TEXT: Final = f"({_PLAIN}(?:{_REFERENCES}{_PLAIN})*)"
"""Characters that every reader of XML understands alike, and that begin no markup; of references
those that XML itself defines."""
_NOT_PLAIN: Final = re.compile("[>\x00-\x08\x0b-\x1f\x7f]|&(?!(?:amp|lt|gt|quot|apos);)")
_REFERENCE: Final = re.compile("&(amp|lt|gt|quot|apos);")
_REFERRED: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_SPACE: Final = " \t\n"
_LENGTH_MAX: Final = 16_384
_LEARNED_MAX: Final = 1 << 20
"""So many characters of examples are kept: their trees take many times the room."""
_HOMES_MAX: Final = 64
_PATTERNS_MAX: Final = 8
_WORTH: Final = 2
"""A shape that comes so often is worth a pattern."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """The markup of a record. ``leaves`` are the elements of its example that hold its texts."""

    path: str
    """Path of local names of such a record."""
    element: Element
    leaves: tuple[Element, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """What matches a record of a shape at once; ``first`` line breaks stand before its start."""

    shape: Shape
    matcher: re.Pattern[str]
    first: int


class Hit(NamedTuple):
    """A record of a known shape: its texts, and the line breaks before its start."""

    shape: Shape
    texts: tuple[str, ...]
    first: int


@dataclass(slots=True)
class _Known:
    """A shape with the places of its texts, and of what must be space, among the pieces."""

    shape: Shape
    leaves: list[int]
    gaps: list[int]
    seen: int = 0


class Place:
    """The shapes of one place in which records stand. ``patterns`` come latest first."""

    def __init__(self) -> None:
        self.patterns: list[Pattern] = []
        self._known: dict[tuple[str, ...], _Known] = {}

    def find(self, segment: str) -> Hit | None:
        """The texts of a record whose markup was met before; None if it takes a parser."""
        if len(segment) > _LENGTH_MAX or not self._known:
            return None
        pieces = _MARKUP.split(segment)
        known = self._known.get(tuple(pieces[1::2]))
        if known is None or "".join([pieces[at] for at in known.gaps]).strip(_SPACE):
            return None
        texts = tuple([pieces[at] for at in known.leaves])
        # Between two texts something must stand, lest the end of one begin in the other.
        if _NOT_PLAIN.search("\n".join(texts)):
            return None
        known.seen += 1
        if known.seen == _WORTH and len(self.patterns) < _PATTERNS_MAX:
            self.patterns.insert(0, _pattern(known, pieces))
        return Hit(known.shape, resolved(texts), pieces[0].count("\n"))

    def add(self, segment: str, node: Node) -> bool:
        """Learn the shape of ``node``, which is all that ``segment`` holds but space before it."""
        pieces = _MARKUP.split(segment)
        known = _shape(pieces, node)
        if known is None:
            return False
        self._known[tuple(pieces[1::2])] = known
        return True


class Shapes:
    """The shapes met so far, by the place in which records stand: few, or none at all."""

    def __init__(self) -> None:
        self._homes: dict[Hashable, Place] = {}
        self._room = _LEARNED_MAX

    def at(self, home: Hashable) -> Place:
        """Those of one place. ``home`` says what the meaning of a name hangs on."""
        found = self._homes.get(home)
        if found is None:
            found = Place()
            if len(self._homes) < _HOMES_MAX:
                self._homes[home] = found
        return found

    def learn(self, place: Place, segment: str, node: Node) -> None:
        """Add a shape to a place, as long as there is room."""
        length = len(segment)
        if length <= min(_LENGTH_MAX, self._room) and place.add(segment, node):
            self._room -= length


def resolved(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Texts in which references stand, as a parser tells them."""
    return tuple(
        [
            _REFERENCE.sub(lambda found: _REFERRED[found[1]], text) if "&" in text else text
            for text in texts
        ]
    )


def _shape(pieces: list[str], node: Node) -> _Known | None:
    """The shape of a record cut at its tags; None where its markup is not as plain as that."""
    elements = list(node.element.iter("{*}*"))
    leaves: list[Element] = []
    held: list[int] = []
    gaps: list[int] = []
    begun = 0
    open_tag = False
    for at in range(1, len(pieces), 2):
        markup = pieces[at]
        if _TAG.fullmatch(markup) is None:
            return None
        closes = markup[0] == "/"
        if closes and open_tag:
            leaves.append(elements[begun - 1])
            held.append(at - 1)
        elif pieces[at - 1].strip(_SPACE):
            return None
        else:
            gaps.append(at - 1)
        if not closes:
            if begun == len(elements) or _name(markup) != local(elements[begun].tag):
                return None
            begun += 1
        open_tag = not closes and markup[-1] != "/"
    if pieces[-1] or begun != len(elements):
        return None
    return _Known(Shape(node.path, node.element, tuple(leaves)), held, gaps)


def _pattern(known: _Known, pieces: list[str]) -> Pattern:
    """The pattern of records with the very markup and space of ``pieces``."""
    parts = [re.escape(f"<{piece}>" if at % 2 else piece) for at, piece in enumerate(pieces)]
    for at in known.leaves:
        parts[at] = _TEXT
    return Pattern(known.shape, re.compile("".join(parts)), pieces[0].count("\n"))


def _name(markup: str) -> str:
    """Local name in a start tag."""
    name = re.match(_NAME, markup)
    return name[0].rpartition(":")[2] if name else ""
