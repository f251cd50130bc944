"""What must always hold in the sandbox bank's books, as queries that find the exceptions.

Rule kept here: the check trusts no stored balance or state; it compares them with postings.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from gateway.sandbox.batch_invariants import BATCH_CHECKS

_CHECKS: Final = (
    (
        "voucher {} does not sum to zero",
        "SELECT voucher FROM posting GROUP BY voucher HAVING SUM(amount) <> 0",
    ),
    (
        "voucher {} has fewer than two postings",
        (
            "SELECT v.id FROM voucher v LEFT JOIN posting p ON p.voucher = v.id"
            " GROUP BY v.id HAVING COUNT(p.id) < 2"
        ),
    ),
    (
        "balance of account {} differs from its postings",
        (
            "SELECT a.number FROM account a LEFT JOIN (SELECT account, SUM(amount) AS moved"
            " FROM posting GROUP BY account) p ON p.account = a.number"
            " WHERE a.balance <> COALESCE(p.moved, 0)"
        ),
    ),
    (
        "running balance breaks at posting {}",
        (
            "SELECT id FROM (SELECT id, amount, balance_after, COALESCE(LAG(balance_after)"
            " OVER (PARTITION BY account ORDER BY id), 0) AS before FROM posting)"
            " WHERE balance_after <> before + amount"
        ),
    ),
    (
        "booking day goes backwards at posting {}",
        (
            "SELECT id FROM (SELECT id, day, LAG(day) OVER (ORDER BY id) AS before FROM posting)"
            " WHERE day < before"
        ),
    ),
    (
        "payment {} was executed more than once",
        "SELECT payment FROM voucher WHERE kind = 'payment' GROUP BY payment HAVING COUNT(*) > 1",
    ),
    (
        "payment {} is paid without a voucher, or has a voucher without being paid",
        (
            "SELECT p.id FROM payment p LEFT JOIN voucher v ON v.payment = p.id"
            " AND v.kind = 'payment' WHERE (p.state = 'paid') <> (v.id IS NOT NULL)"
        ),
    ),
    (
        "payment {} was booked with another amount or debtor",
        (
            "SELECT p.id FROM payment p JOIN voucher v ON v.payment = p.id AND v.kind = 'payment'"
            " WHERE NOT EXISTS (SELECT 1 FROM posting q WHERE q.voucher = v.id"
            " AND q.account = p.debtor_account AND q.amount = -p.amount)"
        ),
    ),
    (
        "return of payment {} does not give back what was paid",
        (
            "SELECT p.id FROM payment p JOIN voucher v ON v.payment = p.id AND v.kind = 'return'"
            " WHERE p.state <> 'paid' OR NOT EXISTS (SELECT 1 FROM posting q WHERE q.voucher = v.id"
            " AND q.account = p.debtor_account AND q.amount = p.amount)"
        ),
    ),
    (
        "payment {} left a final state",
        (
            "SELECT payment FROM former_state"
            " WHERE state IN ('paid', 'failed', 'withdrawn', 'expired')"
        ),
    ),
    (
        "money held on account {} is not that of its pending payments and batches",
        (
            "SELECT a.number FROM account a LEFT JOIN (SELECT debtor_account, SUM(amount) AS amount"
            " FROM (SELECT debtor_account, amount FROM payment WHERE state = 'pending'"
            " UNION ALL SELECT debtor_account, amount FROM batch WHERE state = 'processing')"
            " GROUP BY debtor_account) p"
            " ON p.debtor_account = a.number WHERE a.held <> COALESCE(p.amount, 0)"
        ),
    ),
    (
        "customer account {} is overdrawn",
        "SELECT number FROM account WHERE kind = 'customer' AND balance < 0",
    ),
    (
        "a voucher names the payment {}, which does not exist",
        (
            "SELECT v.payment FROM voucher v LEFT JOIN payment p ON p.id = v.payment"
            " WHERE v.payment IS NOT NULL AND p.id IS NULL"
        ),
    ),
)


def faults(db: sqlite3.Connection) -> list[str]:
    """Every broken invariant in words, empty when all hold."""
    checks = (*_CHECKS, *BATCH_CHECKS)
    found = [words.format(row[0]) for words, query in checks for row in db.execute(query)]
    (total,) = db.execute("SELECT COALESCE(SUM(balance), 0) FROM account").fetchone()
    if total:
        found.append("the balances of all accounts do not sum to zero")
    return found
