"""Whether the payees of the master are those that two people approved (I10).

Rule kept here: a seal says that an entry was approved once; that nothing older was put back, and
nothing taken away, is told by the journal: each payee stands as its last approved change left it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, select

from gateway.audit.books_controls import journaled_tenants
from gateway.audit.breach import Breach
from gateway.audit.walk import payload_of
from gateway.store import tables

_p, _c, _x, _j = (
    tables.payee,
    tables.payee_change,
    tables.payee_change_item,
    tables.journal,
)
_SUBJECT: Final = "payees/"
_PAST_SUBJECT: Final = "payees0"
"""The first text after all those that begin with ``_SUBJECT``."""
_APPROVED: Final = "approved"
_AT_ONCE: Final = 1000
_STATES: Final = {
    "create": "active",
    "change": "active",
    "unblock": "active",
    "block": "blocked",
    "remove": "removed",
}
_FIELDS: Final = ("account", "name", "agent_name", "cnaps", "city", "vendor")
_Key = tuple[str, str]
"""Tenant, and the id of a change or a payee."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """What the journal tells of an approved change."""

    digest: str
    at_us: int
    maker: str
    checker: str


@dataclass(slots=True)
class _Left:
    """How the approved changes left the payees: by payee the order of the last one, and it."""

    payees: dict[_Key, tuple[tuple[int, str], tuple[object, ...]]] = field(default_factory=dict)
    digests: dict[_Key, str] = field(default_factory=dict)


def breaches(db: Connection) -> Iterator[Breach]:
    """Changes without record or by one person alone, and payees that no change left like this."""
    recorded = _recorded(db)
    approved = db.execute(select(_c.c.tenant, _c.c.id).where(_c.c.state == _APPROVED)).all()
    named = {(row.tenant, row.id) for row in approved}
    left = _left(db, recorded)
    for key in sorted(named | recorded.keys()):
        record = recorded.get(key)
        if record is None or key not in named or left.digests.get(key) != record.digest:
            yield Breach(kind="payees_unrecorded", subject=_subject(key))
        elif record.maker == record.checker:
            yield Breach(kind="payees_alone", subject=_subject(key), detail=record.checker)
    yield from _altered(db, left)


def _altered(db: Connection, left: _Left) -> Iterator[Breach]:
    rest = dict(left.payees)
    for row in db.execute(select(_p)):
        key = (row.tenant, row.id)
        found = rest.pop(key, None)
        standing = _standing(row._asdict(), row.state, row.changed_us, row.made_by, row.approved_by)
        if found is None or found[1] != standing:
            yield Breach(kind="payee_altered", subject=_subject(key))
    for key in rest:
        yield Breach(kind="payee_altered", subject=_subject(key))


def _recorded(db: Connection) -> dict[_Key, _Record]:
    found: dict[_Key, _Record] = {}
    for tenant in journaled_tenants(db):
        rows = db.execute(
            select(_j.c.subject, _j.c.payload, _j.c.at_us).where(
                _j.c.tenant == tenant,
                _j.c.subject >= _SUBJECT,
                _j.c.subject < _PAST_SUBJECT,
                _j.c.kind == "payee_approved",
            )
        )
        for row in rows:
            told = payload_of(row.payload).get("content")
            content = told if isinstance(told, dict) else {}
            found[tenant, row.subject.removeprefix(_SUBJECT)] = _Record(
                digest=str(content.get("digest", "")),
                at_us=row.at_us,
                maker=str(content.get("proposed_by", "")),
                checker=str(content.get("actor", "")),
            )
    return found


def _left(db: Connection, recorded: Mapping[_Key, _Record]) -> _Left:
    """Walk the items of all changes once, in their order, hashing what was voted on."""
    left = _Left()
    heads = db.execute(select(_c.c.tenant, _c.c.id, _c.c.content))
    hashers = {
        (row.tenant, row.id): hashlib.sha256(f"{row.content}\n".encode())
        for row in heads
        if (row.tenant, row.id) in recorded
    }
    items = db.execute(
        select(_x)
        .order_by(_x.c.tenant, _x.c.change, _x.c.seq)
        .execution_options(yield_per=_AT_ONCE)
    )
    for row in items:
        key = (row.tenant, row.change)
        if key not in hashers:
            continue
        hashers[key].update(f"{row.content}\n".encode())
        record, item = recorded[key], payload_of(row.content.encode())
        fields = item.get("fields")
        order = (record.at_us, row.change)
        payee = (row.tenant, row.payee)
        if payee not in left.payees or left.payees[payee][0] < order:
            state = _STATES.get(str(item.get("action")), "")
            told = fields if isinstance(fields, dict) else {}
            standing = _standing(told, state, record.at_us, record.maker, record.checker)
            left.payees[payee] = (order, standing)
    left.digests = {key: hasher.hexdigest() for key, hasher in hashers.items()}
    return left


def _standing(
    fields: Mapping[str, Any], state: str, at_us: int, maker: str, checker: str
) -> tuple[object, ...]:
    return (*(fields.get(name) for name in _FIELDS), state, at_us, maker, checker)


def _subject(key: _Key) -> str:
    tenant, name = key
    return f"{tenant}/{_SUBJECT}{name}"
