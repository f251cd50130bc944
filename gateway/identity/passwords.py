"""Passwords of local accounts: Argon2id, with its cost written into the hash.

Rules kept here: the policy is that of NIST SP 800-63B (long enough, any characters, no rules
about their kinds, no expiry); an unknown person costs as much work as a known one; a hash is
bound to its person and to a key outside the database, so a copied or invented row lets nobody in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from gateway.domain.errors import Fault
from gateway.identity.seals import seal

LENGTH_MIN: Final = 12
LENGTH_MAX: Final = 128
SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
_PHC: Final = re.compile(
    r"\$argon2id\$v=19\$m=([1-9][0-9]{0,9}),t=([1-9][0-9]{0,9}),p=([1-9][0-9]{0,3})"
    r"\$[A-Za-z0-9+/]{11,64}\$[A-Za-z0-9+/]{16,128}",
    re.ASCII,
)
_NOBODY_SALT: Final = b"no such person.."


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one attempt costs: memory in KiB, passes over it, lanes.

    The standing values are the second choice of RFC 9106, section 4.
    """

    memory_kib: int = 65_536
    passes: int = 3
    lanes: int = 4


STANDING_COST: Final = Cost()
COST_MAX: Final = Cost(memory_kib=1_048_576, passes=16, lanes=16)
"""A stored hash that asks for more is not computed: it would be a way to exhaust the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Whether a password was right, and whether its hash should be made anew at today's cost."""

    right: bool
    outdated: bool = False


def password_faults(password: str, *, unlike: Collection[str] = ()) -> tuple[Fault, ...]:
    """What speaks against a new password; empty when nothing does.

    Characters are counted after Unicode NFKC. ``unlike`` are words the password must not be
    (log-in name, name of the deployment), compared without regard to case.
    """
    text = unicodedata.normalize("NFKC", password)
    if len(text) < LENGTH_MIN:
        return (
            _fault("too_short", f"密码至少 {LENGTH_MIN} 个字符", f"at least {LENGTH_MIN} long"),
        )
    if len(text) > LENGTH_MAX:
        return (_fault("too_long", f"密码最多 {LENGTH_MAX} 个字符", f"at most {LENGTH_MAX} long"),)
    if any(unicodedata.category(one) in ("Cc", "Cs") for one in text):
        return (_fault("forbidden_character", "密码不得含控制字符", "no control characters"),)
    if len(set(text)) == 1 or text.casefold() in {_plain(word) for word in unlike}:
        return (
            _fault(
                "too_plain",
                "密码不得是登录名、系统名称或同一字符的重复",
                "not your log-in name, the name of the service or one repeated character",
            ),
        )
    return ()


def hash_password(
    password: str, *, person: str, key: bytes, salt: bytes, cost: Cost = STANDING_COST
) -> str:
    """The hash to store, as a PHC string with its cost.

    ``person`` names who it belongs to (``tenant/person``), ``key`` is a purpose key, ``salt``
    16 fresh random bytes. Takes long and much memory on purpose: call it on a reader thread.
    Raises ValueError for a salt of another length.
    """
    if len(salt) != SALT_BYTES:
        raise ValueError("a salt has 16 bytes")
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415 - start-up

    derive = Argon2id(
        salt=salt,
        length=_HASH_BYTES,
        iterations=cost.passes,
        lanes=cost.lanes,
        memory_cost=cost.memory_kib,
    )
    return derive.derive_phc_encoded(_material(password, person, key))


def check_password(
    password: str, stored: str | None, *, person: str, key: bytes, cost: Cost = STANDING_COST
) -> Checked:
    """Compare a password with the stored hash; None stands for a person who does not exist.

    The work is the same for both, as long as stored hashes are of today's ``cost``. A hash of
    another form, or one that asks for more than COST_MAX, is never right.
    """
    known = _cost_of(stored) if stored is not None else None
    if stored is None or known is None or len(password) > LENGTH_MAX * 4:
        hash_password("", person=person, key=key, salt=_NOBODY_SALT, cost=cost)
        return Checked(right=False)
    from cryptography.exceptions import InvalidKey  # noqa: PLC0415 - start-up
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415 - start-up

    try:
        Argon2id.verify_phc_encoded(_material(password, person, key), stored)
    except InvalidKey:
        return Checked(right=False)
    return Checked(right=True, outdated=known != cost)


def _material(password: str, person: str, key: bytes) -> bytes:
    """What is hashed: 32 bytes that only this password of this person gives, and only here."""
    return seal(key, person, unicodedata.normalize("NFKC", password))


def _cost_of(stored: str) -> Cost | None:
    """The cost written in a hash; None when it is of another form or asks for too much."""
    found = _PHC.fullmatch(stored)
    if found is None:
        return None
    memory_kib, passes, lanes = (int(number) for number in found.groups())
    if memory_kib > COST_MAX.memory_kib or passes > COST_MAX.passes or lanes > COST_MAX.lanes:
        return None
    return Cost(memory_kib=memory_kib, passes=passes, lanes=lanes)


def _plain(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold()


def _fault(code: str, zh: str, en: str) -> Fault:
    return Fault(path="password", code=code, zh=zh, en=f"a password must be: {en}")
