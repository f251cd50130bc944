"""Trace ids of requests (W3C Trace Context), and nothing of what else its headers may hold."""

from __future__ import annotations

import re
from typing import Final

TRACE_HEADER: Final = "traceparent"
TRACE_BYTES: Final = 16
_PARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
_NONE: Final = "0" * 32
_NO_SPAN: Final = "0" * 16


def trace_of(traceparent: str, made: bytes) -> str:
    """The trace id of a ``traceparent`` header, or one of 16 random bytes where it holds none."""
    found = _PARENT.fullmatch(traceparent)
    if found is None or found[1] == _NONE or found[2] == _NO_SPAN:
        return made.hex()
    # Version 00 has exactly four fields.
    return made.hex() if traceparent.startswith("00-") and len(traceparent) != 55 else found[1]  # noqa: PLR2004
