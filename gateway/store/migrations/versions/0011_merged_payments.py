"""Merged payments: the source documents that one payment carries.

Revision 0011, after 0010. Old code goes on beside it: it writes payments without parts, which is
what the new column's default says, and knows nothing of the new table.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLE = "merged_source"

# As revision 0006 wrote them.
TENANTS = "(SELECT string_to_array(current_setting('gateway.tenants', true), chr(31)))::text[]"
EVERYONE = "(SELECT current_setting('gateway.tenants', true)) = '*'"


def upgrade() -> None:
    """Add the column, create the table, and wall the tenants."""
    op.add_column("instruction", sa.Column("merged", sa.Text(), server_default="", nullable=False))
    op.create_table(
        TABLE,
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("instruction", sa.String(length=40), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("erp", sa.String(length=64), nullable=False),
        sa.Column("erp_reference", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "instruction", "part"),
    )
    op.create_index(
        "merged_source_reference", TABLE, ["tenant", "erp", "erp_reference"], unique=False
    )
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
