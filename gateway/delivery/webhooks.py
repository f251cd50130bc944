"""Telling the outside: changes become events, events go out in order until they are taken.

At least once: an event is marked delivered after the receiver took it (a webhook: answered 2xx),
so a crash in between sends it again, with the same id and the same bytes. One process at a time
sends to an endpoint.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from gateway.delivery import webhook_rows
from gateway.delivery.backoff import pause_us
from gateway.delivery.couriers import Carried, Outlet, PostCourier, WebhookShelf
from gateway.delivery.endpoints import Endpoint, ErpEndpoint
from gateway.delivery.webhook_rows import Attempt, Delivery, Event
from gateway.lifecycle.outbox import LANE
from gateway.ports.events import (
    ERP_OVERTAKEN,
    ERP_TELL_DEAD,
    ERP_TELL_FAILED,
    ERP_TOLD,
    WEBHOOK_DEAD,
    WEBHOOK_DELIVERED,
    WEBHOOK_FAILED,
)
from gateway.ports.runtime import Runtime, Signal
from gateway.ports.webhooks import Post, Webhook
from gateway.store.instants import span_us, to_us
from gateway.store.store import Store
from gateway.store.tenancy import acting_for
from gateway.store.uow import Uow

WIDTH: Final = 8
"""Most requests to one endpoint at once."""
_ALL: Final = 1_000_000
"""As many events as the endpoint takes in one round."""
_US_PER_S: Final = 1_000_000
_PRUNE_EVERY_S: Final = 3600
_EVENTS: Final = {
    Delivery.DELIVERED: WEBHOOK_DELIVERED,
    Delivery.PENDING: WEBHOOK_FAILED,
    Delivery.DEAD: WEBHOOK_DEAD,
}
_ERP_EVENTS: Final = {
    Delivery.DELIVERED: ERP_TOLD,
    Delivery.PENDING: ERP_TELL_FAILED,
    Delivery.DEAD: ERP_TELL_DEAD,
    Delivery.SUPERSEDED: ERP_OVERTAKEN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """An endpoint and the way to it."""

    webhook: Webhook
    post: Post
    close: Callable[[], Awaitable[None]]


class Webhooks:
    """Everything that tells the outside in this process: one task per tenant, one per endpoint."""

    def __init__(  # noqa: PLR0913 - the last by keyword
        self,
        store: Store,
        runtime: Runtime,
        ways: Sequence[Way],
        poll_s: float,
        machine: Callable[[], datetime],
        *,
        outlets: Sequence[Outlet] = (),
    ) -> None:
        """``machine`` is the machine's clock: receivers hold time stamps against real ones.

        ``outlets`` are the ERP systems that are told, ``ways`` the webhooks.
        """
        self._store = store
        self._runtime = runtime
        self._poll_s = poll_s
        tools = _Tools(store, runtime, poll_s)
        posted = [
            Outlet(
                shelf=WebhookShelf(way.webhook),
                courier=PostCourier(way.webhook, way.post, way.close, machine),
                width=WIDTH,
            )
            for way in ways
        ]
        self._tools = tools
        self._senders: list[_Sender] = []
        self._by_tenant: dict[str, list[_Sender]] = {}
        self._wakes: dict[str, Signal] = {}
        self._started = False
        self._stopping = False
        self.add(*posted, *outlets)

    def add(self, *outlets: Outlet) -> None:
        """Further endpoints, before the start."""
        for outlet in outlets:
            sender, tenant = _Sender(self._tools, outlet), outlet.shelf.endpoint.tenant
            self._senders.append(sender)
            self._by_tenant.setdefault(tenant, []).append(sender)
            if tenant not in self._wakes:
                self._wakes[tenant] = self._runtime.tasks.signal()

    def start(self) -> None:
        """Begin to make events and to send them."""
        self._started = True
        for tenant, senders in self._by_tenant.items():
            with acting_for((tenant,)):
                self._runtime.tasks.spawn(f"outbox {tenant}", self._expand(tenant))
                for sender in senders:
                    self._runtime.tasks.spawn(f"outlet {sender.endpoint.id}", sender.run())

    def rouse(self, keys: Sequence[tuple[str, str]] | None) -> None:
        """There may be something to tell in these (tenant, lane), or in any."""
        for tenant, wake in self._wakes.items():
            if keys is None or (tenant, LANE) in keys:
                wake.set()
                for sender in self._by_tenant[tenant]:
                    sender.wake.set()

    def drain(self) -> None:
        """Start nothing new."""
        self._stopping = True
        self.rouse(None)
        for sender in self._senders:
            sender.drain()

    @property
    def in_flight(self) -> int:
        """Requests under way, and outcomes that are not written down yet."""
        return sum(sender.in_flight for sender in self._senders)

    async def end(self) -> None:
        """After draining: close connections, leave the endpoints to other processes at once."""
        for sender in self._senders:
            await sender.aclose()
        if self._started and self._senders:
            with acting_for(self._by_tenant):
                await self._store.write(self._release)

    def _release(self, uow: Uow) -> None:
        for sender in self._senders:
            webhook_rows.release(uow, sender.endpoint, self._store.lane.id)

    async def _expand(self, tenant: str) -> None:
        """Make events of what the outbox holds, for ever."""
        endpoints = [sender.endpoint for sender in self._by_tenant[tenant]]
        while not self._stopping:
            if not await self._store.look(lambda db: webhook_rows.something_told(db, tenant)):
                await self._wakes[tenant].wait(self._poll_s)
                continue
            now_us = to_us(self._runtime.clock.now())
            ids = self._runtime.ids
            await self._store.write(
                partial(webhook_rows.expand, ids=ids, webhooks=endpoints, now_us=now_us)
            )
            for sender in self._by_tenant[tenant]:
                sender.wake.set()


@dataclass(frozen=True, slots=True)
class _Tools:
    """What all senders share."""

    store: Store
    runtime: Runtime
    poll_s: float


class _Sender:
    """The sending to one endpoint."""

    def __init__(self, tools: _Tools, outlet: Outlet) -> None:
        self._tools = tools
        self._store = tools.store
        self._runtime = tools.runtime
        self._shelf = outlet.shelf
        self._courier = outlet.courier
        self._width = outlet.width
        self._since: int | None = None
        """What claiming it gave; None while it is not ours."""
        self._failing = False
        self._stopping = False
        self._prune_at = 0.0
        self.endpoint: Endpoint = outlet.shelf.endpoint
        self.wake = tools.runtime.tasks.signal()
        self.in_flight = 0

    async def run(self) -> None:
        """Send what is ready, for ever, while this process holds the endpoint."""
        while not self._stopping:
            since = await self._holds()
            events = await self._ready(since) if since is not None else []
            if not await self._round(events):
                await self.wake.wait(self._tools.poll_s)

    def drain(self) -> None:
        """Start nothing new."""
        self._stopping = True
        self.wake.set()

    async def aclose(self) -> None:
        """Close connections."""
        await self._courier.aclose()

    async def _holds(self) -> int | None:
        """Whether the endpoint is this process's; it takes it when nobody who lives has it."""
        if self._since is None:
            store, holder = self._store, self._store.lane.id
            if await store.look(lambda db: self._shelf.is_free(db, holder)):
                self._since = await store.write(
                    lambda uow: self._shelf.claim(uow, holder, self._now_us())
                )
        return self._since

    async def _ready(self, since: int) -> list[Event]:
        await self._prune()
        now_us, most = self._now_us(), 1 if self._failing else _ALL
        return await self._store.look(lambda db: self._shelf.ready(db, since, now_us, most))

    async def _round(self, events: Sequence[Event]) -> bool:
        """Send some events and write down what came of each; False when none was sent.

        While nothing gets through, one event at a time tries the way for all the others.
        """
        gate = self._runtime.tasks.gate(self._width)

        async def one(parcel: Sequence[Event]) -> list[Attempt]:
            async with gate:
                carried = await self._courier.carry(parcel, self._may_go)
            return list(map(self._attempt, parcel, carried or ()))

        self.in_flight += 1
        try:
            parcels = self._courier.parcels(events)
            made = await self._runtime.tasks.gather([one(parcel) for parcel in parcels])
            attempts = [it for some in made for it in some]
            if attempts:
                now_us = self._now_us()
                await self._store.write(lambda uow: self._shelf.mark(uow, attempts, now_us))
                self._failing = not any(map(self._got_through, attempts))
                self._tell(attempts)
            return bool(attempts)
        finally:
            self.in_flight -= 1

    def _may_go(self) -> bool:
        """Whether this process may send any more."""
        clock = self._runtime.clock
        return not self._stopping and clock.monotonic() <= self._store.lease.deadline

    def _got_through(self, attempt: Attempt) -> bool:
        """Whether the way is open: it was taken, or refused for good before its last try."""
        if attempt.delivery is Delivery.DEAD:
            return attempt.event.tries + 1 < self.endpoint.tries_max
        return attempt.delivery is not Delivery.PENDING

    def _attempt(self, event: Event, carried: Carried) -> Attempt:
        """What is written down of an event."""
        tries = event.tries + 1
        if carried.superseded:
            delivery, due_us = Delivery.SUPERSEDED, self._now_us()
        elif carried.taken:
            delivery, due_us = Delivery.DELIVERED, self._now_us()
        else:
            pause = pause_us(tries, self._runtime.random, asked_s=carried.retry_after_s)
            dead = carried.hopeless or tries >= self.endpoint.tries_max
            delivery = Delivery.DEAD if dead else Delivery.PENDING
            due_us = self._now_us() + pause
        return Attempt(
            event=event,
            delivery=delivery,
            due_us=due_us,
            status=carried.status,
            failure=carried.failure,
        )

    def _tell(self, attempts: Sequence[Attempt]) -> None:
        events = _ERP_EVENTS if isinstance(self.endpoint, ErpEndpoint) else _EVENTS
        now_us = self._now_us()
        for it in attempts:
            self._runtime.log.tell(
                events[it.delivery],
                kind=it.event.kind,
                seconds=(now_us - it.event.created_us) / _US_PER_S,
                tenant=self.endpoint.tenant,
                endpoint=self.endpoint.id,
                delivery=it.event.id,
                tries=it.event.tries + 1,
                status=it.status,
            )

    async def _prune(self) -> None:
        """Once an hour, forget what was delivered long ago."""
        monotonic = self._runtime.clock.monotonic()
        if monotonic < self._prune_at:
            return
        self._prune_at = monotonic + _PRUNE_EVERY_S
        before_us = self._now_us() - span_us(timedelta(days=self.endpoint.keep_days))
        await self._store.write(lambda uow: self._shelf.prune(uow, before_us))

    def _now_us(self) -> int:
        return to_us(self._runtime.clock.now())
