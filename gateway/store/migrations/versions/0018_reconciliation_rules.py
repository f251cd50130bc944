"""The rules of a client in their versions, and what people's matches taught.

Revision 0018. Old code goes on beside it: it knows nothing of the new tables, and writes runs and
matches under version 0, the standard rules, which are the ones it uses.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

OF_TENANTS = ("reconciliation_rules", "reconciliation_memory")

# As revision 0006 wrote them.
TENANTS = "(SELECT string_to_array(current_setting('gateway.tenants', true), chr(31)))::text[]"
EVERYONE = "(SELECT current_setting('gateway.tenants', true)) = '*'"


def upgrade() -> None:
    """Add the columns, create the tables, and wall the tenants."""
    for table in ("reconciliation_run", "reconciliation_match"):
        op.add_column(
            table, sa.Column("rules_version", sa.Integer(), server_default="0", nullable=False)
        )
    _rules()
    _memory()
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


def _rules() -> None:
    op.create_table(
        "reconciliation_rules",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("content", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("proposed_by", sa.String(length=128), nullable=False),
        sa.Column("proposed_us", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_by", sa.String(length=128), server_default="", nullable=False),
        sa.Column("confirmed_us", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("ended_by", sa.String(length=128), server_default="", nullable=False),
        sa.Column("ended_us", sa.BigInteger(), nullable=True),
        sa.Column("ended_reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("tenant", "version"),
    )


def _memory() -> None:
    op.create_table(
        "reconciliation_memory",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("match", sa.String(length=40), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("pair", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("bank_name", sa.Text(), server_default="", nullable=False),
        sa.Column("bank_account", sa.Text(), server_default="", nullable=False),
        sa.Column("bank_text", sa.Text(), server_default="", nullable=False),
        sa.Column("book_name", sa.Text(), server_default="", nullable=False),
        sa.Column("book_account", sa.Text(), server_default="", nullable=False),
        sa.Column("book_text", sa.Text(), server_default="", nullable=False),
        sa.Column("made_by", sa.String(length=128), nullable=False),
        sa.Column("made_us", sa.BigInteger(), nullable=False),
        sa.Column("forgotten_by", sa.String(length=128), server_default="", nullable=False),
        sa.Column("forgotten_us", sa.BigInteger(), nullable=True),
        sa.Column("forgotten_reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("tenant", "match"),
    )
    op.create_index(
        "reconciliation_memory_account",
        "reconciliation_memory",
        ["tenant", "account", "state", "made_us"],
        unique=False,
    )
