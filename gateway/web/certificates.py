"""Client certificates of machines, as a trusted proxy passes them on.

Rule kept here: which header is meant is known by the settings; where none says so, the standard's
own header is still a claim, and refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import product

from starlette.requests import Request

from gateway.identity.mtls import (
    RFC_9440_HEADER,
    CertificateRule,
    TrustedProxy,
    identify_certificate,
    passed_certificate,
)


def _spelt(header: str) -> frozenset[bytes]:
    """A header's name in every spelling that a server may take for the same."""
    parts = header.lower().replace("_", "-").split("-")
    ends = product("-_", repeat=len(parts) - 1)
    return frozenset(
        "".join(part + mark for part, mark in zip(parts, (*marks, ""), strict=True)).encode()
        for marks in ends
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Which certificate stands for which key. ``headers`` are lower-case names to look out for."""

    proxy: TrustedProxy | None = None
    rules: tuple[CertificateRule, ...] = ()
    headers: frozenset[bytes] = field(init=False)

    def __post_init__(self) -> None:
        """Spell the header once."""
        name = self.proxy.header if self.proxy is not None else RFC_9440_HEADER
        object.__setattr__(self, "headers", _spelt(name))

    def key_of(self, request: Request, now: datetime) -> str | None:
        """The id of the key a request's certificate stands for; None without a certificate.

        Raises NotProven as ``passed_certificate`` and ``identify_certificate``.
        """
        der = self.shown(request)
        return None if der is None else identify_certificate(der, self.rules, now=now)

    def shown(self, request: Request) -> bytes | None:
        """The certificate (DER) that a request shows; None without one. Raises NotProven."""
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in request.scope["headers"]
            if name in self.headers
        ]
        peer = request.client.host if request.client else ""
        return passed_certificate(headers, peer=peer, proxy=self.proxy)
