"""What this bank executed, voucher by voucher: its side of any comparison of books.

Rule kept here: an execution is a booked voucher, not a state; it is read, never reckoned.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from gateway.ports.bank_books import Execution
from gateway.sandbox import invariants

PAGE: Final = 1_000
_EXECUTED: Final = """
SELECT v.id, p.customer, p.serial, 0, p.amount, p.debtor_account, p.creditor_account,
    EXISTS (SELECT 1 FROM voucher r WHERE r.payment = p.id AND r.kind = 'return')
    FROM voucher v JOIN payment p ON p.id = v.payment
    WHERE v.kind = 'payment' AND v.id > ?1
UNION ALL
SELECT v.id, b.customer, b.serial, v.line, l.amount, b.debtor_account, l.creditor_account,
    EXISTS (SELECT 1 FROM voucher r WHERE r.batch = v.batch AND r.line = v.line
        AND r.kind = 'return')
    FROM voucher v JOIN batch b ON b.id = v.batch
    JOIN batch_line l ON l.batch = v.batch AND l.line = v.line
    WHERE v.kind = 'line' AND v.id > ?1
ORDER BY 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """One execution with where it stands: its voucher's number, and whose it is."""

    voucher: int
    customer: str
    execution: Execution


def executed(db: sqlite3.Connection, after: int = 0) -> Iterator[Executed]:
    """Everything executed since voucher ``after``, in booking order, read as it comes."""
    for voucher, customer, serial, line, amount, debtor, creditor, returned in db.execute(
        _EXECUTED, (after,)
    ):
        yield Executed(
            voucher=voucher,
            customer=customer,
            execution=Execution(
                serial=serial,
                line=line,
                amount_minor=amount,
                debtor_account=debtor,
                creditor_account=creditor,
                returned=bool(returned),
            ),
        )


def page(db: sqlite3.Connection, after: int) -> dict[str, object]:
    """A page of executions as the admin API tells them; ``next`` 0 means that nothing follows."""
    found = list(islice(executed(db, after), PAGE))
    return {
        "executions": [
            {
                "voucher": it.voucher,
                "customer": it.customer,
                "serial": it.execution.serial,
                "line": it.execution.line,
                "amount_minor": it.execution.amount_minor,
                "debtor_account": it.execution.debtor_account,
                "creditor_account": it.execution.creditor_account,
                "returned": it.execution.returned,
            }
            for it in found
        ],
        "next": found[-1].voucher if len(found) == PAGE else 0,
    }


class LedgerBooks:
    """A ledger's file as books that can be compared with ours."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def executions(self, customer: str) -> Iterator[Execution]:
        """Everything executed for the customer."""
        return (it.execution for it in executed(self._db) if it.customer == customer)

    def complaints(self) -> Sequence[str]:
        """Every broken invariant of the ledger itself."""
        return invariants.faults(self._db)
