"""The few calls to lxml whose types its stubs leave loose, narrowed in one place.

Rule kept here: every parser of the gateway is made by this module, with nothing resolved,
loaded, fetched or repaired.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Final, cast

from lxml import etree

Element = etree._Element  # noqa: SLF001 - the class behind the factory has no public name
_LINE_KEPT: Final = 65_535
_KINDS: Final[Mapping[object, str]] = {
    etree.Comment: "comment",
    etree.ProcessingInstruction: "pi",
}


@cache
def whole_parser() -> etree.XMLParser:
    """The parser for documents in memory, fed UTF-8 only. It keeps nothing between documents."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        recover=False,
        remove_comments=False,
        remove_pis=False,
    )


def pull_parser(tags: Iterable[str]) -> etree.XMLPullParser:
    """A parser that is fed UTF-8 in pieces and tells the ends of elements called ``tags``."""
    return etree.XMLPullParser(
        events=("end",),
        tag=list(tags),
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        recover=False,
        remove_comments=False,
        remove_pis=False,
    )


def ended(parser: etree.XMLPullParser) -> Iterator[Element]:
    """The elements whose end the parser has seen since it was last asked."""
    for _, element in parser.read_events():
        yield cast("Element", element)


def error_code(error: etree.XMLSyntaxError) -> int:
    """libxml2's number of an error."""
    return cast("int", getattr(error, "code", 0))


def error_line(error: etree.XMLSyntaxError) -> int | None:
    """One-based line of an error, None if not known."""
    position = cast("tuple[int | None, int | None] | None", getattr(error, "position", None))
    return (position[0] or None) if position else None


def is_element(node: Element) -> bool:
    """False for comments, processing instructions and entity references."""
    tag: object = node.tag
    return isinstance(tag, str)


def kind_of(node: Element) -> str:
    """``comment`` or ``pi``; '' for everything else."""
    return _KINDS.get(node.tag, "")


def target_of(node: Element) -> str:
    """Target of a processing instruction."""
    return cast("str", getattr(node, "target", ""))


def line_of(node: Element) -> int | None:
    """One-based line of the start tag, None for what we built ourselves.

    libxml2 keeps 16 bits per element; past that it tells the line where the nearest text
    ended, so the line breaks inside that text are taken off again.
    """
    line = cast("int | None", node.sourceline)
    if line is None or line < _LINE_KEPT:
        return line
    nearest = node
    while not nearest.text and len(nearest):
        nearest = nearest[0]
    return line - (nearest.text or nearest.tail or "").count("\n")


def keys_of(element: Element) -> Sequence[str]:
    """Attribute names in Clark notation."""
    return element.keys()  # type: ignore[return-value]  # a cast costs as much as the call


def items_of(element: Element) -> Sequence[tuple[str, str]]:
    """Attribute names and values."""
    return cast("Sequence[tuple[str, str]]", element.items())


def has_doctype(root: Element) -> bool:
    """Whether the document brought a document type, in whatever form."""
    information = root.getroottree().docinfo
    internal: object = information.internalDTD
    external: object = information.externalDTD
    return internal is not None or external is not None or bool(getattr(information, "doctype", ""))


def serialised(element: Element) -> str:
    """The element as XML text without a declaration and without what follows it."""
    return etree.tostring(element, encoding="unicode", with_tail=False)


def complaints(schema: etree.XMLSchema) -> Iterator[tuple[str, int | None]]:
    """XPath and line of what the last validation found. The texts are left: they hold values."""
    for entry in cast("Iterable[object]", schema.error_log):
        path: object = getattr(entry, "path", None)
        line: object = getattr(entry, "line", None)
        yield str(path or ""), (line or None) if isinstance(line, int) else None


class Search:
    """A compiled XPath, asked for one kind of answer."""

    __slots__ = ("_compiled",)

    def __init__(self, expression: str) -> None:
        self._compiled = etree.XPath(expression)

    def nodes(self, top: Element) -> list[Element]:
        """The elements found."""
        return cast("list[Element]", self._compiled(top))

    def number(self, top: Element) -> float:
        """The value of a counting expression (XPath has no integers)."""
        return cast("float", self._compiled(top))

    def holds(self, top: Element) -> bool:
        """The value of a boolean expression."""
        return cast("bool", self._compiled(top))
