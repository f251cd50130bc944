"""What many processes on one database need: leases, holders, limits they share.

Revision 0003, after 0002. Old code goes on beside it: every new column has a default.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_IN_FLIGHT = """
    UPDATE message SET in_flight = true
    WHERE fate = 'open' AND EXISTS (
        SELECT 1 FROM message_line
        JOIN instruction ON instruction.tenant = message_line.tenant
            AND instruction.id = message_line.instruction
        WHERE message_line.tenant = message.tenant AND message_line.message = message.id
            AND message_line.open AND instruction.state = 'SENDING'
    )
"""
"""What the version before was sending when it ended is found by this column from now on."""


def upgrade() -> None:
    """Add columns with defaults, an index over live lanes, and the table of shared pace."""
    op.add_column(
        "lane", sa.Column("role", sa.String(length=16), server_default="", nullable=False)
    )
    op.add_column(
        "lane", sa.Column("lease_until_us", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("lane", sa.Column("ended_us", sa.BigInteger(), nullable=True))
    op.add_column("lane", sa.Column("commits", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index("lane_live", "lane", ["ended_us", "lease_until_us"], unique=False)
    op.add_column(
        "batch", sa.Column("holder", sa.String(length=40), server_default="", nullable=False)
    )
    op.add_column(
        "message",
        sa.Column("in_flight", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.execute(_IN_FLIGHT)
    op.create_index(
        "message_in_flight",
        "message",
        ["tenant", "connection", "holder"],
        unique=False,
        sqlite_where=sa.text("in_flight = 1"),
        postgresql_where=sa.text("in_flight"),
    )
    op.add_column(
        "work", sa.Column("holder", sa.String(length=40), server_default="", nullable=False)
    )
    op.create_table(
        "pace",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("connection", sa.String(length=64), nullable=False),
        sa.Column("tokens_millis", sa.BigInteger(), nullable=False),
        sa.Column("seen_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "connection"),
    )
