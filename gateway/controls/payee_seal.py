"""The seal on a payee of the master: the vote that approved it made it, with a key of ours alone.

Rule kept here: every part is written with its length, so that no two payees give the same bytes.
A row that was written or changed in the database past the gateway has no seal that holds.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Final

from gateway.signing.purpose_key import purpose_key

_PURPOSE: Final = b"gateway.controls\0payee"


class PayeeSeal:
    """Makes and checks seals. The key is derived from a secret of the deployment and stays here."""

    def __init__(self, root: bytes) -> None:
        """``root`` has at least 32 bytes, else ValueError."""
        self._begun = hmac.new(purpose_key(root, _PURPOSE), digestmod="sha256")

    def of(self, tenant: str, parts: Iterable[str]) -> str:
        """The seal (64 hex digits) over whose payee it is and everything that is said of it."""
        written = "".join([f"{len(part)}:{part}" for part in (tenant, *parts)])
        made = self._begun.copy()
        made.update(written.encode())
        return made.hexdigest()

    def holds(self, sealed: str, tenant: str, parts: Iterable[str]) -> bool:
        """Whether ``sealed`` was made over exactly this; takes equally long either way."""
        return hmac.compare_digest(self.of(tenant, parts).encode(), sealed.encode())
