"""What a parsed tree may hold: the bounds and bans of a profile, checked on lxml's own nodes.

Rule kept here: libxml2 has already refused what is not well-formed; this module refuses
what is well-formed and still unwanted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from lxml import etree

from gateway.domain.errors import WireError
from gateway.wire.libxml import (
    Element,
    Search,
    error_code,
    error_line,
    has_doctype,
    is_element,
    keys_of,
    kind_of,
    line_of,
    target_of,
)
from gateway.wire.limits import XML, XSI, Limits

_SPACE: Final = " \t\r\n"
_LOCATIONS: Final = frozenset({f"{{{XSI}}}schemaLocation", f"{{{XSI}}}noNamespaceSchemaLocation"})
_BANNED: Final = (f"{{{XSI}}}", f"{{{XML}}}")

Note = Callable[[str, Element], None]
"""Called with a code (``comment``, ``pi``, ``schema_location``) and the node that was skipped."""


_SHOWN: Final = 64
_RESOURCE_LIMIT: Final = 114
_NAME_TOO_LONG: Final = 110


def refusal(error: etree.XMLSyntaxError) -> WireError:
    """Our error for the parser's. The parser's own text may hold a value and is dropped."""
    code, line = error_code(error), error_line(error)
    if code == _NAME_TOO_LONG:
        return WireError("name", line=line)
    if code == _RESOURCE_LIMIT:
        return WireError("depth" if "depth" in error.msg else "size", line=line)
    return WireError("malformed", line=line)


def local(tag: str) -> str:
    """Local part of a tag in Clark notation."""
    return tag.rpartition("}")[2]


def path_of(element: Element) -> str:
    """Path of local names from the root, for messages; a name that is too long is cut."""
    names = [local(element.tag)] if is_element(element) else []
    names += [local(above.tag) for above in element.iterancestors()]
    return "/" + "/".join(name[:_SHOWN] for name in reversed(names))


def fault(reason: str, element: Element) -> WireError:
    """A WireError that says where ``element`` stands."""
    return WireError(reason, path_of(element), line=line_of(element))


def blank(text: str | None) -> bool:
    """Whether a text node holds XML white space only."""
    return not text or not text.strip(_SPACE)


def check_document(root: Element, limits: Limits, note: Note) -> None:
    """Check a whole tree. Raises WireError; skipped things are told to ``note``."""
    if has_doctype(root):
        raise WireError("doctype", line=line_of(root))
    for before in root.itersiblings(preceding=True):
        check_aside(before, limits, note, prolog=True)
    for after in root.itersiblings():
        check_aside(after, limits, note)
    check_subtree(root, 1, limits, note)


def check_aside(node: Element, limits: Limits, note: Note, *, prolog: bool = False) -> None:
    """Refuse or skip a node that is not an element: comment, PI, or an entity reference.

    Inside a text it is always refused: it splits what one program reads whole.
    """
    code = kind_of(node)
    if not code:
        raise fault("malformed", node)
    if prolog and code == "pi" and target_of(node) == limits.prolog_instruction:
        return
    if not limits.comments or _splits_text(node):
        raise fault(code, node)
    note(code, node)


def _splits_text(node: Element) -> bool:
    parent = node.getparent()
    if parent is None:
        return False
    previous = node.getprevious()
    before = parent.text if previous is None else previous.tail
    return not (blank(before) and blank(node.tail))


def check_element(element: Element, depth: int, limits: Limits, note: Note) -> None:
    """Check one element's own start tag; ``depth`` of the root is 1."""
    if depth > limits.depth:
        raise fault("depth", element)
    if len(local(element.tag)) > limits.name:
        raise WireError("name", line=line_of(element))
    keys = keys_of(element)
    if keys:
        _check_attributes(element, keys, limits, note)


def _check_attributes(element: Element, keys: Sequence[str], limits: Limits, note: Note) -> None:
    if len(keys) > limits.attributes:
        raise fault("attributes", element)
    for key in keys:
        if key in _LOCATIONS and limits.comments:
            note("schema_location", element)
        elif key.startswith(_BANNED):
            raise fault("xsi", element)
        elif len(local(key)) > limits.name:
            raise fault("name", element)


def check_subtree(top: Element, depth: int, limits: Limits, note: Note) -> None:
    """Check ``top``, which stands at ``depth`` (root = 1), and everything inside it.

    This runs for every record of a file, so the searching is left to libxml2's XPath: Python
    looks at single nodes only where there is something to refuse or to note.
    """
    guard = _guard(limits, depth)
    if guard.count.number(top) > limits.nodes:
        raise WireError("nodes", path_of(top), line=line_of(top))
    for reason, search in guard.refused:
        found = search.nodes(top)
        if found:
            raise fault(reason, found[0])
    if guard.named.holds(top):
        for element in top.iter("*"):
            _check_attributes(element, keys_of(element), limits, note)
    if guard.asides.holds(top):
        for aside in top.iter(etree.Comment, etree.ProcessingInstruction):
            check_aside(aside, limits, note)


@dataclass(frozen=True, slots=True)
class _Guard:
    """Compiled searches for one profile at one depth."""

    count: Search
    named: Search
    """Attributes in a namespace, or with a long name."""
    asides: Search
    refused: tuple[tuple[str, Search], ...]


@cache
def _guard(limits: Limits, depth: int) -> _Guard:
    every = "descendant-or-self::*"
    refused = {
        # One step more than the levels left; a record that starts too deep is itself the find.
        "depth": "/".join([".", *["*"] * max(0, limits.depth - depth + 1)]),
        "attributes": f"{every}[@*[{limits.attributes + 1}]]",
        "name": f"{every}[string-length(local-name()) > {limits.name}]",
    }
    if not limits.mixed:
        refused["content"] = f"{every}[*][text()[normalize-space()]]"
    long_name = f"string-length(local-name()) > {limits.name}"
    return _Guard(
        Search("count(descendant-or-self::node())"),
        Search(f"boolean({every}/@*[namespace-uri() or {long_name}])"),
        Search("descendant::comment() or descendant::processing-instruction()"),
        tuple((reason, Search(search)) for reason, search in refused.items()),
    )
