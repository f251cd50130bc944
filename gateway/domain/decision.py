"""Decisions by people: n of m named actors over a content hash, the maker excluded.

A decision binds the hash of exactly what is decided; when the content changes, votes over
the old hash count for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.domain.errors import NotPermitted


class Action(StrEnum):
    """What is decided about an instruction."""

    APPROVE = "approve"
    REJECT = "reject"
    RESOLVE_SETTLED = "resolve_settled"
    RESOLVE_REJECTED = "resolve_rejected"
    RESOLVE_PAID_ELSEWHERE = "resolve_paid_elsewhere"
    """It was paid another way; which entry of the bank shows that is part of what is decided."""
    WRITE_OFF = "write_off"
    """What is left to look at is let go: cases close, no money and no state moves."""


AT_ONCE: Final = (Action.APPROVE, Action.REJECT, Action.RESOLVE_SETTLED, Action.RESOLVE_REJECTED)
"""What is decided over the content of the instruction alone."""
ON_EVIDENCE: Final = (
    Action.RESOLVE_SETTLED,
    Action.RESOLVE_REJECTED,
    Action.RESOLVE_PAID_ELSEWHERE,
    Action.WRITE_OFF,
)
"""What a resolution may say: it is decided together with the evidence named in it."""


class ActorKind(StrEnum):
    """A machine key cannot decide; a rule of ours shows itself as a policy."""

    PERSON = "person"
    MACHINE = "machine"
    POLICY = "policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, by name."""

    kind: ActorKind
    name: str

    def label(self) -> str:
        """As written into history and journal: ``person:wang``, ``policy:stp``."""
        return f"{self.kind.value}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One person's word on one content hash."""

    actor: Actor
    action: Action
    content_hash: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What must come together before an action takes effect."""

    action: Action
    content_hash: str
    needed: int
    maker: str
    """Label of the actor who made the thing decided; never counted."""
    reason_required: bool = False

    def check(self, vote: Vote, earlier: Iterable[Vote]) -> None:
        """Raise NotPermitted (saying which rule) when the vote must not be taken."""
        if vote.actor.kind is not ActorKind.PERSON:
            raise NotPermitted("only a named person may decide", "只有实名人员可以作出决定")
        if vote.actor.label() == self.maker:
            raise NotPermitted("maker and checker must differ", "经办人与复核人不能相同")
        if vote.content_hash != self.content_hash:
            raise NotPermitted(
                "the content has changed since it was shown; read it again",
                "内容已变化，请重新查看后再决定",
            )
        if self.reason_required and not vote.reason.strip():
            raise NotPermitted("a reason is required", "必须填写原因")
        if any(vote.actor.label() == other.actor.label() for other in self._counted(earlier)):
            raise NotPermitted("this person has already decided", "该人员已作出决定")

    def complete(self, votes: Iterable[Vote]) -> bool:
        """Whether enough different people agreed on this very content."""
        return len({vote.actor.label() for vote in self._counted(votes)}) >= self.needed

    def _counted(self, votes: Iterable[Vote]) -> list[Vote]:
        return [
            vote
            for vote in votes
            if vote.action is self.action
            and vote.content_hash == self.content_hash
            and vote.actor.kind is ActorKind.PERSON
            and vote.actor.label() != self.maker
        ]
