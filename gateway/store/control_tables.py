"""Pure table. Controls: documents with their votes, holds, use of limits, payees, dated data.

Reference data stands without a tenant: everybody reads it. A name list of the tenant '' is
everybody's as well.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gateway.store.columns import ACTOR, DAY, DIGEST, ID, TENANT, metadata, text_of, us

# ── documents ───────────────────────────────────────────────────────────────────────────
control_version = Table(
    "control_version",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("digest", DIGEST, nullable=False),
    Column("content", Text, nullable=False),
    text_of("comment"),
    Column("proposed_by", ACTOR, nullable=False),
    us("proposed_us"),
    us("in_force_us", nullable=True),
    # Made by the vote that completed it: a row written past the gateway has none.
    Column("seal", DIGEST, nullable=False, server_default=""),
    PrimaryKeyConstraint("tenant", "version"),
    Index(
        "control_version_one_in_force",
        "tenant",
        unique=True,
        # PostgreSQL's condition stands in the migration.
        sqlite_where=text("state = 'in_force'"),
    ),
)

control_vote = Table(
    "control_vote",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("version", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("actor", ACTOR, nullable=False),
    Column("digest", DIGEST, nullable=False),
    text_of("reason"),
    us("at_us"),
    PrimaryKeyConstraint("tenant", "version", "seq"),
    UniqueConstraint("tenant", "version", "actor", name="control_vote_once"),
)

# ── payments held, and what was used of limits ──────────────────────────────────────────
hold = Table(
    "hold",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("instruction", ID, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("rule", String(32), nullable=False),
    text_of("zh"),
    text_of("en"),
    us("raised_us"),
    us("lifted_us", nullable=True),
    Column("lifted_by", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("tenant", "instruction", "seq"),
    Index(
        "hold_netbank",
        "tenant",
        "instruction",
        # PostgreSQL's condition stands in the migration.
        sqlite_where=text("rule = 'netbank_paid' AND lifted_us IS NULL"),
    ),
)

limit_use = Table(
    "limit_use",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("of", String(16), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("period", DAY, nullable=False),
    Column("over", String(255), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("used_minor", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "of", "subject", "period", "over", "currency"),
)

# What a payment took when it was released: one row, or another one for what it took later.
reservation = Table(
    "reservation",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("instruction", ID, nullable=False),
    Column("part", Integer, nullable=False),
    # JSON: of each counter its of, subject, period, over and currency
    Column("counters", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    us("freed_us", nullable=True),
    PrimaryKeyConstraint("tenant", "instruction", "part"),
)

# Reservations made before revision 0009, one row per counter; nothing is added to it any more.
limit_reservation = Table(
    "limit_reservation",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("instruction", ID, nullable=False),
    Column("of", String(16), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("period", DAY, nullable=False),
    Column("over", String(255), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    us("freed_us", nullable=True),
    PrimaryKeyConstraint("tenant", "instruction", "of", "subject", "period", "over", "currency"),
)

# ── payees ──────────────────────────────────────────────────────────────────────────────
payee = Table(
    "payee",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("account", ID, nullable=False),
    text_of("name"),
    text_of("agent_name"),
    Column("cnaps", String(16), nullable=False, server_default=""),
    text_of("city"),
    Column("vendor", String(255), nullable=False, server_default=""),
    Column("state", String(16), nullable=False),
    us("changed_us"),
    us("active_us", nullable=True),
    Column("made_by", ACTOR, nullable=False),
    Column("approved_by", ACTOR, nullable=False, server_default=""),
    # Made by the vote that approved it: a row written past the gateway has none.
    Column("seal", DIGEST, nullable=False, server_default=""),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "account", "vendor", name="payee_of_vendor"),
    Index(
        "payee_blocked",
        "tenant",
        "account",
        # PostgreSQL's condition stands in the migration.
        sqlite_where=text("state = 'blocked'"),
    ),
)

payee_change = Table(
    "payee_change",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("payee", ID, nullable=False),
    Column("content", Text, nullable=False),
    Column("proposed_by", ACTOR, nullable=False),
    us("proposed_us"),
    Column("state", String(16), nullable=False),
    Column("digest", DIGEST, nullable=False, server_default=""),
    text_of("comment"),
    us("decided_us", nullable=True),
    Column("decided_by", ACTOR, nullable=False, server_default=""),
    PrimaryKeyConstraint("tenant", "id"),
    Index("payee_change_payee", "tenant", "payee"),
)

# One payee of a change: a file may bring thousands.
payee_change_item = Table(
    "payee_change_item",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("change", ID, nullable=False),
    Column("seq", Integer, nullable=False),
    # A new payee has its id from the vote that approves it.
    Column("payee", ID, nullable=False, server_default=""),
    Column("content", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "change", "seq"),
    Index("payee_change_item_payee", "tenant", "payee"),
)

payee_vote = Table(
    "payee_vote",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("change", ID, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("actor", ACTOR, nullable=False),
    Column("digest", DIGEST, nullable=False),
    text_of("reason"),
    us("at_us"),
    PrimaryKeyConstraint("tenant", "change", "seq"),
    UniqueConstraint("tenant", "change", "actor", name="payee_vote_once"),
)

attachment = Table(
    "attachment",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("subject", ID, nullable=False),
    text_of("name"),
    Column("content_type", String(128), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("digest", DIGEST, nullable=False),
    Column("added_by", ACTOR, nullable=False),
    us("at_us"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("attachment_subject", "tenant", "subject"),
)

# ── outcomes that people settle ─────────────────────────────────────────────────────────
resolution = Table(
    "resolution",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("instruction", ID, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("content", Text, nullable=False),
    Column("digest", DIGEST, nullable=False),
    Column("state", String(16), nullable=False),
    Column("proposed_by", ACTOR, nullable=False),
    us("proposed_us"),
    us("decided_us", nullable=True),
    PrimaryKeyConstraint("tenant", "id"),
    Index("resolution_instruction", "tenant", "instruction"),
)

# ── reference data: dated, imported, the same for everybody ─────────────────────────────
reference_import = Table(
    "reference_import",
    metadata,
    Column("id", ID, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("digest", DIGEST, nullable=False),
    text_of("source"),
    Column("holds_from", DAY, nullable=False, server_default=""),
    us("imported_us"),
    Column("imported_by", ACTOR, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("body", LargeBinary, nullable=True),
    PrimaryKeyConstraint("id"),
)

bank_office = Table(
    "bank_office",
    metadata,
    Column("number", String(16), nullable=False),
    Column("bank_code", String(8), nullable=False),
    text_of("name"),
    text_of("core"),
    Column("clearing_number", String(16), nullable=False, server_default=""),
    text_of("city"),
    Column("status", String(16), nullable=False),
    Column("valid_from", DAY, nullable=False, server_default=""),
    Column("import_id", ID, nullable=False),
    PrimaryKeyConstraint("number"),
    Index("bank_office_bank", "bank_code"),
    Index("bank_office_core", "core"),
)

calendar_day = Table(
    "calendar_day",
    metadata,
    Column("import_id", ID, nullable=False),
    Column("calendar", String(64), nullable=False),
    Column("day", DAY, nullable=False),
    Column("kind", String(16), nullable=False),
    text_of("name"),
    text_of("source"),
    Column("published_on", DAY, nullable=False, server_default=""),
    PrimaryKeyConstraint("import_id", "calendar", "day"),
)

calendar_year = Table(
    "calendar_year",
    metadata,
    Column("import_id", ID, nullable=False),
    Column("calendar", String(64), nullable=False),
    Column("year", Integer, nullable=False),
    PrimaryKeyConstraint("import_id", "calendar", "year"),
)

listed_name = Table(
    "listed_name",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("list_id", String(64), nullable=False),
    Column("entry_id", String(128), nullable=False),
    Column("body", Text, nullable=False),
    Column("import_id", ID, nullable=False),
    PrimaryKeyConstraint("tenant", "list_id", "entry_id"),
)
