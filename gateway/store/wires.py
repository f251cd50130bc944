"""The digest of archived bytes: recomputable by anybody, without any secret."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def wire_digest(content: bytes, layout: Sequence[int | str]) -> str:
    """SHA-256 (hex) over the runs of a message.

    ``layout`` tells the runs in order: a length for bytes of ``content``, a hex commitment for
    a secret that was cut out. Raises ValueError when the lengths do not fit the content.
    """
    digest = hashlib.sha256()
    start = 0
    for run in layout:
        if isinstance(run, str):
            digest.update(b"S" + bytes.fromhex(run))
        else:
            digest.update(b"P" + hashlib.sha256(content[start : start + run]).digest())
            start += run
    if start != len(content):
        raise ValueError("the layout does not fit the content")
    return digest.hexdigest()
