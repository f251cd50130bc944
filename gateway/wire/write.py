"""XML out: elements are built, never pasted together from strings.

Rule kept here: what the target's character set cannot carry is an error, never a '?'; what
XML cannot hold is one as soon as it is put into an element.

An element is finished text from the moment it is made: nothing outside this module writes
markup, and a batch of a hundred lines is a thousand elements, for which a tree of libxml2
would cost several times the room and the time of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec
from lxml import etree

from gateway.domain.errors import WireError
from gateway.wire.charset import codec_out
from gateway.wire.libxml import items_of, whole_parser
from gateway.wire.tree import path_of

__all__ = ["Content", "Element", "Form", "document", "element", "fragment", "leaf"]

_HOLE: Final = "\0"
_STANDALONE: Final = ("", "yes", "no")
_NAME: Final = re.compile(r"[^\W\d][\w.-]*")
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_ATTRIBUTE: Final = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "\t": "&#9;",
        "\n": "&#10;",
        "\r": "&#13;",
    }
)


class Element(msgspec.Struct, frozen=True, gc=False):
    """A finished element: its name, and its own XML with everything inside it."""

    name: str
    xml: str


Content = Element | str | None
"""What may stand inside an element; None is skipped, so optional parts read naturally."""


def element(name: str, /, *children: Content, **attributes: str) -> Element:
    """An element with text or child elements; a None child is skipped.

    Raises WireError ``content`` for characters that XML cannot hold and ``name`` for a name
    that is none.
    """
    head = _named(name)
    if attributes:
        head += "".join([_attribute(name, key, value) for key, value in attributes.items()])
    inside: list[str] = []
    elements = False
    for child in children:
        if isinstance(child, Element):
            inside.append(child.xml)
            elements = True
        elif child is not None:
            # Text stands before the first child element or nowhere.
            if elements:
                raise WireError("content", f"/{name}")
            inside.append(_escaped(name, child))
    if not inside:
        return Element(name, f"<{head}/>")
    return Element(name, f"<{head}>{''.join(inside)}</{name}>")


def leaf(name: str, text: str, /) -> Element:
    """An element that holds text only; '' gives an empty element."""
    return Element(name, f"<{_named(name)}>{_escaped(name, text)}</{name}>")


class Form:
    """An element that is written again and again, with other texts: the same XML as by ``element``.

    Parts are the names of leaves, or forms of their own. A name with ``?`` stands for a leaf that
    is left out when its text is empty. Attributes hold a text each. A form with ``text`` has one
    text of its own, in front of its parts. An ``optional`` one is left out of the form it stands
    in when nothing inside it is filled; its attributes must be empty then.
    """

    __slots__ = ("_attributes", "_name", "_optional", "_parts", "_patterns", "_places", "_text")

    def __init__(
        self,
        name: str,
        *parts: str | Form,
        attributes: tuple[str, ...] = (),
        text: bool = False,
        optional: bool = False,
    ) -> None:
        self._name = _named(name)
        self._text = text
        self._optional = optional
        self._attributes = tuple(map(_named, attributes))
        self._parts = tuple(
            part if isinstance(part, Form) else (_named(part.rstrip("?")), part.endswith("?"))
            for part in parts
        )
        self._places: tuple[_Place, ...] = tuple(self._each_place())
        self._patterns: dict[tuple[bool, ...], list[str]] = {}

    def fill(self, *texts: str) -> Element:
        """The element with these texts, in document order, attributes before what is inside.

        Raises WireError ``content`` for characters that XML cannot hold.
        """
        whole = "".join(texts)
        # As in _escaped, but once for all: what is escaped is the same either way.
        if not whole.isprintable() or "&" in whole or "<" in whole or ">" in whole or '"' in whole:
            texts = tuple(
                _quoted(name, text) if quoted else _escaped(name, text)
                for (name, quoted), text in zip(self._places, texts, strict=True)
            )
        filled = tuple(map(bool, texts))
        pattern = self._patterns.get(filled)
        if pattern is None:
            pattern = self._learn(filled)
        pieces = pattern.copy()
        pieces[1::2] = filter(None, texts)
        return Element(self._name, "".join(pieces))

    def _learn(self, filled: tuple[bool, ...]) -> list[str]:
        """The XML where these places are filled: what stands between texts, and room for them."""
        if len(filled) != len(self._places):
            raise ValueError("a form is filled with as many texts as it has places")
        between = self._pattern(iter(filled)).split(_HOLE)
        pieces = [""] * (2 * len(between) - 1)
        pieces[::2] = between
        self._patterns[filled] = pieces
        return pieces

    def _each_place(self) -> Iterator[_Place]:
        """The places in document order, each with the element that an error names."""
        for _ in self._attributes:
            yield _Place(self._name, quoted=True)
        if self._text:
            yield _Place(self._name, quoted=False)
        for part in self._parts:
            if isinstance(part, Form):
                yield from part._places  # noqa: SLF001 - a form of the same kind
            else:
                yield _Place(part[0], quoted=False)

    def _pattern(self, filled: Iterator[bool]) -> str:
        """The XML where only the places told are filled, with a hole for each of these."""
        head = self._name
        for attribute in self._attributes:
            head += f' {attribute}="{_HOLE if next(filled) else ""}"'
        inside = _HOLE if self._text and next(filled) else ""
        for part in self._parts:
            if isinstance(part, Form):
                inside += part._pattern(filled)  # noqa: SLF001 - as above
                continue
            name, optional = part
            if next(filled):
                inside += f"<{name}>{_HOLE}</{name}>"
            elif not optional:
                inside += f"<{name}></{name}>"
        if inside:
            return f"<{head}>{inside}</{self._name}>"
        return "" if self._optional else f"<{head}/>"


class _Place(NamedTuple):
    """Where a text goes: the name of the element, and whether it is an attribute's value."""

    element: str
    quoted: bool


def document(
    root: Element, *, encoding: str, declaration: bool = True, standalone: str = ""
) -> bytes:
    """The document's bytes, strictly encoded, the declaration on a line of its own.

    Raises WireError ``encoding`` with the path of the element whose text cannot be
    encoded, or without a path if the encoding is not one we write.
    """
    if standalone not in _STANDALONE:
        raise ValueError("standalone is yes, no or empty")
    head = ""
    if declaration:
        alone = f' standalone="{standalone}"' if standalone else ""
        head = f'<?xml version="1.0" encoding="{encoding}"{alone}?>\n'
    return head.encode("ascii") + fragment(root, encoding=encoding)


def fragment(root: Element, *, encoding: str) -> bytes:
    """One element's bytes without a declaration, for documents that are written in pieces."""
    codec = codec_out(encoding)
    try:
        return root.xml.encode(codec)
    except UnicodeEncodeError:
        raise WireError("encoding", _unencodable_path(root, codec)) from None


# ── text ──────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=4096)
def _named(name: str) -> str:
    """The name itself. Raises WireError ``name`` when it is none."""
    if _NAME.fullmatch(name) is None:
        raise WireError("name", name)
    return name


def _escaped(name: str, text: str) -> str:
    # Nearly every text is printable and without markup; asking that first costs a tenth.
    if text.isprintable() and "&" not in text and "<" not in text and ">" not in text:
        return text
    if _ILLEGAL.search(text) is not None:
        raise WireError("content", f"/{name}")
    return text.translate(_TEXT)


def _attribute(name: str, key: str, value: str) -> str:
    return f' {_named(key)}="{_quoted(name, value)}"'


def _quoted(name: str, value: str) -> str:
    if _ILLEGAL.search(value) is not None:
        raise WireError("content", f"/{name}")
    return value.translate(_ATTRIBUTE)


def _unencodable_path(root: Element, codec: str) -> str:
    tree = etree.fromstring(root.xml.encode(), whole_parser())
    for found in tree.iter():
        texts = [text for item in items_of(found) for text in item]
        for text in (found.tag, found.text, *texts):
            try:
                (text or "").encode(codec)
            except UnicodeEncodeError:
                return path_of(found)
    return path_of(tree)
