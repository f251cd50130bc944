"""Pure table. What went between ERP systems and the gateway."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, String, Table

from gateway.store.columns import DAY, DIGEST, ID, TENANT, metadata, text_of, us

erp_file = Table(
    "erp_file",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("system", ID, nullable=False),
    text_of("name"),
    Column("digest", DIGEST, nullable=False),
    # accepted, refused, or answered (a file of questions)
    Column("outcome", String(12), nullable=False),
    Column("batch", ID, nullable=False, server_default=""),
    text_of("faults"),
    us("at_us"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("erp_file_of_system", "tenant", "system", "at_us"),
)

erp_shadow = Table(
    "erp_shadow",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("id", ID, nullable=False),
    Column("system", ID, nullable=False),
    Column("dialect", ID, nullable=False),
    Column("batch", ID, nullable=False, server_default=""),
    Column("lines", Integer, nullable=False),
    Column("different", Integer, nullable=False),
    # JSON: line, field, and the digests of both readings; never the values.
    text_of("differences"),
    us("at_us"),
    PrimaryKeyConstraint("tenant", "id"),
    Index("erp_shadow_of_system", "tenant", "system", "at_us"),
)

# What an ERP system was told of an account without asking: an entry, or a closed day.
told_entry = Table(
    "told_entry",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("system", ID, nullable=False),
    Column("account", ID, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("day", DAY, nullable=False),
    Column("key", DIGEST, nullable=False),
    us("at_us"),
    PrimaryKeyConstraint("tenant", "system", "account", "kind", "day", "key"),
)

# The source documents of merged payments, to be found by; added by revision 0011.
merged_source = Table(
    "merged_source",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("instruction", ID, nullable=False),
    # Its place among the parts in ``instruction.merged``, from 1.
    Column("part", Integer, nullable=False),
    Column("erp", String(64), nullable=False),
    Column("erp_reference", String(255), nullable=False),
    PrimaryKeyConstraint("tenant", "instruction", "part"),
    Index("merged_source_reference", "tenant", "erp", "erp_reference"),
)
