"""Pure table. The whole schema, portable between SQLite and PostgreSQL; tenant first in every key.

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
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

metadata = MetaData()

_ID = String(40)
_TENANT = String(64)


def _us(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=nullable)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


# ── intake ──────────────────────────────────────────────────────────────────────────────
acceptance = Table(
    "acceptance",
    metadata,
    Column("tenant", _TENANT, nullable=False),
    Column("scope", String(64), nullable=False),
    Column("key", String(255), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("subject", _ID, nullable=False),
    _us("at_us"),
    PrimaryKeyConstraint("tenant", "scope", "key"),
)

batch = Table(
    "batch",
    metadata,
    Column("tenant", _TENANT, nullable=False),
    Column("id", _ID, nullable=False),
    Column("erp", String(64), nullable=False),
    Column("reference", String(255), nullable=False),
    Column("format", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("maker", String(128), nullable=False),
    Column("lines", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    _us("created_us"),
    _us("accepted_us", nullable=True),
    # ── added by revision 0003: the lane whose process is reading it in ──
    Column("holder", _ID, nullable=False, server_default=""),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "erp", "reference", name="batch_reference"),
    # What is being read in; added by revision 0005. PostgreSQL's condition stands there.
    Index("batch_unaccepted", "holder", sqlite_where=text("accepted_us IS NULL")),
)

refused_line = Table(
    "refused_line",
    metadata,
    Column("tenant", _TENANT, nullable=False),
    Column("batch", _ID, nullable=False),
    Column("line", Integer, nullable=False),
    _text("erp_reference"),
    _text("source"),
    _text("faults"),
    PrimaryKeyConstraint("tenant", "batch", "line"),
)

instruction = Table(
    "instruction",
    metadata,
    Column("tenant", _TENANT, nullable=False),
    Column("id", _ID, nullable=False),
    Column("erp", String(64), nullable=False),
    Column("erp_reference", String(255), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("batch", _ID, nullable=False, server_default=""),
    Column("line", Integer, nullable=False, server_default="0"),
    Column("maker", String(128), nullable=False),
    Column("company", String(64), nullable=False),
    Column("connection", String(64), nullable=False),
    Column("debtor_account", String(40), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("creditor_name", Text, nullable=False),
    Column("creditor_account", String(40), nullable=False),
    _text("creditor_agent_name"),
    _text("creditor_agent_cnaps"),
    _text("creditor_agent_bic"),
    _text("creditor_city"),
    _text("purpose"),
    _text("memo"),
    Column("own_bank", Boolean, nullable=False),
    Column("local", Boolean, nullable=False),
    Column("business_type", String(16), nullable=False),
    Column("urgency", String(16), nullable=False),
    Column("execution_date", String(10), nullable=False, server_default=""),
    Column("pay_day", String(10), nullable=False),
    _text("end_to_end_id"),
    _text("reconciliation_code"),
    _text("source"),
    _us("created_us"),
    # ── standing: written by lifecycle only ──
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("grade", SmallInteger, nullable=False, server_default="0"),
    Column("message", _ID, nullable=False, server_default=""),
    _text("reason"),
    _text("code"),
    _text("text"),
    _text("bank_reference"),
    _us("changed_us"),
    # ── added by revision 0002, so last: a table on disk grows only at its end ──
    Column("payroll_purpose", String(16), nullable=False, server_default=""),
    # ── added by revision 0005: the newest step, '' when that is a row of ``history`` ──
    Column("step", _ID, nullable=False, server_default=""),
    PrimaryKeyConstraint("tenant", "id"),
    UniqueConstraint("tenant", "erp", "erp_reference", name="instruction_reference"),
    Index("instruction_likeness", "tenant", "creditor_account", "amount_minor", "pay_day"),
    Index("instruction_batch", "tenant", "batch", "line"),
)

nonce = Table(
    "nonce",
    metadata,
    Column("key", String(64), nullable=False),
    Column("nonce", String(128), nullable=False),
    _us("at_us"),
    PrimaryKeyConstraint("key", "nonce"),
)

# ── lifecycle ───────────────────────────────────────────────────────────────────────────
step = Table(
    "step",
    metadata,
    Column("tenant", _TENANT, nullable=False),
    Column("id", _ID, nullable=False),
    Column("before", String(16), nullable=False),
    Column("after", String(16), nullable=False),
    Column("cause", String(24), nullable=False),
    Column("actor", String(128), nullable=False),
    _us("at_us"),
    Column("evidence", _ID, nullable=False, server_default=""),
    _text("reason"),
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
    Column("tenant", _TENANT, nullable=False),
    Column("instruction", _ID, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("before", String(16), nullable=False),
    Column("after", String(16), nullable=False),
    Column("cause", String(24), nullable=False),
    Column("actor", String(128), nullable=False),
    _us("at_us"),
    Column("evidence", _ID, nullable=False, server_default=""),
    _text("reason"),
    PrimaryKeyConstraint("tenant", "instruction", "seq"),
)

evidence = Table(
    "evidence",
    metadata,
    Column("tenant", _TENANT, nullable=False),
    Column("id", _ID, nullable=False),
    Column("message", _ID, nullable=False, server_default=""),
    Column("wire", _ID, nullable=False, server_default=""),
    Column("grade", SmallInteger, nullable=False),
    Column("cause", String(24), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("stage", String(16), nullable=False, server_default=""),
    _text("code"),
    _text("text"),
    _text("reason"),
    _text("bank_reference"),
    _us("at_us"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("evidence_message", "tenant", "message"),
)

case = Table(
    "case_file",
    metadata,
    Column("tenant", _TENANT, nullable=False),
    Column("id", _ID, nullable=False),
    Column("instruction", _ID, nullable=False),
    Column("kind", String(32), nullable=False),
    _text("detail"),
    Column("evidence", _ID, nullable=False, server_default=""),
    _us("opened_us"),
    _us("closed_us", nullable=True),
    _text("closing"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("case_instruction", "tenant", "instruction"),
)

outbox = Table(
    "outbox",
    metadata,
    # Given by the database: of two rows about one instruction the later version is the higher.
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), Identity(), nullable=False),
    Column("tenant", _TENANT, nullable=False),
    _us("at_us"),
    Column("lines", Integer, nullable=False),
    Column("content", Text, nullable=False),
    PrimaryKeyConstraint("seq"),
    Index("outbox_tenant", "tenant", "seq"),
)

# ── controls ────────────────────────────────────────────────────────────────────────────
vote = Table(
    "vote",
    metadata,
    Column("tenant", _TENANT, nullable=False),
    Column("instruction", _ID, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("action", String(24), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("content_hash", String(64), nullable=False),
    _text("reason"),
    _us("at_us"),
    PrimaryKeyConstraint("tenant", "instruction", "seq"),
)

stop = Table(
    "stop",
    metadata,
    Column("tenant", _TENANT, nullable=False),
    Column("id", _ID, nullable=False),
    Column("scope", String(16), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("pulled_by", String(128), nullable=False),
    _text("reason"),
    _us("pulled_us"),
    _us("lifted_us", nullable=True),
    PrimaryKeyConstraint("tenant", "id"),
    Index("stop_standing", "tenant", "lifted_us"),
)

stop_vote = Table(
    "stop_vote",
    metadata,
    Column("tenant", _TENANT, nullable=False),
    Column("stop", _ID, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("actor", String(128), nullable=False),
    _text("reason"),
    _us("at_us"),
    PrimaryKeyConstraint("tenant", "stop", "seq"),
    UniqueConstraint("tenant", "stop", "actor", name="stop_vote_once"),
)

# ── relay ───────────────────────────────────────────────────────────────────────────────
message = Table(
    "message",
    metadata,
    Column("tenant", _TENANT, nullable=False),
    Column("id", _ID, nullable=False),
    Column("connection", String(64), nullable=False),
    Column("bank", String(16), nullable=False),
    Column("customer", String(32), nullable=False),
    Column("serial", String(40), nullable=False),
    Column("operation", String(24), nullable=False),
    Column("fate", String(8), nullable=False),
    Column("sends", Integer, nullable=False),
    Column("enquiries", Integer, nullable=False),
    Column("resend_refused", Boolean, nullable=False),
    Column("holder", _ID, nullable=False),
    _us("created_us"),
    _us("first_sent_us", nullable=True),
    _us("last_sent_us", nullable=True),
    _us("not_found_us", nullable=True),
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
    Column("tenant", _TENANT, nullable=False),
    Column("connection", String(64), nullable=False),
    # What a connection may still start, shared by all processes: a bucket of thousandths.
    Column("tokens_millis", BigInteger, nullable=False),
    _us("seen_us"),
    PrimaryKeyConstraint("tenant", "connection"),
)

message_line = Table(
    "message_line",
    metadata,
    Column("tenant", _TENANT, nullable=False),
    Column("message", _ID, nullable=False),
    Column("line", Integer, nullable=False),
    Column("instruction", _ID, nullable=False),
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
    Column("tenant", _TENANT, nullable=False),
    Column("connection", String(64), nullable=False),
    _us("at_us"),
    _text("reason"),
    _us("lifted_us", nullable=True),
    _text("lifted_by"),
    PrimaryKeyConstraint("tenant", "connection", "at_us"),
)

wire = Table(
    "wire",
    metadata,
    Column("tenant", _TENANT, nullable=False),
    Column("id", _ID, nullable=False),
    Column("message", _ID, nullable=False, server_default=""),
    Column("connection", String(64), nullable=False),
    Column("direction", String(3), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("serial", String(40), nullable=False),
    _us("at_us"),
    Column("status", SmallInteger, nullable=False, server_default="0"),
    _text("content_type"),
    Column("content", LargeBinary, nullable=False),
    _text("layout"),
    Column("digest", String(64), nullable=False),
    PrimaryKeyConstraint("tenant", "id"),
    Index("wire_message", "tenant", "message"),
)

wire_secret = Table(
    "wire_secret",
    metadata,
    Column("tenant", _TENANT, nullable=False),
    Column("wire", _ID, nullable=False),
    Column("position", Integer, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "wire", "position"),
)

# ── delivery ────────────────────────────────────────────────────────────────────────────
webhook_endpoint = Table(
    "webhook_endpoint",
    metadata,
    Column("tenant", _TENANT, nullable=False),
    Column("id", _ID, nullable=False),
    Column("last_sequence", BigInteger, nullable=False),
    # The lane whose process sends to it, '' for nobody: one at a time keeps the order.
    Column("holder", _ID, nullable=False, server_default=""),
    _us("created_us"),
    PrimaryKeyConstraint("tenant", "id"),
)

webhook_event = Table(
    "webhook_event",
    metadata,
    Column("tenant", _TENANT, nullable=False),
    Column("endpoint", _ID, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("id", _ID, nullable=False),
    Column("instruction", _ID, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("body", Text, nullable=False),
    _us("created_us"),
    # ── delivery: pending, delivered or dead ──
    Column("delivery", String(12), nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    _us("due_us"),
    _us("changed_us"),
    Column("status", SmallInteger, nullable=False, server_default="0"),
    _text("failure"),
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
    Column("tenant", _TENANT, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("subject", _ID, nullable=False),
    Column("lane", String(64), nullable=False),
    _us("due_us"),
    Column("tries", Integer, nullable=False, server_default="0"),
    # ── added by revision 0003: the lane that is at it, '' for nobody ──
    Column("holder", _ID, nullable=False, server_default=""),
    PrimaryKeyConstraint("tenant", "kind", "subject"),
    Index("work_due", "tenant", "lane", "kind", "due_us", "subject"),
)

# ── store (journal) and audit (checkpoints) ─────────────────────────────────────────────
lane = Table(
    "lane",
    metadata,
    Column("id", _ID, nullable=False),
    _us("opened_us"),
    Column("previous", _ID, nullable=False, server_default=""),
    # ── added by revision 0003: the lease of the process that writes it, in the database's clock ──
    Column("role", String(16), nullable=False, server_default=""),
    Column("lease_until_us", BigInteger, nullable=False, server_default="0"),
    _us("ended_us", nullable=True),
    Column("commits", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("id"),
    Index("lane_live", "ended_us", "lease_until_us"),
)

journal = Table(
    "journal",
    metadata,
    Column("lane", _ID, nullable=False),
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    Column("tenant", _TENANT, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("subject", _ID, nullable=False),
    _us("at_us"),
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
    _us("at_us"),
    Column("heads", Text, nullable=False),
    Column("root", String(64), nullable=False),
    Column("key", String(64), nullable=False),
    Column("signature", String(128), nullable=False),
    PrimaryKeyConstraint("seq"),
)
