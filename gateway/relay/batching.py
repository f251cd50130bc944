"""Which due instructions travel together. Pure: instructions in, routes out.

A tenant may want its payments batched; payroll always travels in the bank's payroll product.
Whatever was in a batch that the bank refused for another line tries at most twice in
company, then alone, so that a bad neighbour never keeps a good payment from leaving.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import msgspec

from gateway.domain.instruction import BusinessType, Instruction, Urgency
from gateway.ports.bank import BankDialect, FieldProblem
from gateway.ports.bank_batch import BatchKind, BatchOrder
from gateway.ports.bank_order import batch_order

PAY: Final = "pay"
BATCH: Final = "batch"
PAYROLL: Final = "payroll"
ROUNDS_MAX: Final = 2
"""Refused batches after which an instruction travels alone."""
ALONE: Final = 1_000
"""A round count that means: alone from now on (the bank named no line)."""

_PAYROLL, _NORMAL = BusinessType.PAYROLL, Urgency.NORMAL
KINDS: Final = {BATCH: BatchKind.PAYMENT, PAYROLL: BatchKind.PAYROLL}


class Due(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A due instruction; ``rounds`` counts batches it was in that the bank refused."""

    instruction: Instruction
    rounds: int = 0


D = TypeVar("D", bound=Due)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Generic[D]):
    """Instructions for one message of one operation, in line order."""

    operation: str
    members: tuple[D, ...]
    whole: bool = True
    """It takes no more members, however many are still to come."""
    order: BatchOrder | None = None
    """What its message will order, where the bank's check has asked for it already."""


def group(due: Sequence[D], dialect: BankDialect, *, batching: bool) -> list[Group[D]]:
    """Route due instructions, keeping their order inside every group.

    A batch of one is sent as a single payment; payroll of one stays payroll, because only that
    operation carries its meaning. What the bank's batch cannot carry travels alone: its fields
    may be shorter than a single's.
    """
    offered = dialect.batch if batching else None
    misfits: frozenset[str] = frozenset()
    while True:
        groups = _routed(due, dialect, misfits, offered=offered is not None)
        if offered is None or offered.check is None:
            return groups
        groups, found = _checked(groups, offered.check)
        if not found:
            return groups
        misfits |= found  # the others close ranks, and are checked again in their new company


def _routed(
    due: Sequence[D], dialect: BankDialect, misfits: frozenset[str], *, offered: bool
) -> list[Group[D]]:
    groups: list[Group[D]] = []
    open_groups: dict[tuple[str, str, str, int], list[D]] = {}
    most = {PAYROLL: dialect.payroll_lines_max, BATCH: dialect.batch_lines_max}
    for item in due:
        it, rounds = item.instruction, item.rounds
        if it.business_type is _PAYROLL:
            operation = PAYROLL
        elif offered and it.urgency is _NORMAL and it.id not in misfits:
            operation = BATCH
        else:
            operation = PAY
        if rounds >= ROUNDS_MAX or operation == PAY:
            alone = PAYROLL if operation == PAYROLL else PAY
            groups.append(Group(operation=alone, members=(item,)))
            continue
        # Rounds do not mix: a twice refused line must not pull fresh ones into its fate.
        key = (operation, it.debtor.account.number, it.payroll_purpose, rounds)
        members = open_groups.setdefault(key, [])
        members.append(item)
        if len(members) >= most[operation]:
            groups.append(_closed(operation, members, whole=True))
            del open_groups[key]
    groups += [_closed(key[0], members, whole=False) for key, members in open_groups.items()]
    return groups


def _checked(
    groups: Sequence[Group[D]], check: Callable[[BatchOrder], Sequence[FieldProblem]]
) -> tuple[list[Group[D]], frozenset[str]]:
    """The batches with their orders, and the lines of them that the bank's batch cannot carry.

    A batch is checked as a whole; only if that has a fault, each line is by itself.
    """
    checked: list[Group[D]] = []
    misfits: list[str] = []
    for it in groups:
        if it.operation != BATCH:
            checked.append(it)
            continue
        lines = [item.instruction for item in it.members]
        order = batch_order(BatchKind.PAYMENT, lines)
        if check(order):
            misfits += [one.id for one in lines if check(batch_order(BatchKind.PAYMENT, [one]))]
        checked.append(Group(operation=BATCH, members=it.members, whole=it.whole, order=order))
    return checked, frozenset(misfits)


def _closed(operation: str, members: Sequence[D], *, whole: bool) -> Group[D]:
    """A group that gets no more members."""
    single = operation == BATCH and len(members) == 1
    return Group(operation=PAY if single else operation, members=tuple(members), whole=whole)
