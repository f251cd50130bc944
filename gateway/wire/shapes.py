"""Records that differ in nothing but their texts: found in the text itself, without a parser.

Rule kept here: a shape is learned only from a record that the parser and the walker have taken,
and a text matches it only where markup is the same, character by character, and every leaf holds
plain characters. So what matches would have been taken as well, in that very place.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

from gateway.wire.libxml import Element
from gateway.wire.node import Node
from gateway.wire.tree import local

_NAME: Final = r"[A-Za-z_][A-Za-z0-9_.-]*(?::[A-Za-z_][A-Za-z0-9_.-]*)?"
_TAG: Final = re.compile(
    rf"""<(?:/{_NAME}|{_NAME}(?:[ \t\n]+{_NAME}="[^"<>&\t\n\r]*")*[ \t\n]*/?)>"""
)
_TEXT: Final = "([^<>&\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]*)"
"""Characters that every reader of XML understands alike, and that begin no markup."""
_SPACE: Final = " \t\n"
_LENGTH_MAX: Final = 16_384
_SHAPES_MAX: Final = 16
_HOMES_MAX: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """The markup of a record. ``leaves`` are the elements of its example that hold its texts.

    ``lines`` is how many lines it goes on, ``first`` how many of them before its own start.
    """

    path: str
    """Path of local names of such a record."""
    element: Element
    leaves: tuple[Element, ...]
    pattern: re.Pattern[str]
    lines: int
    first: int


class Shapes:
    """The shapes met so far, by the place in which records stand: few, or none at all."""

    def __init__(self) -> None:
        self._homes: dict[Hashable, list[Shape]] = {}

    def at(self, home: Hashable) -> list[Shape]:
        """Those of one place, latest first. ``home`` says what the meaning of a name hangs on."""
        found = self._homes.get(home)
        if found is None:
            if len(self._homes) >= _HOMES_MAX:
                return []
            found = self._homes[home] = []
        return found


def learn(known: list[Shape], segment: str, node: Node) -> None:
    """Add the shape of ``node``, which is all that ``segment`` holds but space before it."""
    if len(known) >= _SHAPES_MAX or len(segment) > _LENGTH_MAX:
        return
    shape = _shape(segment, node)
    if shape is not None:
        known.insert(0, shape)


def _shape(segment: str, node: Node) -> Shape | None:
    """The shape of a record; None where its text is not as plain as that."""
    elements = list(node.element.iter("{*}*"))
    leaves: list[Element] = []
    parts: list[str] = []
    at = begun = 0
    open_tag = False
    first = -1
    for tag in _TAG.finditer(segment):
        between, markup = segment[at : tag.start()], tag[0]
        at = tag.end()
        closes = markup[1] == "/"
        if closes and open_tag:
            leaves.append(elements[begun - 1])
            parts.append(_TEXT)
        elif between.strip(_SPACE):
            return None
        else:
            parts.append(re.escape(between))
        parts.append(re.escape(markup))
        if not closes:
            if begun == len(elements) or _name(markup) != local(elements[begun].tag):
                return None
            begun += 1
            if first < 0:
                first = segment.count("\n", 0, at)
        open_tag = not closes and markup[-2] != "/"
    if at != len(segment) or begun != len(elements):
        return None
    lines = segment.count("\n")
    pattern = re.compile("".join(parts))
    if any("\n" in (leaf.text or "") for leaf in leaves) or pattern.fullmatch(segment) is None:
        return None
    return Shape(node.path, node.element, tuple(leaves), pattern, lines, first)


def _name(markup: str) -> str:
    """Local name in a start tag."""
    name = re.match(_NAME, markup[1:])
    return name[0].rpartition(":")[2] if name else ""
