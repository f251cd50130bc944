"""Verifying the wire archive: bytes recompute to their digest, and the journal vouches for that."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import Connection, select

from gateway.audit.findings import Finding
from gateway.audit.rows import stream
from gateway.store import tables
from gateway.store.wires import wire_digest

_w = tables.wire


def verify_wires(db: Connection, vouched: Mapping[str, str]) -> list[Finding]:
    """Archived bytes that were changed, exchanged or removed; each finding names the wire.

    ``vouched`` are the digests that the journal tells, by wire.
    """
    missing = dict(vouched)
    findings: list[Finding] = []
    statement = select(_w.c.id, _w.c.content, _w.c.layout, _w.c.digest)
    for row in stream(db, statement):
        promised = missing.pop(row.id, "")
        if _recomputed(row.content, row.layout) != row.digest or row.digest != promised:
            findings.append(Finding(lane=row.id, seq=0, kind="wire"))
    findings.extend(Finding(lane=wire, seq=0, kind="wire_missing") for wire in missing)
    return findings


def _recomputed(content: bytes, layout: str) -> str:
    try:
        return wire_digest(content, json.loads(layout))
    except (ValueError, TypeError):
        return ""
