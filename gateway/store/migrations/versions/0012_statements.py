"""Statements that are kept: what was imported, lines, stated balances, days and their proof.

Revision 0012, after 0011. Old code goes on beside it: it knows none of the new tables.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OF_TENANTS = (
    "statement_import",
    "statement_part",
    "statement_line",
    "statement_balance",
    "statement_day",
)

# As revision 0006 wrote them.
TENANTS = "(SELECT string_to_array(current_setting('gateway.tenants', true), chr(31)))::text[]"
EVERYONE = "(SELECT current_setting('gateway.tenants', true)) = '*'"


def upgrade() -> None:
    """Create the tables, and wall the tenants."""
    _imports()
    _parts()
    _lines()
    _balances()
    _days()
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


def _imports() -> None:
    op.create_table(
        "statement_import",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("format", sa.String(length=32), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("holder", sa.String(length=40), server_default="", nullable=False),
        sa.Column("statements", sa.Integer(), server_default="0", nullable=False),
        sa.Column("entries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("added", sa.Integer(), server_default="0", nullable=False),
        sa.Column("changed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("findings", sa.Text(), server_default="", nullable=False),
        sa.Column("begun_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index(
        "statement_import_digest", "statement_import", ["tenant", "digest"], unique=False
    )
    op.create_index("statement_import_open", "statement_import", ["state", "holder"], unique=False)


def _parts() -> None:
    op.create_table(
        "statement_part",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("import_id", sa.String(length=40), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("first_day", sa.String(length=10), nullable=False),
        sa.Column("last_day", sa.String(length=10), nullable=False),
        sa.Column("statement_id", sa.Text(), server_default="", nullable=False),
        sa.Column("opening_minor", sa.BigInteger(), nullable=True),
        sa.Column("closing_minor", sa.BigInteger(), nullable=True),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "import_id", "place"),
    )
    op.create_index(
        "statement_part_days", "statement_part", ["tenant", "account", "last_day"], unique=False
    )


def _lines() -> None:
    op.create_table(
        "statement_line",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("import_id", sa.String(length=40), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("value_day", sa.String(length=10), server_default="", nullable=False),
        sa.Column("booked_at", sa.String(length=32), server_default="", nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=True),
        sa.Column("bank_key", sa.Text(), server_default="", nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("entry_reference", sa.Text(), server_default="", nullable=False),
        sa.Column("end_to_end_id", sa.Text(), server_default="", nullable=False),
        sa.Column("counterparty_name", sa.Text(), server_default="", nullable=False),
        sa.Column("counterparty_account", sa.Text(), server_default="", nullable=False),
        sa.Column("counterparty_bank", sa.Text(), server_default="", nullable=False),
        sa.Column("remittance", sa.Text(), server_default="", nullable=False),
        sa.Column("code", sa.String(length=64), server_default="", nullable=False),
        sa.Column("own_code", sa.String(length=64), server_default="", nullable=False),
        sa.Column("return_reason", sa.String(length=64), server_default="", nullable=False),
        sa.Column("reversal", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("likeness", sa.String(length=64), server_default="", nullable=False),
        sa.Column("parts", sa.Text(), server_default="", nullable=False),
        sa.Column("first_seen_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "account", "day", "key"),
    )
    op.create_index(
        "statement_line_import", "statement_line", ["tenant", "import_id"], unique=False
    )
    op.create_index(
        "statement_line_pending",
        "statement_line",
        ["tenant", "account", "likeness"],
        unique=False,
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )


def _balances() -> None:
    op.create_table(
        "statement_balance",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("use", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("import_id", sa.String(length=40), server_default="", nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "account", "day", "use", "source"),
    )


def _days() -> None:
    op.create_table(
        "statement_day",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("why", sa.String(length=8), server_default="", nullable=False),
        sa.Column("source", sa.String(length=16), server_default="", nullable=False),
        sa.Column("whole", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("entries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("credit_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("debit_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("opening_minor", sa.BigInteger(), nullable=True),
        sa.Column("closing_minor", sa.BigInteger(), nullable=True),
        sa.Column("asked", sa.Integer(), server_default="0", nullable=False),
        sa.Column("asked_us", sa.BigInteger(), nullable=True),
        sa.Column("judged_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "account", "day"),
    )
    op.create_index("statement_day_state", "statement_day", ["tenant", "state"], unique=False)
