"""The relay of all connections: start, recover, hurry, drain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from sqlalchemy import select

from gateway.domain.errors import NotFound, NotOffered
from gateway.domain.instruction import FATE_OPEN, State
from gateway.lifecycle.staging import accepted
from gateway.relay import blockade, messages, outcome_rows
from gateway.relay.context import Link
from gateway.relay.enquirer import Enquirer
from gateway.relay.pace import Pace
from gateway.relay.queries import Queries
from gateway.relay.sender import Sender
from gateway.store import tables
from gateway.store.instants import from_us
from gateway.store.uow import Uow


class Relay:
    """Everything that moves released instructions, one sender and one enquirer per connection."""

    def __init__(self, links: Sequence[Link]) -> None:
        self._links: Mapping[tuple[str, str], Link] = {
            (link.tenant.id, link.connection.id): link for link in links
        }
        paces = {
            key: Pace(link.runtime, link.connection.rate_per_s) for key, link in self._links.items()
        }
        self._senders = {key: Sender(link, paces[key]) for key, link in self._links.items()}
        self._enquirers = {key: Enquirer(link, paces[key]) for key, link in self._links.items()}
        self.queries = Queries(self._links, paces)

    async def start(self) -> None:
        """Take over what a dead process left, then start sending and enquiring."""
        for key, link in self._links.items():
            await link.store.write(partial(recover, link))
            link.runtime.tasks.spawn(f"sender {key[1]}", self._senders[key].run())
            link.runtime.tasks.spawn(f"enquirer {key[1]}", self._enquirers[key].run())

    def wake(self, tenant: str, connection: str) -> None:
        """New work may be due on a connection."""
        link = self._links.get((tenant, connection))
        if link is not None:
            link.wake.set()

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
        at = await link.store.write(lambda uow: _hurry(link, uow, row.message))
        self._enquirers[key].hurry()
        return at

    async def unblock(self, tenant: str, connection: str, actor: str) -> int:
        """A person lets a stopped connection send again; returns 0 when it was not stopped."""
        link = self._links.get((tenant, connection))
        if link is None:
            raise NotFound
        lifted = await link.store.write(
            lambda uow: blockade.lift(uow, tenant, connection, actor, link.now_us())
        )
        link.wake.set()
        self._enquirers[tenant, connection].hurry()
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


def recover(link: Link, uow: Uow) -> int:
    """What another process was sending when it ended may have left: UNCONFIRMED, never resent."""
    orphans = messages.held_by_others(uow, link.tenant.id, link.connection.id, link.store.lane.id)
    for message_id in orphans:
        message = messages.load(uow, link.tenant.id, message_id)
        if message is not None:
            outcome_rows.in_doubt(link, uow, message, "taken_over")
    return len(orphans)


def _hurry(link: Link, uow: Uow, message_id: str) -> str:
    """Move the appointment forward, but never before the quiet time."""
    message = messages.load(uow, link.tenant.id, message_id)
    if message is None:
        raise NotFound
    sent = message.last_sent_us or link.now_us()
    due_us = max(link.now_us(), sent + link.quiet_us())
    outcome_rows.appoint(link, uow, message, due_us)
    return from_us(due_us).isoformat()
