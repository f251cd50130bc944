"""Receipts (回单) that are kept.

Revision 0014, after 0013. Old code goes on beside it: it knows nothing of the new table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLE = "statement_receipt"

# As revision 0006 wrote them.
TENANTS = "(SELECT string_to_array(current_setting('gateway.tenants', true), chr(31)))::text[]"
EVERYONE = "(SELECT current_setting('gateway.tenants', true)) = '*'"


def upgrade() -> None:
    """Create the table, and wall the tenants."""
    op.create_table(
        TABLE,
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("instruction", sa.String(length=40), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=128), server_default="", nullable=False),
        sa.Column("content", sa.Text(), server_default="", nullable=False),
        sa.Column("kept_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "instruction"),
    )
    op.create_index("statement_receipt_number", TABLE, ["tenant", "number"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        _wall()


def _wall() -> None:
    seen = f"tenant = ANY ({TENANTS}) OR {EVERYONE}"
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {TABLE} TO gateway_app")
    op.execute(f"GRANT SELECT ON {TABLE} TO gateway_audit")
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY of_tenants ON {TABLE} TO gateway_app USING ({seen}) WITH CHECK ({seen})"
    )
    op.execute(f"CREATE POLICY of_audit ON {TABLE} FOR SELECT TO gateway_audit USING (true)")
