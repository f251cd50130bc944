"""Sending webhooks: changes become events, events go out signed, in order, until they are taken.

At least once: an event is marked delivered after the receiver answered 2xx, so a crash in between
sends it again, with the same id and the same bytes. One process at a time sends to an endpoint.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Final

from gateway.delivery import webhook_rows
from gateway.delivery.backoff import pause_us
from gateway.delivery.webhook_rows import Attempt, Delivery, Event
from gateway.domain.errors import GatewayError
from gateway.lifecycle.outbox import LANE
from gateway.ports.events import WEBHOOK_DEAD, WEBHOOK_DELIVERED, WEBHOOK_FAILED
from gateway.ports.runtime import Runtime, Signal
from gateway.ports.webhooks import Answer, Post, Webhook
from gateway.signing.webhook_signature import signed_headers
from gateway.store.instants import span_us, to_us
from gateway.store.store import Store
from gateway.store.tenancy import acting_for
from gateway.store.uow import Uow

WIDTH: Final = 8
"""Most requests to one endpoint at once."""
_ROUND_MAX: Final = 64
"""Most events that are sent before what came of them is written down."""
_PRUNE_EVERY_S: Final = 3600
_EVENTS: Final = {
    Delivery.DELIVERED: WEBHOOK_DELIVERED,
    Delivery.PENDING: WEBHOOK_FAILED,
    Delivery.DEAD: WEBHOOK_DEAD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """An endpoint and the way to it."""

    webhook: Webhook
    post: Post
    close: Callable[[], Awaitable[None]]


class Webhooks:
    """Everything that sends webhooks in this process: one task per tenant, one per endpoint."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        ways: Sequence[Way],
        poll_s: float,
        machine: Callable[[], datetime],
    ) -> None:
        """``machine`` is the machine's clock: receivers hold time stamps against real ones."""
        self._store = store
        self._runtime = runtime
        self._poll_s = poll_s
        self._ways = tuple(ways)
        self._senders = [_Sender(_Tools(store, runtime, poll_s, machine), way) for way in ways]
        self._by_tenant: dict[str, list[_Sender]] = {}
        for sender in self._senders:
            self._by_tenant.setdefault(sender.webhook.tenant, []).append(sender)
        self._wakes: dict[str, Signal] = {
            tenant: runtime.tasks.signal() for tenant in self._by_tenant
        }
        self._started = False
        self._stopping = False

    def start(self) -> None:
        """Begin to make events and to send them."""
        self._started = True
        for tenant, senders in self._by_tenant.items():
            with acting_for((tenant,)):
                self._runtime.tasks.spawn(f"outbox {tenant}", self._expand(tenant))
                for sender in senders:
                    self._runtime.tasks.spawn(f"webhook {sender.webhook.id}", sender.run())

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
        for way in self._ways:
            await way.close()
        if self._started and self._senders:
            with acting_for(self._by_tenant):
                await self._store.write(self._release)

    def _release(self, uow: Uow) -> None:
        for sender in self._senders:
            webhook_rows.release(uow, sender.webhook, self._store.lane.id)

    async def _expand(self, tenant: str) -> None:
        """Make events of what the outbox holds, for ever."""
        webhooks = [sender.webhook for sender in self._by_tenant[tenant]]
        while not self._stopping:
            if not await self._store.read(lambda db: webhook_rows.something_told(db, tenant)):
                await self._wakes[tenant].wait(self._poll_s)
                continue
            now_us = to_us(self._runtime.clock.now())
            ids = self._runtime.ids
            await self._store.write(
                partial(webhook_rows.expand, ids=ids, webhooks=webhooks, now_us=now_us)
            )
            for sender in self._by_tenant[tenant]:
                sender.wake.set()


@dataclass(frozen=True, slots=True)
class _Tools:
    """What all senders share."""

    store: Store
    runtime: Runtime
    poll_s: float
    machine: Callable[[], datetime]


class _Sender:
    """The sending to one endpoint."""

    def __init__(self, tools: _Tools, way: Way) -> None:
        self._tools = tools
        self._store = tools.store
        self._runtime = tools.runtime
        self._post = way.post
        self._held = False
        self._failing = False
        self._stopping = False
        self._prune_at = 0.0
        self.webhook = way.webhook
        self.wake = tools.runtime.tasks.signal()
        self.in_flight = 0

    async def run(self) -> None:
        """Send what is ready, for ever, while this process holds the endpoint."""
        while not self._stopping:
            events = await self._ready() if await self._holds() else []
            if not await self._round(events):
                await self.wake.wait(self._tools.poll_s)

    def drain(self) -> None:
        """Start nothing new."""
        self._stopping = True
        self.wake.set()

    async def _holds(self) -> bool:
        """Whether the endpoint is this process's; it takes it when nobody who lives has it."""
        if self._held:
            return True
        store, webhook, holder = self._store, self.webhook, self._store.lane.id
        known = await store.read(lambda db: webhook_rows.is_free(db, webhook, holder))
        self._held = known and await store.write(
            lambda uow: webhook_rows.claim(uow, webhook, holder)
        )
        return self._held

    async def _ready(self) -> list[Event]:
        await self._prune()
        now_us, most = self._now_us(), 1 if self._failing else _ROUND_MAX
        return await self._store.read(lambda db: webhook_rows.ready(db, self.webhook, now_us, most))

    async def _round(self, events: Sequence[Event]) -> bool:
        """Send some events and write down what came of each; False when none was sent.

        While nothing gets through, one event at a time tries the way for all the others.
        """
        gate = self._runtime.tasks.gate(WIDTH)

        async def one(event: Event) -> Attempt | None:
            async with gate:
                return await self._attempt(event)

        self.in_flight += 1
        try:
            made = await self._runtime.tasks.gather([one(event) for event in events])
            attempts = [it for it in made if it is not None]
            if attempts:
                now_us = self._now_us()
                await self._store.write(
                    lambda uow: webhook_rows.mark(uow, self.webhook, attempts, now_us)
                )
                self._failing = all(it.delivery is not Delivery.DELIVERED for it in attempts)
                self._tell(attempts)
            return bool(attempts)
        finally:
            self.in_flight -= 1

    async def _attempt(self, event: Event) -> Attempt | None:
        """Send one event; None when this process may not send any more."""
        clock = self._runtime.clock
        if self._stopping or clock.monotonic() > self._store.lease.deadline:
            return None
        body = event.body.encode()
        timestamp = to_us(self._tools.machine()) // 1_000_000
        headers = signed_headers(self.webhook.secrets, event.id, timestamp, body)
        try:
            answer = await self._post(headers, body)
        except GatewayError as error:
            return self._failed(event, Answer(status=0), error.en)
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return Attempt(
                event=event,
                delivery=Delivery.DELIVERED,
                due_us=self._now_us(),
                status=answer.status,
                failure="",
            )
        return self._failed(event, answer, f"answered {answer.status}")

    def _failed(self, event: Event, answer: Answer, failure: str) -> Attempt:
        tries = event.tries + 1
        pause = pause_us(tries, self._runtime.random, asked_s=answer.retry_after_s)
        dead = tries >= self.webhook.tries_max
        return Attempt(
            event=event,
            delivery=Delivery.DEAD if dead else Delivery.PENDING,
            due_us=self._now_us() + pause,
            status=answer.status,
            failure=failure,
        )

    def _tell(self, attempts: Sequence[Attempt]) -> None:
        for it in attempts:
            self._runtime.log.tell(
                _EVENTS[it.delivery],
                tenant=self.webhook.tenant,
                endpoint=self.webhook.id,
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
        before_us = self._now_us() - span_us(timedelta(days=self.webhook.keep_days))
        await self._store.write(lambda uow: webhook_rows.prune(uow, self.webhook, before_us))

    def _now_us(self) -> int:
        return to_us(self._runtime.clock.now())
