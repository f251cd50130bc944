"""From an instruction to the question its bank is asked: one place for intake and relay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from gateway.domain.instruction import Instruction
from gateway.ports.bank import PayOrder
from gateway.ports.bank_batch import BatchKind, BatchLine, BatchOrder

_TITLES: Final = {BatchKind.PAYMENT: "批量付款", BatchKind.PAYROLL: "代发"}


def pay_order(instruction: Instruction, *, due: date | None = None) -> PayOrder:
    """The order that carries ``instruction``.

    ``due`` is the bank's own due date, only for connections that let the bank hold a payment;
    otherwise the gateway holds it and asks on the day.
    """
    return PayOrder(
        debtor=instruction.debtor,
        creditor=instruction.creditor,
        amount=instruction.amount,
        purpose=instruction.purpose,
        memo=instruction.memo,
        own_bank=instruction.own_bank,
        local=instruction.local,
        urgency=instruction.urgency,
        due=due,
    )


def batch_order(kind: BatchKind, instructions: Sequence[Instruction]) -> BatchOrder:
    """The order of a batch or payroll message; lines are numbered from 1 in the given order.

    It follows from the instructions alone, so an enquiry or a resend rebuilds the same body.
    """
    first = instructions[0]
    return BatchOrder(
        kind=kind,
        debtor=first.debtor,
        lines=tuple(
            BatchLine(
                line=line,
                creditor=it.creditor,
                amount=it.amount,
                purpose=it.purpose,
                memo=it.memo,
                own_bank=it.own_bank,
                local=it.local,
            )
            for line, it in enumerate(instructions, start=1)
        ),
        purpose=first.purpose if len(instructions) == 1 else _TITLES[kind],
        payroll_purpose=first.payroll_purpose,
    )
