"""Reading a tree by expectation: one, maybe one, each; text, money, day.

Rule kept here: every access says how many it expects, and an error carries the path,
never the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from gateway.domain.errors import WireError
from gateway.domain.money import Currency, Money, MoneyFormatError
from gateway.wire.libxml import Element, line_of

SPACE: Final = " \t\r\n"
"""What XML calls white space, and nothing else."""
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class Node:
    """One element, reached by a path. Children are matched by local name, in any namespace."""

    __slots__ = ("_children", "element", "path")

    def __init__(self, element: Element, path: str) -> None:
        self.element = element
        self.path = path
        self._children: dict[str, list[Element]] | None = None

    def __repr__(self) -> str:
        return f"Node({self.path})"

    @property
    def name(self) -> str:
        """Local name."""
        return self.element.tag.rpartition("}")[2]

    @property
    def namespace(self) -> str:
        """Namespace name, '' if none."""
        tag = self.element.tag
        return tag[1:].partition("}")[0] if tag[0] == "{" else ""

    @property
    def line(self) -> int | None:
        """One-based line of the start tag, None for elements we built."""
        return line_of(self.element)

    def fault(self, reason: str) -> WireError:
        """A WireError that stands here, to be raised by a reader that knows more."""
        return WireError(reason, self.path, line=self.line)

    def one(self, name: str) -> Node:
        """The only child called ``name``. Raises WireError ``missing`` or ``surplus``."""
        found = self.maybe(name)
        if found is None:
            raise WireError("missing", f"{self.path}/{name}", line=self.line)
        return found

    def maybe(self, name: str) -> Node | None:
        """The child called ``name`` or None. Raises WireError ``surplus`` if there are more."""
        found = self._child(name)
        return None if found is None else Node(found, f"{self.path}/{name}")

    def _child(self, name: str) -> Element | None:
        """``maybe`` as a bare element. The children are sorted by name when first asked for."""
        named = self._children
        if named is None:
            named = self._children = {}
            for child in self.element:
                tag: object = child.tag
                if isinstance(tag, str):
                    key = tag if tag[0] != "{" else tag.rpartition("}")[2]
                    named.setdefault(key, []).append(child)
        found = named.get(name)
        if found is None:
            return None
        if len(found) > 1:
            raise WireError("surplus", f"{self.path}/{name}", line=line_of(found[1]))
        return found[0]

    def each(self, name: str) -> Iterator[Node]:
        """All children called ``name``; their paths count from ``[1]``."""
        for index, found in enumerate(self.element.iterchildren(f"{{*}}{name}"), 1):
            yield Node(found, f"{self.path}/{name}[{index}]")

    def at(self, path: str) -> Node:
        """``one`` along ``A/B/C``."""
        node = self
        for name in path.split("/"):
            node = node.one(name)
        return node

    def find(self, path: str) -> Node | None:
        """``maybe`` along ``A/B/C``; None as soon as one is absent."""
        node: Node | None = self
        for name in path.split("/"):
            if node is None:
                return None
            node = node.maybe(name)
        return node

    def children(self) -> Iterator[Node]:
        """Child elements in document order."""
        for child in self.element.iterchildren("{*}*"):
            yield Node(child, f"{self.path}/{child.tag.rpartition('}')[2]}")

    def has(self, name: str) -> bool:
        """Whether at least one child is called ``name``."""
        return next(self.element.iterchildren(f"{{*}}{name}"), None) is not None

    def raw(self) -> str:
        """Text exactly as written, '' if empty. Raises WireError ``content`` if it has children."""
        if len(self.element) and self.has("*"):
            raise self.fault("content")
        return self.element.text or ""

    def text(self) -> str:
        """Text without surrounding white space, '' if empty. Raises like ``raw``."""
        return self.raw().strip(SPACE)

    def need(self) -> str:
        """``text``, which must not be empty: else WireError ``empty``."""
        text = self.text()
        if not text:
            raise self.fault("empty")
        return text

    def child_text(self, name: str) -> str:
        """Text of the child called ``name``, '' if it is absent or empty."""
        found = self._child(name)
        if found is None:
            return ""
        if len(found):
            return Node(found, f"{self.path}/{name}").text()
        text = found.text
        return text.strip(SPACE) if text else ""

    def attr(self, name: str) -> str:
        """Value of an attribute without namespace, '' if absent."""
        return self.element.get(name) or ""

    def money(self, unit: Currency, *, signed: bool = False) -> Money:
        """Text as an exact amount. Raises WireError ``amount``, never with the value."""
        try:
            return Money.parse(self.text(), unit, signed=signed)
        except MoneyFormatError:
            raise self.fault("amount") from None

    def day(self) -> date:
        """Text ``YYYY-MM-DD`` as a date. Raises WireError ``date``."""
        text = self.text()
        if not _DAY.fullmatch(text):
            raise self.fault("date")
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self.fault("date") from None
