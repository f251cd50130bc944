"""The invariants of the books, checked on rows: after every simulated run, and on live databases.

What the bank really executed is asked of whoever knows it (the sandbox's ledger); without
that, the checks that need no bank still hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import Connection, Row, select

from gateway.domain.instruction import FINAL, Cause, State, allowed
from gateway.domain.message import Fate
from gateway.store import tables

_i, _m, _l = tables.instruction, tables.message, tables.message_line
_SENDS: Final = ("pay", "resend")
_MOVED: Final = (State.SETTLED.value, State.RETURNED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One execution in the bank's own books. ``line`` is that of a batch, 0 of a single payment."""

    serial: str
    amount_minor: int
    creditor_account: str
    line: int = 0


class BankBooks(Protocol):
    """The bank's own truth about a customer's payments."""

    def executions(self, customer: str) -> Sequence[Execution]:
        """Everything the bank executed for the customer."""
        ...


def check_books(db: Connection, bank: BankBooks | None = None) -> list[str]:
    """Every broken invariant in words; empty when all hold.

    I1 never twice, I2 one open message, I4 asked before resent, I6 final is final and every
    step is in the table, I5/I8 what we call settled was executed once, to the fen, and what we
    call ended otherwise was not executed.
    """
    instructions = {(row.tenant, row.id): row for row in db.execute(select(_i))}
    broken = _broken_history(db, instructions)
    broken += _broken_messages(db)
    broken += _broken_resends(db)
    if bank is not None:
        broken += _broken_money(db, bank, instructions)
    return broken


def unfinished(db: Connection) -> list[str]:
    """I19: instructions that are neither final nor waiting for a person with a reason."""
    waiting = {
        (row.tenant, row.instruction)
        for row in db.execute(
            select(tables.case.c.tenant, tables.case.c.instruction).where(
                tables.case.c.closed_us.is_(None)
            )
        )
    }
    return [
        f"I19: {row.id} ends in {row.state} and nobody was called"
        for row in db.execute(select(_i.c.tenant, _i.c.id, _i.c.state))
        if State(row.state) not in FINAL
        and State(row.state) is not State.HELD
        and (row.tenant, row.id) not in waiting
    ]


def _broken_history(db: Connection, instructions: dict[tuple[str, str], Row[Any]]) -> list[str]:
    broken: list[str] = []
    standing: dict[tuple[str, str], str] = {}
    history = tables.history
    for row in db.execute(
        select(history).order_by(history.c.tenant, history.c.instruction, history.c.seq)
    ):
        key = (row.tenant, row.instruction)
        before = standing.get(key, "")
        standing[key] = row.after
        if row.before != before:
            broken.append(f"I6: history of {row.instruction} jumps from {before} to {row.after}")
        elif before and not allowed(State(before), State(row.after), Cause(row.cause)):
            broken.append(
                f"I6: {row.instruction} went {before} to {row.after} because of {row.cause}"
            )
    broken.extend(
        f"I6: {key[1]} stands in {row.state}, its history says {standing.get(key)}"
        for key, row in instructions.items()
        if standing.get(key) != row.state
    )
    return broken


def _broken_messages(db: Connection) -> list[str]:
    open_lines: dict[tuple[str, str], int] = defaultdict(int)
    serials: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in db.execute(select(_m.c.bank, _m.c.customer, _m.c.serial)):
        serials[row.bank, row.customer, row.serial] += 1
    for line in db.execute(
        select(_l.c.tenant, _l.c.instruction)
        .join(_m, (_m.c.tenant == _l.c.tenant) & (_m.c.id == _l.c.message))
        .where(_m.c.fate != Fate.CLOSED.value)
    ):
        open_lines[line.tenant, line.instruction] += 1
    return [
        f"I2: serial {key[2]} names {count} messages" for key, count in serials.items() if count > 1
    ] + [
        f"I2: {key[1]} rides in {count} open messages"
        for key, count in open_lines.items()
        if count > 1
    ]


def _broken_resends(db: Connection) -> list[str]:
    """I4: between two sends of a message that may have left lies a "not found" for its serial."""
    broken: list[str] = []
    wires, evidence = tables.wire, tables.evidence
    not_found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in db.execute(
        select(evidence.c.tenant, evidence.c.message, evidence.c.at_us).where(
            evidence.c.verdict == "not_found"
        )
    ):
        not_found[row.tenant, row.message].append(row.at_us)
    last: dict[tuple[str, str], int] = {}
    for sent in db.execute(
        select(wires.c.tenant, wires.c.message, wires.c.at_us, wires.c.purpose, wires.c.id)
        .where(wires.c.direction == "out", wires.c.purpose.in_(_SENDS), wires.c.message != "")
        .order_by(wires.c.tenant, wires.c.message, wires.c.id)
    ):
        key = (sent.tenant, sent.message)
        before = last.get(key)
        last[key] = sent.at_us
        if sent.purpose == "resend" and (
            before is None or not any(before <= at <= sent.at_us for at in not_found[key])
        ):
            broken.append(f"I4: message {sent.message} was resent without an answer 'not found'")
    return broken


def _broken_money(
    db: Connection, bank: BankBooks, instructions: dict[tuple[str, str], Row[Any]]
) -> list[str]:
    by_key: dict[tuple[str, int], list[Execution]] = defaultdict(list)
    for customer in db.execute(select(_m.c.customer).distinct()).scalars().all():
        for execution in bank.executions(customer):
            by_key[execution.serial, execution.line].append(execution)
    executed: dict[tuple[str, str], list[Execution]] = defaultdict(list)
    ours: set[tuple[str, int]] = set()
    for row in db.execute(
        select(_m.c.serial, _m.c.operation, _l.c.line, _l.c.tenant, _l.c.instruction).join(
            _l, (_l.c.tenant == _m.c.tenant) & (_l.c.message == _m.c.id)
        )
    ):
        key = (row.serial, 0 if row.operation == "pay" else row.line)
        ours.add(key)
        executed[row.tenant, row.instruction].extend(by_key.get(key, []))
    broken = [
        f"I2: the bank executed serial {serial}{f' line {line}' if line else ''},"
        " which is no message of ours"
        for serial, line in by_key
        if (serial, line) not in ours
    ]
    for name, instruction in instructions.items():
        broken.extend(_money_of(instruction, executed.get(name, [])))
    return broken


def _money_of(row: Row[Any], executions: Sequence[Execution]) -> list[str]:
    name = f"{row.id} ({row.state})"
    if len(executions) > 1:
        return [f"I1: {name} was executed {len(executions)} times"]
    if row.state in _MOVED:
        if not executions:
            return [f"I5: {name} was never executed"]
        done = executions[0]
        if (done.amount_minor, done.creditor_account) != (row.amount_minor, row.creditor_account):
            return [f"I8: {name} was executed with another amount or payee"]
    elif State(row.state) in FINAL and executions and row.state != State.PAID_ELSEWHERE.value:
        return [f"I5: {name} was executed although it is told as {row.state}"]
    return []
