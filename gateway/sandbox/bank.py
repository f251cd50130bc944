"""The sandbox bank: bytes of a dialect in, bytes out, over the one ledger.

Rule kept here: synchronous and deterministic. Time is an argument, faults are chosen by the
schedule, so the same requests at the same times give the same answers, in a server and in a
simulation. A serial that was stored is answered from the store and never executed again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from gateway.domain.errors import GatewayError, WireError
from gateway.domain.message import WireReply
from gateway.domain.party import Account, Agent, Party
from gateway.ports.bank import (
    BankAnswer,
    BankRequest,
    BankSide,
    BankState,
    CoreRequest,
    PayOrder,
    PayRequest,
    Reason,
    SignOnRequest,
    StatusRequest,
    StoredPayment,
)
from gateway.ports.bank_batch import (
    BatchRequest,
    BatchStatusRequest,
    ReceiptRequest,
)
from gateway.ports.bank_confirm import ConfirmRequest, ConfirmResultRequest
from gateway.ports.bank_receipts import ReceiptFilesRequest, ReceiptOrderRequest
from gateway.sandbox import queries, rules
from gateway.sandbox.batch_desk import BatchDesk, interim, other_kind
from gateway.sandbox.confirmations import ConfirmationDesk
from gateway.sandbox.exchange import UNREADABLE, Delivery, Exchange, done, undone
from gateway.sandbox.execution import Execution
from gateway.sandbox.faults import NOTHING_DONE, Fault, FaultSchedule
from gateway.sandbox.ledger import AccountRow, Ledger, OperatorRow, instant, seconds
from gateway.sandbox.options import Options
from gateway.sandbox.payments import Event, PaymentBook, PaymentRow
from gateway.sandbox.receipts import ReceiptDesk
from gateway.sandbox.subjects import subject

_FINAL: Final = frozenset(
    {BankState.PAID, BankState.FAILED, BankState.WITHDRAWN, BankState.EXPIRED}
)


class SandboxBank:
    """One bank front: a dialect's bank side over a ledger that it may share with other fronts."""

    def __init__(
        self,
        ledger: Ledger,
        side: BankSide,
        *,
        options: Options | None = None,
        faults: FaultSchedule | None = None,
    ) -> None:
        self.ledger = ledger
        self.options = options or Options()
        self.faults = faults or FaultSchedule()
        self.book = PaymentBook(ledger)
        self.execution = Execution(ledger, self.options)
        self.batches = BatchDesk(ledger, self.options)
        self.receipts = ReceiptDesk(ledger, self.options)
        self.confirmations = ConfirmationDesk(ledger)
        self._side = side
        self._last: WireReply | None = None

    def handle(self, body: bytes, now: datetime) -> Exchange:
        """Answer one request at ``now`` (aware). What is due by then is done first.

        Everything the answer promises is committed (durable, unless inside ``Ledger.group``)
        before this returns.
        """
        self.progress(now)
        try:
            request = self._side.decode(body)
        except WireError:
            return UNREADABLE
        fault = self.faults.choose(subject(request))
        if fault is None:
            reply = self._side.encode(request, self._answer(request, now))
            self._last = reply
            return Exchange(reply=reply)
        return self._faulty(request, body, now, fault)

    def handle_many(self, bodies: Sequence[bytes], now: datetime) -> list[Exchange]:
        """Answer several requests with one wait for the disk, in order."""
        with self.ledger.group():
            return [self.handle(body, now) for body in bodies]

    def run_group(self, jobs: Sequence[Callable[..., object]]) -> list[object]:
        """Run jobs (calls of ``handle``) with one wait for the disk, as a batcher asks for it."""
        results: list[object] = []
        with self.ledger.group():
            for job in jobs:
                try:
                    results.append(job())
                except GatewayError as error:
                    results.append(error)
        return results

    def progress(self, now: datetime) -> int:
        """Do everything that is due by ``now``, in order of due time; returns how many things."""
        count = 0
        until = seconds(now)
        while (event := self.book.next_event(until, self.options.code)) is not None:
            with self.ledger.transaction():
                self.book.strike(event)
                if event.event == "late":
                    self._arrive_late(event)
                elif event.batch:
                    self.batches.execution.carry_out(event)
                else:
                    self.execution.carry_out(event)
            count += 1
        return count

    # ── the answers ──────────────────────────────────────────────────────────────────────

    def _answer(self, request: BankRequest, now: datetime) -> BankAnswer:
        with self.ledger.transaction():
            at = instant(seconds(now))
            operator, reason = self._sign_on(request)
            if operator is None or reason is not Reason.OK:
                return BankAnswer(at=at, signon=reason)
            if request.malformed:
                return BankAnswer(at=at, message=Reason.MALFORMED, detail=request.malformed)
            return self._asked(request, at, signed=operator.enable_sign)

    def _asked(self, request: BankRequest, at: datetime, *, signed: bool) -> BankAnswer:
        """The answer to a well-formed request of somebody who may sign on."""
        customer = request.signon.customer
        match request.body:
            case PayRequest() as body:
                return self._pay(request, body, at, signed=signed)
            case BatchRequest() as body:
                return self.batches.take(request, body, at, signed=signed)
            case StatusRequest(original=original):
                return self._tell(customer, original, at)
            case BatchStatusRequest() as body:
                return self.batches.tell(customer, body, at)
            case ReceiptRequest() as body:
                return self._receipt(customer, body, at)
            case CoreRequest() as body:
                return self._core(customer, body, at)
            case SignOnRequest():
                return BankAnswer(at=at)
            case ReceiptOrderRequest() | ReceiptFilesRequest() as body:
                answered = self.receipts.answer(request, body, at)
            case ConfirmRequest() | ConfirmResultRequest() as body:
                answered = self.confirmations.answer(request, body, at)
            case body:
                answered = queries.answer(
                    self.ledger, request.signon, body, at, page_size=self.options.page_size
                )
        return answered

    def _sign_on(self, request: BankRequest) -> tuple[OperatorRow | None, Reason]:
        who = request.signon
        operator = self.ledger.operator(who.customer, who.operator)
        reason = rules.sign_on(operator, rules.secret(who.customer, who.operator, who.password))
        if operator is None:
            return None, reason
        if reason is Reason.PASSWORD_WRONG:
            failures = operator.failures + 1
            locked = failures >= self.options.lock_after
            self.ledger.count_failures(operator, failures, locked=locked)
            return operator, Reason.PASSWORD_LOCKED if locked else reason
        if reason is Reason.OK and operator.failures:
            self.ledger.count_failures(operator, 0, locked=False)
        return operator, reason

    def _pay(
        self, request: BankRequest, body: PayRequest, at: datetime, *, signed: bool
    ) -> BankAnswer:
        who, order = request.signon, body.order
        replay = self.book.by_serial(who.customer, request.serial)
        if replay is not None:
            return _told(replay, at)
        if self.batches.book.by_serial(who.customer, request.serial) is not None:
            return other_kind(at)
        debtor = self.ledger.account(order.debtor.account.number)
        creditor = self.execution.creditor(order.creditor.account.number)
        number = order.debtor.account.number
        facts = rules.PayFacts(
            today=at.date(),
            customer=who.customer,
            debtor=debtor,
            may_pay=self.ledger.permitted(who.customer, who.operator, number, rules.PAY),
            creditor=creditor,
        )
        reason = rules.judge(body, facts, self.options)
        if reason is not Reason.OK or debtor is None:
            return BankAnswer(at=at, message=reason)
        row = PaymentRow(
            customer=who.customer,
            serial=request.serial,
            order=_completed(body, debtor, own_bank=creditor is not None),
            super_channel=body.super_channel,
            state=BankState.PROCESSING,
            reason=Reason.OK,
            at=seconds(at),
        )
        return _told(self.execution.accept(row, debtor, signed=signed), at)

    def _tell(self, customer: str, serial: str, at: datetime) -> BankAnswer:
        row = self.book.by_serial(customer, serial)
        if row is not None:
            return _told(row, at)
        if self.batches.book.by_serial(customer, serial) is not None:
            return other_kind(at)
        return BankAnswer(at=at, message=Reason.NO_SUCH_INSTRUCTION)

    def _receipt(self, customer: str, body: ReceiptRequest, at: datetime) -> BankAnswer:
        if body.kind is None:
            return self._tell(customer, body.original, at)
        asked = BatchStatusRequest(original=body.original, kind=body.kind)
        return self.batches.tell(customer, asked, at)

    def _core(self, customer: str, body: CoreRequest, at: datetime) -> BankAnswer:
        if body.bank_reference:
            row = self.book.by_reference(customer, body.bank_reference)
        else:
            row = self.book.by_serial(customer, body.original)
        if row is None:
            return BankAnswer(at=at, message=Reason.NO_SUCH_INSTRUCTION)
        core, status = self.execution.core(row, at)
        return BankAnswer(at=at, payment=replace(row.stored(), core=core, core_status=status))

    # ── faults ───────────────────────────────────────────────────────────────────────────

    def _faulty(self, request: BankRequest, body: bytes, now: datetime, fault: Fault) -> Exchange:
        if fault in NOTHING_DONE:
            return undone(fault)
        if fault is Fault.EXECUTE_LATE:
            due = seconds(now) + self.faults.lateness()
            with self.ledger.transaction():
                self.book.plan(Event(due=due, event="late", dialect=self.options.code, body=body))
            return Exchange(delivery=Delivery.DROP, fault=fault)
        answer = self._distorted(request, self._answer(request, now), fault)
        reply = self._side.encode(request, answer)
        before, self._last = self._last, reply
        delay_s = self.faults.delay() if fault is Fault.DELAY else 0.0
        return done(fault, reply, before=before, delay_s=delay_s)

    def _distorted(self, request: BankRequest, answer: BankAnswer, fault: Fault) -> BankAnswer:
        """The true answer, made stale, incomplete or strange. Never a false final state."""
        if fault is Fault.UNKNOWN_CODE:
            return replace(answer, unknown_code=True)
        if fault is Fault.TRUNCATED_STATEMENT and answer.page is not None:
            kept = answer.page.entries[: len(answer.page.entries) // 2]
            return replace(answer, page=replace(answer.page, entries=kept, more=False))
        if answer.batch is not None and fault is Fault.STALE_STATUS:
            told = self.batches.earlier(request.signon.customer, answer.batch)
            return replace(answer, batch=told)
        if answer.batch is not None and fault is Fault.OUT_OF_ORDER_STATUS:
            return replace(answer, batch=interim(answer.batch))
        if answer.payment is None:
            return answer
        if fault is Fault.STALE_STATUS:
            return replace(answer, payment=self._earlier(request, answer.payment))
        if fault is Fault.OUT_OF_ORDER_STATUS and answer.payment.state in _FINAL:
            return replace(answer, payment=_interim(answer.payment))
        return answer

    def _earlier(self, request: BankRequest, payment: StoredPayment) -> StoredPayment:
        row = self.book.by_serial(request.signon.customer, payment.serial)
        history = self.book.history(row) if row is not None else []
        if len(history) > 1:
            state, reason, at = history[-2]
            return replace(payment, state=state, reason=reason, processed_at=instant(at))
        return _interim(payment) if payment.state in _FINAL else payment

    def _arrive_late(self, event: Event) -> None:
        """A request that was held up on its way: done now, answered to nobody."""
        self._answer(self._side.decode(event.body), instant(event.due))


def _told(row: PaymentRow, at: datetime) -> BankAnswer:
    return BankAnswer(at=at, payment=row.stored())


def _interim(payment: StoredPayment) -> StoredPayment:
    return replace(payment, state=BankState.PROCESSING, reason=Reason.OK)


def _completed(body: PayRequest, debtor: AccountRow, *, own_bank: bool) -> PayOrder:
    """The order as the bank stores it: payer's true name and city, own-bank flag corrected."""
    order = body.order
    payer = Party(
        name=debtor.name, account=Account(number=debtor.number, agent=Agent(city=debtor.city))
    )
    return replace(order, debtor=payer, own_bank=own_bank)
