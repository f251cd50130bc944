"""The sandbox bank's tables, and how its file is opened.

Rule kept here: what was booked is never changed. Triggers refuse any update or deletion
of a voucher or posting, so that a past day's statement stays as it was told. Rows that are
never deleted number themselves without gaps.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS customer (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, enable_sign INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS operator (
    customer TEXT NOT NULL, user TEXT NOT NULL, secret TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0, locked INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (customer, user)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS account (
    number TEXT PRIMARY KEY, name TEXT NOT NULL, customer TEXT NOT NULL, city TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('customer', 'internal')),
    status TEXT NOT NULL CHECK (status IN ('active', 'frozen', 'closed')),
    business TEXT NOT NULL, limit_once INTEGER NOT NULL, limit_day INTEGER NOT NULL,
    review_above INTEGER NOT NULL,
    balance INTEGER NOT NULL DEFAULT 0, held INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS operator_right (
    customer TEXT NOT NULL, user TEXT NOT NULL, account TEXT NOT NULL, business TEXT NOT NULL,
    PRIMARY KEY (customer, user, account, business)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS payee (
    account TEXT PRIMARY KEY, name TEXT NOT NULL, book TEXT NOT NULL, agent_name TEXT NOT NULL,
    agent_cnaps TEXT NOT NULL, city TEXT NOT NULL, fate TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS payment (
    id INTEGER PRIMARY KEY, customer TEXT NOT NULL, serial TEXT NOT NULL,
    debtor_account TEXT NOT NULL, debtor_name TEXT NOT NULL, debtor_city TEXT NOT NULL,
    creditor_account TEXT NOT NULL, creditor_name TEXT NOT NULL, agent_name TEXT NOT NULL,
    agent_cnaps TEXT NOT NULL, agent_bic TEXT NOT NULL, agent_city TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0), purpose TEXT NOT NULL, memo TEXT NOT NULL,
    own_bank INTEGER NOT NULL, local INTEGER NOT NULL, urgency TEXT NOT NULL,
    super_channel INTEGER NOT NULL, due TEXT NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL, paid_on TEXT NOT NULL,
    UNIQUE (customer, serial)
) STRICT;
CREATE INDEX IF NOT EXISTS payment_paid ON payment (debtor_account, paid_on) WHERE paid_on <> '';
CREATE TABLE IF NOT EXISTS former_state (
    payment INTEGER NOT NULL, seq INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
    at INTEGER NOT NULL, PRIMARY KEY (payment, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batch (
    id INTEGER PRIMARY KEY, customer TEXT NOT NULL, serial TEXT NOT NULL, kind TEXT NOT NULL,
    debtor_account TEXT NOT NULL, debtor_name TEXT NOT NULL, debtor_city TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0), purpose TEXT NOT NULL,
    payroll_purpose TEXT NOT NULL, due TEXT NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL, paid_on TEXT NOT NULL,
    UNIQUE (customer, serial)
) STRICT;
CREATE INDEX IF NOT EXISTS batch_paid ON batch (debtor_account, paid_on) WHERE paid_on <> '';
CREATE TABLE IF NOT EXISTS batch_line (
    batch INTEGER NOT NULL, line INTEGER NOT NULL,
    creditor_account TEXT NOT NULL, creditor_name TEXT NOT NULL, agent_name TEXT NOT NULL,
    agent_cnaps TEXT NOT NULL, agent_bic TEXT NOT NULL, agent_city TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount > 0), purpose TEXT NOT NULL, memo TEXT NOT NULL,
    own_bank INTEGER NOT NULL, local INTEGER NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (batch, line)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS former_batch_state (
    batch INTEGER NOT NULL, seq INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
    at INTEGER NOT NULL, PRIMARY KEY (batch, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS receipt_task (
    id INTEGER PRIMARY KEY, customer TEXT NOT NULL, serial TEXT NOT NULL,
    account TEXT NOT NULL, day TEXT NOT NULL, at INTEGER NOT NULL, fails INTEGER NOT NULL,
    lacks INTEGER NOT NULL, UNIQUE (customer, serial)
) STRICT;
CREATE TABLE IF NOT EXISTS agenda (
    id INTEGER PRIMARY KEY, due INTEGER NOT NULL, event TEXT NOT NULL,
    payment INTEGER, dialect TEXT NOT NULL DEFAULT '', body BLOB,
    batch INTEGER, line INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS agenda_due ON agenda (due, id);
CREATE TABLE IF NOT EXISTS confirmation (
    id INTEGER PRIMARY KEY, customer TEXT NOT NULL, serial TEXT NOT NULL,
    account TEXT NOT NULL, month TEXT NOT NULL, at INTEGER NOT NULL, UNIQUE (customer, serial)
) STRICT;
CREATE TABLE IF NOT EXISTS notified (
    target TEXT PRIMARY KEY, posting INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS voucher (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, payment INTEGER,
    day TEXT NOT NULL, at INTEGER NOT NULL, batch INTEGER, line INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS voucher_once ON voucher (payment, kind)
    WHERE payment IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS voucher_line_once ON voucher (batch, line, kind)
    WHERE batch IS NOT NULL;
CREATE TABLE IF NOT EXISTS posting (
    id INTEGER PRIMARY KEY, voucher INTEGER NOT NULL, seq INTEGER NOT NULL,
    account TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount <> 0),
    balance_after INTEGER NOT NULL, day TEXT NOT NULL, at INTEGER NOT NULL,
    counterparty_name TEXT NOT NULL, counterparty_account TEXT NOT NULL,
    counterparty_bank TEXT NOT NULL, remittance TEXT NOT NULL, reference TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS posting_line ON posting (account, day, id);
CREATE TRIGGER IF NOT EXISTS posting_unchanged BEFORE UPDATE ON posting
    BEGIN SELECT RAISE(ABORT, 'a posting is never changed'); END;
CREATE TRIGGER IF NOT EXISTS posting_kept BEFORE DELETE ON posting
    BEGIN SELECT RAISE(ABORT, 'a posting is never deleted'); END;
CREATE TRIGGER IF NOT EXISTS payment_kept BEFORE DELETE ON payment
    BEGIN SELECT RAISE(ABORT, 'an instruction is never deleted'); END;
CREATE TRIGGER IF NOT EXISTS batch_kept BEFORE DELETE ON batch
    BEGIN SELECT RAISE(ABORT, 'an instruction is never deleted'); END;
CREATE TRIGGER IF NOT EXISTS batch_line_kept BEFORE DELETE ON batch_line
    BEGIN SELECT RAISE(ABORT, 'an instruction is never deleted'); END;
CREATE TRIGGER IF NOT EXISTS batch_serial BEFORE INSERT ON batch
    WHEN EXISTS (SELECT 1 FROM payment WHERE customer = NEW.customer AND serial = NEW.serial)
    BEGIN SELECT RAISE(ABORT, 'a serial is used once, by a payment or by a batch'); END;
CREATE TRIGGER IF NOT EXISTS payment_serial BEFORE INSERT ON payment
    WHEN EXISTS (SELECT 1 FROM batch WHERE customer = NEW.customer AND serial = NEW.serial)
    BEGIN SELECT RAISE(ABORT, 'a serial is used once, by a payment or by a batch'); END;
CREATE TRIGGER IF NOT EXISTS voucher_unchanged BEFORE UPDATE ON voucher
    BEGIN SELECT RAISE(ABORT, 'a voucher is never changed'); END;
CREATE TRIGGER IF NOT EXISTS voucher_kept BEFORE DELETE ON voucher
    BEGIN SELECT RAISE(ABORT, 'a voucher is never deleted'); END;
"""

_ADDED: Final = (
    ("agenda", "batch", "INTEGER"),
    ("agenda", "line", "INTEGER NOT NULL DEFAULT 0"),
    ("voucher", "batch", "INTEGER"),
    ("voucher", "line", "INTEGER NOT NULL DEFAULT 0"),
)
"""Columns that files of the first version lack."""


def connect(path: str | Path, *, durable: bool) -> sqlite3.Connection:
    """Open (and create) the bank's file; ``:memory:`` keeps it in memory.

    ``durable`` waits for the disk at every commit. One caller at a time: the connection may
    move between threads but is never used by two at once.
    """
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA cache_size = -64000")
    _catch_up(connection)
    connection.executescript(SCHEMA)
    return connection


def _catch_up(connection: sqlite3.Connection) -> None:
    """Add to an older file what its tables lack; nothing stored is touched."""
    for table, column, declaration in _ADDED:
        present = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        if present and column not in present:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {declaration}")
