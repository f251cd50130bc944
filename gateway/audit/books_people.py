"""Whether people decided where people must (I10): maker and checker differ, two are two."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, Select, bindparam, func, select

from gateway.audit.breach import Breach
from gateway.audit.rows import stream
from gateway.domain.decision import ON_EVIDENCE, Action
from gateway.domain.instruction import Cause, State
from gateway.lifecycle.history import all_steps
from gateway.store import tables

_i, _v = tables.instruction, tables.vote
_a, _hold = tables.attachment, tables.hold
_DATA_RULE: Final = "netbank_paid"
"""The one rule whose holds may lift themselves: where the bank's data was too old."""
_h = all_steps("every_step")
_TWO: Final = 2
_r = tables.resolution
_RESOLVED: Final = [it.value for it in ON_EVIDENCE if it is not Action.WRITE_OFF]
_OF_VOTE: Final = (_i.c.tenant == _v.c.tenant) & (_i.c.id == _v.c.instruction)
_GOOD: Final = (_v.c.content_hash == _i.c.digest, _v.c.actor != _i.c.maker)
"""A vote counts for the content it was given on, and never when it is the maker's own."""


def breaches(db: Connection) -> Iterator[Breach]:
    """What a person released, or two resolved, without the votes for it."""
    yield from _missing(db, Cause.PERSON, [State.APPROVED], [Action.APPROVE.value], 1)
    yield from _missing(db, Cause.TWO_PEOPLE, list(State), _RESOLVED, 2, _on_evidence())
    yield from _altered(db)
    yield from _by_itself(db)


def _by_itself(db: Connection) -> Iterator[Breach]:
    """What was held and went on by a policy, though it was not held for want of data alone."""
    went = select(_h.c.tenant, _h.c.instruction).where(
        _h.c.before == State.HELD.value,
        _h.c.after == State.APPROVED.value,
        _h.c.cause == Cause.POLICY.value,
    )
    waited = select(_hold.c.tenant, _hold.c.instruction).where(
        _hold.c.rule == _DATA_RULE, _hold.c.lifted_by == f"policy:{_DATA_RULE}"
    )
    for row in stream(db, went.except_(waited)):
        yield Breach(kind="unapproved", subject=row.instruction, detail=Cause.POLICY.value)


def _on_evidence() -> Select[tuple[str, str]]:
    """What people resolved by voting on a text that names the content and its evidence."""
    return (
        select(_v.c.tenant, _v.c.instruction)
        .join(_i, _OF_VOTE)
        .join(
            _r,
            (_r.c.tenant == _v.c.tenant)
            & (_r.c.instruction == _v.c.instruction)
            & (_r.c.digest == _v.c.content_hash),
        )
        .where(
            _r.c.state == "carried_out",
            _r.c.content.contains(_i.c.digest),
            _v.c.actor != _i.c.maker,
            _v.c.action.in_(_RESOLVED),
        )
        .group_by(_v.c.tenant, _v.c.instruction, _r.c.id)
        .having(func.count(_v.c.actor.distinct()) >= _TWO)
    )


def _altered(db: Connection) -> Iterator[Breach]:
    """Resolutions, and files they name, that are not what was voted on."""
    for row in db.execute(select(_r)).all():
        whole = _sha256(row.content.encode()) == row.digest
        named = set(json.loads(row.content)["attachments"]) if whole else set()
        if not whole or named - _files(db, row.tenant, row.instruction):
            yield Breach(kind="resolution_altered", subject=row.instruction, detail=row.id)


def _files(db: Connection, tenant: str, instruction: str) -> set[str]:
    """The digests of what is attached to an instruction; files are read one at a time."""
    of = (_a.c.tenant == tenant, _a.c.subject == instruction)
    names = db.execute(select(_a.c.id).where(*of)).scalars().all()
    one = select(_a.c.content).where(*of, _a.c.id == bindparam("file"))
    return {_sha256(bytes(db.execute(one, {"file": name}).scalar_one())) for name in names}


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _missing(  # noqa: PLR0913, PLR0917 - what was done, and what counts as decided
    db: Connection,
    cause: Cause,
    after: list[State],
    actions: list[str],
    needed: int,
    otherwise: Select[tuple[str, str]] | None = None,
) -> Iterator[Breach]:
    decided = select(_h.c.tenant, _h.c.instruction).where(
        _h.c.cause == cause.value, _h.c.after.in_([it.value for it in after])
    )
    voted = (
        select(_v.c.tenant, _v.c.instruction)
        .join(_i, _OF_VOTE)
        .where(*_GOOD, _v.c.action.in_(actions))
        .group_by(_v.c.tenant, _v.c.instruction)
        .having(func.count(_v.c.actor.distinct()) >= needed)
    )
    without = decided.except_(voted) if otherwise is None else decided.except_(voted, otherwise)
    for row in stream(db, without):
        yield Breach(kind="unapproved", subject=row.instruction, detail=cause.value)
