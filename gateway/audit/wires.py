"""Verifying the wire archive: bytes recompute to their digest, and the journal vouches for that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, select

from gateway.audit.findings import Finding
from gateway.store import tables
from gateway.store.wires import wire_digest

_MARK: Final = b'"wire_digest"'
_w, _j = tables.wire, tables.journal


def verify_wires(db: Connection) -> list[Finding]:
    """Archived bytes that were changed, exchanged or removed; each finding names the wire."""
    vouched = dict(_vouched(db))
    findings: list[Finding] = []
    statement = select(_w.c.id, _w.c.content, _w.c.layout, _w.c.digest)
    for row in db.execution_options(yield_per=500).execute(statement):
        promised = vouched.pop(row.id, "")
        if _recomputed(row.content, row.layout) != row.digest or row.digest != promised:
            findings.append(Finding(lane=row.id, seq=0, kind="wire"))
    findings.extend(Finding(lane=wire, seq=0, kind="wire_missing") for wire in vouched)
    return findings


def _vouched(db: Connection) -> Iterator[tuple[str, str]]:
    """Wire ids and digests as the journal tells them."""
    statement = select(_j.c.payload).where(_j.c.payload.is_not(None))
    for payload in db.execution_options(yield_per=2000).execute(statement).scalars():
        if _MARK in payload:
            content = json.loads(payload)["content"]
            yield content["wire"], content["wire_digest"]


def _recomputed(content: bytes, layout: str) -> str:
    try:
        return wire_digest(content, json.loads(layout))
    except (ValueError, TypeError):
        return ""
