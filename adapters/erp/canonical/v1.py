"""Version 1: one JSON document, the very body of ``POST /v1/batches``, as a file.

Rule kept here: what is published stays as it is; what a file could need more stands in version 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from adapters.erp.canonical.strict import decoded, fault, objects, parts, texts
from gateway.domain.errors import Fault, WireError
from gateway.ports.erp_draft import (
    TEXT_FIELDS,
    Draft,
    FaultyDraft,
    FileEnd,
    FileHead,
    FilePart,
)

FORMAT: Final = "canonical.v1"
LINES_MAX: Final = 10_000
OCTETS_MAX: Final = 32 << 20
"""A document is read whole: longer files are version 2."""
FIELDS: Final = frozenset(TEXT_FIELDS)
MERGED: Final = "merged"
"""The member that lists the source documents of a merged payment."""
_NO_TEXTS: Final = frozenset({MERGED})
_HEAD: Final = frozenset({"batch_reference", "on_refused", "instructions"})
# Typed loosely because texts are passed by name; FIELDS keeps the names right.
_draft: Final[Callable[..., Draft]] = Draft
_faulty: Final[Callable[..., Draft]] = FaultyDraft


def sniff(head: bytes) -> bool:
    """Whether the first bytes begin an object that names a batch and its instructions."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(b"{") and b'"batch_reference"' in start and b'"instructions"' in start


def read(chunks: Iterable[bytes]) -> Iterator[FilePart]:
    """Read a batch document: a head, its drafts, an end.

    ``on_refused`` of the file is not read here: the call says it. Raises WireError with a place.
    """
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > OCTETS_MAX:
            raise WireError("size")
    document = objects(decoded(bytes(data).removeprefix(b"\xef\xbb\xbf")), "", line=1)
    lines = document.get("instructions")
    if not isinstance(lines, list):
        raise WireError("json_list", "/instructions")
    head = {name: it for name, it in document.items() if name != "instructions"}
    found, faults = texts(head, _HEAD, "", None)
    reference = found.get("batch_reference", "")
    if not reference:
        raise WireError("missing", "/batch_reference")
    if len(lines) > LINES_MAX:
        faults.append(fault("batch_too_long", "/instructions"))
    yield FileHead(format=FORMAT, message_id=reference, count=str(len(lines)))
    for number, line in enumerate(lines[:LINES_MAX]):
        yield _line(line, number)
    yield FileEnd(count=min(len(lines), LINES_MAX), faults=tuple(faults))


def _line(value: object, number: int) -> Draft:
    path = f"/instructions/{number}"
    at = {name: f"{path}/{name}" for name in sorted(FIELDS)}
    source = {"line": str(number + 1)}
    if not isinstance(value, dict):
        whole: tuple[Fault, ...] = (fault("not_object", path),)
        return _faulty(at=at, source=source, faults=whole, unreadable=True)
    found, faults = texts(value, FIELDS | {MERGED}, path, None, besides=_NO_TEXTS)
    refused = any(it.path == f"{path}/{MERGED}" for it in faults)
    merged, wrong = parts(
        None if refused else value.get(MERGED), f"{path}/{MERGED}", "erp_reference", None
    )
    if faults or wrong:
        return _faulty(**found, merged=merged, at=at, source=source, faults=(*faults, *wrong))
    return _draft(**found, merged=merged, at=at, source=source)
