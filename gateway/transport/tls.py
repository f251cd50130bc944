"""TLS contexts for connections to a bank's front-end. Verification is never turned off."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """PEM files of one connection. None means: the system's trust store, no client certificate."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    key_password: str | None = field(default=None, repr=False)


def client_context(files: TlsFiles) -> ssl.SSLContext:
    """A verifying client context, TLS 1.2 or newer.

    Raises OSError (ssl.SSLError included) if a file is missing or is not what it should be:
    a wrong file must stop the start, not the first payment.
    """
    context = ssl.create_default_context(cafile=str(files.ca) if files.ca else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if files.certificate is not None:
        context.load_cert_chain(
            certfile=str(files.certificate),
            keyfile=str(files.key) if files.key else None,
            password=files.key_password,
        )
    return context
