"""The relay of all connections: start, recover, hurry, drain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from sqlalchemy import select

from gateway.domain.errors import NotFound, NotOffered
from gateway.domain.instruction import FATE_OPEN, State
from gateway.lifecycle.staging import accepted
from gateway.ports.events import TAKEN_OVER
from gateway.relay import blockade, messages, shares, timing
from gateway.relay.context import Link
from gateway.relay.enquirer import Enquirer
from gateway.relay.incoming import Incoming
from gateway.relay.pace import pace_of
from gateway.relay.queries import Queries
from gateway.relay.sender import Sender
from gateway.relay.takeover import take_over
from gateway.schedule import work
from gateway.store import tables
from gateway.store.instants import from_us
from gateway.store.tenancy import acting_for
from gateway.store.uow import Uow

_LOOK_S: Final = 2
"""How often a process looks whether another has fallen silent."""


class Relay:
    """Everything that moves released instructions, one sender and one enquirer per connection."""

    def __init__(self, links: Iterable[Link]) -> None:
        self._links: Mapping[tuple[str, str], Link] = {
            (link.tenant.id, link.connection.id): link for link in links
        }
        paces = {
            key: pace_of(link.runtime, link.store, link.tenant.id, link.connection)
            for key, link in self._links.items()
        }
        self._senders = {key: Sender(link, paces[key]) for key, link in self._links.items()}
        self._enquirers = {key: Enquirer(link, paces[key]) for key, link in self._links.items()}
        self.queries = Queries(self._links, paces)
        self.incoming = Incoming(self._links)

    async def start(self) -> None:
        """Take over what dead processes left, then start sending and enquiring."""
        if not self._links:
            return
        first = next(iter(self._links.values()))
        with acting_for(tenant for tenant, _ in self._links):
            while await self._take_over(first):
                """As many transactions as it takes."""
            if first.store.shared:
                await first.store.write(self._ensure_turns)
                first.runtime.tasks.spawn("take-over", self._keep_taking_over(first))
        for key, link in self._links.items():
            with acting_for((link.tenant.id,)):
                link.runtime.tasks.spawn(f"sender {key[1]}", self._senders[key].run())
                link.runtime.tasks.spawn(f"enquirer {key[1]}", self._enquirers[key].run())

    def _ensure_turns(self, uow: Uow) -> None:
        for link in self._links.values():
            shares.ensure(uow, link.tenant.id, link.connection)

    async def _keep_taking_over(self, link: Link) -> None:
        """See for ever whether another process has fallen silent."""
        while True:
            await link.runtime.tasks.sleep(_LOOK_S)
            await self._take_over(link)

    async def _take_over(self, link: Link) -> int:
        """One transaction of taking over; returns how many messages it was."""
        count = await link.store.write(partial(take_over, self._links))
        if count:
            link.runtime.log.tell(TAKEN_OVER, count=count)
        return count

    def rouse(self, keys: Sequence[tuple[str, str]] | None) -> None:
        """These (tenant, connection) may have new work; None: any of them.

        May be called from the writer's thread.
        """
        for key in self._links if keys is None else keys:
            if key in self._links:
                self._senders[key].rouse()
                self._enquirers[key].rouse()

    async def enquire_soon(self, tenant: str, instruction: str) -> str:
        """Ask the bank about one instruction as soon as its quiet time allows (查证 by request).

        Returns the business instant of the appointment as ISO text. Raises NotFound, or
        NotOffered when nothing of the instruction is open at the bank.
        """
        it = tables.instruction
        statement = select(it.c.state, it.c.message, it.c.connection).where(
            it.c.tenant == tenant, it.c.id == instruction, accepted()
        )
        links = [link for key, link in self._links.items() if key[0] == tenant]
        if not links:
            raise NotFound
        row = await links[0].store.read(lambda db: db.execute(statement).first())
        if row is None:
            raise NotFound
        if State(row.state) not in FATE_OPEN or not row.message:
            raise NotOffered(
                "nothing of it is open at the bank", "该指令在银行侧没有未决结果，无需查证"
            )
        key = (tenant, row.connection)
        link = self._links[key]
        at = await link.store.write(lambda uow: _hurry(link, uow, row.message), at_once=True)
        self._enquirers[key].rouse()
        return at

    async def unblock(self, tenant: str, connection: str, actor: str) -> int:
        """A person lets a stopped connection send again; returns 0 when it was not stopped."""
        link = self._links.get((tenant, connection))
        if link is None:
            raise NotFound
        lifted = await link.store.write(
            lambda uow: blockade.lift(uow, tenant, connection, actor, link.now_us()), at_once=True
        )
        self.rouse([(tenant, connection)])
        return lifted

    def drain(self) -> None:
        """Start nothing new."""
        for sender in self._senders.values():
            sender.drain()
        for enquirer in self._enquirers.values():
            enquirer.drain()

    @property
    def in_flight(self) -> int:
        """Messages and enquiries under way."""
        return sum(it.in_flight for it in self._senders.values()) + sum(
            it.in_flight for it in self._enquirers.values()
        )


def _hurry(link: Link, uow: Uow, message_id: str) -> str:
    """Move the appointment forward, but never before the quiet time."""
    message = messages.load_one(uow, link.tenant.id, message_id)
    if message is None:
        raise NotFound
    sent = message.last_sent_us or link.now_us()
    due_us = max(link.now_us(), sent + link.quiet_us())
    work.put(uow, timing.appointment(link, message, due_us))
    uow.rouse(link.tenant.id, link.connection.id)
    return from_us(due_us).isoformat()
