"""Whether the controls in force are those that people voted for (I10).

Rule kept here: every version that ever held has a record in the journal and two different people
behind it, its proposer among them, and the one that holds is the last one recorded.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, func, select

from gateway.audit.breach import Breach
from gateway.audit.walk import payload_of
from gateway.store import tables

_c, _v, _j = tables.control_version, tables.control_vote, tables.journal
_IN_FORCE: Final = "in_force"
_SUBJECT: Final = "controls/"
_PAST_SUBJECT: Final = "controls0"
"""The first text after all those that begin with ``_SUBJECT``."""
_PEOPLE: Final = 2
_PERSON: Final = "person:"


def breaches(db: Connection) -> Iterator[Breach]:
    """Versions that held without votes or record, were changed since, or went back."""
    recorded = {tenant: _recorded(db, tenant) for tenant in journaled_tenants(db)}
    standing: dict[str, int] = {}
    held = db.execute(
        select(_c).where(_c.c.in_force_us.is_not(None) | (_c.c.state == _IN_FORCE))
    ).all()
    voters = _voters(db)
    for row in held:
        subject = f"{row.tenant}/{_SUBJECT}{row.version}"
        if row.state == _IN_FORCE:
            standing[row.tenant] = row.version
        digest = hashlib.sha256(row.content.encode()).hexdigest()
        if recorded.get(row.tenant, {}).get(row.version) != row.digest or digest != row.digest:
            yield Breach(kind="controls_unrecorded", subject=subject)
        people = voters[row.tenant, row.version, row.digest] | _people(row.proposed_by)
        if len(people) < _PEOPLE:
            yield Breach(kind="controls_unvoted", subject=subject, detail=f"{len(people)}")
    for tenant, versions in recorded.items():
        if versions and standing.get(tenant) != max(versions):
            found = standing.get(tenant, 0)
            subject = f"{tenant}/{_SUBJECT}{max(versions)}"
            yield Breach(kind="controls_gone_back", subject=subject, detail=f"{found}")


def journaled_tenants(db: Connection) -> Iterator[str]:
    """Every tenant the journal knows, each found by a step in the index and not by a walk."""
    last = ""
    while True:
        found = db.execute(select(func.min(_j.c.tenant)).where(_j.c.tenant > last)).scalar()
        if found is None:
            return
        yield (last := str(found))


def _recorded(db: Connection, tenant: str) -> dict[int, str]:
    """By version that came into force, the digest it was recorded with."""
    rows = db.execute(
        select(_j.c.subject, _j.c.payload).where(
            _j.c.tenant == tenant,
            _j.c.subject >= _SUBJECT,
            _j.c.subject < _PAST_SUBJECT,
            _j.c.kind == "control_in_force",
        )
    )
    return {int(row.subject.removeprefix(_SUBJECT)): _digest(row.payload) for row in rows}


def _digest(payload: bytes | None) -> str:
    """The digest that a record tells; '' when somebody made it something else."""
    content = payload_of(payload).get("content")
    return str(content.get("digest", "")) if isinstance(content, dict) else ""


def _voters(db: Connection) -> defaultdict[tuple[str, int, str], set[str]]:
    """By tenant, version and digest, the people who said yes to it."""
    found: defaultdict[tuple[str, int, str], set[str]] = defaultdict(set)
    for row in db.execute(select(_v.c.tenant, _v.c.version, _v.c.digest, _v.c.actor)):
        found[row.tenant, row.version, row.digest] |= _people(row.actor)
    return found


def _people(actor: str) -> set[str]:
    """An actor who is a person, or nobody."""
    return {actor} if actor.startswith(_PERSON) else set()
