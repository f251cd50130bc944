"""Which due instructions travel together. Pure: instructions in, routes out.

A tenant may want its payments batched; payroll always travels in the bank's payroll product.
Whatever was in a batch that the bank refused for another line tries at most twice in
company, then alone, so that a bad neighbour never keeps a good payment from leaving.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.domain.instruction import BusinessType, Instruction, Urgency
from gateway.ports.bank import BankDialect
from gateway.ports.bank_batch import BatchKind
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
    whole: bool = True
    """It takes no more members, however many are still to come."""


def group(due: Sequence[Due], dialect: BankDialect, *, batching: bool) -> list[Group]:
    """Route due instructions, keeping their order inside every group.

    A batch of one is sent as a single payment; payroll of one stays payroll, because only that
    operation carries its meaning.
    """
    misfits = _misfits(due, dialect) if batching else frozenset()
    groups: list[Group] = []
    open_groups: dict[tuple[str, str, str, int], list[Due]] = {}
    for item in due:
        operation = _operation(item, dialect, batching=batching, misfits=misfits)
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
    groups += [
        replace(_closed(key[0], members), whole=False) for key, members in open_groups.items()
    ]
    return groups


def _operation(item: Due, dialect: BankDialect, *, batching: bool, misfits: frozenset[str]) -> str:
    it = item.instruction
    if it.business_type is BusinessType.PAYROLL:
        return PAYROLL
    if not batching or dialect.batch is None or not _wants_company(item):
        return PAY
    return PAY if it.id in misfits else BATCH


def _wants_company(item: Due) -> bool:
    return item.instruction.urgency is Urgency.NORMAL and item.rounds < ROUNDS_MAX


def _misfits(due: Sequence[Due], dialect: BankDialect) -> frozenset[str]:
    """What the bank's batch cannot carry: its fields may be shorter than a single's.

    A payer's payments are checked as one batch; only if that has a fault, each is by itself.
    """
    batch = dialect.batch
    if batch is None or batch.check is None:
        return frozenset()
    by_payer: dict[str, list[Instruction]] = {}
    for item in due:
        it = item.instruction
        if it.business_type is not BusinessType.PAYROLL and _wants_company(item):
            by_payer.setdefault(it.debtor.account.number, []).append(it)
    most = dialect.batch_lines_max
    found: set[str] = set()
    for members in by_payer.values():
        for start in range(0, len(members), most):
            part = members[start : start + most]
            if batch.check(batch_order(BatchKind.PAYMENT, part)):
                found |= {it.id for it in part if batch.check(batch_order(BatchKind.PAYMENT, [it]))}
    return frozenset(found)


def _most(operation: str, dialect: BankDialect) -> int:
    return dialect.payroll_lines_max if operation == PAYROLL else dialect.batch_lines_max


def _closed(operation: str, members: Sequence[Due]) -> Group:
    """A group that gets no more members."""
    single = operation == BATCH and len(members) == 1
    return Group(operation=PAY if single else operation, members=tuple(members))
