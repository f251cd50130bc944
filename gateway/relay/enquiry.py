"""One enquiry: ask, perhaps ask the core system, perhaps send the message once more.

A resend happens only after "not found" past the quiet time, under the SAME serial, at most once
per quiet time, and only where the bank is known to recognise a serial that comes twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import bindparam, select

from gateway.domain.errors import NotSent, Unconfirmed, WireError
from gateway.domain.evidence import Evidence
from gateway.domain.ids import Serial
from gateway.domain.instruction import FINAL, Cause, State
from gateway.domain.message import WireMessage, WireReply
from gateway.domain.outcome import CORE_NONE, Outcome, Stage, Verdict
from gateway.lifecycle.apply import open_case
from gateway.lifecycle.rows import standings
from gateway.lifecycle.stops import held_back, stop_guard
from gateway.ports.bank import Dedupe, PayOrder
from gateway.ports.events import ENQUIRED, RESENT
from gateway.relay import messages, outcome_rows, timing
from gateway.relay.archive import Envelope, Wire
from gateway.relay.batching import PAY
from gateway.relay.carrier import Order, Pair, asking, paying, question_of
from gateway.relay.context import Link
from gateway.relay.messages import StoredMessage
from gateway.relay.outcome_rows import Answered, Enquired, Findings
from gateway.relay.pace import Pace
from gateway.relay.told import Told
from gateway.schedule import work
from gateway.schedule.work import WorkKind
from gateway.store import tables
from gateway.store.instants import span_us
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_CORE_AFTER: Final = 2
_REPLAN_QUIETS: Final = 4
"""Quiet times after which a refused batch that the bank does not know counts as never arrived."""
_c = tables.case
_KNOWN_CASES: Final = prepare(
    select(_c.c.instruction).where(
        _c.c.tenant == bindparam("of_tenant"),
        among(_c.c.instruction, "of_ids"),
        _c.c.kind == bindparam("of_kind"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One claimed appointment: the message, the order it carried, earlier enquiries."""

    message: StoredMessage
    order: Order
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """A question about to be asked."""

    envelope: Envelope
    wire: WireMessage


class Enquiries:
    """Asks about one connection's messages."""

    def __init__(self, link: Link, pace: Pace) -> None:
        self._link = link
        self._pace = pace
        self._findings = Findings(link)

    async def visit(self, visit: Visit) -> None:
        """Keep one appointment; afterwards others may claim the next one."""
        await self._enquire(visit)
        await self._link.store.gather(self._release, visit.message.id)

    def _release(self, uow: Uow, subjects: Sequence[str]) -> Sequence[None]:
        link = self._link
        holder = link.store.lane.id
        work.release(uow, link.tenant.id, WorkKind.ENQUIRE, holder, subjects)
        return [None] * len(subjects)

    async def _enquire(self, visit: Visit) -> None:
        link = self._link
        core = link.dialect.core_result
        outcome = await self._ask(visit, asking(link.dialect, visit.message.operation), "enquiry")
        if outcome is None:
            return
        if outcome.verdict is Verdict.NOT_FOUND:
            await self._not_found(visit)
        elif (
            outcome.verdict is Verdict.UNCONFIRMED
            and outcome.stage is Stage.EXECUTION
            and visit.tries + 1 >= _CORE_AFTER
            and isinstance(visit.order, PayOrder)
            and core is not None
        ):
            await self._ask(visit, core, "core")

    async def _not_found(self, visit: Visit) -> None:
        """The bank knows no such instruction: resend where that is safe and of use.

        Where a resend was refused already, the core system is asked. "Not found" and "nothing
        in the core", both past the quiet time, together prove that an own-bank payment was
        not executed (CIB interface document V4.0.4, on timeouts); anything less goes to people.
        A batch is taken apart instead: its lines leave again, each alone, once the bank has
        known nothing of it for several quiet times.
        """
        link = self._link
        message, order = visit.message, visit.order
        if not message.resend_refused:
            await self._maybe_resend(message, order)
            return
        core = None
        asks_core = isinstance(order, PayOrder) and order.own_bank
        if asks_core and link.dialect.core_result is not None:
            core = await self._ask(visit, link.dialect.core_result, "core")
        nothing = core is not None and core.reason == CORE_NONE
        await link.store.write(lambda uow: self._conclude(uow, message.id, nothing=nothing))

    def _conclude(self, uow: Uow, message_id: str, *, nothing: bool) -> None:
        """End an own-bank payment that nobody at the bank knows, replan a batch, or call people."""
        link = self._link
        message = messages.load_one(uow, link.tenant.id, message_id)
        if message is None:
            return
        asked_us, sent_us = message.not_found_us, message.last_sent_us
        if message.operation != PAY:
            unknown_us = asked_us - sent_us if asked_us is not None and sent_us is not None else 0
            if unknown_us >= _REPLAN_QUIETS * link.quiet_us():
                outcome_rows.replan(link, uow, message)
            return
        if nothing and asked_us is not None and timing.past_quiet(link, message, asked_us):
            outcome = Outcome(
                verdict=Verdict.REJECTED, reason="not_found_and_core_none", known_reject=True
            )
            now_us = link.now_us()
            finding = Enquired(message=message, outcome=outcome, asked_us=now_us, due_us=now_us)
            outcome_rows.write(link, uow, [finding])
            return
        why = "not found, and a resend was refused"
        call_people(link, uow, message, "refused_on_resend", why)

    # ── asking ────────────────────────────────────────────────────────────────────────────

    async def _ask(self, visit: Visit, operation: Pair, purpose: str) -> Outcome | None:
        """Ask once and write what came; None when nothing came."""
        link, message = self._link, visit.message
        await self._pace.turn()
        question = question_of(Serial(message.serial), visit.order)
        serial = link.serial()
        wire = operation.encode(question, link.sign_on(), serial)
        asked_us = link.now_us()
        envelope = self._envelope(message, purpose, serial)
        reply = await self._exchange(_Question(envelope=envelope, wire=wire))
        if reply is None:
            return None
        try:
            outcome: Outcome = operation.decode(question, serial, reply)
        except WireError as error:
            outcome = Outcome.unconfirmed(f"unreadable_{error.reason}", text=error.path)
        tries = visit.tries + 1
        await self._findings.write(
            Enquired(
                message=message,
                outcome=outcome,
                reply=reply,
                envelope=envelope,
                asked_us=asked_us,
                due_us=link.now_us() + timing.step_us(link, tries),
                tries=tries,
            )
        )
        return outcome

    async def _exchange(self, question: _Question) -> WireReply | None:
        """Archive the question, then send it; no answer means only that we ask again later."""
        link = self._link
        await link.store.gather(self._archive, question)
        try:
            with Told(link, ENQUIRED, question.envelope):
                return await link.runtime.net.exchange(
                    link.connection.url, question.wire, link.connection.timeout_s
                )
        except (NotSent, Unconfirmed):
            return None

    def _archive(self, uow: Uow, questions: Sequence[_Question]) -> Sequence[Wire]:
        return [
            self._link.archive.store_out(uow, it.envelope, it.wire, alone=True) for it in questions
        ]

    def _envelope(self, message: StoredMessage, purpose: str, serial: str) -> Envelope:
        return Envelope(
            tenant=message.tenant,
            connection=self._link.connection.id,
            purpose=purpose,
            serial=serial,
            message=message.id,
        )

    # ── sending once more ─────────────────────────────────────────────────────────────────

    async def _maybe_resend(self, message: StoredMessage, order: Order) -> None:
        """After "not found" past the quiet time: the same body under the same serial, once."""
        link = self._link
        pair = paying(link.dialect, message.operation)
        wire = pair.encode(order, link.sign_on(), Serial(message.serial))
        deadline = link.sending_deadline()
        again = await link.store.write(lambda uow: self.open_resend(uow, message, wire))
        if again is None:
            return
        envelope = self._envelope(message, "resend", message.serial)
        try:
            with Told(link, RESENT, envelope, message.instructions):
                reply = await link.runtime.net.exchange(
                    link.connection.url,
                    wire,
                    link.connection.timeout_s,
                    may_send=partial(link.may_send, deadline),
                )
        except (NotSent, Unconfirmed):
            await link.store.gather(self._landed, again.id)
            return
        try:
            outcome: Outcome = pair.decode(order, Serial(message.serial), reply)
        except WireError as error:
            outcome = Outcome.unconfirmed(f"unreadable_{error.reason}", text=error.path)
        await self._findings.write(Answered(message=again, reply=reply, outcome=outcome))

    def _landed(self, uow: Uow, ids: Sequence[str]) -> Sequence[None]:
        messages.landed(uow, self._link.tenant.id, ids)
        return [None] * len(ids)

    def open_resend(
        self, uow: Uow, message: StoredMessage, wire: WireMessage
    ) -> StoredMessage | None:
        """Decide on the freshest rows, and make the resend durable before it leaves."""
        link = self._link
        now_us = link.now_us()
        fresh = messages.load_one(uow, message.tenant, message.id)
        if fresh is None or fresh.not_found_us is None or fresh.in_flight:
            return None
        if not timing.past_quiet(link, fresh, fresh.not_found_us):
            return None  # it was sent again since
        subjects = standings(uow, fresh.tenant, fresh.instructions)
        if any(subject.state is not State.UNCONFIRMED for subject in subjects):
            return None
        # A stop that is pulled waits until this commit, or this waits for the stop's.
        uow.guard(stop_guard(fresh.tenant), shared=True)
        if held_back(uow, fresh.tenant, link.connection.id, fresh.instructions):
            return None  # asked about as ever; resent after the stop, if it is still of use then
        if not self._may_resend(fresh, now_us):
            call_people(link, uow, fresh, "not_found", "not found; no resend is safe")
            return None
        messages.resend(uow, fresh, link.store.lane.id, now_us)
        envelope = self._envelope(fresh, "resend", fresh.serial)
        link.archive.store_out(uow, envelope, wire, alone=True)
        due_us = now_us + link.timeout_us() + link.quiet_us()
        work.put(uow, timing.appointment(link, fresh, due_us, 1))
        return messages.load_one(uow, fresh.tenant, fresh.id)

    def _may_resend(self, message: StoredMessage, now_us: int) -> bool:
        offered = self._link.dialect.timing
        if offered.dedupe is Dedupe.GUARANTEED:
            return True
        if offered.dedupe is Dedupe.NONE or offered.dedupe_window is None:
            return False
        first = message.first_sent_us
        return first is not None and now_us < first + span_us(offered.dedupe_window)


def call_people(link: Link, uow: Uow, message: StoredMessage, kind: str, why: str) -> None:
    """Open one case of this kind for each payment of a message that is not final."""
    values = {
        "of_tenant": message.tenant,
        "of_ids": list(message.instructions),
        "of_kind": kind,
    }
    known = {row.instruction for row in uow.rows(_KNOWN_CASES, values)}
    for subject in standings(uow, message.tenant, message.instructions):
        if subject.id not in known and subject.state not in FINAL:
            evidence = Evidence(
                cause=Cause.ENQUIRY,
                target=None,
                actor=link.actor(),
                at=link.runtime.clock.now(),
                message=message.id,
                reason=why,
            )
            open_case(uow, link.runtime.ids, subject, kind, evidence)
