"""Statements that may be withdrawn: who did it and why, their lines, and who else told a line.

Revision 0017. Old code goes on beside it: it reads and writes none of what is new, and to it a
withdrawn import is one that is not imported.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

IMPORT = "statement_import"
WITHDRAWN, ALSO = "statement_withdrawn", "statement_also"

# As revision 0006 wrote them.
TENANTS = "(SELECT string_to_array(current_setting('gateway.tenants', true), chr(31)))::text[]"
EVERYONE = "(SELECT current_setting('gateway.tenants', true)) = '*'"


def upgrade() -> None:
    """Add the columns, create the tables, and wall the tenants."""
    for column in (
        sa.Column("withdrawn_by", sa.String(length=128), server_default="", nullable=False),
        sa.Column("withdrawn_us", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_why", sa.Text(), server_default="", nullable=False),
        sa.Column("withdrawn_lines", sa.Integer(), server_default="0", nullable=False),
        sa.Column("withdrawn_matches", sa.Integer(), server_default="0", nullable=False),
    ):
        op.add_column(IMPORT, column)
    _lines()
    op.create_table(
        ALSO,
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("import_id", sa.String(length=40), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("tenant", "account", "day", "key"),
    )
    op.create_index("statement_also_import", ALSO, ["tenant", "import_id"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        _wall()


def _lines() -> None:
    op.create_table(
        WITHDRAWN,
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
        sa.PrimaryKeyConstraint("tenant", "import_id", "account", "day", "key"),
    )


def _wall() -> None:
    seen = f"tenant = ANY ({TENANTS}) OR {EVERYONE}"
    for table in (WITHDRAWN, ALSO):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO gateway_app")
        op.execute(f"GRANT SELECT ON {table} TO gateway_audit")
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY of_tenants ON {table} TO gateway_app USING ({seen}) WITH CHECK ({seen})"
        )
        op.execute(f"CREATE POLICY of_audit ON {table} FOR SELECT TO gateway_audit USING (true)")
