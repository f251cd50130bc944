"""Controls and identities: documents, holds, limits, payees, dated data, accounts, sessions.

Revision 0008, after 0007. Old code goes on beside it: it knows none of these tables, and the new
columns of instructions have their defaults.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OF_TENANTS = (
    "control_version",
    "control_vote",
    "hold",
    "limit_use",
    "limit_reservation",
    "payee",
    "payee_change",
    "attachment",
    "listed_name",
    "identity_account",
    "identity_recovery",
    "identity_key",
    "identity_session",
    "identity_ceremony",
)
OF_NOBODY = (
    "reference_import",
    "bank_office",
    "calendar_day",
    "calendar_year",
    "identity_failure",
)
# What was said once: the application adds to these and never changes or removes a row.
ONCE_SAID = ("attachment", "control_vote")

# As revision 0006 wrote them.
TENANTS = "(SELECT string_to_array(current_setting('gateway.tenants', true), chr(31)))::text[]"
EVERYONE = "(SELECT current_setting('gateway.tenants', true)) = '*'"


def upgrade() -> None:
    """Create the tables, let instructions carry what the rules go by, and wall the tenants."""
    _documents()
    _payments()
    _payees()
    _reference()
    _accounts()
    _log_ins()
    for column in (
        sa.Column("budget_item", sa.String(length=64), server_default="", nullable=False),
        sa.Column("makers", sa.Text(), server_default="", nullable=False),
        sa.Column("seal", sa.String(length=64), server_default="", nullable=False),
        sa.Column("control_version", sa.Integer(), server_default="0", nullable=False),
    ):
        op.add_column("instruction", column)
    if op.get_bind().dialect.name == "postgresql":
        _wall()


def _wall() -> None:
    for table in (*OF_TENANTS, *OF_NOBODY):
        rights = "SELECT, INSERT" if table in ONCE_SAID else "SELECT, INSERT, UPDATE, DELETE"
        op.execute(f"GRANT {rights} ON {table} TO gateway_app")
        op.execute(f"GRANT SELECT ON {table} TO gateway_audit")
    seen = f"tenant = ANY ({TENANTS}) OR {EVERYONE}"
    for table in OF_TENANTS:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY of_tenants ON {table} TO gateway_app USING ({seen}) WITH CHECK ({seen})"
        )
        op.execute(f"CREATE POLICY of_audit ON {table} FOR SELECT TO gateway_audit USING (true)")
    # A list of names that belongs to no tenant is held against everybody's payees, and changed
    # only by who acts for everyone.
    op.execute(
        "CREATE POLICY of_everybody ON listed_name FOR SELECT TO gateway_app USING (tenant = '')"
    )


def _documents() -> None:
    op.create_table(
        "control_version",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("proposed_by", sa.String(length=128), nullable=False),
        sa.Column("proposed_us", sa.BigInteger(), nullable=False),
        sa.Column("in_force_us", sa.BigInteger(), nullable=True),
        sa.Column("seal", sa.String(length=64), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("tenant", "version"),
    )
    op.create_index(
        "control_version_one_in_force",
        "control_version",
        ["tenant"],
        unique=True,
        sqlite_where=sa.text("state = 'in_force'"),
        postgresql_where=sa.text("state = 'in_force'"),
    )
    op.create_table(
        "control_vote",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "version", "seq"),
        sa.UniqueConstraint("tenant", "version", "actor", name="control_vote_once"),
    )


def _payments() -> None:
    op.create_table(
        "hold",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("instruction", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("zh", sa.Text(), server_default="", nullable=False),
        sa.Column("en", sa.Text(), server_default="", nullable=False),
        sa.Column("raised_us", sa.BigInteger(), nullable=False),
        sa.Column("lifted_us", sa.BigInteger(), nullable=True),
        sa.Column("lifted_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("tenant", "instruction", "seq"),
    )
    op.create_table(
        "limit_use",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("of", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("over", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("used_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "of", "subject", "period", "over", "currency"),
    )
    op.create_table(
        "limit_reservation",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("instruction", sa.String(length=40), nullable=False),
        sa.Column("of", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("over", sa.String(length=255), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("freed_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint(
            "tenant", "instruction", "of", "subject", "period", "over", "currency"
        ),
    )


def _payees() -> None:
    op.create_table(
        "payee",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("account", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("agent_name", sa.Text(), server_default="", nullable=False),
        sa.Column("cnaps", sa.String(length=16), server_default="", nullable=False),
        sa.Column("city", sa.Text(), server_default="", nullable=False),
        sa.Column("vendor", sa.String(length=255), server_default="", nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("changed_us", sa.BigInteger(), nullable=False),
        sa.Column("active_us", sa.BigInteger(), nullable=True),
        sa.Column("made_by", sa.String(length=128), nullable=False),
        sa.Column("approved_by", sa.String(length=128), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id"),
        sa.UniqueConstraint("tenant", "account", "vendor", name="payee_of_vendor"),
    )
    op.create_table(
        "payee_change",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("payee", sa.String(length=40), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(length=128), nullable=False),
        sa.Column("proposed_us", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("payee_change_payee", "payee_change", ["tenant", "payee"], unique=False)
    op.create_table(
        "attachment",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("content_type", sa.String(length=128), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("added_by", sa.String(length=128), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "id"),
    )
    op.create_index("attachment_subject", "attachment", ["tenant", "subject"], unique=False)


def _reference() -> None:
    op.create_table(
        "reference_import",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("holds_from", sa.String(length=10), server_default="", nullable=False),
        sa.Column("imported_us", sa.BigInteger(), nullable=False),
        sa.Column("imported_by", sa.String(length=128), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "bank_office",
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("bank_code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("core", sa.Text(), server_default="", nullable=False),
        sa.Column("clearing_number", sa.String(length=16), server_default="", nullable=False),
        sa.Column("city", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("valid_from", sa.String(length=10), server_default="", nullable=False),
        sa.Column("import_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("bank_office_bank", "bank_office", ["bank_code"], unique=False)
    op.create_index("bank_office_core", "bank_office", ["core"], unique=False)
    op.create_table(
        "calendar_day",
        sa.Column("import_id", sa.String(length=40), nullable=False),
        sa.Column("calendar", sa.String(length=64), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("published_on", sa.String(length=10), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("import_id", "calendar", "day"),
    )
    op.create_table(
        "calendar_year",
        sa.Column("import_id", sa.String(length=40), nullable=False),
        sa.Column("calendar", sa.String(length=64), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "calendar", "year"),
    )
    op.create_table(
        "listed_name",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("list_id", sa.String(length=64), nullable=False),
        sa.Column("entry_id", sa.String(length=128), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("import_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "list_id", "entry_id"),
    )


def _accounts() -> None:
    op.create_table(
        "identity_account",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=120), nullable=False),
        sa.Column("password", sa.Text(), server_default="", nullable=False),
        sa.Column("handle", sa.LargeBinary(), nullable=False),
        sa.Column("totp", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), nullable=True),
        sa.Column("disabled_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "person"),
    )
    op.create_table(
        "identity_recovery",
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=120), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "person", "hash"),
    )
    op.create_table(
        "identity_key",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=120), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("added_us", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("identity_key_person", "identity_key", ["tenant", "person"], unique=False)


def _log_ins() -> None:
    op.create_table(
        "identity_session",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=120), nullable=False),
        sa.Column("proofs", sa.Text(), nullable=False),
        sa.Column("started_us", sa.BigInteger(), nullable=False),
        sa.Column("seen_us", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index(
        "identity_session_person", "identity_session", ["tenant", "person"], unique=False
    )
    op.create_table(
        "identity_ceremony",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("tenant", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=120), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("began_us", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "identity_failure",
        sa.Column("counter", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("counter"),
    )
