"""What carries events to one endpoint, and what came of each: one shape for every way.

Rule kept here: taken is what the receiver said it took, and nothing else. Whoever cannot tell
says it failed, and it is carried again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final, Protocol

from sqlalchemy import Connection

from gateway.delivery import webhook_rows
from gateway.delivery.endpoints import Endpoint
from gateway.delivery.webhook_rows import Attempt, Event
from gateway.domain.errors import GatewayError
from gateway.ports.webhooks import Post, Webhook
from gateway.signing.webhook_signature import signed_headers
from gateway.store.instants import to_us
from gateway.store.uow import Uow

ROUND_MAX: Final = 64
"""Most events that are sent before what came of them is written down."""
MayGo = Callable[[], bool]
"""Whether this process may still send: asked right before each call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What came of one event. ``status`` 0: nothing was answered."""

    taken: bool
    status: int = 0
    failure: str = ""
    retry_after_s: int = 0
    hopeless: bool = False
    """The receiver will never take it as it is: a person has to look."""
    superseded: bool = False
    """It is no longer true, so it was not carried at all."""


class Courier(Protocol):
    """Carries events to one endpoint."""

    def parcels(self, events: Sequence[Event]) -> Sequence[Sequence[Event]]:
        """What goes together, in the order in which it goes."""
        ...

    async def carry(self, parcel: Sequence[Event], may_go: MayGo) -> Sequence[Carried] | None:
        """Carry a parcel: what came of each event in it; None when it was not to go any more."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


class Shelf(Protocol):
    """Where the events of one endpoint stand, and who carries them."""

    @property
    def endpoint(self) -> Endpoint:
        """Whose they are."""
        ...

    def is_free(self, db: Connection, holder: str) -> bool:
        """Whether it can be taken: nobody who lives has it."""
        ...

    def claim(self, uow: Uow, holder: str, now_us: int) -> int | None:
        """Take the endpoint; None when somebody else has it, else what ``ready`` wants to know."""
        ...

    def ready(self, db: Connection, since: int, now_us: int, most: int) -> list[Event]:
        """What may be sent now: at most one event of each instruction.

        ``since`` is what ``claim`` gave, ``most`` bounds their number further than usual.
        """
        ...

    def mark(self, uow: Uow, attempts: Sequence[Attempt], now_us: int) -> None:
        """Write down what came of some attempts."""
        ...

    def prune(self, uow: Uow, before_us: int) -> int:
        """Forget what was delivered before."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """One endpoint with its events and whoever carries them. ``width`` parcels go at once."""

    shelf: Shelf
    courier: Courier
    width: int


# ── webhooks ──────────────────────────────────────────────────────────────────────────────


class PostCourier:
    """Posts each event by itself, signed."""

    def __init__(
        self,
        webhook: Webhook,
        post: Post,
        close: Callable[[], Awaitable[None]],
        machine: Callable[[], datetime],
    ) -> None:
        """``machine`` is the machine's clock: receivers hold time stamps against real ones."""
        self._webhook = webhook
        self._post = post
        self._machine = machine
        self._close = close

    def parcels(self, events: Sequence[Event]) -> Sequence[Sequence[Event]]:
        """Each by itself."""
        return [(event,) for event in events]

    async def carry(self, parcel: Sequence[Event], may_go: MayGo) -> Sequence[Carried] | None:
        """Post one event."""
        if not may_go():
            return None
        (event,) = parcel
        body = event.body.encode()
        timestamp = to_us(self._machine()) // 1_000_000
        headers = signed_headers(self._webhook.secrets, event.id, timestamp, body)
        try:
            answer = await self._post(headers, body)
        except GatewayError as error:
            return (Carried(taken=False, failure=error.en),)
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return (Carried(taken=True, status=answer.status),)
        return (
            Carried(
                taken=False,
                status=answer.status,
                failure=f"answered {answer.status}",
                retry_after_s=answer.retry_after_s,
            ),
        )

    async def aclose(self) -> None:
        """Close connections."""
        await self._close()


@dataclass(frozen=True, slots=True)
class WebhookShelf:
    """The events of a webhook."""

    endpoint: Webhook

    def is_free(self, db: Connection, holder: str) -> bool:
        """Whether it can be taken; one that was never told anything is not there yet."""
        return webhook_rows.is_free(db, self.endpoint, holder)

    def claim(self, uow: Uow, holder: str, now_us: int) -> int | None:
        """Take the endpoint until this lane has ended."""
        del now_us
        return 0 if webhook_rows.claim(uow, self.endpoint, holder) else None

    def ready(self, db: Connection, since: int, now_us: int, most: int) -> list[Event]:
        """The longest due first; of one instruction only what everything before was taken of."""
        del since
        return webhook_rows.ready(db, self.endpoint, now_us, min(most, ROUND_MAX))

    def mark(self, uow: Uow, attempts: Sequence[Attempt], now_us: int) -> None:
        """Write down what came of some attempts."""
        webhook_rows.mark(uow, self.endpoint, attempts, now_us)

    def prune(self, uow: Uow, before_us: int) -> int:
        """Forget what was delivered before."""
        return webhook_rows.prune(uow, self.endpoint, before_us)
