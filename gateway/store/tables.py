"""Pure table. The whole schema, portable between SQLite and PostgreSQL; tenant first in every key.

Tables of the controls and of identities stand in modules of their own and are named here too.

Instants are integers: microseconds since 1970-01-01 UTC (``*_us``). Money is ``*_minor`` beside a
currency. Each table has ONE owning package (``owners.py``): only there stands SQL that writes it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from gateway.store.columns import ID, TENANT, metadata, text_of, us
from gateway.store.confirmation_tables import bank_notice, reconciliation_confirmation
from gateway.store.control_tables import (
    attachment,
    bank_office,
    calendar_day,
    calendar_year,
    control_version,
    control_vote,
    hold,
    limit_reservation,
    limit_use,
    listed_name,
    payee,
    payee_change,
    payee_change_item,
    payee_vote,
    reference_import,
    reservation,
    resolution,
)
from gateway.store.erp_tables import erp_file, erp_shadow, merged_source, told_entry
from gateway.store.identity_tables import (
    identity_account,
    identity_ceremony,
    identity_failure,
    identity_key,
    identity_recovery,
    identity_session,
)
from gateway.store.receipt_tables import receipt_day, receipt_file
from gateway.store.reconciliation_tables import (
    ledger_balance,
    ledger_item,
    reconciliation_match,
    reconciliation_memory,
    reconciliation_note,
    reconciliation_part,
    reconciliation_rules,
    reconciliation_run,
    reconciliation_sheet,
    reconciliation_suggestion,
)
from gateway.store.statement_tables import (
    bank_debit,
    bank_debit_look,
    statement_also,
    statement_balance,
    statement_day,
    statement_import,
    statement_line,
    statement_part,
    statement_receipt,
    statement_withdrawn,
)

__all__ = (
    "attachment",
    "bank_debit",
    "bank_debit_look",
    "bank_notice",
    "bank_office",
    "calendar_day",
    "calendar_year",
    "control_version",
    "control_vote",
    "erp_file",
    "erp_shadow",
    "hold",
    "identity_account",
    "identity_ceremony",
    "identity_failure",
    "identity_key",
    "identity_recovery",
    "identity_session",
    "ledger_balance",
    "ledger_item",
    "limit_reservation",
    "limit_use",
    "listed_name",
    "merged_source",
    "metadata",
    "payee",
    "payee_change",
    "payee_change_item",
    "payee_vote",
    "receipt_day",
    "receipt_file",
    "reconciliation_confirmation",
    "reconciliation_match",
    "reconciliation_memory",
    "reconciliation_note",
    "reconciliation_part",
    "reconciliation_rules",
    "reconciliation_run",
    "reconciliation_sheet",
    "reconciliation_suggestion",
    "reference_import",
    "reservation",
    "resolution",
    "statement_also",
    "statement_balance",
    "statement_day",
    "statement_import",
    "statement_line",
    "statement_part",
    "statement_receipt",
    "statement_withdrawn",
    "told_entry",
)  # what stands in other modules and is used as if it stood here


# ── intake ──────────────────────────────────────────────────────────────────────────────
acceptance = Table(
    "acceptance",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("scope", String(64), nullable=False),
    Column("key", String(255), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("subject", ID, nullable=False),
    us("at_us"),
    PrimaryKeyConstraint("tenant", "scope", "key"),
)

batch = Table(
    "batch",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("erp", String(64), nullable=False),
    Column("reference", String(255), nullable=False),
    Column("format", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("maker", String(128), nullable=False),
    Column("lines", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    us("created_us"),
    us("accepted_us", nullable=True),
    # ── added by revision 0003: the lane whose process is reading it in ──
    Column("holder", ID, nullable=False, server_default=""),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "erp", "reference", name="batch_reference"),
    # What is being read in; added by revision 0005. PostgreSQL's condition stands there.
    Index("batch_unaccepted", "holder", sqlite_where=text("accepted_us IS NULL")),
)

refused_line = Table(
    "refused_line",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("batch", ID, nullable=False),
    Column("line", Integer, nullable=False),
    text_of("erp_reference"),
    text_of("source"),
    text_of("faults"),
    PrimaryKeyConstraint("tenant", "batch", "line"),
)

instruction = Table(
    "instruction",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("erp", String(64), nullable=False),
    Column("erp_reference", String(255), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("batch", ID, nullable=False, server_default=""),
    Column("line", Integer, nullable=False, server_default="0"),
    Column("maker", String(128), nullable=False),
    Column("company", String(64), nullable=False),
    Column("connection", String(64), nullable=False),
    Column("debtor_account", String(40), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("creditor_name", Text, nullable=False),
    Column("creditor_account", String(40), nullable=False),
    text_of("creditor_agent_name"),
    text_of("creditor_agent_cnaps"),
    text_of("creditor_agent_bic"),
    text_of("creditor_city"),
    text_of("purpose"),
    text_of("memo"),
    Column("own_bank", Boolean, nullable=False),
    Column("local", Boolean, nullable=False),
    Column("business_type", String(16), nullable=False),
    Column("urgency", String(16), nullable=False),
    Column("execution_date", String(10), nullable=False, server_default=""),
    Column("pay_day", String(10), nullable=False),
    text_of("end_to_end_id"),
    text_of("reconciliation_code"),
    text_of("source"),
    us("created_us"),
    # ── standing: written by lifecycle only ──
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("grade", SmallInteger, nullable=False, server_default="0"),
    Column("message", ID, nullable=False, server_default=""),
    text_of("reason"),
    text_of("code"),
    text_of("text"),
    text_of("bank_reference"),
    us("changed_us"),
    # ── added by revision 0002, so last: a table on disk grows only at its end ──
    Column("payroll_purpose", String(16), nullable=False, server_default=""),
    # ── added by revision 0005: the newest step, '' when that is a row of ``history`` ──
    Column("step", ID, nullable=False, server_default=""),
    # ── added by revision 0008: what the rules go by, and the seal on what was released ──
    Column("budget_item", String(64), nullable=False, server_default=""),
    text_of("makers"),
    Column("seal", String(64), nullable=False, server_default=""),
    Column("control_version", Integer, nullable=False, server_default="0"),
    # ── added by revision 0011: of a merged payment its source documents, '' for others ──
    text_of("merged"),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "erp", "erp_reference", name="instruction_reference"),
    Index("instruction_likeness", "tenant", "creditor_account", "amount_minor", "pay_day"),
    # Under which names an account was paid; of tenants without a document it holds nothing.
    Index(
        "instruction_payee",
        "tenant",
        "creditor_account",
        "creditor_name",
        # PostgreSQL's condition stands in the migration.
        sqlite_where=text("control_version > 0"),
    ),
    Index("instruction_batch", "tenant", "batch", "line"),
)

nonce = Table(
    "nonce",
    metadata,
    Column("key", String(64), nullable=False),
    Column("nonce", String(128), nullable=False),
    us("at_us"),
    PrimaryKeyConstraint("key", "nonce"),
)

# ── lifecycle ───────────────────────────────────────────────────────────────────────────
step = Table(
    "step",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("before", String(16), nullable=False),
    Column("after", String(16), nullable=False),
    Column("cause", String(24), nullable=False),
    Column("actor", String(128), nullable=False),
    us("at_us"),
    Column("evidence", ID, nullable=False, server_default=""),
    text_of("reason"),
    # JSON: of each line its instruction, the version it reached, and a place in ``came``
    Column("lines", Text, nullable=False),
    # JSON: the steps that the lines came from, an empty text for none
    Column("came", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
)

# Steps written before revision 0005, one row per line; nothing is added to it any more.
history = Table(
    "history",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("instruction", ID, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("before", String(16), nullable=False),
    Column("after", String(16), nullable=False),
    Column("cause", String(24), nullable=False),
    Column("actor", String(128), nullable=False),
    us("at_us"),
    Column("evidence", ID, nullable=False, server_default=""),
    text_of("reason"),
    PrimaryKeyConstraint("tenant", "instruction", "seq"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("message", ID, nullable=False, server_default=""),
    Column("wire", ID, nullable=False, server_default=""),
    Column("grade", SmallInteger, nullable=False),
    Column("cause", String(24), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("stage", String(16), nullable=False, server_default=""),
    text_of("code"),
    text_of("text"),
    text_of("reason"),
    text_of("bank_reference"),
    us("at_us"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("evidence_message", "tenant", "message"),
)

case = Table(
    "case_file",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("instruction", ID, nullable=False),
    Column("kind", String(32), nullable=False),
    text_of("detail"),
    Column("evidence", ID, nullable=False, server_default=""),
    us("opened_us"),
    us("closed_us", nullable=True),
    text_of("closing"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("case_instruction", "tenant", "instruction"),
)

outbox = Table(
    "outbox",
    metadata,
    # Given by the database: of two rows about one instruction the later version is the higher.
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), Identity(), nullable=False),
    Column("tenant", TENANT, nullable=False),
    us("at_us"),
    Column("lines", Integer, nullable=False),
    Column("content", Text, nullable=False),
    PrimaryKeyConstraint("seq"),
    Index("outbox_tenant", "tenant", "seq"),
)

# ── controls ────────────────────────────────────────────────────────────────────────────
vote = Table(
    "vote",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("instruction", ID, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("action", String(24), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("content_hash", String(64), nullable=False),
    text_of("reason"),
    us("at_us"),
    PrimaryKeyConstraint("tenant", "instruction", "seq"),
)

stop = Table(
    "stop",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("scope", String(16), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("pulled_by", String(128), nullable=False),
    text_of("reason"),
    us("pulled_us"),
    us("lifted_us", nullable=True),
    PrimaryKeyConstraint("tenant", "id"),
    Index("stop_standing", "tenant", "lifted_us"),
)

stop_vote = Table(
    "stop_vote",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("stop", ID, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("actor", String(128), nullable=False),
    text_of("reason"),
    us("at_us"),
    PrimaryKeyConstraint("tenant", "stop", "seq"),
    UniqueConstraint("tenant", "stop", "actor", name="stop_vote_once"),
)

# ── relay ───────────────────────────────────────────────────────────────────────────────
message = Table(
    "message",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("connection", String(64), nullable=False),
    Column("bank", String(16), nullable=False),
    Column("customer", String(32), nullable=False),
    Column("serial", String(40), nullable=False),
    Column("operation", String(24), nullable=False),
    Column("fate", String(8), nullable=False),
    Column("sends", Integer, nullable=False),
    Column("enquiries", Integer, nullable=False),
    Column("resend_refused", Boolean, nullable=False),
    Column("holder", ID, nullable=False),
    us("created_us"),
    us("first_sent_us", nullable=True),
    us("last_sent_us", nullable=True),
    us("not_found_us", nullable=True),
    # ── added by revision 0003: between its commit and its answer, so it takes a slot ──
    Column("in_flight", Boolean, nullable=False, server_default=false()),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("bank", "customer", "serial", name="message_serial"),
    Index(
        "message_in_flight",
        "tenant",
        "connection",
        "holder",
        # PostgreSQL's condition stands in the migration, as with message_line_one_open.
        sqlite_where=text("in_flight = 1"),
    ),
)

pace = Table(
    "pace",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("connection", String(64), nullable=False),
    # What a connection may still start, shared by all processes: a bucket of thousandths.
    Column("tokens_millis", BigInteger, nullable=False),
    us("seen_us"),
    PrimaryKeyConstraint("tenant", "connection"),
)

message_line = Table(
    "message_line",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("message", ID, nullable=False),
    Column("line", Integer, nullable=False),
    Column("instruction", ID, nullable=False),
    Column("open", Boolean, nullable=False),
    # ── added by revision 0002 ──
    Column("rounds", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("tenant", "message", "line"),
    Index(
        "message_line_one_open",
        "tenant",
        "instruction",
        unique=True,
        # PostgreSQL's condition stands in the migration: naming it here too would import that
        # dialect (0.1 s) at every start on SQLite.
        sqlite_where=text("open = 1"),
    ),
)

blockade = Table(
    "blockade",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("connection", String(64), nullable=False),
    us("at_us"),
    text_of("reason"),
    us("lifted_us", nullable=True),
    text_of("lifted_by"),
    PrimaryKeyConstraint("tenant", "connection", "at_us"),
)

wire = Table(
    "wire",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("message", ID, nullable=False, server_default=""),
    Column("connection", String(64), nullable=False),
    Column("direction", String(3), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("serial", String(40), nullable=False),
    us("at_us"),
    Column("status", SmallInteger, nullable=False, server_default="0"),
    text_of("content_type"),
    Column("content", LargeBinary, nullable=False),
    text_of("layout"),
    Column("digest", String(64), nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    Index("wire_message", "tenant", "message"),
)

wire_secret = Table(
    "wire_secret",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("wire", ID, nullable=False),
    Column("position", Integer, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "wire", "position"),
)

# ── delivery ────────────────────────────────────────────────────────────────────────────
webhook_endpoint = Table(
    "webhook_endpoint",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("last_sequence", BigInteger, nullable=False),
    # The lane whose process sends to it, '' for nobody: one at a time keeps the order.
    Column("holder", ID, nullable=False, server_default=""),
    us("created_us"),
    PrimaryKeyConstraint("tenant", "id"),
)

webhook_event = Table(
    "webhook_event",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("endpoint", ID, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("id", ID, nullable=False),
    Column("instruction", ID, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("body", Text, nullable=False),
    us("created_us"),
    # ── delivery: pending, delivered or dead ──
    Column("delivery", String(12), nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    us("due_us"),
    us("changed_us"),
    Column("status", SmallInteger, nullable=False, server_default="0"),
    text_of("failure"),
    # ── added by revision 0010: what is told (ToldKind) ──
    Column("kind", String(12), nullable=False, server_default="status"),
    PrimaryKeyConstraint("tenant", "endpoint", "sequence"),
    UniqueConstraint("tenant", "id", name="webhook_event_id"),
    UniqueConstraint(
        "tenant", "endpoint", "instruction", "version", name="webhook_event_of_version"
    ),
    Index("webhook_event_due", "tenant", "endpoint", "delivery", "due_us", "sequence"),
)

# ── schedule ────────────────────────────────────────────────────────────────────────────
work = Table(
    "work",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("subject", ID, nullable=False),
    Column("lane", String(64), nullable=False),
    us("due_us"),
    Column("tries", Integer, nullable=False, server_default="0"),
    # ── added by revision 0003: the lane that is at it, '' for nobody ──
    Column("holder", ID, nullable=False, server_default=""),
    PrimaryKeyConstraint("tenant", "kind", "subject"),
    Index("work_due", "tenant", "lane", "kind", "due_us", "subject"),
)

# ── store (journal) and audit (checkpoints) ─────────────────────────────────────────────
lane = Table(
    "lane",
    metadata,
    Column("id", ID, nullable=False),
    us("opened_us"),
    Column("previous", ID, nullable=False, server_default=""),
    # ── added by revision 0003: the lease of the process that writes it, in the database's clock ──
    Column("role", String(16), nullable=False, server_default=""),
    Column("lease_until_us", BigInteger, nullable=False, server_default="0"),
    us("ended_us", nullable=True),
    Column("commits", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("id"),
    Index("lane_live", "ended_us", "lease_until_us"),
)

journal = Table(
    "journal",
    metadata,
    Column("lane", ID, nullable=False),
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    Column("tenant", TENANT, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("subject", ID, nullable=False),
    us("at_us"),
    Column("salt", LargeBinary, nullable=True),
    Column("payload", LargeBinary, nullable=True),
    Column("leaf", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("lane", "seq"),
    Index("journal_subject", "tenant", "subject"),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("seq", Integer, nullable=False),
    us("at_us"),
    Column("heads", Text, nullable=False),
    Column("root", String(64), nullable=False),
    Column("key", String(64), nullable=False),
    Column("signature", String(128), nullable=False),
    PrimaryKeyConstraint("seq"),
)
