"""Whether limits and plan lines are used by what released payments took, and no less (I11).

Rule kept here: what was used of a counter is the sum of what was taken of it and not given back;
what a payment took comes back only where it is proven that no money moved.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection, Table, func, select

from gateway.audit.breach import Breach
from gateway.audit.rows import stream
from gateway.domain.instruction import State
from gateway.domain.party import masked
from gateway.lifecycle.reservations import NAMES
from gateway.store import tables

_i, _u = tables.instruction, tables.limit_use
_r, _b = tables.reservation, tables.limit_reservation
_UNPAID: Final = [State.REJECTED.value, State.CANCELLED.value, State.EXPIRED.value]
_TAKEN: Final = func.sum(_r.c.amount_minor).label("taken")
_TAKEN_BEFORE: Final = func.sum(_b.c.amount_minor).label("taken")
_NAMED: Final = tuple(_b.c[name] for name in NAMES)


def breaches(db: Connection) -> Iterator[Breach]:
    """Counters that do not add up, and payments that were given back what they may have paid."""
    taken = _taken(db)
    for row in stream(db, select(_u).where(_u.c.used_minor != 0)):
        counter = (row.tenant, *(getattr(row, name) for name in NAMES))
        should = taken.pop(counter, 0)
        if row.used_minor != should:
            yield _unlike(counter, row.used_minor, should)
    for counter, should in sorted(taken.items()):
        if should:
            yield _unlike(counter, 0, should)
    for table in (_r, _b):
        yield from _given_back(db, table)


def _taken(db: Connection) -> Counter[tuple[str, ...]]:
    """By tenant and counter, what was taken of it and not given back."""
    found: Counter[tuple[str, ...]] = Counter()
    # Payments of one kind have the very text in common: it is read once for all of them.
    query = select(_r.c.tenant, _r.c.counters, _TAKEN).where(_r.c.freed_us.is_(None))
    for row in stream(db, query.group_by(_r.c.tenant, _r.c.counters)):
        for counter in json.loads(row.counters):
            found[row.tenant, *counter] += int(row.taken)
    before = select(_b.c.tenant, *_NAMED, _TAKEN_BEFORE).where(_b.c.freed_us.is_(None))
    for row in stream(db, before.group_by(_b.c.tenant, *_NAMED)):
        found[row.tenant, *(getattr(row, name) for name in NAMES)] += int(row.taken)
    return found


def _given_back(db: Connection, table: Table) -> Iterator[Breach]:
    ours = (_i.c.tenant == table.c.tenant) & (_i.c.id == table.c.instruction)
    query = (
        select(_i.c.id, _i.c.state)
        .select_from(table.join(_i, ours))
        .where(table.c.freed_us.is_not(None), _i.c.state.not_in(_UNPAID))
        .distinct()
    )
    for row in stream(db, query):
        yield Breach(kind="given_back", subject=row.id, detail=row.state)


def _unlike(counter: Sequence[str], used: int, should: int) -> Breach:
    tenant, of, subject, period, over, currency = counter
    named = masked(subject) if of == "account" else subject
    words = f"{tenant}/{of}/{named}/{period}/{over}/{currency}"
    return Breach(kind="use", subject=words, detail=f"{used} ≠ {should}")
