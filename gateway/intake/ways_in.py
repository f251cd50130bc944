"""All ERP systems that the gateway looks at by itself: files, documents, rows; one round each.

Rule kept here: one process works a system at a time (its appointment stands in the work table),
and a system that is away or speaks nonsense stops nobody but itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol

from gateway.domain.errors import Corrupt, GatewayError
from gateway.ports.events import ERP_AWAY, Event
from gateway.ports.runtime import Runtime
from gateway.schedule.rounds import Rounds
from gateway.schedule.work import WorkKind
from gateway.store.instants import to_us
from gateway.store.store import Store
from gateway.store.tenancy import acting_for

_REST_MAX_S: Final = 900
_DOUBLED_MAX: Final = 10
_US: Final = 1_000_000


class Looked(Protocol):
    """What is looked at: an ERP system, or a place for statement files."""

    @property
    def tenant(self) -> str:
        """Whose it is."""
        ...

    @property
    def id(self) -> str:
        """Its name among those of its kind."""
        ...

    @property
    def poll_s(self) -> int:
        """Seconds between two looks."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WayIn:
    """One system or place that is looked at. ``look`` takes whatever it has for us by now.

    ``kind`` is of its appointments, ``away`` what is told when it cannot be reached.
    """

    system: Looked
    look: Callable[[], Awaitable[None]]
    close: Callable[[], Awaitable[None]]
    kind: WorkKind = WorkKind.ERP_IN
    away: Event = ERP_AWAY


class WaysIn:
    """The ways in of a process: one task per system."""

    def __init__(self, store: Store, runtime: Runtime, ways: Sequence[WayIn] = ()) -> None:
        self._store = store
        self._runtime = runtime
        self._ways = tuple(ways)
        self._stopping = False
        self._at_end: list[Callable[[], None]] = []
        self._failures: dict[tuple[str, str, str], int] = {}
        self._rests: dict[tuple[str, str, str], int] = {}
        self.in_flight = 0

    def add(self, *ways: WayIn) -> None:
        """Further systems, before the start: their looks ask ``stopping`` of this."""
        self._ways += ways

    def at_end(self, last: Callable[[], None]) -> None:
        """What to do when everything is closed."""
        self._at_end.append(last)

    def stopping(self) -> bool:
        """Whether nothing new is to be begun."""
        return self._stopping

    def start(self) -> None:
        """Begin to look."""
        for way in self._ways:
            with acting_for((way.system.tenant,)):
                self._runtime.tasks.spawn(f"{way.kind.value} {way.system.id}", self._keep(way))

    def drain(self) -> None:
        """Begin nothing new."""
        self._stopping = True

    async def end(self) -> None:
        """After draining: close connections."""
        for way in self._ways:
            await way.close()
        for last in self._at_end:
            last()

    async def _keep(self, way: WayIn) -> None:
        system = way.system
        rounds = Rounds(
            self._store,
            self._runtime,
            way.kind,
            timedelta(seconds=system.poll_s),
            tenant=system.tenant,
            subject=system.id,
        )
        await rounds.keep(lambda: self.look(way))

    async def look(self, way: WayIn) -> None:
        """One look at one system; the more often it failed, the longer it is left alone.

        A password that does not count any more must not be tried until the account is locked.
        """
        system, now_us = way.system, to_us(self._runtime.clock.now())
        key = (way.kind.value, system.tenant, system.id)
        if self._stopping or now_us < self._rests.get(key, now_us):
            return
        self.in_flight += 1
        try:
            await way.look()
            self._failures.pop(key, None)
        except Corrupt:
            raise
        except GatewayError as error:
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            rest_s = min(system.poll_s << min(failures - 1, _DOUBLED_MAX), _REST_MAX_S)
            self._rests[key] = now_us + rest_s * _US
            self._runtime.log.tell(
                way.away,
                tenant=system.tenant,
                endpoint=system.id,
                code=error.code,
                why=error.en,
                tries=failures,
                seconds=rest_s,
            )
        finally:
            self.in_flight -= 1
