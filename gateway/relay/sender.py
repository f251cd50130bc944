"""Sending: independent slots, so that one half-open socket holds up nobody else.

Rule kept here: bytes leave only after their commit, and only while this process's lease lasts
on its own monotonic clock: the transport asks right before the first byte.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from sqlalchemy import Connection

from gateway.domain.errors import NotSent, Unconfirmed, WireError
from gateway.domain.ids import Serial
from gateway.domain.message import WireReply
from gateway.domain.outcome import Outcome
from gateway.lifecycle.stops import next_sendable
from gateway.ports.events import SENT
from gateway.relay import blockade
from gateway.relay.archive import Envelope
from gateway.relay.carrier import paying
from gateway.relay.context import Link
from gateway.relay.outcome_rows import Answered, Finding, Findings, InDoubt, Unsent
from gateway.relay.pace import Pace
from gateway.relay.plan import Planned, plan
from gateway.relay.timing import rest_until
from gateway.relay.told import Told
from gateway.schedule.work import WorkKind

_BACKOFF_MAX_S: Final = 60


class Sender:
    """The payment side of one connection."""

    def __init__(self, link: Link, pace: Pace) -> None:
        self._link = link
        self._pace = pace
        self._findings = Findings(link)
        self._free = link.connection.slots
        self._failures = 0
        self._resume_at = 0.0
        self._stopping = False
        self._due = True
        """Whether something may be due: what is known not to be is not looked for."""
        self._rest_s = 0.0

    async def run(self) -> None:
        """Plan and send until stopped."""
        link = self._link
        while not self._stopping:
            held_s = self._held_s()
            if held_s:
                await link.wake.wait(held_s)
            elif self._due:
                await self._round()
            elif not await link.wake.wait(self._rest_s):
                await self._look()

    def rouse(self) -> None:
        """New work may be due. May be called from the writer's thread."""
        self._due = True
        self._link.wake.set()

    def drain(self) -> None:
        """Start nothing new; what is in flight ends by itself."""
        self._stopping = True
        self._link.wake.set()

    @property
    def in_flight(self) -> int:
        """Messages that are between their commit and their answer."""
        return self._link.connection.slots - self._free

    def _held_s(self) -> float:
        """How long nothing can be sent, whatever is due: a pause, no free slot, no pace."""
        link = self._link
        pause_s = self._resume_at - link.runtime.clock.monotonic()
        if pause_s > 0:
            return min(pause_s, link.poll_s)
        if self._free <= 0:
            return link.poll_s
        return self._pace.wait_s()

    async def _look(self) -> None:
        """Ask the schedule, from time to time: the shared clock moves on by itself."""
        link = self._link

        def look(db: Connection) -> int | None:
            if blockade.blocked(db, link.tenant.id, link.connection.id):
                return None
            return next_sendable(db, link.queue(WorkKind.SEND))

        self._rest_s, due = rest_until(link, await link.store.look(look))
        self._due = self._due or due

    async def _round(self) -> None:
        """Make messages of what is due, as many as slots and pace allow, and send them."""
        link = self._link
        self._due = False  # whoever rouses us from here on is not missed
        width = min(self._free, self._pace.allowance())
        deadline = link.sending_deadline()
        found = await link.store.write(lambda uow: plan(link, uow, width, deadline))
        self._pace.take(len(found.planned))
        for it in found.planned:
            self._free -= 1
            link.runtime.tasks.spawn(f"send {it.message.serial}", self._send(it))
        self._due = self._due or found.more
        self._rest_s = link.poll_s
        if not found.planned and found.more:
            await link.wake.wait(found.rest_s)

    async def _send(self, planned: Planned) -> None:
        try:
            await self._findings.write(await self._exchange(planned))
        finally:
            self._free += 1
            self._link.wake.set()

    async def _exchange(self, planned: Planned) -> Finding:
        """Send it once; what became of it."""
        link, message = self._link, planned.message
        envelope = Envelope(
            tenant=message.tenant,
            connection=message.connection,
            purpose="pay",
            serial=message.serial,
            message=message.id,
        )
        try:
            with Told(link, SENT, envelope, message.instructions):
                reply = await link.runtime.net.exchange(
                    link.connection.url,
                    planned.wire,
                    link.connection.timeout_s,
                    may_send=partial(link.may_send, planned.deadline),
                )
        except NotSent as error:
            self._pause()
            return Unsent(message=message, why=error.en)
        except Unconfirmed as error:
            return InDoubt(message=message, why=f"no_answer: {error.en}")
        self._failures = 0
        return Answered(message=message, reply=reply, outcome=read_reply(link, planned, reply))

    def _pause(self) -> None:
        """The whole connection pauses, doubling up to a minute."""
        self._failures += 1
        pause_s = min(1 << min(self._failures - 1, 6), _BACKOFF_MAX_S)
        self._resume_at = self._link.runtime.clock.monotonic() + pause_s


def read_reply(link: Link, planned: Planned, reply: WireReply) -> Outcome:
    """Decode an answer to a payment; whatever is not of the promised form proves nothing."""
    pair = paying(link.dialect, planned.message.operation)
    try:
        outcome: Outcome = pair.decode(planned.order, Serial(planned.message.serial), reply)
    except WireError as error:
        outcome = Outcome.unconfirmed(f"unreadable_{error.reason}", text=error.path)
    return outcome
