"""Nonces of signed requests: once under a key, also after a restart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Insert, bindparam, delete, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

from gateway.domain.errors import Corrupt
from gateway.store import tables
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_n = tables.nonce
_KEY_MAX: Final = 64
_NONCE_MAX: Final = 128


class _Once(Insert):
    """An INSERT that leaves a row that is there as it is; both databases know the same words.

    Core has it in each dialect only, and importing PostgreSQL's would slow every start.
    """

    inherit_cache = False


@compiles(_Once)
def _once(element: _Once, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - passed on
    insert = compiler.visit_insert(element, **options)  # type: ignore[no-untyped-call]
    return f"{insert} ON CONFLICT DO NOTHING"


_REMEMBER: Final = prepare(
    _Once(_n).values({name: bindparam(name) for name in ("key", "nonce", "at_us")})
)
"""For one, a single statement instead of a look and an insert."""
_KNOWN: Final = prepare(
    select(_n.c.key, _n.c.nonce).where(among(_n.c.key, "of_keys"), among(_n.c.nonce, "of_nonces"))
)

Use = tuple[str, str, int]
"""Key, nonce, and the machine's time in microseconds."""


def remember_nonce(uow: Uow, key: str, nonce: str, at_us: int) -> bool:
    """Store a nonce as used; False when it is stored already.

    ``at_us`` is the machine's time in microseconds, not the shared business clock's: a caller's
    time stamp is judged by it. Raises ValueError for a key or nonce that does not fit its column.
    """
    if not (0 < len(key) <= _KEY_MAX and 0 < len(nonce) <= _NONCE_MAX):
        raise ValueError("a key or nonce is empty or too long")
    return uow.change(_REMEMBER, {"key": key, "nonce": nonce, "at_us": at_us}) == 1


def remember_nonces(uow: Uow, uses: Sequence[Use]) -> list[bool]:
    """The same for many uses together; one statement asks, one stores.

    Raises Corrupt when another process stored one in between; alone, each is told apart.
    """
    if len(uses) == 1:
        return [remember_nonce(uow, *uses[0])]
    values = {"of_keys": [use[0] for use in uses], "of_nonces": [use[1] for use in uses]}
    known = {(row.key, row.nonce) for row in uow.rows(_KNOWN, values)}
    fresh = [use for use in uses if use[:2] not in known]
    rows = [{"key": key, "nonce": nonce, "at_us": at_us} for key, nonce, at_us in fresh]
    if rows and uow.change(_REMEMBER, rows) != len(rows):
        raise Corrupt("a nonce was stored meanwhile", "随机串已被其他进程记录")
    return [use[:2] not in known for use in uses]


def stored_nonces(db: Connection, since_us: int) -> Iterator[tuple[str, str]]:
    """All (key, nonce) stored at or after ``since_us``."""
    for row in db.execute(select(_n.c.key, _n.c.nonce).where(_n.c.at_us >= since_us)):
        yield row.key, row.nonce


def purge_nonces(uow: Uow, before_us: int) -> int:
    """Forget nonces stored before ``before_us``; returns how many."""
    return uow.change(delete(_n).where(_n.c.at_us < before_us))
