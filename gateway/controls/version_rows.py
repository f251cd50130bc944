"""Versions of a tenant's control document as they are stored, with the votes on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, Select, select

from gateway.controls.rules.facts import actor_of
from gateway.controls.rules.votes import Cast
from gateway.domain.decision import Action, Vote
from gateway.store import tables
from gateway.store.instants import BEIJING, from_us

LISTED_MAX: Final = 1000
Read = Callable[[Select[Any]], Sequence[Any]]
"""Runs a query, in a unit of work or on a connection."""
_c, _v = tables.control_version, tables.control_vote
_HEAD: Final = (
    _c.c.version,
    _c.c.state,
    _c.c.digest,
    _c.c.comment,
    _c.c.proposed_by,
    _c.c.proposed_us,
    _c.c.in_force_us,
)


class VersionState(StrEnum):
    """Where a version stands. Only a proposed one may become another."""

    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionVote:
    """One person's yes to a version, bound to the digest that was read."""

    actor: str
    digest: str
    reason: str
    at: datetime

    def cast(self) -> Cast:
        """As the rules count it."""
        vote = Vote(
            actor=actor_of(self.actor),
            action=Action.APPROVE,
            content_hash=self.digest,
            reason=self.reason,
        )
        return Cast(vote=vote, day=day_of(self.at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version without its content. ``in_force_at`` is None until it was in force."""

    version: int
    state: VersionState
    digest: str
    comment: str
    proposed_by: str
    proposed_at: datetime
    in_force_at: datetime | None
    votes: tuple[VersionVote, ...]

    def casts(self) -> list[Cast]:
        """The votes as the rules count them: the proposal itself is the first."""
        proposal = VersionVote(
            actor=self.proposed_by, digest=self.digest, reason=self.comment, at=self.proposed_at
        )
        return [it.cast() for it in (proposal, *self.votes)]


def day_of(instant: datetime) -> date:
    """The day of an instant where the banks are."""
    return instant.astimezone(BEIJING).date()


def versions_of(rows: Read, tenant: str) -> list[Version]:
    """All versions, newest first; at most LISTED_MAX."""
    found = rows(
        select(*_HEAD).where(_c.c.tenant == tenant).order_by(_c.c.version.desc()).limit(LISTED_MAX)
    )
    votes: dict[int, list[VersionVote]] = {row.version: [] for row in found}
    for row in rows(select(_v).where(_v.c.tenant == tenant).order_by(_v.c.version, _v.c.seq)):
        if row.version in votes:
            votes[row.version].append(_vote(row))
    return [_version(row, votes[row.version]) for row in found]


def version_of(rows: Read, tenant: str, version: int) -> tuple[Version, str] | None:
    """One version and its content as stored, or None."""
    found = rows(select(*_HEAD, _c.c.content).where(_c.c.tenant == tenant, _c.c.version == version))
    if not found:
        return None
    votes = rows(
        select(_v).where(_v.c.tenant == tenant, _v.c.version == version).order_by(_v.c.seq)
    )
    return _version(found[0], [_vote(row) for row in votes]), found[0].content


def _version(row: Row[Any], votes: Sequence[VersionVote]) -> Version:
    return Version(
        version=row.version,
        state=VersionState(row.state),
        digest=row.digest,
        comment=row.comment,
        proposed_by=row.proposed_by,
        proposed_at=from_us(row.proposed_us),
        in_force_at=None if row.in_force_us is None else from_us(row.in_force_us),
        votes=tuple(votes),
    )


def _vote(row: Row[Any]) -> VersionVote:
    return VersionVote(actor=row.actor, digest=row.digest, reason=row.reason, at=from_us(row.at_us))
