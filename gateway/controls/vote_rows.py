"""The votes of people about instructions: read in their order, written with their record."""

from __future__ import annotations

from sqlalchemy import select

from gateway.controls.ballots import Given
from gateway.controls.rules.facts import actor_of
from gateway.domain.decision import Action, Vote
from gateway.store import tables
from gateway.store.journal import Record
from gateway.store.uow import Uow

_v = tables.vote


def given_votes(uow: Uow, tenant: str, instruction: str) -> list[Given]:
    """Every vote on an instruction, in the order in which they were given."""
    rows = uow.rows(
        select(_v).where(_v.c.tenant == tenant, _v.c.instruction == instruction).order_by(_v.c.seq)
    )
    return [
        Given(
            vote=Vote(
                actor=actor_of(row.actor),
                action=Action(row.action),
                content_hash=row.content_hash,
                reason=row.reason,
            ),
            at_us=row.at_us,
        )
        for row in rows
    ]


def store_vote(uow: Uow, subject: tuple[str, str], vote: Vote, seq: int, at_us: int) -> None:
    """Store and journal a vote on a subject (tenant, instruction); ``seq`` counts from 1."""
    tenant, instruction = subject
    said = {
        "action": vote.action.value,
        "actor": vote.actor.label(),
        "content_hash": vote.content_hash,
        "reason": vote.reason,
    }
    uow.add(_v, {"tenant": tenant, "instruction": instruction, "seq": seq, "at_us": at_us} | said)
    uow.journal(Record(tenant=tenant, kind="vote", subject=instruction, at_us=at_us, content=said))
