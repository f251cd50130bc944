"""对账标识码 of payments that an ERP system hands in: given or made, and carried where it fits.

Rule kept here: a code rides behind the payer's own words in the memo, or else in the purpose, and
only where the bank carries the whole of it; nothing of the payer's is cut for it. It is part of
what is accepted, so what is approved, sealed and sent is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Final

from msgspec.structs import replace

from gateway.domain.instruction import BusinessType, Instruction
from gateway.domain.reconciliation import code_of
from gateway.intake.known import Caller
from gateway.intake.validate import bank_due, bank_problems
from gateway.ports.bank import BankDialect
from gateway.ports.bank_batch import BatchKind
from gateway.ports.bank_order import batch_order
from gateway.ports.tenancy import Tenant

Coder = Callable[[Instruction], Instruction]
"""Gives an instruction its code."""
_CARRIERS: Final = ("memo", "purpose")
_BEFORE: Final = " "


def coder(caller: Caller, dialect_of: Callable[[str], BankDialect], today: date) -> Coder:
    """What gives the instructions of a caller their codes: nothing but for an ERP system."""
    if caller.erp not in caller.tenant.erps:
        return _as_it_is
    tenant = caller.tenant

    def coded(instruction: Instruction) -> Instruction:
        code = instruction.reconciliation_code or own_code(instruction)
        made = replace(instruction, reconciliation_code=code)
        if made.business_type is BusinessType.PAYROLL or code in f"{made.memo}\n{made.purpose}":
            return made
        for name in _CARRIERS:
            longer = _with(getattr(made, name), code)
            carried = replace(made, **{name: longer})
            if _fits(carried, tenant, dialect_of, today):
                return carried
        return made

    return coded


def own_code(instruction: Instruction) -> str:
    """The code that we make for an instruction."""
    return code_of(instruction.tenant, instruction.erp, instruction.erp_reference)


def bare(instruction: Instruction) -> Instruction:
    """The instruction as its ERP wrote it: without what a code has added."""
    code = instruction.reconciliation_code
    if not code:
        return instruction
    return replace(
        instruction,
        memo=_without(instruction.memo, code),
        purpose=_without(instruction.purpose, code),
        reconciliation_code="" if code == own_code(instruction) else code,
    )


def _as_it_is(instruction: Instruction) -> Instruction:
    return instruction


def _with(text: str, code: str) -> str:
    return f"{text}{_BEFORE}{code}" if text else code


def _without(text: str, code: str) -> str:
    return "" if text == code else text.removesuffix(f"{_BEFORE}{code}")


def _fits(
    instruction: Instruction,
    tenant: Tenant,
    dialect_of: Callable[[str], BankDialect],
    today: date,
) -> bool:
    """Whether the bank carries it, alone and, where payments travel together, in a batch."""
    connection = tenant.connections[tenant.accounts[instruction.debtor.account.number].connection]
    dialect = dialect_of(connection.dialect)
    if bank_problems(instruction, dialect, bank_due(connection, instruction.execution_date, today)):
        return False
    batch = dialect.batch
    if not tenant.policy.batching or batch is None or batch.check is None:
        return True
    return not batch.check(batch_order(BatchKind.PAYMENT, [instruction]))
