"""Emergency stops with their votes; what payroll and re-planned lines must remember.

Revision 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of stops; add a column to instructions and to the lines of messages."""
    op.create_table(
        "stop",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("pulled_by", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("pulled_us", sa.BigInteger(), nullable=False),
        sa.Column("lifted_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("stop_standing", "stop", ["tenant", "lifted_us"], unique=False)
    op.create_table(
        "stop_vote",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("stop", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "stop", "seq"),
        sa.UniqueConstraint("tenant", "stop", "actor", name="stop_vote_once"),
    )
    op.add_column(
        "instruction",
        sa.Column("payroll_purpose", sa.String(length=16), server_default="", nullable=False),
    )
    op.add_column(
        "message_line",
        sa.Column("rounds", sa.Integer(), server_default="0", nullable=False),
    )
