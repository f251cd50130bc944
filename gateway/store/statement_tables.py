"""Pure table. What the bank's books show of today, and when they were last looked at."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, String, Table

from gateway.store.columns import DAY, DIGEST, ID, TENANT, metadata, text_of, us

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
