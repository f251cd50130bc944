"""Why bytes could not be read; see ``gateway.wire.reasons``."""

from __future__ import annotations

from gateway.wire.reasons import DETECTED_LATE, why

__all__ = ["DETECTED_LATE", "why"]
