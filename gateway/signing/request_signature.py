"""The signature of an ERP's request: HMAC-SHA256 over what the request does, when, and once.

Rule kept here: what is signed is taken from the request as it came over the wire (path and
query still percent-encoded, body as bytes), so that no two readings of it can differ.
The vectors in docs/api-signature.md are checked by a test.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

KEY_HEADER: Final = "X-Gw-Key"
TIMESTAMP_HEADER: Final = "X-Gw-Timestamp"
NONCE_HEADER: Final = "X-Gw-Nonce"
SIGNATURE_HEADER: Final = "X-Gw-Signature"
WINDOW_S: Final = 300
"""How far a request's time stamp may lie from the gateway's clock, either way."""
NONCE_KEPT_S: Final = 2 * WINDOW_S
"""How long a used nonce must be remembered: as long as any time stamp could still be fresh."""

_METHOD: Final = re.compile(r"[A-Z]{1,16}", re.ASCII)
_TARGET: Final = re.compile(r"/[!-~]*", re.ASCII)
_QUERY: Final = re.compile(r"[!-~]*", re.ASCII)
_TIMESTAMP: Final = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
_NONCE: Final = re.compile(r"[0-9A-Za-z_-]{16,64}", re.ASCII)
_SIGNATURE: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_DIGEST: Final = re.compile(r"(?:[0-9a-f]{64})?", re.ASCII)


class Flaw(StrEnum):
    """Why a signature is not accepted."""

    MALFORMED = "malformed"
    """A signed part or the signature is not of its form; nothing was computed."""
    WRONG = "wrong"
    """Another key, or another request."""
    STALE = "stale"
    """Rightly signed, but outside the window: an old request, or a clock that is off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """A request as it was signed. ``path`` and ``query`` (without ``?``) as sent, encoded.

    ``timestamp`` is the header's text (Unix seconds), ``nonce`` 16 to 64 characters of
    ``0-9 A-Z a-z _ -``, never used again under the same key.
    """

    method: str
    path: str
    timestamp: str
    nonce: str
    query: str = ""
    body: bytes = field(default=b"", repr=False)
    body_digest: str = ""
    """Hex SHA-256 of a body that was hashed while it was read; it then stands for ``body``."""


def string_to_sign(request: SignedRequest) -> bytes:
    """Bytes under the signature: five lines joined by LF, without one at the end.

    Method; path, with ``?`` and the query sorted by name if there is one; time stamp; nonce;
    lower-case hex SHA-256 of the body. Raises ValueError if a part is not of its form, so
    that no part can spill into the next line.
    """
    if not (
        _METHOD.fullmatch(request.method)
        and _TARGET.fullmatch(request.path)
        and "?" not in request.path
        and _QUERY.fullmatch(request.query)
        and _TIMESTAMP.fullmatch(request.timestamp)
        and _NONCE.fullmatch(request.nonce)
        and _DIGEST.fullmatch(request.body_digest)
    ):
        raise ValueError("a signed part of the request is not of its form")
    query = sorted_query(request.query)
    target = f"{request.path}?{query}" if query else request.path
    digest = request.body_digest or hashlib.sha256(request.body).hexdigest()
    return f"{request.method}\n{target}\n{request.timestamp}\n{request.nonce}\n{digest}".encode()


def sorted_query(query: str) -> str:
    """The parameters of an encoded query ordered by encoded name; equal names keep their order."""
    parameters = (one for one in query.split("&") if one)
    return "&".join(sorted(parameters, key=lambda one: one.partition("=")[0]))


def sign(secret: bytes, request: SignedRequest) -> str:
    """The signature (64 lower-case hex digits). Raises ValueError as ``string_to_sign``."""
    return hmac.digest(secret, string_to_sign(request), "sha256").hex()


def verify(secret: bytes, request: SignedRequest, *, signature: str, now: int) -> Flaw | None:
    """What is wrong with ``signature`` at ``now`` (Unix seconds); None if nothing is.

    The comparison takes the same time wherever the difference lies. For an unknown key
    call it too, with any secret, so that the answer comes no sooner. That the nonce is new
    is checked by whoever stores nonces, and only after this.
    """
    if not _SIGNATURE.fullmatch(signature):
        return Flaw.MALFORMED
    try:
        expected = sign(secret, request)
    except ValueError:
        return Flaw.MALFORMED
    if not hmac.compare_digest(expected, signature):
        return Flaw.WRONG
    return Flaw.STALE if abs(now - int(request.timestamp)) > WINDOW_S else None
