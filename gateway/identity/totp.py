"""Six digits that change every 30 seconds (RFC 6238), and codes for the day the phone is lost.

Rules kept here: a code counts once, also when two requests bring it at the same time, because
the step it belongs to must be greater than the stored one and is stored with the log-in; of a
recovery code only a keyed hash is kept, bound to its person.
"""

from __future__ import annotations

import base64
import hmac
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.identity.not_proven import NotProven
from gateway.identity.seals import seal

SECRET_BYTES: Final = 20
STEP_S: Final = 30
WINDOW: Final = 1
"""Steps before and after the present one that still count: clocks of phones differ."""
RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 15
"""Random bytes per recovery code: 120 bits, so that a fast hash is enough to keep it."""
_CODE: Final = re.compile(r"[0-9]{6}", re.ASCII)
_RECOVERY: Final = re.compile(r"[A-Z2-7]{24}", re.ASCII)
_GROUP: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A new secret, in base32, and the address an authenticator app reads from a QR code."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


def enrol(drawn: bytes, *, label: str, issuer: str) -> Enrolment:
    """Make a secret of 20 random bytes. It counts only after a first code was checked against it.

    Raises ValueError for another number of bytes.
    """
    if len(drawn) != SECRET_BYTES:
        raise ValueError("a secret is made of 20 bytes")
    import pyotp  # noqa: PLC0415 - start-up

    secret = base64.b32encode(drawn).decode()
    uri = pyotp.TOTP(secret).provisioning_uri(name=label, issuer_name=issuer)
    return Enrolment(secret=secret, uri=uri)


def check_code(secret: str, code: str, *, now: datetime, last_step: int | None) -> int:
    """The step a code belongs to, to be stored as the new ``last_step`` in the same commit.

    Full-width digits and blanks are taken as people type them. Raises NotProven when the code
    is wrong (``totp_wrong``) or its step was used before (``totp_replayed``).
    """
    import pyotp  # noqa: PLC0415 - start-up

    digits = unicodedata.normalize("NFKC", code[:32]).replace(" ", "")
    if not _CODE.fullmatch(digits):
        raise NotProven("totp_wrong")
    totp = pyotp.TOTP(secret, interval=STEP_S)
    present = totp.timecode(now)
    steps = range(max(present - WINDOW, 0), present + WINDOW + 1)
    # All are compared, whichever fits: the time taken tells nothing about the clock's offset.
    matching = [it for it in steps if hmac.compare_digest(totp.generate_otp(it), digits)]
    fresh = [it for it in matching if last_step is None or it > last_step]
    if not fresh:
        raise NotProven("totp_replayed" if matching else "totp_wrong")
    return fresh[0]


def recovery_codes(drawn: bytes) -> tuple[str, ...]:
    """Ten codes of 24 letters and digits in groups of four, made of 150 random bytes.

    They are shown once. Raises ValueError for another number of bytes.
    """
    if len(drawn) != RECOVERY_CODES * RECOVERY_BYTES:
        raise ValueError("recovery codes are made of 150 bytes")
    starts = range(0, len(drawn), RECOVERY_BYTES)
    texts = [base64.b32encode(drawn[at : at + RECOVERY_BYTES]).decode() for at in starts]
    return tuple(
        "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP)) for text in texts
    )


def hash_recovery_code(code: str, *, person: str, key: bytes) -> bytes:
    """What is stored of a recovery code (32 bytes); ``person`` as ``tenant/person``."""
    return seal(key, person, _bare(code))


def spend_recovery_code(code: str, stored: Collection[bytes], *, person: str, key: bytes) -> bytes:
    """The stored hash that this code was, to be deleted in the same commit.

    Raises NotProven (``recovery_wrong``).
    """
    bare = _bare(code)
    hashed = seal(key, person, bare)
    found = [one for one in stored if hmac.compare_digest(one, hashed)]
    if not found or not _RECOVERY.fullmatch(bare):
        raise NotProven("recovery_wrong")
    return found[0]


def _bare(code: str) -> str:
    """As it was drawn: people type blanks, hyphens and small letters."""
    text = unicodedata.normalize("NFKC", code[:128]).upper()
    return "".join(one for one in text if one not in "- ")
