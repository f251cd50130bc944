"""Verifying the trail: every lane, record and checkpoint; a finding names lane and sequence.

The verifier trusts nothing it reads: commitments are recomputed from payloads, links from
the records before them, roots from the heads a checkpoint lists, signatures from a key that
is given from outside.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Row, func, select

from gateway.audit.findings import Finding
from gateway.audit.walk import Progress, Span, Walked, payload_of, spans, walk
from gateway.audit.wires import verify_wires
from gateway.domain.chain import GENESIS, LaneHead, merkle_root
from gateway.store import tables

_j = tables.journal


class Walks(Protocol):
    """Walks spans of the journal side by side."""

    @property
    def parts(self) -> int:
        """How many at a time."""
        ...

    def walked(self, spans: Sequence[Span], progress: Progress) -> Iterator[Walked]:
        """What each span's walk found, in the order of the spans."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of a verification. ``unanchored`` counts records after the last checkpoint."""

    records: int
    lanes: int
    checkpoints: int
    unanchored: int
    findings: tuple[Finding, ...]


def verify(
    db: Connection,
    key: Ed25519PublicKey | None,
    progress: Progress = lambda _: None,
    walks: Walks | None = None,
) -> Verdict:
    """Verify everything in the database; ``key`` None skips signatures only.

    ``walks`` walks many spans at once, each over a connection of its own; without it they are
    walked here, one after the other.
    """
    findings: list[Finding] = []
    heads: dict[str, LaneHead] = {}
    vouched: dict[str, str] = {}
    records = 0
    todo = _spans(db, walks.parts if walks else 1)
    found = walks.walked(todo, progress) if walks else (walk(db, it, progress) for it in todo)
    for span, walked in zip(todo, found, strict=True):
        heads[span.lane] = LaneHead(lane=span.lane, seq=walked.seq, hash=walked.hash)
        findings.extend(walked.findings)
        vouched.update(walked.vouched)
        records += walked.records
    findings.extend(_verify_previous(db, heads))
    checkpoints, anchored = _verify_checkpoints(db, key, heads, findings)
    findings.extend(verify_wires(db, vouched))
    tail = sum(head.seq - min(anchored.get(lane, 0), head.seq) for lane, head in heads.items())
    return Verdict(
        records=records,
        lanes=len(heads),
        checkpoints=checkpoints,
        unanchored=tail,
        findings=tuple(findings),
    )


def _spans(db: Connection, parts: int) -> list[Span]:
    """The whole journal as it stands now, each lane's spans in order."""
    anchors = _anchors(db)
    ends = db.execute(select(_j.c.lane, func.max(_j.c.seq)).group_by(_j.c.lane))
    lasts: dict[str, int] = dict(ends.all())
    return [
        span
        for lane in _lanes(db, lasts)
        for span in spans(db, lane, lasts.get(lane, 0), anchors.get(lane, {}), parts)
    ]


def _lanes(db: Connection, written: Collection[str]) -> list[str]:
    """Every lane that was opened, then those that only the journal knows: somebody put them in."""
    opened = db.execute(select(tables.lane.c.id).order_by(tables.lane.c.opened_us)).scalars().all()
    return [*opened, *sorted(set(written) - set(opened))]


def _anchors(db: Connection) -> dict[str, dict[int, bytes]]:
    """Heads named by checkpoints, per lane and sequence."""
    anchors: dict[str, dict[int, bytes]] = {}
    for heads in db.execute(select(tables.checkpoint.c.heads)).scalars():
        for head in _heads(heads):
            anchors.setdefault(head.lane, {})[head.seq] = head.hash
    return anchors


def _heads(text: str) -> list[LaneHead]:
    """The heads a checkpoint lists; none, which fits no root, when the list is broken."""
    try:
        return [
            LaneHead(lane=str(lane), seq=int(seq), hash=bytes.fromhex(head))
            for lane, seq, head in json.loads(text)
        ]
    except (ValueError, TypeError):
        return []


def _verify_previous(db: Connection, heads: dict[str, LaneHead]) -> list[Finding]:
    """Each lane's first record names the head of the lane before it."""
    findings: list[Finding] = []
    for row in db.execute(select(_j.c.lane, _j.c.payload).where(_j.c.seq == 1)):
        named = payload_of(row.payload).get("content", {})
        if not {"previous_lane", "previous_seq", "previous_hash"} <= named.keys():
            # Never erased: without it a lane before could be cut unseen.
            findings.append(Finding(lane=row.lane, seq=1, kind="previous"))
            continue
        if not named["previous_lane"]:
            continue
        before = heads.get(named["previous_lane"])
        if before is None:
            findings.append(Finding(lane=named["previous_lane"], seq=0, kind="lane_missing"))
        elif before.seq < named["previous_seq"]:
            findings.append(Finding(lane=before.lane, seq=before.seq, kind="cut"))
        elif _hash_at(db, before.lane, named["previous_seq"]) != named["previous_hash"]:
            findings.append(Finding(lane=before.lane, seq=named["previous_seq"], kind="previous"))
    return findings


def _hash_at(db: Connection, lane: str, seq: int) -> str:
    if seq == 0:
        return GENESIS.hex()
    found = db.execute(select(_j.c.hash).where(_j.c.lane == lane, _j.c.seq == seq)).scalar()
    return found.hex() if found else ""


def _verify_checkpoints(
    db: Connection,
    key: Ed25519PublicKey | None,
    heads: dict[str, LaneHead],
    findings: list[Finding],
) -> tuple[int, dict[str, int]]:
    anchored: dict[str, int] = {}
    expected = 0
    count = db.execute(select(func.count()).select_from(tables.checkpoint)).scalar() or 0
    for row in db.execute(select(tables.checkpoint).order_by(tables.checkpoint.c.seq)):
        expected += 1
        if row.seq != expected:
            findings.append(Finding(lane="checkpoint", seq=expected, kind="gap"))
            expected = row.seq
        listed = _heads(row.heads)
        if merkle_root(listed).hex() != row.root:
            findings.append(Finding(lane="checkpoint", seq=row.seq, kind="root"))
        if key is not None and not _signed(key, row):
            findings.append(Finding(lane="checkpoint", seq=row.seq, kind="signature"))
        for head in listed:
            now = heads.get(head.lane)
            if now is None:
                findings.append(Finding(lane=head.lane, seq=head.seq, kind="lane_missing"))
            elif now.seq < head.seq:
                findings.append(Finding(lane=head.lane, seq=now.seq, kind="cut"))
            anchored[head.lane] = max(anchored.get(head.lane, 0), head.seq)
    return count, anchored


def _signed(key: Ed25519PublicKey, row: Row[Any]) -> bool:
    try:
        key.verify(bytes.fromhex(row.signature), checkpoint_text(row.seq, row.at_us, row.root))
    except (InvalidSignature, ValueError):
        return False
    return True


def checkpoint_text(seq: int, at_us: int, root: str) -> bytes:
    """What a checkpoint signs."""
    return f"gateway-checkpoint\n{seq}\n{at_us}\n{root}\n".encode()
