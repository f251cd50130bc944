"""The signature of a webhook: HMAC-SHA256 over id, time stamp and body, as the receiver checks it.

The form is that of Standard Webhooks (three headers, keys written ``whsec_`` + base64), so that
receivers find a library for it. docs/webhooks.md holds the vectors; a test keeps them true.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

ID_HEADER: Final = "Webhook-Id"
TIMESTAMP_HEADER: Final = "Webhook-Timestamp"
SIGNATURE_HEADER: Final = "Webhook-Signature"
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how every secret begins, none itself
SECRET_MIN: Final = 24
SECRET_MAX: Final = 64


def read_secret(text: str) -> bytes:
    """The key in a secret's text. Raises ValueError, which does not repeat the text."""
    if not text.startswith(SECRET_PREFIX):
        raise ValueError("prefix")
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("base64") from None
    if not SECRET_MIN <= len(key) <= SECRET_MAX:
        raise ValueError("length")
    return key


def write_secret(key: bytes) -> str:
    """A key as it stands in the settings of both sides."""
    return SECRET_PREFIX + base64.b64encode(key).decode("ascii")


def signed_headers(
    secrets: Sequence[bytes], event: str, timestamp: int, body: bytes
) -> list[tuple[str, str]]:
    """The headers of one attempt: one signature per active secret, the newest first."""
    return [
        (ID_HEADER, event),
        (TIMESTAMP_HEADER, str(timestamp)),
        (SIGNATURE_HEADER, " ".join(_signature(key, event, timestamp, body) for key in secrets)),
    ]


def is_signed(secret: bytes, event: str, timestamp: int, body: bytes, signatures: str) -> bool:
    """Whether one of the signatures in a header is of this secret: what a receiver asks."""
    own = _signature(secret, event, timestamp, body)
    return any(hmac.compare_digest(own, given) for given in signatures.split(" "))


def _signature(key: bytes, event: str, timestamp: int, body: bytes) -> str:
    signed = b"%b.%d.%b" % (event.encode("ascii"), timestamp, body)
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode("ascii")
