"""MACs over what the database keeps about people, under keys the database never sees.

Rule kept here: every part is written with its kind and length, so that no two lists of parts
give the same bytes.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from gateway.signing.purpose_key import purpose_key as derived

KEY_BYTES: Final = 32
Part = bytes | str | int | None


def purpose_key(root: bytes, purpose: str) -> bytes:
    """A key for one purpose (32 bytes), derived from a secret of the deployment.

    Raises ValueError when ``root`` has less than 32 bytes.
    """
    return derived(root, b"gateway.identity\0" + purpose.encode())


def seal(key: bytes, *parts: Part) -> bytes:
    """The MAC (32 bytes) over these parts in this order."""
    return hmac.new(key, b"".join(_written(part) for part in parts), hashlib.sha256).digest()


def holds(key: bytes, sealed: bytes, *parts: Part) -> bool:
    """Whether ``sealed`` was made over exactly these parts; takes equally long either way."""
    return hmac.compare_digest(seal(key, *parts), sealed)


def _written(part: Part) -> bytes:
    if part is None:
        return b"-"
    if isinstance(part, int):
        kind, content = b"i", str(part).encode()
    elif isinstance(part, str):
        kind, content = b"s", part.encode()
    else:
        kind, content = b"b", part
    return kind + len(content).to_bytes(8, "big") + content
