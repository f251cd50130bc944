"""Secrets at rest: AES-256-GCM under a local key, bound to the place they belong to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32


class Vault:
    """Seals and unseals secret segments. The key never leaves this object."""

    def __init__(self, key: bytes, draw: Callable[[int], bytes]) -> None:
        self._cipher = AESGCM(key)
        self._draw = draw

    def seal(self, secret: bytes, place: str) -> bytes:
        """Encrypt ``secret``; it can be unsealed only at the same ``place``."""
        nonce = self._draw(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, place.encode())

    def unseal(self, sealed: bytes, place: str) -> bytes:
        """Decrypt; raises cryptography's InvalidTag when key, place or bytes differ."""
        return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode())
