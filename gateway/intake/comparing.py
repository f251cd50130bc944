"""Two readings of the same thing, payment by payment: where they differ, never what they say.

Rule kept here: of a difference only its place and salted digests of both readings are kept; a
reading that does not end is broken off where the other one ended.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final

from gateway.domain.errors import Fault, Refused, WireError
from gateway.ports.erp import Draft, FileEnd, FileHead, FilePart
from gateway.ports.erp_draft import TEXT_FIELDS, DraftPart, FaultyDraft

KEPT_MAX: Final = 100
"""Differences of one comparison that are kept; the rest is counted."""
SURPLUS_MAX: Final = 100
"""Payments that one reading may have beyond the end of the other before it is broken off."""
FIELDS: Final = TEXT_FIELDS
_REMEMBERED: Final = 20_000
_DIGITS: Final = 16
_REFERENCE_MAX: Final = 140
_ABSENT: Final = "-"

Reading = FilePart | str
"""What a reading gave, or the code of what ended it."""
Pair = tuple[Draft | str | None, Draft | str | None]
"""One document as the old mapping and the new one read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field of one line that two mappings read differently, as salted digests.

    ``line`` counts payments from 1; 0 is the whole. '-' stands for "not there". ``reference`` is
    the document's number as the old mapping reads it, '' where it reads none.
    """

    line: int
    field: str
    before: str
    after: str
    reference: str = ""


@dataclass(slots=True)
class Compared:
    """How much two readings differ. ``different`` counts lines."""

    lines: int = 0
    different: int = 0
    differences: list[Difference] = field(default_factory=list)

    def add(self, line: int, found: Iterable[Difference]) -> None:
        """Remember what one line differs in."""
        several = list(found)
        self.lines = max(self.lines, line)
        self.different += bool(several)
        self.differences += several[: KEPT_MAX - len(self.differences)]


class Seen:
    """What was compared before: documents that wait are fetched at every look, and told once.

    It remembers the newest; one that it forgot, or compared before a restart, is told again.
    """

    def __init__(self, most: int = _REMEMBERED) -> None:
        self._most = most
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def first(self, *texts: str) -> bool:
        """Whether these texts together are seen for the first time."""
        said = "\0".join(f"{len(it)} {it}" for it in texts)
        digest = hashlib.sha256(said.encode(errors="replace")).digest()[:_DIGITS]
        known = digest in self._digests
        self._digests[digest] = None
        self._digests.move_to_end(digest)
        if len(self._digests) > self._most:
            self._digests.popitem(last=False)
        return not known


def compare(before: Iterable[Reading], after: Iterable[Reading], salt: str) -> Compared:
    """Two readings of the same bytes, payment by payment, in flat memory.

    A reading that breaks off counts as a difference of the file where it breaks off.
    """
    compared = Compared()
    number = surplus = 0
    for old, new in zip_longest(_read(before), _read(after)):
        if isinstance(old, Draft) or isinstance(new, Draft):
            number += 1
            compared.add(number, _fields(number, (old, new), salt))
        else:
            compared.add(0, _whole(old, new, salt))
        surplus += old is None
        if surplus > SURPLUS_MAX:
            compared.add(0, (difference(0, "end", ("", "endless"), salt),))
            break
    return compared


def compare_documents(pairs: Iterable[Pair], salt: str, seen: Seen, scope: str) -> Compared:
    """Documents that were fetched, one by one; ``line`` is a document's place from 1.

    Only those count that were not compared before.
    """
    compared = Compared()
    fresh = 0
    for place, (old, new) in enumerate(pairs, 1):
        if seen.first(scope, _texts(old), _texts(new)):
            fresh += 1
            compared.add(place, _fields(place, (old, new), salt))
    compared.lines = fresh
    return compared


def difference(
    line: int, name: str, readings: tuple[str, str], salt: str, reference: str = ""
) -> Difference:
    """One difference between two texts."""
    was, becomes = readings
    return Difference(
        line=line,
        field=name,
        before=_digest(was, salt),
        after=_digest(becomes, salt),
        reference=reference[:_REFERENCE_MAX],
    )


def _read(parts: Iterable[Reading]) -> Iterator[Reading]:
    """The parts, and the code of what ended the reading too early."""
    try:
        yield from parts
    except (WireError, Refused) as error:
        yield code_of(error)


def code_of(error: WireError | Refused) -> str:
    """What ended a reading, as it is compared."""
    return f"{error.reason} {error.path}" if isinstance(error, WireError) else error.code


def _fields(
    number: int, readings: tuple[Reading | None, Reading | None], salt: str
) -> Iterator[Difference]:
    old, new = readings
    reference = old.erp_reference if isinstance(old, Draft) else ""
    for name, was, becomes in _differing(old, new):
        yield difference(number, name, (was, becomes), salt, reference)


def _differing(old: Reading | None, new: Reading | None) -> Iterator[tuple[str, str, str]]:
    """Each field that differs, with both readings."""
    if not isinstance(old, Draft) or not isinstance(new, Draft):
        was, becomes = _said(old), _said(new)
        if was != becomes:
            yield "line", was, becomes
        return
    for name in FIELDS:
        was, becomes = getattr(old, name), getattr(new, name)
        if was != becomes:
            yield name, was, becomes
    parts, new_parts = _parts(old.merged), _parts(new.merged)
    if parts != new_parts:
        yield "merged", parts, new_parts
    faults, others = _faults(old), _faults(new)
    if faults != others:
        yield "faults", faults, others


def _texts(reading: Draft | str | None) -> str:
    """All of a document that is compared."""
    if not isinstance(reading, Draft):
        return repr(reading)
    texts = [getattr(reading, name) for name in FIELDS]
    return repr((texts, _parts(reading.merged), _faults(reading)))


def _parts(parts: Iterable[DraftPart]) -> str:
    """The source documents of a merged payment, in whatever order they were read."""
    return "\n".join(sorted(f"{it.erp_reference}\0{it.amount}" for it in parts))


def _whole(old: Reading | None, new: Reading | None, salt: str) -> Iterator[Difference]:
    was, becomes = _said(old), _said(new)
    if was != becomes:
        name = "head" if isinstance(old, FileHead) or isinstance(new, FileHead) else "end"
        yield difference(0, name, (was, becomes), salt)


def _said(part: Reading | None) -> str:
    """What a part says that two mappings should agree on; how they call the format is not."""
    match part:
        case None:
            return ""
        case str():
            return part
        case Draft():
            return part.erp_reference or "line"
        case FileHead():
            return f"{part.message_id}\n{part.count}\n{part.control_sum}"
        case FileEnd():
            return "\n".join((str(part.count), *(_code(it) for it in part.faults)))


def _faults(draft: Draft) -> str:
    found = draft.faults if isinstance(draft, FaultyDraft) else ()
    return "\n".join(_code(it) for it in found)


def _code(one: Fault) -> str:
    return f"{one.code} {one.line}"


def _digest(text: str, salt: str) -> str:
    if not text:
        return _ABSENT
    return hashlib.sha256(f"{salt}\n{text}".encode(errors="replace")).hexdigest()[:_DIGITS]
