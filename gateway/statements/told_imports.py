"""An import as it is told outside: by the API, and in the reply to a file in a folder."""

from __future__ import annotations

from gateway.statements.import_rows import Import


def import_told(it: Import) -> dict[str, object]:
    """An import as JSON: codes, counts and both texts of what was found; no value of the file."""
    return {
        "id": it.id,
        "state": it.state,
        "format": it.format,
        "name": it.name or None,
        "digest": it.digest,
        "actor": it.actor,
        "statements": it.statements,
        "entries": it.entries,
        "added": it.added,
        "changed": it.changed,
        "repeated": it.repeated,
        "at": (it.ended_at or it.begun).isoformat(timespec="seconds"),
        "withdrawn_by": it.withdrawn_by or None,
        "withdrawn_at": (
            it.withdrawn_at.isoformat(timespec="seconds") if it.withdrawn_at is not None else None
        ),
        "withdrawn_reason": it.withdrawn_why or None,
        "withdrawn_lines": it.withdrawn_lines,
        "withdrawn_matches": it.withdrawn_matches,
        "findings": [
            {
                "code": one.code,
                "gravity": one.gravity.value,
                "line": one.line or None,
                "path": one.path or None,
                "zh": one.zh,
                "en": one.en,
            }
            for one in it.findings
        ],
    }
