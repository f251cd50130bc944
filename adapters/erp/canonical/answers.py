"""Canonical answers: reports, refusals and what else is told, in version 1 and in version 2.

Rule kept here: version 1 is one document, version 2 is lines between a head and an end, so that
a cut file is seen. Amounts are texts; an open outcome keeps its own name.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import msgspec

from adapters.erp.canonical.codes import CODES, REFUSED, final
from gateway.domain.errors import Corrupt
from gateway.domain.instruction import State
from gateway.ports.erp import FileFacts, FileWriter, LineStatus, RefusedFile, StatusReport
from gateway.ports.erp_told import KIND_OF, Told, ToldKind

_SPOOL: Final = 1 << 16
_STATES: Final = frozenset(CODES["report"]) | {REFUSED}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _spooled(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Pieces of about 64 KiB."""
    held = bytearray()
    for line in lines:
        held += line
        if len(held) >= _SPOOL:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


def _state(line: LineStatus) -> str:
    state = REFUSED if line.faults else line.state
    if state not in _STATES:
        raise Corrupt("no canonical code for this state")
    return state


def _faults(line: LineStatus | RefusedFile) -> list[dict[str, object]]:
    return [one.document() for one in line.faults]


def _merged(line: LineStatus) -> dict[str, object]:
    """The source documents of a merged payment; nothing for every other, as it always was."""
    if not line.merged:
        return {}
    return {"merged": [{"erp_reference": it.reference, "amount": it.amount} for it in line.merged]}


# ── version 1 ─────────────────────────────────────────────────────────────────────────────────


def report_v1(status: StatusReport) -> Iterator[bytes]:
    """One document: where every line stands."""
    head = _json(
        {
            "version": "1",
            "report_id": status.report_id,
            "created": status.created.isoformat(),
            "batch_reference": status.original_message_id,
        }
    )

    def pieces() -> Iterator[bytes]:
        yield head[:-1] + b', "lines": [\n'
        between = b""
        for line in status.lines():
            yield between + _json(_line_v1(line))
            between = b",\n"
        yield b"\n]}\n"

    return _spooled(pieces())


def _line_v1(line: LineStatus) -> dict[str, object]:
    state = _state(line)
    said: dict[str, object] = {
        "line": line.line or int(line.source.get("line", "0") or 0),
        "id": line.instruction,
        "erp_reference": line.erp_reference,
        "state": state,
        "final": final(state),
        "amount": line.amount,
        "currency": line.currency,
        "reason": line.reason_code,
        "text": line.text,
        "bank_reference": line.bank_reference,
    }
    said |= _merged(line)
    return said | ({"faults": _faults(line)} if line.faults else {})


def refuse_v1(refused: RefusedFile) -> Iterator[bytes]:
    """One document: that nothing was taken, and why."""
    yield _json(_refusal(refused) | {"version": "1", "batch_reference": refused.message_id})
    yield b"\n"


def _refusal(refused: RefusedFile) -> dict[str, object]:
    return {
        "report_id": refused.report_id,
        "created": refused.created.isoformat(),
        "file": refused.file_name,
        "state": REFUSED,
        "accepted": "0",
        "faults": _faults(refused),
    }


# ── version 2 ─────────────────────────────────────────────────────────────────────────────────


def report_v2(status: StatusReport) -> Iterator[bytes]:
    """A head, a line for each payment, an end."""

    def pieces() -> Iterator[bytes]:
        yield _head("report", status.report_id, status.created.isoformat(), status.line_count) + (
            _json({"original": {"id": status.original_message_id}}) + b"\n"
        )
        count = 0
        for line in status.lines():
            count += 1
            yield _json(_line_v2(line)) + b"\n"
        yield _end(count)

    return _spooled(pieces())


def _line_v2(line: LineStatus) -> dict[str, object]:
    state = _state(line)
    return {
        "line": line.source.get("line", "") or str(line.line),
        "reference": line.erp_reference,
        "instruction": line.instruction,
        "amount": {"value": line.amount, "currency": line.currency},
        "status": {
            "state": state,
            "final": final(state),
            "reason": line.reason_code,
            "text": line.text,
        },
        "bank": {"reference": line.bank_reference},
        **_merged(line),
        "faults": _faults(line),
    }


def refuse_v2(refused: RefusedFile) -> Iterator[bytes]:
    """A head, the refusal, an end."""
    yield _head("refusal", refused.report_id, refused.created.isoformat(), 1)
    yield _json(_refusal(refused) | {"original": {"id": refused.message_id}}) + b"\n"
    yield _end(1)


def _head(kind: str, number: str, created: str, lines: int) -> bytes:
    return _json(
        {"version": "2", kind: {"id": number, "created": created, "lines": str(lines)}}
    ) + (b"\n")


def _end(lines: int) -> bytes:
    return _json({"end": {"lines": str(lines)}}) + b"\n"


# ── what else is told ─────────────────────────────────────────────────────────────────────────

Write = Callable[[tuple[Told, ...], FileFacts], Iterator[bytes]]


def told_v1(records: tuple[Told, ...], facts: FileFacts) -> Iterator[bytes]:
    """One document: records of one kind."""
    yield _json(
        {
            "version": "1",
            "id": facts.id,
            "created": facts.created.isoformat(),
            "kind": str(KIND_OF[type(records[0])]),
            "records": [_plain(it) for it in records],
        }
    )
    yield b"\n"


def told_v2(records: tuple[Told, ...], facts: FileFacts) -> Iterator[bytes]:
    """A head, a line per record (a statement: per entry), an end."""

    def pieces() -> Iterator[bytes]:
        kind = str(KIND_OF[type(records[0])])
        yield _head(kind, facts.id, facts.created.isoformat(), len(records))
        for record in records:
            said = _plain(record)
            entries = said.pop("entries", ())
            yield _json(said) + b"\n"
            if isinstance(entries, list | tuple):
                yield from (_json({"entry": one}) + b"\n" for one in entries)
        yield _end(len(records))

    return _spooled(pieces())


def _plain(record: Told) -> dict[str, object]:
    """The record's own members; what is of no use outside (digests of ours) stays out."""
    said = msgspec.to_builtins(record)
    if not isinstance(said, dict):
        raise Corrupt("a record that is no object")
    return {name: it for name, it in said.items() if name != "type"}


def writers(write: Write, suffix: str) -> Mapping[ToldKind, FileWriter]:
    """The same writer for every kind."""
    return {kind: FileWriter(suffix=suffix, write=write) for kind in ToldKind}


assert frozenset(State) == frozenset(CODES["report"])  # every state has a code
