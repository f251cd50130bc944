"""The seal on a version in force: the vote that completed it made it, with a key no database has.

Rule kept here: a document that was written into the database past the gateway holds for nobody.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from gateway.signing.purpose_key import purpose_key

_PURPOSE: Final = b"gateway.controls.version\0"


class VersionSeal:
    """Seals versions under a key derived from the deployment's own secret."""

    def __init__(self, root: bytes) -> None:
        """``root`` has at least 32 bytes, else ValueError."""
        self._key = purpose_key(root, _PURPOSE)

    def of(self, tenant: str, version: int, digest: str) -> str:
        """The seal (64 hex digits) on this document as this version of a tenant."""
        text = "\0".join((tenant, str(version), digest))
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def holds(self, sealed: str, tenant: str, version: int, digest: str) -> bool:
        """Whether the seal is on exactly that."""
        return hmac.compare_digest(sealed.encode(), self.of(tenant, version, digest).encode())
