"""Leases: who may still send, and whose commits still count.

A writer process holds its journal lane by a lease in the DATABASE's clock, renewed every third
of its length. Beside it the process keeps a shorter deadline on its own monotonic clock, which it
checks right before it writes to a bank: whatever stopped the process for longer, it may not send.
Once the lease is over, any other process ends the lane; from then on every commit of the late
holder is refused (its fence is that its lane has ended), and what it was sending is in doubt.

SQLite has one process, kept alone by a lock of the operating system: its lease never ends, and
what other lanes left behind is ended when it opens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    bindparam,
    select,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from gateway.domain.errors import Corrupt
from gateway.store import tables
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

LEASE_S: Final = 15.0
"""How long a process may be silent before others take its work over."""
_SURE: Final = 0.7
"""The part of its lease that a holder trusts on its own clock."""
_RENEWALS: Final = 3

_l = tables.lane


class Fenced(Corrupt):
    """This process's lane was ended by others: nothing of it may be written any more."""

    code = "fenced"
    zh = "本进程的租约已失效并被接管，须重新启动"
    en = "the lease of this process is over and its work was taken over; it must start anew"


class _Now(FunctionElement[int]):
    """Microseconds since 1970 in the database's own clock, not the transaction's start."""

    type = BigInteger()
    name = "now_us"
    inherit_cache = True


@compiles(_Now, "postgresql")
def _now(element: _Now, compiler: SQLCompiler, **options: object) -> str:
    del element, compiler, options
    return "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"


@compiles(_Now)
def _now_elsewhere(element: _Now, compiler: SQLCompiler, **options: object) -> str:
    del element, compiler, options
    return "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"


def database_now_us() -> ColumnElement[int]:
    """The database's clock in a statement."""
    return _Now()


_LIVE: Final = _l.c.ended_us.is_(None)
_RENEW: Final = prepare(
    update(_l)
    .where(_l.c.id == bindparam("of_id"), _LIVE)
    .values(lease_until_us=database_now_us() + bindparam("length_us", type_=BigInteger()))
)
_COUNT: Final = prepare(
    update(_l)
    .where(_l.c.id == bindparam("of_id"), _LIVE)
    .values(commits=bindparam("to_commits", type_=BigInteger()))
)
# Locking waits for the old connection's transaction, should the server still be at its COMMIT.
_COMMITS: Final = prepare(
    select(_l.c.commits).where(_l.c.id == bindparam("of_id")).with_for_update()
)
_END: Final = prepare(
    update(_l).where(_l.c.id == bindparam("of_id"), _LIVE).values(ended_us=database_now_us())
)
_OVER: Final = prepare(
    select(_l.c.id)
    # 0: a lease that never ends, on SQLite.
    .where(_LIVE, _l.c.lease_until_us > 0, _l.c.lease_until_us < database_now_us())
    .order_by(_l.c.id)
    .with_for_update(skip_locked=True)
)
_OTHERS: Final = prepare(
    select(_l.c.id).where(
        _l.c.id != bindparam("of_id"), _LIVE, _l.c.lease_until_us > database_now_us()
    )
)
_END_OTHERS: Final = prepare(
    update(_l).where(_l.c.id != bindparam("of_id"), _LIVE).values(ended_us=database_now_us())
)


def others_live(db: Connection, lane: str) -> bool:
    """Whether another process than the holder of a lane holds a lease."""
    return bool(_OTHERS.rows(db, {"of_id": lane}))


class Lease:
    """The lease of this process's lane."""

    def __init__(self, lane: str, monotonic: Callable[[], float], *, shared: bool) -> None:
        self._lane = lane
        self._monotonic = monotonic
        self._shared = shared
        self._commits = 0
        self._ended = False
        self.length_s = LEASE_S
        self.deadline = float("inf")
        """Monotonic: later than this the process may not write to a bank."""

    @property
    def renew_every_s(self) -> float:
        """How often it has to be renewed."""
        return self.length_s / _RENEWALS

    def open(self, connection: Connection) -> None:
        """Begin the lease of a lane just made, in the same transaction."""
        if not self._shared:
            _END_OTHERS.run(connection, [{"of_id": self._lane}])
            return
        asked = self._monotonic()
        _RENEW.run(connection, [self._renewal()])
        self.deadline = asked + self.length_s * _SURE

    def renew(self, uow: Uow) -> float:
        """Prolong it; returns the deadline that holds once this is committed."""
        asked = self._monotonic()
        if self._shared and uow.change(_RENEW, self._renewal()) == 0:
            raise Fenced
        return asked + self.length_s * _SURE if self._shared else float("inf")

    def count(self, connection: Connection) -> int:
        """Last in a group: see that the lane still lives, and mark the commit that is coming.

        The mark tells afterwards whether a COMMIT whose answer was lost did happen. Raises Fenced.
        """
        if not self._shared or self._ended:
            return 0
        following = self._commits + 1
        if not _COUNT.run(connection, [{"of_id": self._lane, "to_commits": following}]):
            raise Fenced
        return following

    def committed(self, mark: int) -> None:
        """The group with this mark is durable."""
        self._commits = mark

    def happened(self, connection: Connection, mark: int) -> bool:
        """Whether the commit with this mark is in the database."""
        with connection.begin():
            found = _COMMITS.rows(connection, {"of_id": self._lane})
        return bool(found) and found[0].commits >= mark

    def end(self, uow: Uow) -> None:
        """Give the lane up in good order: nobody has to wait for its lease."""
        if self._shared and uow.change(_END, {"of_id": self._lane}) == 0:
            raise Fenced
        self._ended = True

    def _renewal(self) -> dict[str, object]:
        return {"of_id": self._lane, "length_us": int(self.length_s * 1_000_000)}


def end_silent(uow: Uow) -> list[str]:
    """End the lanes whose lease is over; returns them. What they were sending is in doubt."""
    over = [row.id for row in uow.rows(_OVER)]
    for lane in over:
        uow.change(_END, {"of_id": lane})
    return over


def ended_lanes() -> ColumnElement[bool]:
    """A condition on ``lane`` rows: the process behind it writes no more."""
    return _l.c.ended_us.is_not(None)
