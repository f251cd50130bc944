"""Pure table. Identities: accounts, second factors, sessions; each row sealed or hashed.

A session or ceremony is found by the digest of what a browser brings, before its tenant is known.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from gateway.store.columns import DIGEST, TENANT, metadata, text_of, us

_PERSON = String(120)

identity_account = Table(
    "identity_account",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("person", _PERSON, nullable=False),
    text_of("password"),
    Column("handle", LargeBinary, nullable=False),
    Column("totp", LargeBinary, nullable=True),
    Column("totp_step", BigInteger, nullable=True),
    us("disabled_us", nullable=True),
    PrimaryKeyConstraint("tenant", "person"),
)

identity_recovery = Table(
    "identity_recovery",
    metadata,
    Column("tenant", TENANT, nullable=False),
    Column("person", _PERSON, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "person", "hash"),
)

identity_key = Table(
    "identity_key",
    metadata,
    Column("id", LargeBinary, nullable=False),
    Column("tenant", TENANT, nullable=False),
    Column("person", _PERSON, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    text_of("label"),
    us("added_us"),
    Column("seal", LargeBinary, nullable=False),
    PrimaryKeyConstraint("id"),
    Index("identity_key_person", "tenant", "person"),
)

identity_session = Table(
    "identity_session",
    metadata,
    Column("digest", DIGEST, nullable=False),
    Column("tenant", TENANT, nullable=False),
    Column("person", _PERSON, nullable=False),
    Column("proofs", Text, nullable=False),
    us("started_us"),
    us("seen_us"),
    Column("seal", LargeBinary, nullable=False),
    PrimaryKeyConstraint("digest"),
    Index("identity_session_person", "tenant", "person"),
)

identity_ceremony = Table(
    "identity_ceremony",
    metadata,
    Column("digest", DIGEST, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("tenant", TENANT, nullable=False),
    Column("person", _PERSON, nullable=False),
    Column("words", Text, nullable=False),
    us("began_us"),
    Column("seal", LargeBinary, nullable=False),
    PrimaryKeyConstraint("digest"),
)

identity_failure = Table(
    "identity_failure",
    metadata,
    Column("counter", LargeBinary, nullable=False),
    Column("count", Integer, nullable=False),
    us("last_us"),
    PrimaryKeyConstraint("counter"),
)
