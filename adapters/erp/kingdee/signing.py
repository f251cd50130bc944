"""Signatures of 星空 WebAPI: the header scheme of each call, and the digest of a log-in.

Source: what the vendor's client 8.2.0 sends (tests/interop holds ours against it), and the
vendor's description of LoginBySign.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

MASK: Final = b"0054f397c6234378b09ca7d3e5debce7"
"""What the second half of an application's id is masked with: a constant of the protocol."""
AUTH_VERSION: Final = "2.0"
_MASKED_LENGTH: Final = 32
_UNRESERVED: Final = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~"
)


def client_of(app_id: str) -> tuple[str, str]:
    """The client id and the client's secret inside an application's id ``id_masked``.

    Raises ValueError for an id of another form.
    """
    client, _, masked = app_id.partition("_")
    try:
        plain = base64.b64decode(masked, validate=True)
    except binascii.Error:
        plain = b""
    if not client or len(masked) != _MASKED_LENGTH or not plain:
        raise ValueError("not an application id of 星空")
    secret = bytes(one ^ mask for one, mask in zip(plain, MASK, strict=False))
    return client, base64.b64encode(secret).decode()


def signature(key: str, content: str) -> str:
    """Base64 over the hexadecimal digits of HMAC-SHA256."""
    digits = hmac.new(key.encode(), content.encode(), hashlib.sha256).hexdigest()
    return base64.b64encode(digits.encode()).decode()


def escaped(path: str) -> str:
    """A URL's path as it is signed: everything but letters, digits and ``_.-~`` as %XX."""
    return "".join(chr(one) if one in _UNRESERVED else f"%{one:02X}" for one in path.encode())


def request_text(path: str, nonce: str, timestamp: str) -> str:
    """What ``X-Api-Signature`` is made over. The scheme knows POST only, without a query."""
    return f"POST\n{escaped(path)}\n\nx-api-nonce:{nonce}\nx-api-timestamp:{timestamp}\n"


def login_digest(parts: Iterable[str]) -> str:
    """Hexadecimal SHA-256 over the parts in ordinal order, run together."""
    return hashlib.sha256("".join(sorted(parts)).encode()).hexdigest()
