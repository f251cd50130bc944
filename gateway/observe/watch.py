"""What a gateway process shows of itself: its log, its figures, its health."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from gateway import __version__
from gateway.domain.errors import GatewayError
from gateway.observe.log import EventLog
from gateway.ports.runtime import Clock
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.store import Store
from gateway.store.tenancy import EVERYONE, acting_for

if TYPE_CHECKING:
    from gateway.observe.gauges import Here

_FOREVER: Final = float("inf")


class Watch:
    """One process's figures and health, for /metrics and /readyz."""

    def __init__(
        self, log: EventLog, store: Store, clock: Clock, role: str, in_flight: Callable[[], int]
    ) -> None:
        self.log = log
        self._store = store
        self._clock = clock
        self._role = role
        self._in_flight = in_flight
        self.ending = False
        """Set when the process begins to end: it is not ready for more."""

    async def scrape(self) -> bytes:
        """The text for Prometheus; without a database, what the process knows of itself."""
        # A process starts without what only a scrape needs.
        from gateway.observe.scrape import with_database, without_database  # noqa: PLC0415

        meter, here = self.log.meter, self._here(ready=self._may_work())
        try:
            with acting_for(EVERYONE):
                return await self._store.read(partial(with_database, meter=meter, here=here))
        except (SQLAlchemyError, GatewayError):
            return without_database(meter, self._here(ready=False))

    async def ready(self) -> bool:
        """Whether work may be given: the database answers, and the lease holds."""
        try:
            await self._store.read(lambda db: db.execute(select(tables.lane.c.id).limit(1)).first())
        except (SQLAlchemyError, GatewayError):
            return False
        return self._may_work()

    def _may_work(self) -> bool:
        return not self.ending and self._lease_s() > 0

    def _lease_s(self) -> float:
        return self._store.lease.deadline - self._clock.monotonic()

    def _here(self, *, ready: bool) -> Here:
        from gateway.observe.gauges import Here  # noqa: PLC0415 - see scrape

        lease_s = self._lease_s()
        return Here(
            role=self._role,
            version=__version__,
            now_us=to_us(self._clock.now()),
            store_waiting=self._store.waiting,
            lease_s=None if lease_s == _FOREVER else lease_s,
            in_flight=self._in_flight(),
            lines_dropped=self.log.lost,
            ready=ready,
        )
