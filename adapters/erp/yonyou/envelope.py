"""The ``<ufinterface>`` envelope of NC and U8: its root, its records, and what stands in them.

Rule kept here: a record's element is named by the root's ``roottag``; records are read one after
the other, in flat memory, and each text keeps the place where the sender wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from adapters.erp.yonyou import codes
from adapters.erp.yonyou.merged import MERGED, RELATIONS, SOURCE, Relation, merged_of
from adapters.erp.yonyou.written import day_text
from gateway.domain.errors import Fault, WireError
from gateway.ports.erp import Draft, FileEnd, FileHead, FilePart
from gateway.wire.node import Node
from gateway.wire.stream import Note, Open, Record, stream

ROOT: Final = "ufinterface"
_HEAD_OCTETS: Final = 64 << 10
_ROOT: Final = re.compile(rb"<ufinterface\b[^<>]*>")
_ATTRIBUTE: Final = re.compile(rb"\s([A-Za-z_-]+)\s*=\s*[\"']([^\"'<>]*)[\"']")
_NAME: Final = re.compile(r"[A-Za-z_][\w.-]{0,63}", re.ASCII)
_ADDING: Final = frozenset({"", "add"})
_KEEPING: Final = frozenset({"", "N", "n"})
_ECHOED: Final = ("billtype", "sender", "receiver", "filename", "proc", "roottag", "docid")

_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "debtor_account": ("dbtacc",),
    "debtor_name": ("dbtaccname",),
    "creditor_account": ("crtacc",),
    "creditor_name": ("crtaccname",),
    "creditor_agent_name": ("crtbranchname",),
    "creditor_agent_cnaps": ("crtbranchid",),
    "creditor_city": ("crtcity",),
    "amount": ("trsamt",),
    "currency": ("c_ccynbr", "pk_currtype", "currcode"),
    "purpose": ("nusage",),
    "memo": ("busnar",),
    "execution_date": ("eptdat",),
    "reconciliation_code": ("reconciliationcode",),
    "end_to_end_id": ("yurref",),
}
"""Our fields by the vendor's names (its 银企直联 data model); the first that is there counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a product writes its records: what it calls the parts of one, and how it signs itself."""

    format: str
    head: tuple[str, ...]
    body: tuple[str, ...]
    reply: Callable[[str], bool]
    """Whether a ``roottag`` is that of a reply."""


@dataclass(slots=True)
class _Reading:
    """Where in a message we are."""

    shape: Shape
    tag: str = ""
    root: Mapping[str, str] = field(default_factory=dict)
    records: int = 0
    count: int = 0
    warnings: list[str] = field(default_factory=list)


def root_of(head: bytes) -> dict[str, str]:
    """The root's attributes as far as the first bytes show them; nothing of another document."""
    found = _ROOT.search(head[:_HEAD_OCTETS])
    if found is None:
        return {}
    pairs = _ATTRIBUTE.findall(found[0])
    return {name.decode("ascii"): text.decode("utf-8", "replace") for name, text in pairs}


def is_envelope(head: bytes) -> bool:
    """Whether the first bytes are an envelope of this family."""
    return _ROOT.search(head[:_HEAD_OCTETS]) is not None


def read(chunks: Iterable[bytes], shape: Shape) -> Iterator[FilePart]:
    """A head, a draft for each payment, an end. Raises WireError with path and line."""
    reading = _Reading(shape=shape)
    for node in records(chunks, reading):
        if not reading.records:
            yield _head(node, reading)
        reading.records += 1
        for draft in _drafts(node, reading):
            reading.count += 1
            yield draft
    if not reading.records:
        raise WireError("missing", f"/{ROOT}/{reading.tag}")
    yield FileEnd(
        count=reading.count,
        faults=tuple(_root_faults(reading.root)),
        warnings=tuple(reading.warnings),
    )


def records(chunks: Iterable[bytes], reading: _Reading) -> Iterator[Node]:
    """The records of a request, whatever their element is called. Raises WireError."""
    pieces = iter(chunks)
    head = b""
    for piece in pieces:
        head += piece
        if _ROOT.search(head) is not None or len(head) > _HEAD_OCTETS:
            break
    tag = root_of(head).get("roottag", "") or "bill"
    if not _NAME.fullmatch(tag) or tag == ROOT:
        raise WireError("name", f"/{ROOT}/@roottag")
    reading.tag = tag
    for event in stream(chain((head,), pieces), frozenset({tag})):
        match event:
            case Open(path=path) if path.count("/") == 1:
                _gate(event, reading)
            case Record(node) if node.path.count("/") == len(("", ROOT)):
                yield node
            case Note():
                _noted(event, reading)


def start(shape: Shape) -> _Reading:
    """A message of which nothing has been read."""
    return _Reading(shape=shape)


def _gate(event: Open, reading: _Reading) -> None:
    if event.name != ROOT:
        raise WireError("root", event.path, line=event.line)
    reading.root = dict(event.attributes)
    if reading.shape.reply(reading.root.get("roottag", "")):
        where = f"{event.path} (roottag {reading.tag})"
        raise WireError("unsupported", where, line=event.line)


def _noted(note: Note, reading: _Reading) -> None:
    text = _NOTES.get(note.code, note.code)
    if text not in reading.warnings:
        reading.warnings.append(text)


def _head(node: Node, reading: _Reading) -> FileHead:
    root = reading.root
    named = (root.get("sender", ""), root.get("filename", "") or root.get("docid", ""))
    message_id = "/".join(it for it in (*named, node.attr("id")) if it)
    if not message_id:
        raise WireError("missing", f"/{ROOT}/@filename", line=node.line)
    return FileHead(
        format=reading.shape.format, message_id=message_id, warnings=tuple(reading.warnings)
    )


def _root_faults(root: Mapping[str, str]) -> Iterator[Fault]:
    """What a message of payments may not ask for."""
    if root.get("replace", "") not in _KEEPING:
        yield Fault(
            path=f"/{ROOT}/@replace",
            code="replace_refused",
            zh="付款单据不得覆盖：请将 replace 置为 N 后重新发送；整份未受理",
            en='payments are never replaced: send it again with replace="N"; nothing was taken',
        )
    if root.get("proc", "").lower() not in _ADDING:
        yield Fault(
            path=f"/{ROOT}/@proc",
            code="proc_refused",
            zh="只受理新增（proc=add）；撤销请用网关的撤销功能；整份未受理",
            en="only proc=add is taken; cancel through the gateway; nothing was taken",
        )


def _drafts(node: Node, reading: _Reading) -> Iterator[Draft]:
    """One payment for the record, or one for each row of its body, with what it was merged of."""
    relations = _relations(node, f"/{ROOT}/{reading.tag}[{reading.records}]")
    drafts = list(_payments(node, reading))
    yield from merged_of(drafts, relations) if relations else drafts


def _relations(node: Node, where: str) -> list[Relation]:
    """The record's map of merged payments (合并支付): a row for each source document."""
    part = _part(node, RELATIONS)
    rows = list(part.children()) if part is not None else []
    return [
        Relation(
            merged=row.child_text(MERGED),
            reference=row.child_text(SOURCE),
            amount=row.child_text("trsamt"),
            bill=row.child_text("srcpkid"),
            place=f"{where}/{part.name}/{row.name}[{number}]",
            line=row.line,
        )
        for number, row in enumerate(rows, 1)
        if part is not None
    ]


def _payments(node: Node, reading: _Reading) -> Iterator[Draft]:
    shape = reading.shape
    where = f"/{ROOT}/{reading.tag}[{reading.records}]"
    head = _part(node, shape.head)
    above = [(head, f"{where}/{head.name}")] if head is not None else [(node, where)]
    body = _part(node, shape.body)
    rows = list(body.children()) if body is not None else []
    if body is None or not rows:
        yield _draft(node, above, reading, row="")
        return
    for number, row in enumerate(rows, 1):
        place = f"{where}/{body.name}/{row.name}[{number}]"
        yield _draft(node, [(row, place), *above], reading, row=str(number))


def _part(node: Node, names: tuple[str, ...]) -> Node | None:
    return next((found for name in names if (found := node.maybe(name)) is not None), None)


def _draft(node: Node, places: list[tuple[Node, str]], reading: _Reading, row: str) -> Draft:
    """A draft whose texts are looked up in the row first, then in the record's head."""
    texts, at = {}, {}
    for name, names in _FIELDS.items():
        texts[name], at[name] = _first(places, names)
    bill = node.attr("id")
    reference, reference_at = texts["end_to_end_id"], at["end_to_end_id"]
    if not reference:
        reference, reference_at = bill, f"/{ROOT}/{reading.tag}[{reading.records}]/@id"
    # A number of the record's head is one for all its rows, so the row's place goes with it.
    if row and reference and not places[0][0].has("yurref"):
        reference = f"{reference}/{row}"
    texts["end_to_end_id"] = texts["end_to_end_id"] if not row else ""
    texts["execution_date"] = day_text(texts["execution_date"])
    texts["currency"] = codes.CURRENCY_NAMES.get(texts["currency"], texts["currency"])
    source = {name: reading.root.get(name, "") for name in _ECHOED}
    source |= {"bill": bill, "row": row, "organisation": _first(places, ("pk_org",))[0]}
    return Draft(
        erp_reference=reference,
        **texts,
        at={**at, "erp_reference": reference_at},
        line=places[0][0].line,
        source={name: text for name, text in source.items() if text},
        merged=(),
    )


def _first(places: list[tuple[Node, str]], names: tuple[str, ...]) -> tuple[str, str]:
    """The first of these texts that says something, and where; else the first place."""
    for node, where in places:
        for name in names:
            text = node.child_text(name)
            if text:
                return text, f"{where}/{name}"
    return "", f"{places[0][1]}/{names[0]}"


_NOTES: Final[Mapping[str, str]] = {
    "comment": "跳过了注释 / comments were skipped",
    "pi": "跳过了处理指令 / processing instructions were skipped",
    "schema_location": "忽略了 schemaLocation / schemaLocation was ignored",
}
