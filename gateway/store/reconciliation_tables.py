"""Pure table. The book side, what was matched with what, and the 余额调节表 of each period."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
)

from gateway.store.columns import ACTOR, DAY, DIGEST, ID, TENANT, metadata, text_of, us

ITEM_ID = String(128)
REF = String(160)

# One item of an ERP's ledger, or an open item of either side from before the first kept day.
ledger_item = Table(
    "ledger_item",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("item_id", ITEM_ID, nullable=False),
    Column("digest", DIGEST, nullable=False),
    Column("account", ID, nullable=False),
    # book; bank for a line of the bank from before the first kept day
    Column("side", String(4), nullable=False),
    # 1 for an open item of the day on which the client went live (期初未达账)
    Column("opening", SmallInteger, nullable=False, server_default="0"),
    Column("erp_reference", String(255), nullable=False, server_default=""),
    # Signed as the money moves: out is negative, a red-letter item the other way.
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("red_letter", SmallInteger, nullable=False, server_default="0"),
    Column("day", DAY, nullable=False),
    # The day in whose period it counts: later than its own where that period was closed.
    Column("counted_day", DAY, nullable=False),
    text_of("counterparty_name"),
    text_of("counterparty_account"),
    text_of("remittance"),
    Column("actor", ACTOR, nullable=False),
    us("at_us"),
    PrimaryKeyConstraint("tenant", "item_id"),
    Index("ledger_item_account", "tenant", "account", "side", "counted_day"),
)

ledger_balance = Table(
    "ledger_balance",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("account", ID, nullable=False),
    Column("day", DAY, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("actor", ACTOR, nullable=False),
    us("at_us"),
    PrimaryKeyConstraint("tenant", "account", "day"),
)

reconciliation_run = Table(
    "reconciliation_run",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("account", ID, nullable=False),
    Column("up_to", DAY, nullable=False),
    Column("actor", ACTOR, nullable=False),
    Column("rules", DIGEST, nullable=False),
    Column("matched", Integer, nullable=False),
    Column("suggested", Integer, nullable=False),
    us("begun_us"),
    us("ended_us"),
    # ── added by revision 0018, so last: the version of the client's rules, 0 for the standard ──
    Column("rules_version", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("reconciliation_run_account", "tenant", "account", "begun_us"),
)

reconciliation_match = Table(
    "reconciliation_match",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("account", ID, nullable=False),
    # auto, accepted, manual, write_off
    Column("kind", String(12), nullable=False),
    Column("rule", String(32), nullable=False, server_default=""),
    # held, undone
    Column("state", String(8), nullable=False),
    # JSON: the reasons in words
    text_of("reasons"),
    # JSON: each part as side, ref, amount; kept when the match is undone
    text_of("parts"),
    # The latest day of its parts: before that day some of them are open.
    Column("last_day", DAY, nullable=False),
    Column("run", ID, nullable=False, server_default=""),
    Column("made_by", ACTOR, nullable=False),
    us("made_us"),
    text_of("reason"),
    Column("undone_by", ACTOR, nullable=False, server_default=""),
    us("undone_us", nullable=True),
    text_of("undone_reason"),
    # ── added by revision 0018: the version in force when it was made ──
    Column("rules_version", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("reconciliation_match_account", "tenant", "account", "state", "made_us"),
)

# What matches that hold claim. ``seq`` counts the parts of one thing: the key is the wall that
# keeps two matches from claiming the same, whoever makes them.
reconciliation_part = Table(
    "reconciliation_part",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("account", ID, nullable=False),
    # bank, book
    Column("side", String(4), nullable=False),
    Column("ref", REF, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("match", ID, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("day", DAY, nullable=False),
    PrimaryKeyConstraint("tenant", "account", "side", "ref", "seq"),
    Index("reconciliation_part_match", "tenant", "match"),
)

# The suggestions of an account's last run.
reconciliation_suggestion = Table(
    "reconciliation_suggestion",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("account", ID, nullable=False),
    Column("rule", String(32), nullable=False),
    text_of("reasons"),
    # each a JSON list of what they name
    text_of("entries"),
    text_of("items"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("reconciliation_suggestion_account", "tenant", "account"),
)

# Who looks after an open item, and what was said of it.
reconciliation_note = Table(
    "reconciliation_note",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("account", ID, nullable=False),
    Column("side", String(4), nullable=False),
    Column("ref", REF, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("owner", String(128), nullable=False, server_default=""),
    text_of("comment"),
    Column("actor", ACTOR, nullable=False),
    us("at_us"),
    PrimaryKeyConstraint("tenant", "account", "side", "ref", "seq"),
)

reconciliation_sheet = Table(
    "reconciliation_sheet",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("account", ID, nullable=False),
    Column("day", DAY, nullable=False),
    Column("first_day", DAY, nullable=False),
    # prepared, reviewed
    Column("state", String(8), nullable=False),
    # JSON: the sheet; what is reviewed is this and nothing else
    text_of("content"),
    Column("digest", DIGEST, nullable=False),
    Column("prepared_by", ACTOR, nullable=False),
    us("prepared_us"),
    text_of("comment"),
    Column("reviewed_by", ACTOR, nullable=False, server_default=""),
    us("reviewed_us", nullable=True),
    text_of("reason"),
    PrimaryKeyConstraint("tenant", "account", "day"),
)

# The versions of a client's rules, kept for ever; at most one of them is in force.
reconciliation_rules = Table(
    "reconciliation_rules",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("version", Integer, nullable=False),
    # proposed, in_force, replaced, withdrawn
    Column("state", String(10), nullable=False),
    # JSON: the rule set, every value named; what is voted on is this and nothing else
    text_of("content"),
    Column("digest", DIGEST, nullable=False),
    text_of("comment"),
    Column("proposed_by", ACTOR, nullable=False),
    us("proposed_us"),
    # the second person
    Column("confirmed_by", ACTOR, nullable=False, server_default=""),
    us("confirmed_us", nullable=True),
    text_of("reason"),
    # who withdrew it; '' where another version came in force
    Column("ended_by", ACTOR, nullable=False, server_default=""),
    us("ended_us", nullable=True),
    text_of("ended_reason"),
    PrimaryKeyConstraint("tenant", "version"),
)

# What a person's match taught: this party or text of the bank is that one of the books.
reconciliation_memory = Table(
    "reconciliation_memory",
    metadata,
    Column("tenant", TENANT, nullable=False),
    # the match that taught it
    Column("match", ID, nullable=False),
    Column("account", ID, nullable=False),
    # the digest of both sides: several matches may teach the same
    Column("pair", DIGEST, nullable=False),
    # held, forgotten
    Column("state", String(9), nullable=False),
    text_of("bank_name"),
    text_of("bank_account"),
    # a text without its numbers
    text_of("bank_text"),
    text_of("book_name"),
    text_of("book_account"),
    text_of("book_text"),
    Column("made_by", ACTOR, nullable=False),
    us("made_us"),
    Column("forgotten_by", ACTOR, nullable=False, server_default=""),
    us("forgotten_us", nullable=True),
    text_of("forgotten_reason"),
    PrimaryKeyConstraint("tenant", "match"),
    Index("reconciliation_memory_account", "tenant", "account", "state", "made_us"),
)
