"""XML out: elements are built, never pasted together from strings.

Rule kept here: what the target's character set cannot carry is an error, never a '?'.
"""

from __future__ import annotations

from typing import Final

from lxml import etree

from gateway.domain.errors import WireError
from gateway.wire.charset import codec_out
from gateway.wire.libxml import Element, items_of, serialised
from gateway.wire.tree import path_of

__all__ = ["Content", "Element", "document", "element", "fragment", "leaf"]

Content = Element | str | None
"""What may stand inside an element; None is skipped, so optional parts read naturally."""
_STANDALONE: Final = ("", "yes", "no")


def element(name: str, /, *children: Content, **attributes: str) -> Element:
    """An element with text or child elements; a None child is skipped.

    Raises WireError ``content`` for characters that XML cannot hold and ``name`` for a name
    that is none.
    """
    try:
        made = etree.Element(name)
    except ValueError:
        raise WireError("name", name) from None
    try:
        for key, value in attributes.items():
            made.set(key, value)
        for child in children:
            if child is None:
                continue
            if isinstance(child, str):
                _add_text(made, child)
            else:
                made.append(child)
    except ValueError:
        raise WireError("content", f"/{name}") from None
    return made


def _add_text(made: Element, text: str) -> None:
    if len(made):
        raise WireError("content", f"/{made.tag}")
    made.text = (made.text or "") + text


def leaf(name: str, text: str, /) -> Element:
    """An element that holds text only; '' gives an empty element."""
    return element(name, text)


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
        return serialised(root).encode(codec)
    except UnicodeEncodeError:
        raise WireError("encoding", _unencodable_path(root, codec)) from None


def _unencodable_path(root: Element, codec: str) -> str:
    for found in root.iter():
        texts = [text for item in items_of(found) for text in item]
        for text in (found.tag, found.text, *texts):
            try:
                (text or "").encode(codec)
            except UnicodeEncodeError:
                return path_of(found)
    return path_of(root)
