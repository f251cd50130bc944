"""Enquiry (查证): asking the bank about our own payments until the answer is proven.

The schedule never lies and never gives up silently: it asks after the quiet time, backs off to
every four hours, and calls people when a payment is open for a day. A resend happens only
after "not found" past the quiet time, under the SAME serial, at most once per quiet time, and
only where the bank is known to recognise a serial that comes twice.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select

from gateway.domain.errors import NotSent, Unconfirmed, WireError
from gateway.domain.evidence import Evidence
from gateway.domain.ids import Serial
from gateway.domain.instruction import FINAL, Cause, State
from gateway.domain.message import WireMessage, WireReply
from gateway.domain.outcome import CORE_NONE, Outcome, Stage, Verdict
from gateway.lifecycle.apply import open_case
from gateway.lifecycle.rows import (
    instruction_of,
    select_instructions,
    standing,
    standings,
)
from gateway.lifecycle.stops import held_back
from gateway.ports.bank import Dedupe, PayOrder
from gateway.relay import blockade, messages, outcome_rows
from gateway.relay.archive import Envelope
from gateway.relay.batching import PAY
from gateway.relay.carrier import Order, Pair, asking, order_of, paying, question_of
from gateway.relay.context import OVERDUE, Link
from gateway.relay.messages import StoredMessage
from gateway.relay.pace import Pace
from gateway.schedule import work
from gateway.schedule.work import Work, WorkKind
from gateway.store import tables
from gateway.store.instants import span_us
from gateway.store.uow import Uow

_CORE_AFTER: Final = 2
_REPLAN_QUIETS: Final = 4
"""Quiet times after which a refused batch that the bank does not know counts as never arrived."""
_SPIN_S: Final = 0.01
_BUSY_S: Final = 1.0


class Enquirer:
    """The enquiry side of one connection, with slots of its own."""

    def __init__(self, link: Link, pace: Pace) -> None:
        self._link = link
        self._pace = pace
        self._busy: set[str] = set()
        self._wake = link.runtime.tasks.signal()
        self._stopping = False

    def hurry(self) -> None:
        """Look at the schedule now (a person or the ERP asked for an enquiry)."""
        self._wake.set()

    def drain(self) -> None:
        """Start nothing new."""
        self._stopping = True
        self._wake.set()

    @property
    def in_flight(self) -> int:
        """Enquiries under way."""
        return len(self._busy)

    async def run(self) -> None:
        """Enquire about what is due until stopped."""
        link = self._link
        while not self._stopping:
            due, idle_s = await self._due()
            for item in due:
                self._busy.add(item.subject)
                link.runtime.tasks.spawn(f"enquire {item.subject}", self._visit(item))
            if not due:
                await self._wake.wait(idle_s)

    async def _due(self) -> tuple[list[Work], float]:
        """What may be asked about now; with nothing, how long to wait."""
        link, busy = self._link, self._busy
        free = link.connection.enquiry_slots - len(busy)
        if free <= 0:
            return [], link.poll_s
        queue = link.queue(WorkKind.ENQUIRE)

        def look(db: Connection) -> tuple[list[Work], int | None]:
            if blockade.blocked(db, queue.tenant, queue.lane):
                return [], None
            due = work.due_now(db, queue, link.now_us(), free + len(busy))
            fresh = [item for item in due if item.subject not in busy]
            return fresh[:free], work.next_due(db, queue)

        due, earliest = await link.store.read(look)
        if due or earliest is None:
            return due, link.poll_s
        ahead_s = (earliest - link.now_us()) / 1_000_000
        return [], min(link.poll_s, max(ahead_s, _SPIN_S)) if ahead_s > 0 else _BUSY_S

    async def _visit(self, item: Work) -> None:
        try:
            await self._enquire(item)
        finally:
            self._busy.discard(item.subject)
            self._wake.set()

    async def _enquire(self, item: Work) -> None:
        """One appointment: ask, perhaps ask the core system, perhaps resend."""
        link = self._link
        opened = await link.store.write(lambda uow: self._open(uow, item))
        if opened is None:
            return
        message, order = opened
        pair = asking(link.dialect, message.operation)
        outcome = await self._ask(message, order, pair, "enquiry", item)
        if outcome is None:
            return
        if outcome.verdict is Verdict.NOT_FOUND:
            await self._not_found(message, order, item)
        elif (
            outcome.verdict is Verdict.UNCONFIRMED
            and outcome.stage is Stage.EXECUTION
            and item.tries + 1 >= _CORE_AFTER
            and isinstance(order, PayOrder)
            and link.dialect.core_result is not None
        ):
            await self._ask(message, order, link.dialect.core_result, "core", item)

    async def _not_found(self, message: StoredMessage, order: Order, item: Work) -> None:
        """The bank knows no such instruction: resend where that is safe and of use.

        Where a resend was refused already, the core system is asked. "Not found" and "nothing
        in the core", both past the quiet time, together prove that an own-bank payment was
        not executed (CIB interface document V4.0.4, on timeouts); anything less goes to people.
        A batch is taken apart instead: its lines leave again, each alone, once the bank has
        known nothing of it for several quiet times.
        """
        link = self._link
        if not message.resend_refused:
            await self._maybe_resend(message, order)
            return
        core = None
        asks_core = isinstance(order, PayOrder) and order.own_bank
        if asks_core and link.dialect.core_result is not None:
            core = await self._ask(message, order, link.dialect.core_result, "core", item)
        nothing = core is not None and core.reason == CORE_NONE
        await link.store.write(lambda uow: self._conclude(uow, message.id, nothing=nothing))

    def _conclude(self, uow: Uow, message_id: str, *, nothing: bool) -> None:
        """End an own-bank payment that nobody at the bank knows, replan a batch, or call people."""
        link = self._link
        message = messages.load(uow, link.tenant.id, message_id)
        if message is None:
            return
        asked_us, sent_us = message.not_found_us, message.last_sent_us
        if message.operation != PAY:
            unknown_us = asked_us - sent_us if asked_us is not None and sent_us is not None else 0
            if unknown_us >= _REPLAN_QUIETS * link.quiet_us():
                outcome_rows.replan(link, uow, message)
            return
        if nothing and asked_us is not None and self._past_quiet(message, asked_us):
            outcome = Outcome(
                verdict=Verdict.REJECTED, reason="not_found_and_core_none", known_reject=True
            )
            outcome_rows.enquired(
                link, uow, message, outcome=outcome, wire=None, due_us=link.now_us()
            )
            return
        self._call_people(uow, message, "refused_on_resend", "not found, and a resend was refused")

    def _open(self, uow: Uow, item: Work) -> tuple[StoredMessage, Order] | None:
        """Load the message and its order; forget the appointment when everything is final."""
        link = self._link
        message = messages.load(uow, item.tenant, item.subject)
        if message is None:
            work.done(uow, item.tenant, WorkKind.ENQUIRE, [item.subject])
            return None
        rows = {
            row.id: row for row in uow.rows(select_instructions(item.tenant, message.instructions))
        }
        if all(standing(row).state in FINAL for row in rows.values()):
            messages.close(uow, item.tenant, message.id)
            work.done(uow, item.tenant, WorkKind.ENQUIRE, [message.id])
            return None
        # The next appointment is durable before anything is asked: a crash forgets nothing.
        outcome_rows.appoint(
            link, uow, message, link.now_us() + outcome_rows.step_us(link, item.tries), item.tries
        )
        messages.change(uow, item.tenant, message.id, enquiries=message.enquiries + 1)
        self._call_when_overdue(uow, message)
        instructions = [instruction_of(rows[it], link.tenant) for it in message.instructions]
        return message, order_of(message.operation, instructions)

    def _call_when_overdue(self, uow: Uow, message: StoredMessage) -> None:
        """Call people about payments whose outcome is open for a day."""
        sent = message.first_sent_us
        if sent is not None and self._link.now_us() - sent >= span_us(OVERDUE):
            self._call_people(uow, message, "overdue", "open for more than a day")

    def _call_people(self, uow: Uow, message: StoredMessage, kind: str, why: str) -> None:
        """Open one case of this kind for each payment that is not final."""
        link = self._link
        for subject in standings(uow, message.tenant, message.instructions):
            known = uow.first(
                select(tables.case.c.id).where(
                    tables.case.c.tenant == subject.tenant,
                    tables.case.c.instruction == subject.id,
                    tables.case.c.kind == kind,
                )
            )
            if known is None and subject.state not in FINAL:
                evidence = Evidence(
                    cause=Cause.ENQUIRY,
                    target=None,
                    actor=link.actor(),
                    at=link.runtime.clock.now(),
                    message=message.id,
                    reason=why,
                )
                open_case(uow, link.runtime.ids, subject, kind, evidence)

    async def _ask(
        self,
        message: StoredMessage,
        order: Order,
        operation: Pair,
        purpose: str,
        item: Work,
    ) -> Outcome | None:
        """Ask once and write what came; None when nothing came."""
        link = self._link
        await self._pace.turn()
        question = question_of(Serial(message.serial), order)
        serial = link.serial()
        wire = operation.encode(question, link.sign_on(), serial)
        asked_us = link.now_us()
        reply = await self._exchange(message, wire, purpose, serial)
        if reply is None:
            return None
        try:
            outcome: Outcome = operation.decode(question, serial, reply)
        except WireError as error:
            outcome = Outcome.unconfirmed(f"unreadable_{error.reason}", text=error.path)

        def job(uow: Uow) -> None:
            envelope = self._envelope(message, purpose, serial)
            archived = link.archive.store_in(uow, envelope, reply)
            if outcome.verdict is Verdict.NOT_FOUND and self._past_quiet(message, asked_us):
                messages.change(uow, message.tenant, message.id, not_found_us=asked_us)
            tries = item.tries + 1
            outcome_rows.enquired(
                link,
                uow,
                message,
                outcome=outcome,
                wire=archived,
                due_us=link.now_us() + outcome_rows.step_us(link, tries),
                tries=tries,
            )

        await link.store.write(job)
        return outcome

    async def _exchange(
        self, message: StoredMessage, wire: WireMessage, purpose: str, serial: str
    ) -> WireReply | None:
        """Archive the question, then send it; no answer means only that we ask again later."""
        link = self._link
        await link.store.write(
            lambda uow: link.archive.store_out(
                uow, self._envelope(message, purpose, serial), wire, alone=True
            )
        )
        try:
            return await link.runtime.net.exchange(
                link.connection.url, wire, link.connection.timeout_s
            )
        except (NotSent, Unconfirmed):
            return None

    def _envelope(self, message: StoredMessage, purpose: str, serial: str) -> Envelope:
        return Envelope(
            tenant=message.tenant,
            connection=self._link.connection.id,
            purpose=purpose,
            serial=serial,
            message=message.id,
        )

    def _past_quiet(self, message: StoredMessage, asked_us: int) -> bool:
        """Whether "not found" counts: asked long enough after the last send could arrive."""
        sent = message.last_sent_us
        return sent is not None and asked_us >= sent + self._link.quiet_us()

    def _may_resend(self, message: StoredMessage, now_us: int) -> bool:
        timing = self._link.dialect.timing
        if timing.dedupe is Dedupe.GUARANTEED:
            return True
        if timing.dedupe is Dedupe.NONE or timing.dedupe_window is None:
            return False
        first = message.first_sent_us
        return first is not None and now_us < first + span_us(timing.dedupe_window)

    async def _maybe_resend(self, message: StoredMessage, order: Order) -> None:
        """After "not found" past the quiet time: the same body under the same serial, once."""
        link = self._link
        pair = paying(link.dialect, message.operation)
        wire = pair.encode(order, link.sign_on(), Serial(message.serial))
        again = await link.store.write(lambda uow: self._open_resend(uow, message, wire))
        if again is None:
            return
        try:
            reply = await link.runtime.net.exchange(
                link.connection.url, wire, link.connection.timeout_s
            )
        except (NotSent, Unconfirmed):
            return
        try:
            outcome: Outcome = pair.decode(order, Serial(message.serial), reply)
        except WireError as error:
            outcome = Outcome.unconfirmed(f"unreadable_{error.reason}", text=error.path)
        await link.store.write(lambda uow: outcome_rows.answered(link, uow, again, reply, outcome))

    def _open_resend(
        self, uow: Uow, message: StoredMessage, wire: WireMessage
    ) -> StoredMessage | None:
        """Decide on the freshest rows, and make the resend durable before it leaves."""
        link = self._link
        now_us = link.now_us()
        fresh = messages.load(uow, message.tenant, message.id)
        if fresh is None or fresh.not_found_us is None or fresh.last_sent_us is None:
            return None
        if fresh.not_found_us < fresh.last_sent_us + link.quiet_us():
            return None  # it was sent again since
        subjects = standings(uow, fresh.tenant, fresh.instructions)
        if any(subject.state is not State.UNCONFIRMED for subject in subjects):
            return None
        if held_back(uow, fresh.tenant, link.connection.id, fresh.instructions):
            return None  # asked about as ever; resent after the stop, if it is still of use then
        if not self._may_resend(fresh, now_us):
            self._call_people(uow, fresh, "not_found", "not found; no resend is safe")
            return None
        messages.change(
            uow,
            fresh.tenant,
            fresh.id,
            sends=fresh.sends + 1,
            last_sent_us=now_us,
            not_found_us=None,
        )
        envelope = self._envelope(fresh, "resend", fresh.serial)
        link.archive.store_out(uow, envelope, wire, alone=True)
        outcome_rows.appoint(link, uow, fresh, now_us + link.timeout_us() + link.quiet_us(), 1)
        return messages.load(uow, fresh.tenant, fresh.id)
