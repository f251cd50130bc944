"""Enquiry (查证): asking the bank about our own payments until the answer is proven.

The schedule never lies and never gives up silently: it asks after the quiet time, backs off to
every four hours, and calls people when a payment is open for a day. An appointment is claimed
before anything is asked, so of many processes one asks.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, select

from gateway.domain.instruction import FINAL
from gateway.lifecycle.rows import instruction_of, standing
from gateway.relay import blockade, messages, shares, timing
from gateway.relay.carrier import order_of
from gateway.relay.context import OVERDUE, Link
from gateway.relay.enquiry import Enquiries, Visit, call_people
from gateway.relay.messages import StoredMessage
from gateway.relay.pace import Pace
from gateway.schedule import work
from gateway.schedule.work import Work, WorkKind
from gateway.store import tables
from gateway.store.instants import span_us
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_BUSY_S: Final = 1.0
_i = tables.instruction
_INSTRUCTIONS: Final = prepare(
    select(_i).where(_i.c.tenant == bindparam("of_tenant"), among(_i.c.id, "of_ids"))
)


class Enquirer:
    """The enquiry side of one connection, with slots of its own."""

    def __init__(self, link: Link, pace: Pace) -> None:
        self._link = link
        self._enquiries = Enquiries(link, pace)
        self._busy = 0
        self._wake = link.runtime.tasks.signal()
        self._stopping = False
        self._due = True
        """Whether something may be due: what is known not to be is not looked for."""
        self._rest_s = 0.0

    def rouse(self) -> None:
        """Look at the schedule now. May be called from the writer's thread.

        Most who rouse have released something to send: a look, which writes nothing, tells.
        """
        self._wake.set()

    def drain(self) -> None:
        """Start nothing new."""
        self._stopping = True
        self._wake.set()

    @property
    def in_flight(self) -> int:
        """Enquiries under way."""
        return self._busy

    async def run(self) -> None:
        """Enquire about what is due until stopped."""
        link = self._link
        while not self._stopping:
            if self._busy >= link.connection.enquiry_slots:
                await self._wake.wait(link.poll_s)
            elif self._due:
                await self._round()
            else:
                await self._wake.wait(self._rest_s)
                await self._look()

    async def _look(self) -> None:
        """Ask the schedule, from time to time: the shared clock moves on by itself."""
        link = self._link
        queue = link.queue(WorkKind.ENQUIRE)

        def look(db: Connection) -> int | None:
            if blockade.blocked(db, queue.tenant, queue.lane):
                return None
            return work.next_due(db, queue)

        self._rest_s, due = timing.rest_until(link, await link.store.look(look))
        self._due = self._due or due

    async def _round(self) -> None:
        """Claim appointments that are due, as many as there are free slots, and keep them."""
        link = self._link
        self._due = False  # whoever rouses us from here on is not missed: the signal stays set
        free = link.connection.enquiry_slots - self._busy
        found = await link.store.write(lambda uow: self._claim(uow, free))
        if found is None:
            self._due = True
            await self._wake.wait(timing.SPIN_S)
            return
        claimed, visits = found
        for visit in visits:
            self._busy += 1
            link.runtime.tasks.spawn(f"enquire {visit.message.id}", self._visit(visit))
        self._due = self._due or claimed >= free
        # What is due and was not claimed is in other hands: no use to look again at once.
        self._rest_s = link.poll_s if claimed else min(_BUSY_S, link.poll_s)

    async def _visit(self, visit: Visit) -> None:
        try:
            await self._enquiries.visit(visit)
        finally:
            self._busy -= 1
            self._wake.set()

    # ── claiming ──────────────────────────────────────────────────────────────────────────

    def _claim(self, uow: Uow, free: int) -> tuple[int, list[Visit]] | None:
        """Take appointments; how many rows that were, and what is to be asked.

        None while another process has the connection's turn. The next appointment is durable
        before anything is asked: a crash forgets nothing.
        """
        link = self._link
        queue = link.queue(WorkKind.ENQUIRE)
        if blockade.standing(uow, queue.tenant, queue.lane):
            return 0, []
        if link.store.shared:
            # The bank counts a client's calls: the slots hold over all processes.
            if shares.take_turn(uow, queue.tenant, link.connection) is None:
                return None
            free = min(free, link.connection.enquiry_slots - work.held(uow, queue))
            if free <= 0:
                return 0, []
        items = work.claim(uow, queue, link.store.lane.id, link.now_us(), free)
        found = {
            it.id: it for it in messages.load(uow, queue.tenant, [item.subject for item in items])
        }
        visits = self._open(uow, items, found)
        asked = {visit.message.id for visit in visits}
        gone = [item.subject for item in items if item.subject not in asked]
        work.done(uow, queue.tenant, WorkKind.ENQUIRE, gone)
        messages.close(uow, queue.tenant, [it for it in gone if it in found])
        return len(items), visits

    def _open(self, uow: Uow, items: list[Work], found: dict[str, StoredMessage]) -> list[Visit]:
        """What is to be asked about: messages with an instruction that is not final."""
        link = self._link
        tenant = link.tenant.id
        wanted = [line for it in found.values() for line in it.instructions]
        rows = {
            row.id: row
            for row in (
                uow.rows(_INSTRUCTIONS, {"of_tenant": tenant, "of_ids": wanted}) if wanted else ()
            )
        }
        visits: list[Visit] = []
        for item in items:
            message = found.get(item.subject)
            if message is None or all(
                standing(rows[it]).state in FINAL for it in message.instructions
            ):
                continue
            self._call_when_overdue(uow, message)
            members = [instruction_of(rows[it], link.tenant) for it in message.instructions]
            order = order_of(message.operation, members)
            visits.append(Visit(message=message, order=order, tries=item.tries))
        now_us = link.now_us()
        work.put(
            uow,
            *(
                timing.appointment(
                    link, it.message, now_us + timing.step_us(link, it.tries), it.tries
                )
                for it in visits
            ),
        )
        messages.asked(uow, tenant, [it.message.id for it in visits])
        return visits

    def _call_when_overdue(self, uow: Uow, message: StoredMessage) -> None:
        """Call people about payments whose outcome is open for a day."""
        sent = message.first_sent_us
        if sent is not None and self._link.now_us() - sent >= span_us(OVERDUE):
            call_people(self._link, uow, message, "overdue", "open for more than a day")
