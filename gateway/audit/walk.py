"""Walking a lane of the journal, record by record, whole or in spans.

Rule kept here: nothing read is trusted. Commitments are recomputed from payloads, links from
the records before them; after a fault the walk goes on from the stored hash, so a span needs
nothing but the hash stored before it, and spans may be walked apart from each other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import msgspec
from sqlalchemy import Connection, bindparam, select

from gateway.audit.findings import Finding
from gateway.domain.chain import GENESIS, commitment, linker
from gateway.store import tables

_j = tables.journal
_WIRE: Final = b'"wire_digest"'
_ROWS: Final = 1000
_LOWEST: Final = -(2**62)
_SPAN_MIN: Final = 20_000
"""Shorter spans cost more to hand out than to walk."""

Progress = Callable[[int], None]
_Row = tuple[int, str, str, str, int, bytes | None, bytes | None, bytes, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Records of a lane after sequence ``after`` (whose stored hash is ``previous``) to ``last``.

    ``after`` None begins with whatever stands first. ``anchors`` are heads that checkpoints
    name, by sequence.
    """

    lane: str
    after: int | None
    previous: bytes
    last: int
    anchors: tuple[tuple[int, bytes], ...] = ()


@dataclass(slots=True, kw_only=True)
class Walked:
    """What a walk over a span found. ``seq`` and ``hash`` are those of the last record seen.

    ``vouched`` are the digests of archived wires that the records vouch for, by wire.
    """

    seq: int
    hash: bytes
    records: int = 0
    findings: list[Finding] = field(default_factory=list)
    vouched: dict[str, str] = field(default_factory=dict)


class _Told(msgspec.Struct, gc=False):
    """What a payload says of itself; searched by in columns of the same names."""

    at_us: int
    kind: str
    subject: str
    tenant: str


_NOTHING: Final = _Told(at_us=-(2**70), kind="", subject="", tenant="")  # no column holds that
_read: Final = msgspec.json.Decoder(_Told).decode


def _told(payload: bytes) -> _Told:
    """What a payload says of itself; nothing when it is no such payload."""
    try:
        return _read(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _NOTHING


def walk(db: Connection, span: Span, progress: Progress = lambda _: None) -> Walked:
    """Verify the records of a span."""
    found = Walked(seq=span.after or 0, hash=span.previous)
    chained, anchors = linker(span.lane), dict(span.anchors)
    previous, expected = span.previous, found.seq + 1
    for rows in _records(db, span):
        for seq, tenant, kind, subject, at_us, salt, payload, leaf, stored in rows:
            if seq != expected:
                found.findings.append(Finding(lane=span.lane, seq=expected, kind="gap"))
            if payload is not None:
                told = _told(payload)
                if (
                    salt is None
                    or commitment(salt, payload) != leaf
                    or told.subject != subject
                    or told.at_us != at_us
                    or told.tenant != tenant
                    or told.kind != kind
                ):
                    found.findings.append(Finding(lane=span.lane, seq=seq, kind="payload"))
                if _WIRE in payload:
                    found.vouched.update(_vouched(payload))
            if chained(seq, previous, leaf) != stored and seq == expected:
                found.findings.append(Finding(lane=span.lane, seq=seq, kind="link"))
            if anchors and anchors.get(seq, stored) != stored:
                found.findings.append(Finding(lane=span.lane, seq=seq, kind="rewritten"))
            previous, expected = stored, seq + 1
        found.records += len(rows)
        progress(len(rows))
    found.seq, found.hash = expected - 1, previous
    return found


def spans(
    db: Connection, lane: str, last: int, anchors: dict[int, bytes], parts: int
) -> list[Span]:
    """A lane up to ``last`` cut into at most so many spans of about equal length."""
    parts = max(1, min(parts, last // _SPAN_MIN))
    ends = [last * part // parts for part in range(1, parts)]
    starts = [(None, GENESIS), *(_before(db, lane, end) for end in ends)]
    return [
        Span(
            lane=lane,
            after=after,
            previous=previous,
            last=to,
            anchors=tuple((seq, head) for seq, head in anchors.items() if (after or 0) < seq <= to),
        )
        for (after, previous), to in zip(starts, [*ends, last], strict=True)
    ]


def payload_of(payload: bytes | None) -> dict[str, Any]:
    """A payload as JSON; empty when somebody made it something else."""
    try:
        told = json.loads(payload or b"")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _vouched(payload: bytes) -> dict[str, str]:
    content = payload_of(payload).get("content")
    if not isinstance(content, dict) or "wire" not in content:
        return {}
    return {str(content["wire"]): str(content.get("wire_digest", ""))}


_SPAN: Final = (
    select(
        *(_j.c.seq, _j.c.tenant, _j.c.kind, _j.c.subject, _j.c.at_us),
        *(_j.c.salt, _j.c.payload, _j.c.leaf, _j.c.hash),
    )
    .where(_j.c.lane == bindparam("lane"))
    .where(_j.c.seq > bindparam("after"))
    .where(_j.c.seq <= bindparam("last"))
    .order_by(_j.c.seq)
)


def _records(db: Connection, span: Span) -> Iterator[Sequence[_Row]]:
    """The records of a span as the driver's bare tuples: names cost as much as a hash."""
    compiled = _SPAN.compile(dialect=db.dialect)
    after = _LOWEST if span.after is None else span.after
    values = compiled.construct_params({"lane": span.lane, "after": after, "last": span.last})
    places = compiled.positiontup
    # On PostgreSQL a named cursor hands the rows over in portions.
    name = () if places else ("journal",)
    cursor = db.connection.cursor(*name)
    try:
        cursor.execute(str(compiled), [values[it] for it in places] if places else values)
        while rows := cursor.fetchmany(_ROWS):
            yield cast("Sequence[_Row]", rows)
    finally:
        cursor.close()


def _before(db: Connection, lane: str, end: int) -> tuple[int | None, bytes]:
    """The last record at or before ``end``: its sequence and hash; nothing before the first."""
    row = db.execute(
        select(_j.c.seq, _j.c.hash)
        .where(_j.c.lane == lane, _j.c.seq <= end)
        .order_by(_j.c.seq.desc())
        .limit(1)
    ).first()
    return (None, GENESIS) if row is None else (row.seq, row.hash)
