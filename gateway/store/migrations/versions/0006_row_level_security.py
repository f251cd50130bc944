"""The second wall between tenants, on PostgreSQL: row-level security and the roles it needs.

Revision 0006, after 0005. Old code goes on beside it: whoever connects as the tables' owner is
not walled in. A later revision that makes a table grants and walls it in the same way.
"""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

OF_TENANTS = (
    "acceptance",
    "batch",
    "blockade",
    "case_file",
    "evidence",
    "history",
    "instruction",
    "journal",
    "message",
    "message_line",
    "outbox",
    "pace",
    "refused_line",
    "step",
    "stop",
    "stop_vote",
    "vote",
    "webhook_endpoint",
    "webhook_event",
    "wire",
    "wire_secret",
    "work",
)
OF_NOBODY = ("checkpoint", "lane", "nonce")
# What was said once: the application adds to these and never changes or removes a row.
ONCE_SAID = ("checkpoint", "evidence", "journal", "stop_vote", "vote", "wire", "wire_secret")

# Each asked once per statement, not once per row. Ids of tenants hold no such separator.
TENANTS = "(SELECT string_to_array(current_setting('gateway.tenants', true), chr(31)))::text[]"
EVERYONE = "(SELECT current_setting('gateway.tenants', true)) = '*'"

ROLE = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
    CREATE ROLE {role} NOLOGIN;
  END IF;
EXCEPTION
  WHEN duplicate_object OR unique_violation THEN NULL; -- another database's migration made it
  WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'role {role} is missing and % may not make it: CREATE ROLE {role} NOLOGIN',
      current_user;
END $$
"""


def upgrade() -> None:
    """Make the roles, give them what they need, and close each tenant's rows to the others."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for role in ("gateway_app", "gateway_audit"):
        op.execute(ROLE.format(role=role))
    for table in (*OF_TENANTS, *OF_NOBODY):
        rights = "SELECT, INSERT" if table in ONCE_SAID else "SELECT, INSERT, UPDATE, DELETE"
        op.execute(f"GRANT {rights} ON {table} TO gateway_app")
        op.execute(f"GRANT SELECT ON {table} TO gateway_audit")
    op.execute("GRANT SELECT ON alembic_version TO gateway_app, gateway_audit")
    for table in OF_TENANTS:
        # A record of the journal that belongs to no tenant tells of the process that writes it.
        own = "tenant = '' OR " if table == "journal" else ""
        seen = f"{own}tenant = ANY ({TENANTS}) OR {EVERYONE}"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY of_tenants ON {table} TO gateway_app USING ({seen}) WITH CHECK ({seen})"
        )
        op.execute(f"CREATE POLICY of_audit ON {table} FOR SELECT TO gateway_audit USING (true)")
