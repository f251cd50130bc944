"""Log-ins under way: what was drawn when they began and must come back when they end.

Rule kept here: a ceremony belongs to one browser (its id is in a cookie), to one kind of
step, lasts minutes, and is deleted by the first answer, right or wrong; so no challenge,
``state`` or ``nonce`` is ever used twice.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from gateway.identity.not_proven import NotProven
from gateway.identity.seals import holds, seal
from gateway.identity.sessions import ID_BYTES, digest_of
from gateway.store.instants import to_us

LASTS: Final = timedelta(minutes=10)
_ID: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class CeremonyKind(StrEnum):
    """What is under way."""

    KEY_ADDED = "key_added"
    """A security key is being registered."""
    KEY_USED = "key_used"
    """A security key is being asked for."""
    SINGLE_SIGN_ON = "single_sign_on"
    """The browser is at the provider."""
    CODES_ADDED = "codes_added"
    """An authenticator app is being enrolled; its secret waits, sealed, for the first code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """What is stored under the SHA-256 of the id in the cookie.

    ``words`` is what the kind needs: a challenge, or ``state``, ``nonce`` and verifier;
    ``person`` is '' where nobody is known yet.
    """

    digest: str
    kind: CeremonyKind
    tenant: str
    person: str
    words: tuple[str, ...] = field(repr=False)
    began_at: datetime
    seal: bytes = field(default=b"", repr=False)


class CeremonyRows(Protocol):
    """The table of ceremonies, inside one unit of work."""

    def put(self, ceremony: Ceremony) -> None:
        """Insert a row with a new digest."""
        ...

    def take(self, digest: str) -> Ceremony | None:
        """Remove the row with this digest and give what it was."""
        ...


def begin(  # noqa: PLR0913 - keyword-only, what makes a ceremony
    rows: CeremonyRows,
    *,
    key: bytes,
    kind: CeremonyKind,
    tenant: str,
    words: tuple[str, ...],
    drawn: bytes,
    now: datetime,
    person: str = "",
) -> str:
    """Remember a ceremony; gives the id for the cookie. ``drawn`` are 32 fresh random bytes.

    ``key`` is a purpose key (``ceremonies``). Raises ValueError for another number of bytes.
    """
    if len(drawn) != ID_BYTES:
        raise ValueError("a ceremony's id is made of 32 bytes")
    id_ = base64.urlsafe_b64encode(drawn).rstrip(b"=").decode()
    bare = Ceremony(
        digest=digest_of(id_), kind=kind, tenant=tenant, person=person, words=words, began_at=now
    )
    rows.put(replace(bare, seal=seal(key, *_columns(bare))))
    return id_


def finish(
    rows: CeremonyRows, id_: str, *, key: bytes, kind: CeremonyKind, now: datetime
) -> Ceremony:
    """Take the ceremony of an id; it is over then, whatever follows.

    The taking must be committed even when what follows fails. Raises NotProven:
    ``ceremony_missing`` (never begun, or answered before), ``ceremony_other``,
    ``ceremony_altered``, ``ceremony_late``.
    """
    found = rows.take(digest_of(id_)) if _ID.fullmatch(id_) else None
    if found is None:
        raise NotProven("ceremony_missing")
    if found.kind is not kind:
        raise NotProven("ceremony_other")
    if not holds(key, found.seal, *_columns(found)):
        raise NotProven("ceremony_altered")
    if not found.began_at <= now < found.began_at + LASTS:
        raise NotProven("ceremony_late")
    return found


def _columns(ceremony: Ceremony) -> tuple[str | int, ...]:
    return (
        "ceremony",
        ceremony.digest,
        ceremony.kind.value,
        ceremony.tenant,
        ceremony.person,
        to_us(ceremony.began_at),
        *ceremony.words,
    )
