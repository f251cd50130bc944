"""Pure table. What banks booked: lines, stated balances, days and how complete each is known."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    text,
)

from gateway.store.columns import ACTOR, DAY, DIGEST, ID, TENANT, metadata, text_of, us

# ── today's debits, for payments made past the gateway ──────────────────────────────────

bank_debit = Table(
    "bank_debit",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("account", ID, nullable=False),
    Column("day", DAY, nullable=False),
    # Of the entry's own words and its place among equal ones: twins stay two.
    Column("key", DIGEST, nullable=False),
    Column("creditor_account", ID, nullable=False, server_default=""),
    text_of("creditor_name"),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("booked_at", String(32), nullable=False, server_default=""),
    text_of("reference"),
    Column("serial", String(64), nullable=False, server_default=""),
    us("first_seen_us"),
    PrimaryKeyConstraint("tenant", "account", "day", "key"),
    Index("bank_debit_payee", "tenant", "day", "amount_minor"),
)

bank_debit_look = Table(
    "bank_debit_look",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("account", ID, nullable=False),
    Column("day", DAY, nullable=False),
    us("looked_us"),
    Column("entries", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "account"),
)

# What a bank's receipt says of a payment, kept once it says that money moved.
statement_receipt = Table(
    "statement_receipt",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("instruction", ID, nullable=False),
    Column("account", ID, nullable=False),
    Column("number", String(128), nullable=False, server_default=""),
    # JSON: the facts
    text_of("content"),
    us("kept_us"),
    PrimaryKeyConstraint("tenant", "instruction"),
    Index("statement_receipt_number", "tenant", "number"),
)

# One file or one answer of a bank that brought statement lines. Its lines are seen once it is
# ``imported``; what is ``staged`` by a process that has ended is removed.
statement_import = Table(
    "statement_import",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    # One of staged, imported, quarantined, refused, withdrawn.
    Column("state", String(12), nullable=False),
    # bank, or the family of the file's format: lines of one source are told apart by their words
    Column("source", String(16), nullable=False),
    Column("format", String(32), nullable=False, server_default=""),
    text_of("name"),
    Column("digest", DIGEST, nullable=False),
    Column("actor", ACTOR, nullable=False),
    Column("holder", ID, nullable=False, server_default=""),
    Column("statements", Integer, nullable=False, server_default="0"),
    Column("entries", Integer, nullable=False, server_default="0"),
    Column("added", Integer, nullable=False, server_default="0"),
    Column("changed", Integer, nullable=False, server_default="0"),
    # JSON: findings with line, tag and both texts; never a value of the file.
    text_of("findings"),
    us("begun_us"),
    us("ended_us", nullable=True),
    # Who took it back, when and why; its lines are in ``statement_withdrawn`` then.
    Column("withdrawn_by", ACTOR, nullable=False, server_default=""),
    us("withdrawn_us", nullable=True),
    text_of("withdrawn_why"),
    Column("withdrawn_lines", Integer, nullable=False, server_default="0"),
    Column("withdrawn_matches", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("statement_import_digest", "tenant", "digest"),
    Index("statement_import_open", "state", "holder"),
)

# One statement of an account in an import: which days, between which balances.
statement_part = Table(
    "statement_part",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("import_id", ID, nullable=False),
    Column("place", Integer, nullable=False),
    Column("account", ID, nullable=False),
    Column("first_day", DAY, nullable=False),
    Column("last_day", DAY, nullable=False),
    text_of("statement_id"),
    Column("opening_minor", BigInteger, nullable=True),
    Column("closing_minor", BigInteger, nullable=True),
    Column("entries", Integer, nullable=False),
    PrimaryKeyConstraint("tenant", "import_id", "place"),
    Index("statement_part_days", "tenant", "account", "last_day"),
)


def _of_a_line() -> tuple[Column[Any], ...]:
    """What is kept of a line, whether it counts or was withdrawn."""
    return (
        Column("tenant", TENANT, nullable=False),
        Column("account", ID, nullable=False),
        Column("day", DAY, nullable=False),
        # Of the source, the line's own words and its place among equal ones: twins stay two.
        Column("key", DIGEST, nullable=False),
        Column("import_id", ID, nullable=False),
        # The order in which the bank listed the lines of a day.
        Column("place", Integer, nullable=False),
        # booked, pending, info
        Column("status", String(8), nullable=False),
        Column("amount_minor", BigInteger, nullable=False),
        Column("currency", String(3), nullable=False),
        Column("value_day", DAY, nullable=False, server_default=""),
        Column("booked_at", String(32), nullable=False, server_default=""),
        Column("balance_minor", BigInteger, nullable=True),
        text_of("bank_key"),
        text_of("reference"),
        text_of("entry_reference"),
        text_of("end_to_end_id"),
        text_of("counterparty_name"),
        text_of("counterparty_account"),
        text_of("counterparty_bank"),
        text_of("remittance"),
        Column("code", String(64), nullable=False, server_default=""),
        Column("own_code", String(64), nullable=False, server_default=""),
        Column("return_reason", String(64), nullable=False, server_default=""),
        Column("reversal", SmallInteger, nullable=False, server_default="0"),
        # What a pending line has in common with the booked one that takes its place.
        Column("likeness", DIGEST, nullable=False, server_default=""),
        # JSON: the parts of a batch entry, which add up to it; '' for an entry without.
        text_of("parts"),
        us("first_seen_us"),
    )


statement_line = Table(
    "statement_line",
    metadata,
    *_of_a_line(),
    PrimaryKeyConstraint("tenant", "account", "day", "key"),
    Index("statement_line_import", "tenant", "import_id"),
    Index(
        "statement_line_pending",
        "tenant",
        "account",
        "likeness",
        sqlite_where=text("status = 'pending'"),
        postgresql_where=text("status = 'pending'"),
    ),
)

# Lines of imports that were withdrawn, as they were: the import says by whom, when and why.
statement_withdrawn = Table(
    "statement_withdrawn",
    metadata,
    *_of_a_line(),
    PrimaryKeyConstraint("tenant", "import_id", "account", "day", "key"),
)

# A line that a further import told too: it stays when the import that brought it is withdrawn.
# One row for a line at most; ``import_id`` '' once that import was withdrawn itself.
statement_also = Table(
    "statement_also",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("account", ID, nullable=False),
    Column("day", DAY, nullable=False),
    Column("key", DIGEST, nullable=False),
    Column("import_id", ID, nullable=False, server_default=""),
    PrimaryKeyConstraint("tenant", "account", "day", "key"),
    Index("statement_also_import", "tenant", "import_id"),
)

# A balance that somebody stated for the begin or the end of a day.
statement_balance = Table(
    "statement_balance",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("account", ID, nullable=False),
    Column("day", DAY, nullable=False),
    # opening, closing
    Column("use", String(8), nullable=False),
    Column("source", String(16), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("import_id", ID, nullable=False, server_default=""),
    us("at_us"),
    PrimaryKeyConstraint("tenant", "account", "day", "use", "source"),
)

# Each day of an account, and how complete it is known to be.
statement_day = Table(
    "statement_day",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("account", ID, nullable=False),
    Column("day", DAY, nullable=False),
    # open, proven, quiet, unproven, missing, broken
    Column("state", String(8), nullable=False),
    Column("why", String(8), nullable=False, server_default=""),
    # Whose lines are of record; another source is only compared.
    Column("source", String(16), nullable=False, server_default=""),
    # 1 once all of it was read after it was over.
    Column("whole", SmallInteger, nullable=False, server_default="0"),
    Column("entries", Integer, nullable=False, server_default="0"),
    Column("credit_minor", BigInteger, nullable=False, server_default="0"),
    Column("debit_minor", BigInteger, nullable=False, server_default="0"),
    Column("opening_minor", BigInteger, nullable=True),
    Column("closing_minor", BigInteger, nullable=True),
    Column("asked", Integer, nullable=False, server_default="0"),
    us("asked_us", nullable=True),
    us("judged_us"),
    PrimaryKeyConstraint("tenant", "account", "day"),
    Index("statement_day_state", "tenant", "state"),
)
