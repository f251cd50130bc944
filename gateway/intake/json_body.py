"""JSON bodies of the ERP API become drafts.

Rule kept here: what two JSON readers could understand differently is refused (repeated
fields, numbers where text is due, NaN, bytes that are not UTF-8), with the place.

The reader is the standard library's: it hands over every member of an object, so a repeated
field is seen, and tells line and column of an error. A faster reader that keeps the last
of two amounts in silence, or stops at the first fault, is trusted with a batch only where the
body itself shows that nothing was left out: see ``_plain``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from unicodedata import normalize

import msgspec

from gateway.domain.errors import Fault, Refused
from gateway.domain.merged import PARTS_MAX
from gateway.intake.draft import FaultyDraft
from gateway.intake.faults import fault
from gateway.intake.fields import BLANKS, TEXT_MAX
from gateway.ports.erp import Draft
from gateway.ports.erp_draft import TEXT_FIELDS, DraftPart
from gateway.wire.charset import forbidden_characters

BATCH_MAX: Final = 10_000
"""Most instructions of one JSON batch; larger ones come as files."""
UNKNOWN_MAX: Final = 20
"""Unknown fields listed per object; the rest is counted."""
FIELDS: Final = TEXT_FIELDS
"""The members of an instruction object, which are the texts of a draft."""
_KNOWN: Final = frozenset(FIELDS)
_MERGED: Final = "merged"
_MEMBERS: Final = _KNOWN | {_MERGED}
_PART: Final = frozenset({"erp_reference", "amount"})
_HEAD: Final = frozenset({"batch_reference", "on_refused", "instructions"})
_NAME_MAX: Final = 64
_STRING_OR_CONSTANT: Final = re.compile(r'"(?:[^"\\]|\\.)*"|-?Infinity|NaN', re.DOTALL)


class OnRefused(StrEnum):
    """What happens to the good lines of a call when others are refused."""

    LINES = "lines"
    """Good lines are accepted, bad ones refused and listed."""
    ALL = "all"
    """Nothing is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchHead:
    """What a batch says of itself. ``on_refused`` None: the caller's default holds."""

    batch_reference: str
    on_refused: OnRefused | None


def parse_instruction(body: bytes) -> Draft:
    """Read one instruction object.

    Raises Refused (one fault, with line and column) for bytes that are not one JSON object.
    Faults of single fields come back inside a FaultyDraft, for ``validate`` to tell with its own.
    """
    return _draft(_object(_document(body)), "")


def parse_batch(body: bytes) -> tuple[BatchHead, list[Draft]]:
    """Read ``{"batch_reference", "on_refused"?, "instructions": [...]}``.

    Raises Refused with every fault of the head, among them an empty or over-long list.
    A fault inside one instruction is that line's own: see ``parse_instruction``.
    """
    texts = _plain(body)
    document = texts or _object(_document(body))
    found = list(_stray(document, _HEAD, ""))
    head = _head(document, found)
    lines = document.get("instructions")
    if not isinstance(lines, list):
        if not any(one.path == "/instructions" for one in found):
            code = "required" if lines is None else "not_array"
            found.append(fault(code, "/instructions", field="instructions"))
    elif not lines:
        found.append(fault("batch_empty", "/instructions"))
    elif len(lines) > BATCH_MAX:
        found.append(fault("batch_too_long", "/instructions", detail=str(BATCH_MAX)))
    if found or not isinstance(lines, list):
        raise Refused("the batch was refused", "批次被拒绝", found)
    read = _draft if texts is None else _draft_of_texts
    return head, [read(line, f"/instructions/{at}") for at, line in enumerate(lines)]


# ── a batch of texts ──────────────────────────────────────────────────────────────────────────


class _Texts(msgspec.Struct, forbid_unknown_fields=True):
    """A batch in which nothing but texts stands where texts are due."""

    batch_reference: str
    instructions: list[dict[str, str]]
    on_refused: str | msgspec.UnsetType = msgspec.UNSET


_TEXTS: Final = msgspec.json.Decoder(_Texts)


def _plain(body: bytes) -> dict[str, object] | None:
    """A batch of texts, read fast; None where that is no proof of what it says.

    The fast reader keeps the last of two members of one name. But where no quotation mark is
    escaped, each text has two: their number says how many members there are.
    """
    if rb"\"" in body:
        return None
    try:
        read = _TEXTS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None  # the standard library's reader says what is wrong, and where
    document: dict[str, object] = msgspec.structs.asdict(read)
    if read.on_refused is msgspec.UNSET:
        del document["on_refused"]
    members = len(document) + sum(map(len, read.instructions))
    # The list of instructions is the one member that has a name and no text.
    return document if body.count(b'"') == 2 * (2 * members - 1) else None


def _draft_of_texts(members: dict[str, str], base: str) -> Draft:
    """An object that holds texts only, as a draft."""
    if members.keys() <= _KNOWN:
        return _plain_draft(**members, at=_Pointers(base))
    return _draft(members, base)


# ── the document ──────────────────────────────────────────────────────────────────────────────


class _Number:
    """Stands where a JSON number stood: its digits are never converted."""

    __slots__ = ()


class _Constant(ValueError):
    """NaN or Infinity, which JSON does not have."""


class _Repeated(dict[str, object]):
    """An object in which ``names`` stood more than once."""

    names: tuple[str, ...] = ()


_NUMBER: Final = _Number()


def _number(_digits: str) -> _Number:
    return _NUMBER


def _constant(name: str) -> object:
    raise _Constant(name)


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    repeated = _Repeated(members)
    counts = Counter(name for name, _ in pairs)
    repeated.names = tuple(name for name, count in counts.items() if count > 1)
    return repeated


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_int=_number,
    parse_float=_number,
    parse_constant=_constant,
)


def _document(body: bytes) -> object:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        before = body[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        raise _malformed("json_encoding", line, column) from None
    try:
        found: object = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _malformed("json_malformed", error.lineno, error.colno) from None
    except _Constant:
        raise _malformed("json_malformed", *_constant_place(text)) from None
    except RecursionError:
        raise Refused(
            "the body cannot be read", "请求正文无法读取", [fault("json_depth", "")]
        ) from None
    return found


def _malformed(code: str, line: int, column: int) -> Refused:
    return Refused(
        "the body cannot be read",
        "请求正文无法读取",
        [fault(code, "", detail=f"{line}:{column}", line=line)],
    )


def _constant_place(text: str) -> tuple[int, int]:
    """Line and column of the first NaN or Infinity that is not inside a string."""
    for match in _STRING_OR_CONSTANT.finditer(text):
        if not match[0].startswith('"'):
            start = match.start()
            return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
    return 1, 1


def _object(document: object) -> dict[str, object]:
    if isinstance(document, dict):
        return document
    raise Refused("the body cannot be read", "请求正文无法读取", [fault("not_object", "")])


# ── its parts ─────────────────────────────────────────────────────────────────────────────────


# Typed loosely because texts are passed by name; _KNOWN keeps the names right.
_plain_draft: Final[Callable[..., Draft]] = Draft
_faulty_draft: Final[Callable[..., Draft]] = FaultyDraft


class _Pointers(Mapping[str, str]):
    """Where each field of one line stands; answers by rule, so that a long batch stays small."""

    __slots__ = ("_base",)

    def __init__(self, base: str) -> None:
        self._base = base

    def __getitem__(self, field: str) -> str:
        return f"{self._base}/{field}"

    def __iter__(self) -> Iterator[str]:
        return iter(FIELDS)

    def __len__(self) -> int:
        return len(FIELDS)


def _draft(value: object, base: str) -> Draft:
    """One instruction object as a draft; ``base`` is its JSON pointer."""
    at = _Pointers(base)
    if not isinstance(value, dict):
        return FaultyDraft(at=at, faults=(fault("not_object", base),), unreadable=True)
    found: list[Fault] = []
    if isinstance(value, _Repeated) or not value.keys() <= _MEMBERS:
        found.extend(_stray(value, _MEMBERS, base))
    texts = _texts(value, _KNOWN, base, found)
    parts = _parts(value.get(_MERGED), f"{base}/{_MERGED}", found)
    if not found:
        return _plain_draft(**texts, merged=parts, at=at)
    return _faulty_draft(**texts, merged=parts, at=at, faults=tuple(found))


def _texts(
    value: Mapping[str, object], known: frozenset[str], base: str, found: list[Fault]
) -> dict[str, str]:
    """The members of ``known`` that are texts; faults are added to ``found``."""
    texts: dict[str, str] = {}
    for name, member in value.items():
        if name not in known:
            continue
        if isinstance(member, str):
            texts[name] = member
        elif member is not None:  # null means absent
            found.append(_no_text(member, f"{base}/{name}"))
    for one in found:  # of a repeated field neither value is used
        texts.pop(one.path.removeprefix(f"{base}/"), None)
    return texts


def _parts(value: object, base: str, found: list[Fault]) -> tuple[DraftPart, ...]:
    """The source documents of a merged payment; faults are added to ``found``."""
    if value is None or any(one.path == base for one in found):
        return ()
    if not isinstance(value, list):
        found.append(fault("not_array", base))
        return ()
    parts: list[DraftPart] = []
    for number, member in enumerate(value[: PARTS_MAX + 1]):
        path = f"{base}/{number}"
        if not isinstance(member, dict):
            found.append(fault("not_object", path))
            continue
        wrong = list(_stray(member, _PART, path))
        texts = _texts(member, _PART, path, wrong)
        found.extend(wrong)
        at = {name: f"{path}/{name}" for name in sorted(_PART)}
        parts.append(
            DraftPart(
                erp_reference=texts.get("erp_reference", ""), amount=texts.get("amount", ""), at=at
            )
        )
    return tuple(parts)


def _no_text(member: object, path: str) -> Fault:
    return fault("number_not_text" if isinstance(member, _Number) else "not_text", path)


def _head(document: Mapping[str, object], found: list[Fault]) -> BatchHead:
    """Read the head; its faults are added to ``found``."""
    at_fault = {one.path for one in found}
    values: dict[str, str] = {}
    for name in ("batch_reference", "on_refused"):
        path, member = f"/{name}", document.get(name)
        if path in at_fault or member is None:
            continue
        if isinstance(member, str):
            values[name] = member
        else:
            found.append(_no_text(member, path))
            at_fault.add(path)
    reference = values.get("batch_reference", "")
    code = _reference_fault(reference)
    if code and "/batch_reference" not in at_fault:
        most = str(TEXT_MAX["erp_reference"])
        found.append(fault(code, "/batch_reference", field="batch_reference", detail=most))
    policy = values.get("on_refused", "")
    if policy and policy not in frozenset(OnRefused):
        found.append(fault("on_refused_unknown", "/on_refused"))
        policy = ""
    return BatchHead(
        batch_reference=normalize("NFC", reference),
        on_refused=OnRefused(policy) if policy else None,
    )


def _reference_fault(reference: str) -> str:
    """The code of what is wrong with a batch reference, '' if nothing is."""
    if not reference:
        return "required"
    if len(reference) > TEXT_MAX["erp_reference"]:
        return "too_long"
    if forbidden_characters(reference):
        return "forbidden_character"
    if not (stripped := reference.strip(BLANKS)):
        return "required"
    return "surrounding_space" if stripped != reference else ""


def _stray(value: Mapping[str, object], known: frozenset[str], base: str) -> Iterator[Fault]:
    """Faults of names: repeated ones and unknown ones, each at its place."""
    repeated = value.names if isinstance(value, _Repeated) else ()
    for name in repeated:
        if name in known:
            yield fault("duplicate_field", f"{base}/{name}")
    unknown = [name for name in value if name not in known]
    for name in unknown[:UNKNOWN_MAX]:
        yield fault("unknown_field", f"{base}/{_pointer_step(name)}")
    if len(unknown) > UNKNOWN_MAX:
        yield fault("more_unknown_fields", base, detail=str(len(unknown) - UNKNOWN_MAX))


def _pointer_step(name: str) -> str:
    """A sender's own field name as a JSON pointer step (RFC 6901), fit to be shown."""
    shown = "".join(
        mark if mark.isprintable() else f"\\u{ord(mark):04x}" for mark in name[:_NAME_MAX]
    )
    return shown.replace("~", "~0").replace("/", "~1")
