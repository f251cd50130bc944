"""Two gateway processes on one database of a server, with one bank."""

# ruff: noqa: S608 - leases are ended by SQL

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from gateway.domain.decision import Actor, ActorKind
from gateway.relay.plan import Round, plan
from tests.relay_ground import FarEnd, Office, office

AFTER_SEND = timedelta(minutes=15, seconds=30)
WANG = Actor(kind=ActorKind.PERSON, name="wang")
FOR_EVER = 1e12
Story = Callable[[Office, Office, FarEnd], Awaitable[None]]


def between_two(database, story: Story, *, start: bool = True, mortal: bool = False, **changes):
    """Run a story of two processes; ``mortal``: the first one may come to its end."""

    async def inside() -> None:
        async with (
            office(database, start=start, mortal=mortal, **changes) as (one, far),
            office(database, start=start, far=far, **changes) as (two, _),
        ):
            await story(one, two, far)

    asyncio.run(inside())


def later(it: Office, span: timedelta) -> None:
    """Business time moves on for everybody."""
    it.clock.shared.pass_time(seconds=span.total_seconds())


def end_lease(it: Office) -> None:
    """The process was silent for longer than its lease."""
    it.sql(f"UPDATE lane SET lease_until_us = 1 WHERE id = '{it.store.lane.id}'")


async def posted(it: Office, count: int) -> list[str]:
    """So many payments of different amounts; their ids."""
    return [await it.post(erp_reference=f"R{n}", amount=f"{n + 1}.00") for n in range(count)]


async def planned(it: Office, limit: int = 8) -> Round:
    """What one look at the schedule brings."""
    return await it.store.write(lambda uow: plan(it.link, uow, limit, FOR_EVER))
