"""The desk that answers for batches: taken in, told again, told earlier.

Rule kept here: a serial that was stored is answered from the store and never carried out
again, and a serial of another kind of instruction moves nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from gateway.domain.party import Account, Agent, Party
from gateway.ports.bank import BankAnswer, BankRequest, BankState, Reason
from gateway.ports.bank_batch import (
    BatchKind,
    BatchRequest,
    BatchStatusRequest,
    StoredBatch,
    StoredLine,
)
from gateway.sandbox import batch_rules, rules
from gateway.sandbox.batch_execution import BatchExecution
from gateway.sandbox.batches import BatchBook, BatchRow
from gateway.sandbox.ledger import Ledger, instant, seconds
from gateway.sandbox.options import Options
from gateway.sandbox.payments import PaymentBook

_FINAL: Final = frozenset(
    {
        BankState.PAID,
        BankState.PARTLY_PAID,
        BankState.FAILED,
        BankState.WITHDRAWN,
        BankState.EXPIRED,
    }
)
_OTHER_KIND: Final = "流水号已被另一类指令使用"


class BatchDesk:
    """Takes in and tells batches; the caller holds the transaction and has checked the sign-on."""

    def __init__(self, ledger: Ledger, options: Options) -> None:
        self.book = BatchBook(ledger)
        self.execution = BatchExecution(ledger, options)
        self._ledger = ledger
        self._payments = PaymentBook(ledger)
        self._options = options

    def take(
        self, request: BankRequest, body: BatchRequest, at: datetime, *, signed: bool
    ) -> BankAnswer:
        """A batch is asked for: replayed, refused as a whole, or stored and carried out."""
        who, order = request.signon, body.order
        stored = self.book.by_serial(who.customer, request.serial)
        if stored is not None:
            return _told(stored, order.kind, at)
        if self._payments.by_serial(who.customer, request.serial) is not None:
            return other_kind(at)
        number = order.debtor.account.number
        debtor = self._ledger.account(number)
        facts = rules.PayFacts(
            today=at.date(),
            customer=who.customer,
            debtor=debtor,
            may_pay=self._ledger.permitted(who.customer, who.operator, number, rules.PAY),
            creditor=None,
        )
        known = self.execution.payees(order)
        refusal = batch_rules.judge(body, facts, known, self._options)
        if refusal is not None:
            return self._refused(request, refusal, at)
        if debtor is None:
            return BankAnswer(at=at, message=Reason.DEBTOR_UNKNOWN)
        account = Account(number=debtor.number, agent=Agent(city=debtor.city))
        row = BatchRow(
            customer=who.customer,
            serial=request.serial,
            order=replace(order, debtor=Party(name=debtor.name, account=account)),
            state=BankState.PROCESSING,
            reason=Reason.OK,
            at=seconds(at),
        )
        accepted = self.execution.accept(row, debtor, known, signed=signed)
        return _told(accepted, order.kind, at)

    def tell(self, customer: str, body: BatchStatusRequest, at: datetime) -> BankAnswer:
        """What became of the batch with that serial."""
        row = self.book.by_serial(customer, body.original)
        if row is not None:
            return _told(row, body.kind, at)
        if self._payments.by_serial(customer, body.original) is not None:
            return other_kind(at)
        return BankAnswer(at=at, message=Reason.NO_SUCH_INSTRUCTION)

    def earlier(self, customer: str, batch: StoredBatch) -> StoredBatch:
        """The batch in the state before its present one: what a stale answer tells."""
        row = self.book.by_serial(customer, batch.serial)
        history = self.book.history(row) if row is not None else []
        if len(history) > 1:
            state, reason, at = history[-2]
            return replace(_all_in(batch, state, reason), processed_at=instant(at))
        return interim(batch)

    def _refused(
        self, request: BankRequest, refusal: batch_rules.Refusal, at: datetime
    ) -> BankAnswer:
        options, who = self._options, request.signon
        named = refusal.named and rules.drawn(
            options.names_faulty, options.seed, who.customer, request.serial, "named"
        )
        return BankAnswer(
            at=at,
            message=refusal.reason,
            detail=refusal.detail,
            faulty=refusal.faulty if named else (),
        )


def interim(batch: StoredBatch) -> StoredBatch:
    """The batch as if it were still running, where it has come to its end."""
    return _all_in(batch, BankState.PROCESSING, Reason.OK) if batch.state in _FINAL else batch


def other_kind(at: datetime) -> BankAnswer:
    """The serial belongs to an instruction of another kind: nothing is done, nothing told."""
    return BankAnswer(at=at, message=Reason.SYSTEM_FAILURE, detail=_OTHER_KIND)


def _told(row: BatchRow, kind: BatchKind, at: datetime) -> BankAnswer:
    return BankAnswer(at=at, batch=row.stored()) if row.order.kind is kind else other_kind(at)


def _all_in(batch: StoredBatch, state: BankState, reason: Reason) -> StoredBatch:
    lines = tuple(StoredLine(line=line.line, state=state, reason=reason) for line in batch.lines)
    return replace(batch, state=state, reason=reason, lines=lines)
