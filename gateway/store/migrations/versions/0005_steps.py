"""One record per step of many instructions, instead of one row for each of them.

Revision 0005, after 0004. Old code goes on beside it: it writes ``history`` as before and knows
nothing of the new column. Rows of ``history`` stay where they are; who reads steps reads both.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the steps, let each instruction name its newest one; find what is being read in."""
    op.create_table(
        "step",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("before", sa.String(length=16), nullable=False),
        sa.Column("after", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.String(length=24), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.String(length=40), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("came", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index(
        "batch_unaccepted",
        "batch",
        ["holder"],
        unique=False,
        sqlite_where=sa.text("accepted_us IS NULL"),
        postgresql_where=sa.text("accepted_us IS NULL"),
    )
    op.add_column(
        "instruction", sa.Column("step", sa.String(length=40), server_default="", nullable=False)
    )
