"""Our books held against the bank's, payment by payment and account by account.

I1: nothing is executed twice, over all serials it ever had. I2: the bank executed nothing under
a serial that is not ours. I5: settled means executed, ended otherwise means not executed. I8:
the same amount from the same account to the same payee, and equal sums. I7: nothing was executed
that we say never left.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from gateway.audit.breach import Breach
from gateway.audit.rows import one_moment, stream
from gateway.domain.instruction import FINAL, State
from gateway.ports.bank_books import BankBooks
from gateway.store import tables

_i, _m, _l = tables.instruction, tables.message, tables.message_line
_SINGLE: Final = "pay"
_AT_ONCE: Final = 1_000
_SCHEMA: Final = """
CREATE TABLE bank (customer, serial, line, amount, debtor, payee, returned);
CREATE TABLE carried (customer, serial, line, tenant, instruction, sends);
CREATE TABLE told (tenant, id, state, amount, currency, debtor, payee,
    PRIMARY KEY (tenant, id)) WITHOUT ROWID;
"""
_JOINED: Final = """
CREATE INDEX carried_serial ON carried (customer, serial, line);
CREATE TABLE done AS SELECT c.tenant, c.instruction, COUNT(*) AS times, b.amount, b.debtor,
    b.payee, b.returned FROM bank b JOIN carried c ON c.customer = b.customer
    AND c.serial = b.serial AND c.line = b.line GROUP BY c.tenant, c.instruction;
CREATE INDEX done_instruction ON done (tenant, instruction);
"""
_TWICE: Final = (
    "SELECT t.id, t.state, d.times FROM done d JOIN told t ON t.tenant = d.tenant"
    " AND t.id = d.instruction WHERE d.times > 1"
)
_NEVER: Final = (
    "SELECT t.id, t.state FROM told t LEFT JOIN done d ON d.tenant = t.tenant"
    " AND d.instruction = t.id WHERE t.state IN ('SETTLED', 'RETURNED') AND d.times IS NULL"
)
_OTHER: Final = (
    "SELECT t.id, t.state FROM told t JOIN done d ON d.tenant = t.tenant AND d.instruction = t.id"
    " WHERE t.state IN ('SETTLED', 'RETURNED') AND d.times = 1 AND (t.amount <> d.amount"
    " OR t.payee <> d.payee OR (d.debtor <> '' AND t.debtor <> d.debtor))"
)
_KEPT: Final = (
    "SELECT t.id, t.state FROM told t JOIN done d ON d.tenant = t.tenant AND d.instruction = t.id"
    " WHERE t.state = 'RETURNED' AND d.times = 1 AND NOT d.returned"
)
_THOUGH: Final = (  # noqa: S608 - the names of states
    "SELECT t.id, t.state FROM told t JOIN done d ON d.tenant = t.tenant AND d.instruction = t.id"
    " WHERE t.state IN ({}) AND d.times = 1"
).format(
    ", ".join(
        f"'{state.value}'"
        for state in sorted(FINAL - {State.SETTLED, State.RETURNED, State.PAID_ELSEWHERE})
    )
)
_STRANGE: Final = (
    "SELECT b.customer, b.serial, b.line FROM bank b LEFT JOIN carried c"
    " ON c.customer = b.customer AND c.serial = b.serial AND c.line = b.line"
    " WHERE c.serial IS NULL OR c.sends = 0"
)
_SUMS: Final = (
    "SELECT t.debtor, t.currency,"
    " SUM(CASE WHEN t.state IN ('SETTLED', 'RETURNED') THEN t.amount ELSE 0 END),"
    " SUM(COALESCE(d.amount * d.times, 0)),"
    " SUM(CASE WHEN t.state IN ('SETTLED', 'REJECTED', 'RETURNED', 'CANCELLED', 'EXPIRED')"
    " THEN 0 ELSE t.amount END)"
    " FROM told t LEFT JOIN done d ON d.tenant = t.tenant AND d.instruction = t.id"
    " GROUP BY t.debtor, t.currency ORDER BY t.debtor, t.currency"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSum:
    """One account: what we call paid, what the bank executed, and what is not decided yet."""

    account: str
    currency: str
    paid_minor: int
    executed_minor: int
    open_minor: int

    @property
    def equal(self) -> bool:
        """Whether the difference lies within what is still open."""
        return 0 <= self.executed_minor - self.paid_minor <= self.open_minor


class Money:
    """Both sides side by side in a scratch file of its own: neither is held in memory.

    Ours is read first, as of one moment; what the bank executed afterwards may belong to
    messages made afterwards, so a serial we do not know is looked for again at the end.
    """

    def __init__(self, db: Connection, bank: BankBooks) -> None:
        self._db = db
        self._bank = bank
        # A file without a name: it spills to the disk when it grows, and nobody else sees it.
        self._scratch = sqlite3.connect("", isolation_level=None)
        self._scratch.executescript(_SCHEMA)
        self.executions = 0

    def close(self) -> None:
        """Forget the scratch file."""
        self._scratch.close()

    def breaches(self) -> Iterator[Breach]:
        """Everything in which the two sides differ."""
        self._gather()
        run = self._scratch.execute
        for name, state, times in run(_TWICE):
            yield Breach(kind="executed_twice", subject=f"{name} ({state})", detail=str(times))
        for kind, query in (
            ("never_executed", _NEVER),
            ("other_money", _OTHER),
            ("not_given_back", _KEPT),
            ("executed_though", _THOUGH),
        ):
            for name, state in run(query):
                yield Breach(kind=kind, subject=f"{name} ({state})", detail=state)
        for it in self.sums():
            if not it.equal:
                detail = f"{it.paid_minor} / {it.executed_minor} (+{it.open_minor}) {it.currency}"
                yield Breach(kind="sums", subject=f"…{it.account[-4:]}", detail=detail)
        yield from self._strange()
        for complaint in self._bank.complaints():
            yield Breach(kind="bank", subject="", detail=complaint)

    def sums(self) -> list[AccountSum]:
        """Account by account, after ``breaches``."""
        return [
            AccountSum(
                account=account,
                currency=currency,
                paid_minor=paid,
                executed_minor=executed,
                open_minor=waiting,
            )
            for account, currency, paid, executed, waiting in self._scratch.execute(_SUMS)
        ]

    def _gather(self) -> None:
        """Copy what is compared: ours first, then the bank's."""
        ours = select(
            *(_m.c.customer, _m.c.serial, _m.c.operation, _m.c.sends),
            *(_l.c.line, _l.c.tenant, _l.c.instruction),
        ).join(_l, (_l.c.tenant == _m.c.tenant) & (_l.c.message == _m.c.id))
        told = select(
            *(_i.c.tenant, _i.c.id, _i.c.state, _i.c.amount_minor, _i.c.currency),
            *(_i.c.debtor_account, _i.c.creditor_account),
        )
        self._fill("told", 7, (tuple(row) for row in stream(self._db, told)))
        self._fill("carried", 6, (_carried(row) for row in stream(self._db, ours)))
        customers = self._db.execute(select(_m.c.customer).distinct()).scalars().all()
        self._db.rollback()  # the bank may take its time; what is made meanwhile is looked for
        self._fill("bank", 7, self._executed(customers))
        self._scratch.executescript(_JOINED)

    def _executed(self, customers: Iterable[str]) -> Iterator[tuple[object, ...]]:
        for customer in customers:
            for it in self._bank.executions(customer):
                self.executions += 1
                yield (
                    *(customer, it.serial, it.line, it.amount_minor),
                    *(it.debtor_account, it.creditor_account, it.returned),
                )

    def _fill(self, table: str, width: int, rows: Iterator[tuple[object, ...]]) -> None:
        places = ", ".join("?" * width)
        self._scratch.execute("BEGIN")
        self._scratch.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608
        self._scratch.execute("COMMIT")

    def _strange(self) -> Iterator[Breach]:
        """Executions under no serial of ours, or under one that never left, as of now."""
        found = self._scratch.execute(_STRANGE)
        one_moment(self._db)
        while some := list(islice(found, _AT_ONCE)):
            statement = (
                select(_m.c.customer, _m.c.serial, _m.c.operation, _m.c.sends, _l.c.line)
                .join(_l, (_l.c.tenant == _m.c.tenant) & (_l.c.message == _m.c.id))
                .where(_m.c.serial.in_({serial for _, serial, _ in some}))
            )
            known = {
                (row.customer, row.serial, _line(row)): row.sends
                for row in self._db.execute(statement)
            }
            for customer, serial, line in some:
                sends = known.get((customer, serial, line))
                if not sends:
                    name = f"{serial} line {line}" if line else serial
                    yield Breach(
                        kind="foreign" if sends is None else "unsent_executed", subject=name
                    )


def _line(row: Any) -> int:  # noqa: ANN401 - a row, typed by its reader
    """How the bank numbers it: a single payment has no lines."""
    return 0 if row.operation == _SINGLE else int(row.line)


def _carried(row: Row[Any]) -> tuple[object, ...]:
    return (row.customer, row.serial, _line(row), row.tenant, row.instruction, row.sends)
