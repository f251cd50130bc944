"""Months that were confirmed to banks, and what banks told of by themselves.

Revision 0016. Old code goes on beside it: it knows nothing of the new tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

OF_TENANTS = ("reconciliation_confirmation", "bank_notice")

# As revision 0006 wrote them.
TENANTS = "(SELECT string_to_array(current_setting('gateway.tenants', true), chr(31)))::text[]"
EVERYONE = "(SELECT current_setting('gateway.tenants', true)) = '*'"


def upgrade() -> None:
    """Create the tables, and wall the tenants."""
    _confirmations()
    _notices()
    if op.get_bind().dialect.name == "postgresql":
        _wall()


def _wall() -> None:
    seen = f"tenant = ANY ({TENANTS}) OR {EVERYONE}"
    for table in OF_TENANTS:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO gateway_app")
        op.execute(f"GRANT SELECT ON {table} TO gateway_audit")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY of_tenants ON {table} TO gateway_app USING ({seen}) WITH CHECK ({seen})"
        )
        op.execute(f"CREATE POLICY of_audit ON {table} FOR SELECT TO gateway_audit USING (true)")


def _confirmations() -> None:
    table = "reconciliation_confirmation"
    op.create_table(
        table,
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("content", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("prepared_by", sa.String(length=128), nullable=False),
        sa.Column("prepared_us", sa.BigInteger(), nullable=False),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("ended_by", sa.String(length=128), server_default="", nullable=False),
        sa.Column("ended_us", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("serial", sa.String(length=64), server_default="", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_sent_us", sa.BigInteger(), nullable=True),
        sa.Column("due_us", sa.BigInteger(), nullable=True),
        sa.Column("bank_code", sa.String(length=40), server_default="", nullable=False),
        sa.Column("bank_text", sa.Text(), server_default="", nullable=False),
        sa.Column("bank_minor", sa.BigInteger(), nullable=True),
        sa.Column("changed_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id"),
        sa.UniqueConstraint(
            "tenant", "account", "month", "attempt", name="reconciliation_confirmed"
        ),
    )
    op.create_index(f"{table}_due", table, ["tenant", "due_us"], unique=False)


def _notices() -> None:
    op.create_table(
        "bank_notice",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("booked_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("available_minor", sa.BigInteger(), nullable=True),
        sa.Column("wire", sa.String(length=40), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("kept_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "connection", "account", "key"),
    )
    op.create_index("bank_notice_open", "bank_notice", ["tenant", "account", "at_us"], unique=False)
