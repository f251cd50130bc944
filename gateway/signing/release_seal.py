"""The seal on a release: proof that the gateway itself let a payment go, as it is stored.

Rule kept here: every part is written with its length, so that no two releases give the same bytes.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Final

from gateway.signing.purpose_key import purpose_key

_PURPOSE: Final = b"gateway.release\0seal"


class ReleaseSeal:
    """Makes and checks seals. The key is derived from a secret of the deployment and stays here."""

    def __init__(self, root: bytes) -> None:
        """``root`` has at least 32 bytes, else ValueError."""
        self._begun = hmac.new(purpose_key(root, _PURPOSE), digestmod="sha256")

    def of(
        self, tenant: str, instruction: str, digest: str, version: int, approvers: Iterable[str]
    ) -> str:
        """The seal (64 hex digits) over whose payment it is, its content, the rules, the people."""
        parts = [tenant, instruction, digest, str(version), *sorted(approvers)]
        written = "".join([f"{len(part)}:{part}" for part in parts])
        # Preparing the key costs more than the MAC itself: it is done once.
        made = self._begun.copy()
        made.update(written.encode())
        return made.hexdigest()

    def holds(  # noqa: PLR0913, PLR0917 - the seal and what it is over
        self,
        sealed: str,
        tenant: str,
        instruction: str,
        digest: str,
        version: int,
        approvers: Iterable[str],
    ) -> bool:
        """Whether ``sealed`` was made over exactly this; takes equally long either way."""
        made = self.of(tenant, instruction, digest, version, approvers)
        return hmac.compare_digest(made.encode(), sealed.encode())
