"""The three ways a message carries instructions: single payment, batch, payroll.

Each is a pair of dialect operations, one that pays and one that asks; which pair a message
used stands in its row, so an enquiry or a resend speaks the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.domain.errors import NotOffered
from gateway.domain.ids import Serial
from gateway.domain.instruction import Instruction
from gateway.domain.outcome import Outcome
from gateway.ports.bank import BankDialect, Operation, PayOrder, StatusQuestion
from gateway.ports.bank_batch import BatchOrder, BatchStatusQuestion
from gateway.ports.bank_order import batch_order, pay_order
from gateway.relay.batching import BATCH, KINDS, PAY, PAYROLL

Order = PayOrder | BatchOrder
Pair = Operation[Any, Outcome]
"""An operation over the order or question that belongs to it."""


def paying(dialect: BankDialect, operation: str) -> Pair:
    """The operation that pays. Raises NotOffered when the dialect has none."""
    return _offered({PAY: dialect.pay, BATCH: dialect.batch, PAYROLL: dialect.payroll}[operation])


def asking(dialect: BankDialect, operation: str) -> Pair:
    """The operation that asks what became of it. Raises NotOffered when the dialect has none."""
    return _offered(
        {
            PAY: dialect.payment_status,
            BATCH: dialect.batch_status,
            PAYROLL: dialect.payroll_status,
        }[operation]
    )


def order_of(operation: str, instructions: Sequence[Instruction]) -> Order:
    """The order of a message: the same instructions give the same order, always."""
    if operation == PAY:
        return pay_order(instructions[0])
    return batch_order(KINDS[operation], instructions)


def question_of(original: Serial, order: Order) -> StatusQuestion | BatchStatusQuestion:
    """The question about an earlier message."""
    if isinstance(order, PayOrder):
        return StatusQuestion(original=original, order=order)
    return BatchStatusQuestion(original=original, order=order)


def _offered(operation: Pair | None) -> Pair:
    if operation is None:
        raise NotOffered
    return operation
