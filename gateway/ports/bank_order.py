"""From an instruction to the question its bank is asked: one place for intake and relay."""

from __future__ import annotations

from datetime import date

from gateway.domain.instruction import Instruction
from gateway.ports.bank import PayOrder


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
