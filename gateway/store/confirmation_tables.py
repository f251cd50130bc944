"""Pure table. Months that were confirmed to banks, and what banks told of by themselves."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from gateway.store.columns import ACTOR, DIGEST, ID, TENANT, metadata, text_of, us

# The monthly confirmation of an account's balance (银企对账回签). ``attempt`` counts those of a
# month that certainly confirmed nothing: the unique rule is the wall that keeps a month from
# being ordered twice.
reconciliation_confirmation = Table(
    "reconciliation_confirmation",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("account", ID, nullable=False),
    # YYYY-MM
    Column("month", String(7), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    # JSON: what is confirmed; what is signed is this and nothing else
    text_of("content"),
    Column("digest", DIGEST, nullable=False),
    Column("balance_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("prepared_by", ACTOR, nullable=False),
    us("prepared_us"),
    text_of("comment"),
    # who signed it, or withdrew it
    Column("ended_by", ACTOR, nullable=False, server_default=""),
    us("ended_us", nullable=True),
    text_of("reason"),
    # of the one order, written before anything leaves
    Column("serial", String(64), nullable=False, server_default=""),
    Column("tries", Integer, nullable=False, server_default="0"),
    us("first_sent_us", nullable=True),
    # when the bank is asked next; NULL when it is not
    us("due_us", nullable=True),
    # the bank's own code and words of the last answer
    Column("bank_code", String(40), nullable=False, server_default=""),
    text_of("bank_text"),
    Column("bank_minor", BigInteger, nullable=True),
    us("changed_us"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "account", "month", "attempt", name="reconciliation_confirmed"),
    Index("reconciliation_confirmation_due", "tenant", "due_us"),
)

# One booking that a bank told of by itself (动账通知): a hint, never an entry.
bank_notice = Table(
    "bank_notice",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("connection", String(64), nullable=False),
    # the bank's key of the statement line; the digest of the notice where it has none
    Column("key", DIGEST, nullable=False),
    Column("account", ID, nullable=False),
    # taken; account_unknown
    Column("outcome", String(16), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("booked_at", String(32), nullable=False, server_default=""),
    Column("available_minor", BigInteger, nullable=True),
    # the archived bytes
    Column("wire", ID, nullable=False),
    us("at_us"),
    # when its line was seen among the kept ones
    us("kept_us", nullable=True),
    PrimaryKeyConstraint("tenant", "connection", "account", "key"),
    Index("bank_notice_open", "tenant", "account", "at_us"),
)
