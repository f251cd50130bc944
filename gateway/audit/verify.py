"""Verifying the trail: every lane, record and checkpoint; a finding names lane and sequence.

The verifier trusts nothing it reads: commitments are recomputed from payloads, links from
the records before them, roots from the heads a checkpoint lists, signatures from a key that
is given from outside.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Row, func, select

from gateway.audit.findings import Finding
from gateway.audit.wires import verify_wires
from gateway.domain.chain import GENESIS, LaneHead, commitment, link, merkle_root
from gateway.store import tables

_j = tables.journal
Progress = Callable[[int], None]
_COLUMNS = ("tenant", "kind", "subject", "at_us")
"""Stored beside the payload to be searched by; they must say what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of a verification. ``unanchored`` counts records after the last checkpoint."""

    records: int
    lanes: int
    checkpoints: int
    unanchored: int
    findings: tuple[Finding, ...]


def verify(
    db: Connection, key: Ed25519PublicKey | None, progress: Progress = lambda _: None
) -> Verdict:
    """Verify everything in the database; ``key`` None skips signatures only."""
    findings: list[Finding] = []
    heads: dict[str, LaneHead] = {}
    anchors = _anchors(db)
    records = 0
    for lane_id in _lanes(db):
        head, count = _verify_lane(db, lane_id, anchors.get(lane_id, {}), findings, progress)
        heads[lane_id] = head
        records += count
    findings.extend(_verify_previous(db, heads))
    checkpoints, anchored = _verify_checkpoints(db, key, heads, findings)
    findings.extend(verify_wires(db))
    tail = sum(head.seq - min(anchored.get(lane, 0), head.seq) for lane, head in heads.items())
    return Verdict(
        records=records,
        lanes=len(heads),
        checkpoints=checkpoints,
        unanchored=tail,
        findings=tuple(findings),
    )


def _lanes(db: Connection) -> list[str]:
    """Every lane that was opened, then those that only the journal knows: somebody put them in."""
    opened = db.execute(select(tables.lane.c.id).order_by(tables.lane.c.opened_us)).scalars().all()
    written = db.execute(select(_j.c.lane).distinct().order_by(_j.c.lane)).scalars()
    known = set(opened)
    return [*opened, *(lane for lane in written if lane not in known)]


def _anchors(db: Connection) -> dict[str, dict[int, bytes]]:
    """Heads named by checkpoints, per lane and sequence."""
    anchors: dict[str, dict[int, bytes]] = {}
    for heads in db.execute(select(tables.checkpoint.c.heads)).scalars():
        for head in _heads(heads):
            anchors.setdefault(head.lane, {})[head.seq] = head.hash
    return anchors


def _verify_lane(
    db: Connection,
    lane: str,
    anchors: dict[int, bytes],
    findings: list[Finding],
    progress: Progress,
) -> tuple[LaneHead, int]:
    """Walk one lane; after a fault the walk goes on from the stored hash, to find the next one."""
    previous, expected, count = GENESIS, 1, 0
    for row in _records(db, lane):
        if row.seq != expected:
            findings.append(Finding(lane=lane, seq=expected, kind="gap"))
        if row.payload is not None and not _committed(row):
            findings.append(Finding(lane=lane, seq=row.seq, kind="payload"))
        if link(lane, row.seq, previous, row.leaf) != row.hash and row.seq == expected:
            findings.append(Finding(lane=lane, seq=row.seq, kind="link"))
        anchored = anchors.get(row.seq)
        if anchored is not None and anchored != row.hash:
            findings.append(Finding(lane=lane, seq=row.seq, kind="rewritten"))
        previous, expected, count = row.hash, row.seq + 1, count + 1
        if count % 10_000 == 0:
            progress(10_000)
    progress(count % 10_000)
    return LaneHead(lane=lane, seq=expected - 1, hash=previous), count


def _committed(row: Row[Any]) -> bool:
    """Whether payload and columns are what the leaf commits to."""
    if row.salt is None or commitment(row.salt, row.payload) != row.leaf:
        return False
    told = _object(row.payload)
    return all(told.get(name) == getattr(row, name) for name in _COLUMNS)


def _object(payload: bytes) -> dict[str, Any]:
    """A payload as JSON; empty when somebody made it something else."""
    try:
        told = json.loads(payload)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _heads(text: str) -> list[LaneHead]:
    """The heads a checkpoint lists; none, which fits no root, when the list is broken."""
    try:
        return [
            LaneHead(lane=str(lane), seq=int(seq), hash=bytes.fromhex(head))
            for lane, seq, head in json.loads(text)
        ]
    except (ValueError, TypeError):
        return []


def _records(db: Connection, lane: str) -> Iterator[Any]:
    statement = select(_j).where(_j.c.lane == lane).order_by(_j.c.seq)
    yield from db.execution_options(yield_per=2000).execute(statement)


def _verify_previous(db: Connection, heads: dict[str, LaneHead]) -> list[Finding]:
    """Each lane's first record names the head of the lane before it."""
    findings: list[Finding] = []
    for row in db.execute(select(_j.c.lane, _j.c.payload).where(_j.c.seq == 1)):
        named = _object(row.payload or b"").get("content", {})
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
