"""Whether what is stored is what was accepted.

I10: the content has the digest that was accepted and approved. I3: what the journal saw
accepted is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from sqlalchemy import Connection, select

from gateway.audit.breach import Breach
from gateway.audit.rows import stream
from gateway.domain.ids import TenantId
from gateway.domain.instruction import State
from gateway.domain.merged import merged_parts
from gateway.domain.party import Account, Party
from gateway.lifecycle.rows import instruction_of
from gateway.ports.tenancy import OwnAccount, Tenant
from gateway.store import tables

_i, _b, _j = tables.instruction, tables.batch, tables.journal
_s = tables.merged_source
_AT_ONCE: Final = 500
_STOPPED: Final = (State.HELD.value, State.CANCELLED.value)
"""Before anything leaves its digest is taken again: an altered one is held, and people called."""


class _AnyAccount(dict[str, OwnAccount]):
    """Every account number as one of ours: a digest names the debtor by its number alone."""

    def __missing__(self, number: str) -> OwnAccount:
        party = Party(name="", account=Account(number=number))
        return OwnAccount(party=party, company="", connection="")


def altered(db: Connection) -> Iterator[Breach]:
    """Instructions whose content is not what was accepted, unless they were stopped for it."""
    anybody = Tenant(id=TenantId(""), name="", companies={}, accounts=_AnyAccount(), connections={})
    for row in stream(db, select(_i)):
        stopped = row.state in _STOPPED
        if not stopped and instruction_of(row, anybody).digest() != row.digest:
            yield Breach(kind="altered", subject=row.id)


def sources(db: Connection) -> Iterator[Breach]:
    """Merged payments that are not found by just the documents that stand in their content.

    By these a document is kept from being paid twice.
    """
    merged = stream(db, select(_i.c.tenant, _i.c.id, _i.c.merged).where(_i.c.merged != ""))
    while some := list(islice(merged, _AT_ONCE)):
        found: dict[tuple[str, str], set[tuple[int, str]]] = {}
        rows = select(_s).where(_s.c.instruction.in_([row.id for row in some]))
        for it in db.execute(rows):
            found.setdefault((it.tenant, it.instruction), set()).add((it.part, it.erp_reference))
        for row in some:
            parts = enumerate((it.reference for it in merged_parts(row.merged)), 1)
            if found.get((row.tenant, row.id), set()) != set(parts):
                yield Breach(kind="sources_altered", subject=row.id)
    carried = select(_i.c.id).where(
        _i.c.tenant == _s.c.tenant, _i.c.id == _s.c.instruction, _i.c.merged != ""
    )
    for row in db.execute(select(_s.c.instruction).where(~carried.exists()).distinct()):
        yield Breach(kind="sources_altered", subject=row.instruction)


def journaled(db: Connection) -> Iterator[Breach]:
    """What was accepted according to the journal and is there no more.

    Lines of a batch count once the batch itself is accepted: what was staged and never accepted
    is removed by right.
    """
    seen = _acceptances(db)
    while some := list(islice(seen, _AT_ONCE)):
        yield from _gone(db, some)


def _acceptances(db: Connection) -> Iterator[tuple[str, str, str]]:
    """(tenant, batch or '', instruction) of everything the journal saw accepted."""
    statement = select(_j.c.tenant, _j.c.subject, _j.c.payload).where(
        _j.c.kind == "accepted", _j.c.payload.is_not(None)
    )
    for row in stream(db, statement):
        for instruction, _ in json.loads(row.payload)["content"]["lines"]:
            batch = "" if row.subject == instruction else row.subject
            yield row.tenant, batch, instruction


def _gone(db: Connection, some: Sequence[tuple[str, str, str]]) -> Iterator[Breach]:
    there = set(
        db.execute(select(_i.c.id).where(_i.c.id.in_([line for _, _, line in some]))).scalars()
    )
    missing = [(batch, line) for _, batch, line in some if line not in there]
    batches = {batch for batch, _ in missing if batch}
    accepted = set(
        db.execute(
            select(_b.c.id).where(_b.c.id.in_(batches), _b.c.accepted_us.is_not(None))
        ).scalars()
    )
    for batch, line in missing:
        if not batch or batch in accepted:
            yield Breach(kind="promise_gone", subject=line)
