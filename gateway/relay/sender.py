"""Sending: independent slots, so that one half-open socket holds up nobody else.

Rule kept here: bytes leave only after their commit, and only while this process's own
monotonic deadline has not passed.
"""

from __future__ import annotations

from typing import Final

from gateway.domain.errors import NotSent, Unconfirmed, WireError
from gateway.domain.ids import Serial
from gateway.domain.message import WireReply
from gateway.domain.outcome import Outcome
from gateway.lifecycle.stops import next_sendable
from gateway.ports.runtime import Signal
from gateway.relay import blockade, outcome_rows
from gateway.relay.carrier import paying
from gateway.relay.context import Link
from gateway.relay.pace import Pace
from gateway.relay.plan import Planned, plan
from gateway.schedule.work import WorkKind
from gateway.store.uow import Uow

_LEASE_S: Final = 60
_BACKOFF_MAX_S: Final = 60
_SPIN_S: Final = 0.01


class Sender:
    """The payment side of one connection."""

    def __init__(self, link: Link, pace: Pace) -> None:
        self._link = link
        self._pace = pace
        self._free = link.connection.slots
        self._slot_free: Signal = link.wake
        self._failures = 0
        self._resume_at = 0.0
        self._stopping = False

    async def run(self) -> None:
        """Plan and send until stopped."""
        link = self._link
        while not self._stopping:
            planned, idle_s = await self._plan()
            for message in planned:
                self._free -= 1
                link.runtime.tasks.spawn(f"send {message.message.serial}", self._send(message))
            if not planned:
                await link.wake.wait(idle_s)

    def drain(self) -> None:
        """Start nothing new; what is in flight ends by itself."""
        self._stopping = True
        self._link.wake.set()

    @property
    def in_flight(self) -> int:
        """Messages that are between their commit and their answer."""
        return self._link.connection.slots - self._free

    async def _plan(self) -> tuple[list[Planned], float]:
        """Make messages of what is due, as many as slots and pace allow.

        With nothing to send, says how long nothing can happen: at most one look at the
        shared clock, and never less than a pause that keeps the loop from spinning.
        """
        link = self._link
        monotonic = link.runtime.clock.monotonic()
        if monotonic < self._resume_at:
            return [], min(self._resume_at - monotonic, link.poll_s)
        width = min(self._free, self._pace.allowance())
        if width <= 0:
            return [], self._pace.wait_s() or link.poll_s
        first_due = await link.store.read(
            lambda db: (
                None
                if blockade.blocked(db, link.tenant.id, link.connection.id)
                else next_sendable(db, link.queue(WorkKind.SEND))
            )
        )
        if first_due is None:
            return [], link.poll_s
        ahead_s = (first_due - link.now_us()) / 1_000_000
        if ahead_s > 0:
            return [], min(link.poll_s, max(ahead_s, _SPIN_S))
        deadline = monotonic + _LEASE_S
        planned = await link.store.write(lambda uow: plan(link, uow, width, deadline))
        self._pace.take(len(planned))
        return planned, _SPIN_S

    async def _send(self, planned: Planned) -> None:
        try:
            await self._exchange(planned)
        finally:
            self._free += 1
            self._slot_free.set()

    async def _exchange(self, planned: Planned) -> None:
        link, message = self._link, planned.message
        if link.runtime.clock.monotonic() > planned.deadline:
            await self._write_not_sent(planned, "lease_expired")
            return
        try:
            reply = await link.runtime.net.exchange(
                link.connection.url, planned.wire, link.connection.timeout_s
            )
        except NotSent as error:
            await self._write_not_sent(planned, error.en)
        except Unconfirmed as error:
            why = error.en
            await link.store.write(
                lambda uow: outcome_rows.in_doubt(link, uow, message, f"no_answer: {why}")
            )
        else:
            self._failures = 0
            outcome = read_reply(link, planned, reply)
            await link.store.write(
                lambda uow: outcome_rows.answered(link, uow, message, reply, outcome)
            )

    async def _write_not_sent(self, planned: Planned, why: str) -> None:
        """Back to the queue; the whole connection pauses, doubling up to a minute."""
        link = self._link
        self._failures += 1
        pause_s = min(1 << min(self._failures - 1, 6), _BACKOFF_MAX_S)
        self._resume_at = link.runtime.clock.monotonic() + pause_s

        def job(uow: Uow) -> None:
            outcome_rows.not_sent(link, uow, planned.message, link.now_us(), why)

        await link.store.write(job)


def read_reply(link: Link, planned: Planned, reply: WireReply) -> Outcome:
    """Decode an answer to a payment; whatever is not of the promised form proves nothing."""
    pair = paying(link.dialect, planned.message.operation)
    try:
        outcome: Outcome = pair.decode(planned.order, Serial(planned.message.serial), reply)
    except WireError as error:
        outcome = Outcome.unconfirmed(f"unreadable_{error.reason}", text=error.path)
    return outcome
