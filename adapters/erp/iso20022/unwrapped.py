"""A payment file as other people keep it: labelled Latin-1, in an envelope, without a namespace.

Rule kept here: only what is shown to people is read so leniently. A file that is to be paid must
say what it is and stand alone; ``read`` does not come here.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Final

from gateway.wire.node import Node
from gateway.wire.stream import Event, Note, Open, Record

_ROOT: Final = "Document"
_MESSAGE_DEPTH: Final = 2
_UNNAMED: Final = "unknown"
"""Stands in for a namespace that is not there; it names no version."""
_FIRST_NAMES: Final = re.compile(r"pain\.00([12])\.001\.0[12]")
"""The message elements of the first two versions are called after the version."""
_LATER_NAMES: Final = {"1": "CstmrCdtTrfInitn", "2": "CstmrPmtStsRpt"}
_DECLARATION: Final = re.compile(rb"(\xef\xbb\xbf)?([ \t\r\n]*)(<\?xml\s[^>?]*\?>)")
_ENCODING: Final = re.compile(rb"""\sencoding\s*=\s*["']([A-Za-z0-9_-]+)["']""")
_HEAD: Final = 1 << 10
_SINGLE_BYTE: Final = {
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "windows-1252": "cp1252",
    "iso-8859-2": "iso8859-2",
    "windows-1250": "cp1250",
    "iso-8859-15": "iso8859-15",
}
"""What ISO-8859-1 is said of is written by Windows, whose set holds all of it."""


def as_declared(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The file as it is, but without blanks before its declaration; one-byte sets as UTF-8."""
    pieces = iter(chunks)
    head = b""
    while len(head) < _HEAD and (piece := next(pieces, None)) is not None:
        head += piece
    whole = chain([head], pieces)
    found = _DECLARATION.match(head)
    if found is None:
        return whole
    mark, blanks, declaration = found[1] or b"", found[2], found[3]
    label = _ENCODING.search(declaration)
    codec = _SINGLE_BYTE.get(label[1].decode("ascii").lower()) if label else None
    behind = chain([head[found.end() :]], pieces)
    if codec is not None and not mark:
        return chain([blanks], _decoded(behind, codec))
    return chain([mark + declaration + blanks], behind) if blanks else whole


def _decoded(pieces: Iterable[bytes], codec: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)("replace")
    for piece in pieces:
        yield decoder.decode(piece).encode()


def unwrapped(events: Iterable[Event]) -> Iterator[Event]:
    """The events as if ``Document`` were the root, had a namespace and its message's later name.

    A file without a ``Document`` gives its root alone, for the reader to refuse.
    """
    before = ""
    root: Open | None = None
    inside = False
    for event in events:
        if isinstance(event, Note):
            yield event
            continue
        path = event.node.path if isinstance(event, Record) else event.path
        if not inside:
            if isinstance(event, Open):
                root = root or event
                inside = event.name == _ROOT
                before = path.removesuffix(f"/{_ROOT}")
            if not inside:
                continue
        elif before and not path.startswith(f"{before}/{_ROOT}"):
            continue
        yield _named(_moved(event, path[len(before) :]) if before else event)
    if not inside and root is not None:
        yield root


def _moved(event: Event, path: str) -> Event:
    if isinstance(event, Record):
        return Record(Node(event.node.element, path))
    return event if isinstance(event, Note) else replace(event, path=path)


def _named(event: Event) -> Event:
    if not isinstance(event, Open) or event.path.count("/") > _MESSAGE_DEPTH:
        return event
    if event.name == _ROOT:
        return event if event.namespace else replace(event, namespace=_UNNAMED)
    found = _FIRST_NAMES.fullmatch(event.name)
    return replace(event, name=_LATER_NAMES[found[1]]) if found else event
