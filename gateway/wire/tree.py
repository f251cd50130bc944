"""What a parsed tree may hold: the bounds and bans of a profile, checked on lxml's own nodes.

Rule kept here: libxml2 has already refused what is not well-formed; this module refuses
what is well-formed and still unwanted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
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


def check_document(root: Element, limits: Limits, note: Note, *, crowded: bool = True) -> None:
    """Check a whole tree. Raises WireError; skipped things are told to ``note``."""
    if has_doctype(root):
        raise WireError("doctype", line=line_of(root))
    for before in root.itersiblings(preceding=True):
        check_aside(before, limits, note, prolog=True)
    for after in root.itersiblings():
        check_aside(after, limits, note)
    check_subtree(root, 1, limits, note, crowded=crowded)


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
            if limits.foreign:
                continue
            raise fault("xsi", element)
        elif len(local(key)) > limits.name:
            raise fault("name", element)


def check_subtree(
    top: Element, depth: int, limits: Limits, note: Note, *, crowded: bool = True
) -> None:
    """Check ``top``, which stands at ``depth`` (root = 1), and everything inside it.

    ``crowded`` False says that the bytes are too few for too many nodes. This runs for every
    message and every record of a file, so it goes level by level in plain Python: a search by
    libxml2 gives the interpreter away and has to wait until another thread hands it back.
    """
    if crowded and _COUNT.number(top) > limits.nodes:
        raise WireError("nodes", path_of(top), line=line_of(top))
    if not _plain(top, depth, limits):
        _check_closely(top, depth, limits, note)


def _check_closely(top: Element, depth: int, limits: Limits, note: Note) -> None:
    """Refuse and note whatever there is, element by element."""
    level, asides = [top], list[Element]()
    name_max = limits.name
    while level:
        if depth > limits.depth:
            raise fault("depth", level[0])
        below: list[Element] = []
        for element in level:
            tag: object = element.tag
            if not isinstance(tag, str):
                asides.append(element)
                continue
            if len(tag) > name_max and len(local(tag)) > name_max:
                raise fault("name", element)
            if keys := keys_of(element):
                _check_attributes(element, keys, limits, note)
            if len(element):
                _enter(element, below, limits)
        level, depth = below, depth + 1
    for aside in filter(kind_of, asides):
        check_aside(aside, limits, note)


def _plain(top: Element, depth: int, limits: Limits) -> bool:
    """Whether there is nothing to refuse and nothing to note, asked of whole levels at once.

    False may also mean "look closer": nearly every tree is plain, and this takes half the time.
    """
    level, mixed, name_max = [top], limits.mixed, limits.name
    while level:
        if depth > limits.depth:
            return False
        tags: list[object] = [element.tag for element in level]
        # Few are asked one by one; of many, each kind is.
        if len(tags) < _FEW:
            for tag in tags:
                if not isinstance(tag, str) or len(tag) > name_max:
                    return False
        elif not _plain_tags(frozenset(tags), name_max):
            return False
        for keys in {tuple(keys) for element in level if (keys := element.keys())}:
            if len(keys) > limits.attributes or not _plain_keys(keys, name_max):
                return False
        if not mixed and any(map(_mixed, level)):
            return False
        level, depth = list(chain.from_iterable(level)), depth + 1
    return True


# Remembered, because messages are made of the same few names; bounded, because they come from
# outside.
@lru_cache(maxsize=256)
def _plain_tags(tags: frozenset[object], name_max: int) -> bool:
    return all(isinstance(tag, str) and len(tag) <= name_max for tag in tags)


@lru_cache(maxsize=256)
def _plain_keys(keys: tuple[object, ...], name_max: int) -> bool:
    return all(isinstance(key, str) and key[0] != "{" and len(key) <= name_max for key in keys)


def _enter(element: Element, below: list[Element], limits: Limits) -> None:
    if not limits.mixed:
        _refuse_mixed(element)
    below.extend(element)


def _refuse_mixed(element: Element) -> None:
    """Refuse text beside child elements."""
    if _mixed(element) and any(map(is_element, element)):
        raise fault("content", element)


def _mixed(element: Element) -> bool:
    """Whether text stands beside children of any kind."""
    if not len(element):
        return False
    return not all(map(blank, [element.text, *(child.tail for child in element)]))


_FEW: Final = 16
_COUNT: Final = Search("count(descendant-or-self::node())")
