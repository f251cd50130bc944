"""Pure table. Receipt files of banks: which day was ordered under which number, and the papers."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from gateway.store.columns import DAY, DIGEST, ID, TENANT, metadata, text_of, us

# Each day of an account whose receipts are wanted. The row is there before its order leaves.
receipt_day = Table(
    "receipt_day",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("account", ID, nullable=False),
    Column("day", DAY, nullable=False),
    # planned, sending, waiting, fetching, done, failed, elsewhere, expired, given_up
    Column("state", String(12), nullable=False),
    # Our number of the order at the bank: the only way back to it.
    Column("reference", String(64), nullable=False, server_default=""),
    # When to go on; whoever goes on puts it off first, so nobody else does. NULL: all is done.
    us("due_us", nullable=True),
    us("changed_us"),
    # complete, incomplete, unproven, unkeyed; '' before anything was compared
    Column("verdict", String(12), nullable=False, server_default=""),
    # JSON: everything else of domain.receipt_order.DayOrder
    text_of("content"),
    PrimaryKeyConstraint("tenant", "account", "day"),
    Index("receipt_day_due", "tenant", "due_us"),
)

# A receipt as the bank made it.
receipt_file = Table(
    "receipt_file",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("account", ID, nullable=False),
    Column("day", DAY, nullable=False),
    # What the bank calls the line, as its file is named.
    Column("bank_key", String(128), nullable=False),
    text_of("name"),
    Column("digest", DIGEST, nullable=False),
    Column("size", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    # The order it came with, and the bank's id of the file it was in.
    Column("reference", String(64), nullable=False),
    text_of("file_id"),
    us("kept_us"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint(
        "tenant", "account", "day", "bank_key", "digest", name="receipt_file_kept_once"
    ),
)
