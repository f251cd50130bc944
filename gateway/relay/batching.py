"""Which due instructions travel together. Pure: instructions in, routes out.

A tenant may want its payments batched; payroll always travels in the bank's payroll product.
Whatever was in a batch that the bank refused for another line tries at most twice in
company, then alone, so that a bad neighbour never keeps a good payment from leaving.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.instruction import BusinessType, Instruction, Urgency
from gateway.domain.outcome import Outcome
from gateway.ports.bank import BankDialect, Operation
from gateway.ports.bank_batch import BatchKind, BatchOrder
from gateway.ports.bank_order import batch_order

PAY: Final = "pay"
BATCH: Final = "batch"
PAYROLL: Final = "payroll"
ROUNDS_MAX: Final = 2
"""Refused batches after which an instruction travels alone."""
ALONE: Final = 1_000
"""A round count that means: alone from now on (the bank named no line)."""

KINDS: Final = {BATCH: BatchKind.PAYMENT, PAYROLL: BatchKind.PAYROLL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A due instruction; ``rounds`` counts batches it was in that the bank refused."""

    instruction: Instruction
    rounds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Instructions for one message of one operation, in line order."""

    operation: str
    members: tuple[Due, ...]


def group(due: Sequence[Due], dialect: BankDialect, *, batching: bool) -> list[Group]:
    """Route due instructions, keeping their order inside every group.

    A batch of one is sent as a single payment; payroll of one stays payroll, because only that
    operation carries its meaning.
    """
    groups: list[Group] = []
    open_groups: dict[tuple[str, str, str, int], list[Due]] = {}
    for item in due:
        operation = _operation(item, dialect, batching=batching)
        alone = item.rounds >= ROUNDS_MAX
        if operation == PAY or alone:
            groups.append(Group(operation=operation, members=(item,)))
            continue
        it = item.instruction
        # Rounds do not mix: a twice refused line must not pull fresh ones into its fate.
        key = (operation, it.debtor.account.number, it.payroll_purpose, item.rounds)
        members = open_groups.setdefault(key, [])
        members.append(item)
        if len(members) >= _most(operation, dialect):
            groups.append(_closed(operation, members))
            del open_groups[key]
    groups += [_closed(key[0], members) for key, members in open_groups.items()]
    return groups


def _operation(item: Due, dialect: BankDialect, *, batching: bool) -> str:
    it = item.instruction
    if it.business_type is BusinessType.PAYROLL:
        return PAYROLL
    if not batching or it.urgency is not Urgency.NORMAL or item.rounds >= ROUNDS_MAX:
        return PAY
    return BATCH if dialect.batch is not None and _fits(it, dialect.batch) else PAY


def _fits(it: Instruction, batch: Operation[BatchOrder, Outcome]) -> bool:
    """Whether the bank's batch can carry it: its fields may be shorter than a single's."""
    return batch.check is None or not batch.check(batch_order(BatchKind.PAYMENT, [it]))


def _most(operation: str, dialect: BankDialect) -> int:
    return dialect.payroll_lines_max if operation == PAYROLL else dialect.batch_lines_max


def _closed(operation: str, members: Sequence[Due]) -> Group:
    """A group that gets no more members."""
    single = operation == BATCH and len(members) == 1
    return Group(operation=PAY if single else operation, members=tuple(members))
