"""What a connection may carry at once and per second, over all processes.

The bank counts a client's calls, not its processes. Slots are the messages in flight whose
holders live; calls per second are a bucket of tokens in one row, kept in the database's clock.
That row is also the connection's turn: whoever has locked it plans, everybody else tries again
soon instead of waiting, so that no process stands still for another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import BigInteger, bindparam, func, select, true, update

from gateway.ports.tenancy import Connection
from gateway.store import tables
from gateway.store.lease import database_now_us
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

_p, _m, _lane, _b = tables.pace, tables.message, tables.lane, tables.blockade
UNBOUNDED: Final = 1 << 30
_MILLIS: Final = 1000
_OF_PACE: Final = (
    _p.c.tenant == bindparam("of_tenant"),
    _p.c.connection == bindparam("of_connection"),
)
_TURN: Final = prepare(
    select(_p.c.tokens_millis, _p.c.seen_us, database_now_us().label("now_us"))
    .where(*_OF_PACE)
    .with_for_update(skip_locked=True)
)
_EXISTS: Final = prepare(select(_p.c.tenant).where(*_OF_PACE))
_NOW: Final = prepare(select(database_now_us().label("now_us")))
_SPEND: Final = prepare(
    update(_p)
    .where(*_OF_PACE)
    .values(
        tokens_millis=bindparam("to_tokens", type_=BigInteger()),
        seen_us=bindparam("to_seen", type_=BigInteger()),
    )
)
_ENDED: Final = (
    select(_lane.c.id).where(_lane.c.id == _m.c.holder, _lane.c.ended_us.is_not(None)).exists()
)
_TAKEN: Final = prepare(
    select(
        select(func.count())
        .where(
            _m.c.tenant == bindparam("of_tenant"),
            _m.c.connection == bindparam("of_connection"),
            _m.c.in_flight == true(),
            # A resend leaves from an enquiry's slot.
            _m.c.sends == 1,
            ~_ENDED,
        )
        .scalar_subquery()
        .label("in_flight"),
        select(func.count())
        .where(
            _b.c.tenant == bindparam("of_tenant"),
            _b.c.connection == bindparam("of_connection"),
            _b.c.lifted_us.is_(None),
        )
        .scalar_subquery()
        .label("blockades"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A connection's turn, held until the transaction ends."""

    tokens_millis: int
    seen_us: int
    rate_per_s: int

    @property
    def calls(self) -> int:
        """How many calls may start now."""
        return self.tokens_millis // _MILLIS if self.rate_per_s else UNBOUNDED

    @property
    def wait_s(self) -> float:
        """Seconds until one more call may start."""
        return 0.0 if self.calls > 0 else 1 / self.rate_per_s


def take_turn(uow: Uow, tenant: str, connection: Connection) -> Turn | None:
    """Lock the connection's row; None while another process has it."""
    values = {"of_tenant": tenant, "of_connection": connection.id}
    rate = connection.rate_per_s
    found = uow.first(_TURN, values)
    if found is None:
        if uow.first(_EXISTS, values) is not None:
            return None
        found = _new(uow, tenant, connection)
    gained = max(0, found.now_us - found.seen_us) * rate // 1000
    return Turn(
        tokens_millis=min(found.tokens_millis + gained, rate * _MILLIS),
        seen_us=max(found.now_us, found.seen_us),
        rate_per_s=rate,
    )


def ensure(uow: Uow, tenant: str, connection: Connection) -> None:
    """Make the connection's row, so that nobody has to wait for another's first turn."""
    if uow.first(_EXISTS, {"of_tenant": tenant, "of_connection": connection.id}) is None:
        _new(uow, tenant, connection)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Full:
    """A bucket that nobody has taken from."""

    tokens_millis: int
    seen_us: int
    now_us: int


def _new(uow: Uow, tenant: str, connection: Connection) -> _Full:
    """The row of a connection that never had one; of two who make it, one tries again."""
    now_us = int(uow.rows(_NOW)[0].now_us)
    full = connection.rate_per_s * _MILLIS
    uow.add(
        _p,
        {
            "tenant": tenant,
            "connection": connection.id,
            "tokens_millis": full,
            "seen_us": now_us,
        },
    )
    uow.flush()
    return _Full(tokens_millis=full, seen_us=now_us, now_us=now_us)


def spend(uow: Uow, tenant: str, connection: Connection, turn: Turn, calls: int) -> None:
    """Take tokens from the bucket whose turn is held."""
    if turn.rate_per_s and calls:
        uow.change(
            _SPEND,
            {
                "of_tenant": tenant,
                "of_connection": connection.id,
                "to_tokens": turn.tokens_millis - calls * _MILLIS,
                "to_seen": turn.seen_us,
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a connection can take now. ``blocked``: nothing, until a person lifts that."""

    slots: int
    blocked: bool


def room(uow: Uow, tenant: str, connection: Connection) -> Room:
    """How many payment messages may leave now.

    The connection's turn must be held already: in a statement of its own, after the lock, it
    sees what the last holder of the turn committed.
    """
    taken = uow.rows(_TAKEN, {"of_tenant": tenant, "of_connection": connection.id})[0]
    slots = max(0, connection.slots - int(taken.in_flight))
    return Room(slots=slots, blocked=bool(taken.blockades))
