"""Where further material may lie beside the project: tests that read it are skipped without it."""

from __future__ import annotations

from pathlib import Path

_BESIDE = Path(__file__).resolve().parents[1].parent / "shared"

SHARED: Path | None = _BESIDE if _BESIDE.is_dir() else None
