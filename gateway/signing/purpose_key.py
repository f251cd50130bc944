"""One key per purpose, derived from a secret of the deployment: no two purposes share one."""

from __future__ import annotations

import hmac
from typing import Final

ROOT_BYTES_MIN: Final = 32


def purpose_key(root: bytes, purpose: bytes) -> bytes:
    """The key (32 bytes) for a purpose. ``root`` has at least 32 bytes, else ValueError."""
    if len(root) < ROOT_BYTES_MIN:
        raise ValueError("a root key has at least 32 bytes")
    return hmac.digest(root, purpose, "sha256")
