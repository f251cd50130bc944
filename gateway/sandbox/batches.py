"""Batches as the bank stores them: the whole, its lines, and the states it had.

Rule kept here: a batch shares the serials of the single payments, and is stored with all of
its lines or not at all. A line has a state of its own only once the batch was carried out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from gateway.domain.money import CNY, Money
from gateway.domain.party import Account, Agent, Party
from gateway.ports.bank import BankState, Reason
from gateway.ports.bank_batch import BatchKind, BatchLine, BatchOrder, StoredBatch, StoredLine
from gateway.sandbox.ledger import Ledger, instant

_COLUMNS: Final = (
    "customer, serial, kind, debtor_account, debtor_name, debtor_city, amount, purpose,"
    " payroll_purpose, due, state, reason, at, paid_on"
)
_LINE_COLUMNS: Final = (
    "batch, line, creditor_account, creditor_name, agent_name, agent_cnaps, agent_bic, agent_city,"
    " amount, purpose, memo, own_bank, local, state, reason"
)


def _insert(table: str, columns: str) -> str:
    marks = ", ".join("?" * (columns.count(",") + 1))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - constants


_INSERT: Final = _insert("batch", _COLUMNS)
_INSERT_LINE: Final = _insert("batch_line", _LINE_COLUMNS)
_SELECT: Final = f"SELECT id, {_COLUMNS} FROM batch"  # noqa: S608 - constants
_SELECT_LINES: Final = f"SELECT {_LINE_COLUMNS} FROM batch_line WHERE batch = ? ORDER BY line"  # noqa: S608 - constants
_REFERENCE_BASE: Final = 980_000_000_000

Fate = tuple[BankState, Reason]
"""What became of a line: paid, or failed with a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """A stored batch; ``id`` is 0 before. ``at`` is its last change in seconds.

    ``fates`` tells by line number what became of each; empty until the batch was carried out.
    """

    id: int = 0
    customer: str
    serial: str
    order: BatchOrder
    state: BankState
    reason: Reason
    at: int
    paid_on: str = ""
    """The accounting day it was carried out on (ISO), '' if it was not."""
    fates: Mapping[int, Fate] = field(default_factory=dict)

    @property
    def bank_reference(self) -> str:
        """The bank's own 12-digit number of the batch, the same for all its lines."""
        return str(_REFERENCE_BASE + self.id)

    def stored(self) -> StoredBatch:
        """The batch as answers and replays tell it: until carried out, lines stand as it does."""
        whole = (self.state, self.reason)
        told = ((line.line, *self.fates.get(line.line, whole)) for line in self.order.lines)
        return StoredBatch(
            serial=self.serial,
            bank_reference=self.bank_reference,
            order=self.order,
            state=self.state,
            processed_at=instant(self.at),
            lines=tuple(
                StoredLine(line=line, state=state, reason=reason) for line, state, reason in told
            ),
            reason=self.reason,
        )


class BatchBook:
    """Reads and writes batches in the ledger's file; the caller holds the transaction."""

    def __init__(self, ledger: Ledger) -> None:
        self._db = ledger.db

    def add(self, row: BatchRow) -> BatchRow:
        """Store a new batch with its lines; returns it with its id."""
        order, debtor = row.order, row.order.debtor
        number = self._db.execute(
            _INSERT,
            (
                *(row.customer, row.serial, order.kind.value),
                *(debtor.account.number, debtor.name, debtor.account.agent.city),
                *(order.total().minor, order.purpose, order.payroll_purpose),
                *(order.due.isoformat() if order.due else "", row.state.value, row.reason.value),
                *(row.at, row.paid_on),
            ),
        ).lastrowid
        stored = replace(row, id=number or 0)
        self._db.executemany(_INSERT_LINE, [_values(stored, line) for line in order.lines])
        return stored

    def move(self, row: BatchRow) -> BatchRow:
        """Store a new state, reason, time, execution day and what became of the lines."""
        self._db.execute(
            "INSERT INTO former_batch_state (batch, seq, state, reason, at)"
            " SELECT id, (SELECT COUNT(*) FROM former_batch_state WHERE batch = ?), state, reason,"
            " at FROM batch WHERE id = ?",
            (row.id, row.id),
        )
        self._db.execute(
            "UPDATE batch SET state = ?, reason = ?, at = ?, paid_on = ? WHERE id = ?",
            (row.state.value, row.reason.value, row.at, row.paid_on, row.id),
        )
        self._db.executemany(
            "UPDATE batch_line SET state = ?, reason = ? WHERE batch = ? AND line = ?",
            [(*_words(fate), row.id, line) for line, fate in row.fates.items()],
        )
        return row

    def by_serial(self, customer: str, serial: str) -> BatchRow | None:
        """The customer's batch of that serial."""
        return self._one(" WHERE customer = ? AND serial = ?", customer, serial)

    def by_id(self, number: int) -> BatchRow | None:
        """The batch of that row number."""
        return self._one(" WHERE id = ?", number)

    def matching(self, serial: str, customer: str = "") -> list[BatchRow]:
        """All batches of a serial, of any customer unless one is named."""
        where = " WHERE serial = ? AND (? = '' OR customer = ?) ORDER BY id"
        found = self._db.execute(_SELECT + where, (serial, customer, customer)).fetchall()
        return [self._row(row) for row in found]

    def latest(self, count: int) -> list[BatchRow]:
        """The newest batches, newest first."""
        found = self._db.execute(_SELECT + " ORDER BY id DESC LIMIT ?", (count,)).fetchall()
        return [self._row(row) for row in found]

    def history(self, row: BatchRow) -> list[tuple[BankState, Reason, int]]:
        """Every state the batch had, oldest first, with reason and time."""
        found = self._db.execute(
            "SELECT state, reason, at FROM former_batch_state WHERE batch = ? ORDER BY seq",
            (row.id,),
        )
        former = [(BankState(state), Reason(reason), at) for state, reason, at in found]
        return [*former, (row.state, row.reason, row.at)]

    def returned(self, row: BatchRow) -> frozenset[int]:
        """The lines that came back (退汇)."""
        found = self._db.execute(
            "SELECT line FROM voucher WHERE batch = ? AND kind = 'return'", (row.id,)
        )
        return frozenset(line for (line,) in found)

    def _one(self, where: str, *values: str | int) -> BatchRow | None:
        found = self._db.execute(_SELECT + where, values).fetchone()
        return None if found is None else self._row(found)

    def _row(self, found: _Stored) -> BatchRow:
        number, customer, serial, kind, debtor, name, city, _amount, *_ = found
        purpose, payroll_purpose, due, state, reason, at, paid_on = found[8:]
        kept = self._db.execute(_SELECT_LINES, (number,)).fetchall()
        order = BatchOrder(
            kind=BatchKind(kind),
            debtor=Party(name=name, account=Account(number=debtor, agent=Agent(city=city))),
            lines=tuple(_line(line) for line in kept),
            purpose=purpose,
            payroll_purpose=payroll_purpose,
            due=date.fromisoformat(due) if due else None,
        )
        return BatchRow(
            id=number,
            customer=customer,
            serial=serial,
            order=order,
            state=BankState(state),
            reason=Reason(reason),
            at=at,
            paid_on=paid_on,
            fates={row[1]: (BankState(row[13]), Reason(row[14])) for row in kept if row[13]},
        )


_Stored = tuple[int, str, str, str, str, str, str, int, str, str, str, str, str, int, str]
_StoredLine = tuple[int, int, str, str, str, str, str, str, int, str, str, int, int, str, str]


def _words(fate: Fate | None) -> tuple[str, str]:
    return ("", "") if fate is None else (fate[0].value, fate[1].value)


def _values(row: BatchRow, line: BatchLine) -> _StoredLine:
    account, agent = line.creditor.account, line.creditor.account.agent
    return (
        *(row.id, line.line, account.number, line.creditor.name),
        *(agent.name, agent.cnaps, agent.bic, agent.city),
        *(line.amount.minor, line.purpose, line.memo, int(line.own_bank), int(line.local)),
        *_words(row.fates.get(line.line)),
    )


def _line(row: _StoredLine) -> BatchLine:
    _, number, account, name, agent, cnaps, bic, city, amount, purpose, memo, own, local, *_ = row
    return BatchLine(
        line=number,
        creditor=Party(
            name=name,
            account=Account(
                number=account, agent=Agent(name=agent, cnaps=cnaps, bic=bic, city=city)
            ),
        ),
        amount=Money(amount, CNY),
        purpose=purpose,
        memo=memo,
        own_bank=bool(own),
        local=bool(local),
    )
