"""The texts of many elements that are alike, such as the lines of a batch, read in one go each.

Rule kept here: what is not as usual (an element twice, one inside a leaf) is not read here at all:
the caller then asks a Node, piece by piece, which tells the right fault.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from gateway.wire.libxml import Element
from gateway.wire.node import SPACE, Node
from gateway.wire.tree import local

_SHAPES_MAX: Final = 256
"""So many orders of children are remembered: names only, but they come from outside."""
_CHILDREN_MAX: Final = 64


class Leaves:
    """Reads the same leaves, by local name, of one element after the other.

    ``inside`` names children whose own leaves are read as well.
    """

    __slots__ = ("_attributes", "_blank", "_find", "_inside", "_names")

    def __init__(
        self,
        *names: str,
        attributes: tuple[str, ...] = (),
        inside: tuple[tuple[str, Leaves], ...] = (),
    ) -> None:
        self._attributes = attributes
        self._names = names
        self._inside = inside
        below = [text for _, leaves in inside for text in leaves.blank()]
        self._blank = [""] * (len(attributes) + len(names)) + below
        self._find = lru_cache(maxsize=_SHAPES_MAX)(self._found)

    def of(self, node: Node) -> list[str] | None:
        """The texts: attributes, leaves, what is inside; '' for what is absent or empty.

        None where a Node would have to look closer.
        """
        return self.read(node.element)

    def blank(self) -> list[str]:
        """The texts of an element that has none of all this."""
        return self._blank.copy()

    def read(self, element: Element) -> list[str] | None:
        """``of`` for a bare element."""
        children = list(element)
        if len(children) > _CHILDREN_MAX:
            return None
        places = self._find(tuple([child.tag for child in children]))
        if places is None:
            return None
        texts = self._blank.copy()
        for at, name in enumerate(self._attributes):
            texts[at] = element.get(name) or ""
        leaves, inside = places
        for at, place in leaves:
            child = children[place]
            if len(child):
                return None
            text = child.text
            if text:
                texts[at] = text.strip(SPACE)
        for at, place, within in inside:
            below = within.read(children[place])
            if below is None:
                return None
            texts[at : at + len(below)] = below
        return texts

    def _found(self, tags: tuple[object, ...]) -> _Places | None:
        """Where things stand among children with these tags; None if one of them stands twice."""
        names = [local(tag) if isinstance(tag, str) else "" for tag in tags]
        if any(names.count(name) > 1 for name in self._names):
            return None
        if any(names.count(name) > 1 for name, _ in self._inside):
            return None
        first = len(self._attributes)
        direct = tuple(
            (at, names.index(name)) for at, name in enumerate(self._names, first) if name in names
        )
        inside = []
        first += len(self._names)
        for name, leaves in self._inside:
            if name in names:
                inside.append((first, names.index(name), leaves))
            first += len(leaves.blank())
        return _Places(direct, tuple(inside))


class _Places(NamedTuple):
    """Which text is which child: of the leaves, and of the children with leaves of their own."""

    leaves: tuple[tuple[int, int], ...]
    inside: tuple[tuple[int, int, Leaves], ...]
