"""Resolutions as they are stored: what people say became of an instruction, with its evidence.

Rule kept here: the digest that people vote on is of the whole text: the instruction and the digest
of its content, what is said of it, every attached file by its digest, the bank's entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, select

from gateway.domain.decision import Action
from gateway.store import tables
from gateway.store.instants import from_us

_r, _v = tables.resolution, tables.vote
_canonical: Final = msgspec.json.Encoder(order="deterministic").encode


class ResolutionState(StrEnum):
    """Where a resolution stands. The strings are stored and sent: they are forever."""

    OPEN = "open"
    CARRIED_OUT = "carried_out"
    ENDED = "ended"
    """Another one was carried out."""


class StatementEntry(msgspec.Struct, frozen=True, kw_only=True):
    """The bank's entry that shows it: of one of our accounts, on a day (YYYY-MM-DD)."""

    account: str
    day: str
    reference: str
    amount: str


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What is voted on. ``content`` is the instruction's digest, ``attachments`` are digests."""

    action: Action
    attachments: tuple[str, ...]
    content: str
    entry: StatementEntry | None
    instruction: str

    def text(self) -> str:
        """As it is stored: JSON with sorted members, no blanks."""
        return _canonical(self).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionVote:
    """One person's yes to a resolution."""

    actor: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """A resolution with its votes, the proposer's first."""

    id: str
    instruction: str
    state: ResolutionState
    digest: str
    content: Content
    proposed_by: str
    proposed_at: datetime
    decided_at: datetime | None
    votes: tuple[ResolutionVote, ...]


def digest_of(text: str) -> str:
    """The digest (hex SHA-256) of a resolution's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def resolutions(db: Connection, tenant: str, instruction: str) -> list[Resolution]:
    """Every resolution of an instruction, oldest first."""
    rows = db.execute(
        select(_r)
        .where(_r.c.tenant == tenant, _r.c.instruction == instruction)
        .order_by(_r.c.proposed_us, _r.c.id)
    ).all()
    votes = db.execute(
        select(_v).where(_v.c.tenant == tenant, _v.c.instruction == instruction).order_by(_v.c.seq)
    ).all()
    return [resolution_of(row, votes) for row in rows]


def resolution_of(row: Row[Any], votes: Sequence[Row[Any]]) -> Resolution:
    """A stored resolution with those of the votes that are on it."""
    return Resolution(
        id=row.id,
        instruction=row.instruction,
        state=ResolutionState(row.state),
        digest=row.digest,
        content=msgspec.json.decode(row.content, type=Content),
        proposed_by=row.proposed_by,
        proposed_at=from_us(row.proposed_us),
        decided_at=None if row.decided_us is None else from_us(row.decided_us),
        votes=tuple(
            ResolutionVote(actor=it.actor, reason=it.reason, at=from_us(it.at_us))
            for it in votes
            if it.content_hash == row.digest
        ),
    )
