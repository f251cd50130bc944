"""Payees under change control, today's debits, outcomes that people settle with evidence.

Revision 0009, after 0008. Old code goes on beside it: it knows none of these tables, wrote no row
of ``payee`` or ``payee_change`` yet, and the new columns have their defaults.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OF_TENANTS = (
    "payee_change_item",
    "payee_vote",
    "resolution",
    "bank_debit",
    "bank_debit_look",
    "reservation",
)
# What was said once: the application adds to these and never changes or removes a row.
ONCE_SAID = ("payee_vote",)

# As revision 0006 wrote them.
TENANTS = "(SELECT string_to_array(current_setting('gateway.tenants', true), chr(31)))::text[]"
EVERYONE = "(SELECT current_setting('gateway.tenants', true)) = '*'"


def upgrade() -> None:
    """Create the tables, let payees carry their seal, and wall the tenants."""
    _payees()
    _resolutions()
    _debits()
    _reservations()
    if op.get_bind().dialect.name == "postgresql":
        _wall()


def _wall() -> None:
    seen = f"tenant = ANY ({TENANTS}) OR {EVERYONE}"
    for table in OF_TENANTS:
        rights = "SELECT, INSERT" if table in ONCE_SAID else "SELECT, INSERT, UPDATE, DELETE"
        op.execute(f"GRANT {rights} ON {table} TO gateway_app")
        op.execute(f"GRANT SELECT ON {table} TO gateway_audit")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY of_tenants ON {table} TO gateway_app USING ({seen}) WITH CHECK ({seen})"
        )
        op.execute(f"CREATE POLICY of_audit ON {table} FOR SELECT TO gateway_audit USING (true)")


def _payees() -> None:
    op.add_column(
        "payee", sa.Column("seal", sa.String(length=64), server_default="", nullable=False)
    )
    for column in (
        sa.Column("digest", sa.String(length=64), server_default="", nullable=False),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_us", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.String(length=128), server_default="", nullable=False),
    ):
        op.add_column("payee_change", column)
    op.create_table(
        "payee_change_item",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("change", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("payee", sa.String(length=40), server_default="", nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "change", "seq"),
    )
    op.create_index(
        "payee_change_item_payee", "payee_change_item", ["tenant", "payee"], unique=False
    )
    op.create_index(
        "payee_blocked",
        "payee",
        ["tenant", "account"],
        sqlite_where=sa.text("state = 'blocked'"),
        postgresql_where=sa.text("state = 'blocked'"),
    )
    op.create_index(
        "instruction_payee",
        "instruction",
        ["tenant", "creditor_account", "creditor_name"],
        sqlite_where=sa.text("control_version > 0"),
        postgresql_where=sa.text("control_version > 0"),
    )
    op.create_table(
        "payee_vote",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("change", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "change", "seq"),
        sa.UniqueConstraint("tenant", "change", "actor", name="payee_vote_once"),
    )


def _reservations() -> None:
    """One row per payment: one for each counter cost it as much as all the rest of a release.

    Those there are stay where they are and are read there. What old code learns not to have been
    paid gives back only what old code reserved: less may be released than there is room for.
    """
    op.create_table(
        "reservation",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("instruction", sa.String(length=40), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("counters", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("freed_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "instruction", "part"),
    )


def _resolutions() -> None:
    op.create_table(
        "resolution",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("instruction", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("proposed_by", sa.String(length=128), nullable=False),
        sa.Column("proposed_us", sa.BigInteger(), nullable=False),
        sa.Column("decided_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("resolution_instruction", "resolution", ["tenant", "instruction"], unique=False)


def _debits() -> None:
    op.create_table(
        "bank_debit",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("creditor_account", sa.String(length=40), server_default="", nullable=False),
        sa.Column("creditor_name", sa.Text(), server_default="", nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("booked_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("serial", sa.String(length=64), server_default="", nullable=False),
        sa.Column("first_seen_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "account", "day", "key"),
    )
    op.create_index(
        "bank_debit_payee", "bank_debit", ["tenant", "day", "amount_minor"], unique=False
    )
    waiting = sa.text("rule = 'netbank_paid' AND lifted_us IS NULL")
    op.create_index(
        "hold_netbank",
        "hold",
        ["tenant", "instruction"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_table(
        "bank_debit_look",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("looked_us", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "account"),
    )
