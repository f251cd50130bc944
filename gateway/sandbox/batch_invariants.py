"""What must always hold of batches in the sandbox bank's books.

Rule kept here: each line is paid once or not at all, and a payroll's debit and its refund
together are exactly what was credited.
"""

from __future__ import annotations

from typing import Final

BATCH_CHECKS: Final = (
    (
        "serial {} names two instructions of a customer",
        (
            "SELECT b.serial FROM batch b JOIN payment p ON p.customer = b.customer"
            " AND p.serial = b.serial"
        ),
    ),
    (
        "batch {} is not the sum of its lines",
        (
            "SELECT b.id FROM batch b LEFT JOIN batch_line l ON l.batch = b.id GROUP BY b.id"
            " HAVING b.amount <> COALESCE(SUM(l.amount), 0)"
        ),
    ),
    (
        "line {} of a batch was executed more than once",
        (
            "SELECT batch || '/' || line FROM voucher WHERE kind = 'line' AND batch IS NOT NULL"
            " GROUP BY batch, line HAVING COUNT(*) > 1"
        ),
    ),
    (
        "line {} of a batch is paid without a voucher, or has a voucher without being paid",
        (
            "SELECT l.batch || '/' || l.line FROM batch_line l LEFT JOIN voucher v"
            " ON v.batch = l.batch AND v.line = l.line AND v.kind = 'line'"
            " WHERE (l.state = 'paid') <> (v.id IS NOT NULL)"
        ),
    ),
    (
        "line {} of a batch was booked with another amount, debtor or creditor",
        (
            "SELECT l.batch || '/' || l.line FROM batch_line l JOIN batch b ON b.id = l.batch"
            " JOIN voucher v ON v.batch = l.batch AND v.line = l.line AND v.kind = 'line'"
            " WHERE NOT EXISTS (SELECT 1 FROM posting q WHERE q.voucher = v.id"
            " AND q.amount = -l.amount AND q.account ="
            " CASE b.kind WHEN 'payroll' THEN 'BANK-PAYROLL' ELSE b.debtor_account END)"
            " OR NOT EXISTS (SELECT 1 FROM posting q WHERE q.voucher = v.id"
            " AND q.amount = l.amount AND q.account ="
            " CASE l.own_bank WHEN 1 THEN l.creditor_account ELSE 'BANK-CLEARING' END)"
        ),
    ),
    (
        "batch {} stands in a state that its lines do not",
        (
            "SELECT b.id FROM batch b JOIN batch_line l ON l.batch = b.id GROUP BY b.id"
            " HAVING b.state <> CASE SUM(l.state = 'paid') WHEN 0 THEN CASE WHEN"
            " b.state IN ('paid', 'partly_paid') THEN '' ELSE b.state END"
            " WHEN COUNT(*) THEN 'paid' ELSE 'partly_paid' END"
            " OR SUM(l.state NOT IN ('', 'paid', 'failed')) > 0"
            " OR (SUM(l.state = '') NOT IN (0, COUNT(*)))"
        ),
    ),
    (
        "payroll {} is not debited to the fen what it credited and still owes",
        (
            # Until the refund is booked the whole total is debited; afterwards what was paid.
            "SELECT b.id FROM batch b WHERE b.kind = 'payroll' AND"
            " (SELECT COALESCE(SUM(q.amount), 0) FROM voucher v JOIN posting q ON q.voucher = v.id"
            " AND q.account = b.debtor_account WHERE v.batch = b.id"
            " AND v.kind IN ('payroll', 'refund')) <>"
            " CASE WHEN EXISTS (SELECT 1 FROM agenda a WHERE a.batch = b.id AND a.event = 'refund')"
            " THEN -b.amount ELSE -(SELECT COALESCE(SUM(l.amount), 0) FROM batch_line l"
            " WHERE l.batch = b.id AND l.state = 'paid') END"
        ),
    ),
    (
        "money of no payroll stands on the transit account: {}",
        (
            "SELECT a.balance FROM account a WHERE a.number = 'BANK-PAYROLL' AND a.balance <>"
            " (SELECT COALESCE(SUM(l.amount), 0) FROM batch_line l JOIN agenda e"
            " ON e.batch = l.batch AND e.event = 'refund' WHERE l.state = 'failed')"
        ),
    ),
    (
        "return of line {} of a batch does not give back what was paid",
        (
            "SELECT v.batch || '/' || v.line FROM voucher v LEFT JOIN batch b ON b.id = v.batch"
            " LEFT JOIN batch_line l ON l.batch = v.batch AND l.line = v.line"
            " WHERE v.kind = 'return' AND v.batch IS NOT NULL AND (COALESCE(l.state, '') <> 'paid'"
            " OR NOT EXISTS (SELECT 1 FROM posting q WHERE q.voucher = v.id"
            " AND q.account = b.debtor_account AND q.amount = l.amount))"
        ),
    ),
    (
        "batch {} left a final state",
        (
            "SELECT batch FROM former_batch_state"
            " WHERE state IN ('paid', 'partly_paid', 'failed', 'withdrawn', 'expired')"
        ),
    ),
    (
        "a voucher names the batch {}, which does not exist",
        (
            "SELECT v.batch FROM voucher v LEFT JOIN batch b ON b.id = v.batch"
            " WHERE v.batch IS NOT NULL AND b.id IS NULL"
        ),
    ),
)
