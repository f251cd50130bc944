"""The lines of an accepted batch: which were refused and why, and where each one stands now."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge

from sqlalchemy import Connection, select

from gateway.delivery.standing import WORDS, faults_of
from gateway.domain.errors import Fault
from gateway.domain.instruction import FINAL, State
from gateway.store import tables

_i, _r = tables.instruction, tables.refused_line
RefusedLines = list[tuple[int, str, tuple[Fault, ...]]]
"""(line from 1, ERP reference, faults), in line order."""


def refused_lines(db: Connection, tenant: str, batch: str, most: int) -> RefusedLines:
    """The first ``most`` refused lines of a batch."""
    rows = db.execute(
        select(_r.c.line, _r.c.erp_reference, _r.c.faults)
        .where(_r.c.tenant == tenant, _r.c.batch == batch)
        .order_by(_r.c.line)
        .limit(most)
    )
    return [(row.line, row.erp_reference, faults_of(row.faults)) for row in rows]


def line_standings(db: Connection, tenant: str, batch: str) -> Iterator[dict[str, object]]:
    """Where each line stands, in line order; a refused one has state ``REFUSED`` and its faults.

    The caller has made sure that the batch is accepted and belongs to the tenant.
    """
    return merge(
        _accepted(db, tenant, batch),
        _refused(db, tenant, batch),
        key=lambda line: int(str(line["line"])),
    )


def _accepted(db: Connection, tenant: str, batch: str) -> Iterator[dict[str, object]]:
    columns = (
        *(_i.c.line, _i.c.id, _i.c.erp_reference, _i.c.digest, _i.c.state),
        *(_i.c.reason, _i.c.code, _i.c.text, _i.c.bank_reference, _i.c.budget_item),
    )
    for row in db.execute(
        select(*columns).where(_i.c.tenant == tenant, _i.c.batch == batch).order_by(_i.c.line)
    ):
        state = State(row.state)
        zh, en = WORDS[state]
        yield {
            "line": row.line,
            "id": row.id,
            "erp_reference": row.erp_reference,
            "digest": row.digest,
            "state": state.value,
            "state_zh": zh,
            "state_en": en,
            "final": state in FINAL,
            "reason": row.reason,
            "code": row.code,
            "text": row.text,
            "bank_reference": row.bank_reference,
            **({"budget_item": row.budget_item} if row.budget_item else {}),
        }


def _refused(db: Connection, tenant: str, batch: str) -> Iterator[dict[str, object]]:
    for row in db.execute(
        select(_r).where(_r.c.tenant == tenant, _r.c.batch == batch).order_by(_r.c.line)
    ):
        yield {
            "line": row.line,
            "erp_reference": row.erp_reference,
            "state": "REFUSED",
            "state_zh": "未受理",
            "state_en": "refused, not accepted",
            "final": True,
            "faults": faults_of(row.faults),
        }
