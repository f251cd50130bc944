"""Nonces of signed requests: once under a key, also after a restart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, delete, select

from gateway.store import tables
from gateway.store.uow import Uow

_n = tables.nonce
_KEY_MAX: Final = 64
_NONCE_MAX: Final = 128


def remember_nonce(uow: Uow, key: str, nonce: str, at_us: int) -> bool:
    """Store a nonce as used; False when it is stored already.

    ``at_us`` is the machine's time in microseconds, not the shared business clock's: a caller's
    time stamp is judged by it. Raises ValueError for a key or nonce that does not fit its column.
    """
    if not (0 < len(key) <= _KEY_MAX and 0 < len(nonce) <= _NONCE_MAX):
        raise ValueError("a key or nonce is empty or too long")
    if uow.first(select(_n.c.at_us).where(_n.c.key == key, _n.c.nonce == nonce)) is not None:
        return False
    uow.add(_n, {"key": key, "nonce": nonce, "at_us": at_us})
    return True


def stored_nonces(db: Connection, since_us: int) -> Iterator[tuple[str, str]]:
    """All (key, nonce) stored at or after ``since_us``."""
    for row in db.execute(select(_n.c.key, _n.c.nonce).where(_n.c.at_us >= since_us)):
        yield row.key, row.nonce


def purge_nonces(uow: Uow, before_us: int) -> int:
    """Forget nonces stored before ``before_us``; returns how many."""
    return uow.change(delete(_n).where(_n.c.at_us < before_us))
