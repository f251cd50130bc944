"""Who may post a bank's notices of a connection, as it stands in the settings."""

from __future__ import annotations

import re
from typing import Final, Protocol

from gateway.ports.tenancy import NoticeDoor
from gateway.transport.egress_rules import read_network

SECRET_MIN: Final = 16
"""Fewest bytes of a shared secret."""
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Table(Protocol):
    """A table of settings that is being read."""

    def has(self, name: str) -> bool:
        """Whether it is set."""
        ...

    def text(self, name: str, default: str | None = None) -> str:
        """A text."""
        ...

    def texts(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """A list of texts."""
        ...

    def secret(self, name: str) -> str:
        """A secret inline, from a file or from the environment."""
        ...

    def fault(self, name: str, zh: str, en: str, code: str = "settings") -> None:
        """Tell what is wrong with one setting."""
        ...

    def done(self) -> None:
        """Tell every setting that nobody has read."""
        ...


def read_notices(table: Table) -> NoticeDoor | None:
    """``[tenant.connection.notices]``: at least one way to know the bank; all that are set hold."""
    named = any(table.has(name) for name in ("secret", "secret_file", "secret_env"))
    secret = table.secret("secret") if named else ""
    if named and len(secret.encode()) < SECRET_MIN:
        table.fault("secret", f"至少 {SECRET_MIN} 个字节", f"must have at least {SECRET_MIN} bytes")
    certificate = table.text("certificate", "")
    if certificate and not _FINGERPRINT.fullmatch(certificate):
        table.fault(
            "certificate",
            "应为 64 位小写十六进制的 SHA-256 指纹",
            "must be a SHA-256 fingerprint, 64 lower-case hex digits",
        )
    peers = []
    for text in table.texts("peers", ()):
        try:
            peers.append(read_network(text))
        except ValueError:
            table.fault("peers", "不是网段", "is no network")
    if not (secret or certificate or peers):
        table.fault(
            "peers",
            "须设置 secret、certificate 或 peers 之一，否则任何人都能冒充银行",
            "set a secret, a certificate or peers: else anybody could play the bank",
        )
    table.done()
    return NoticeDoor(secret=secret.encode(), certificate=certificate, peers=tuple(peers))
