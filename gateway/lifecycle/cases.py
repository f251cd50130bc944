"""Cases: what people have to look at, about one instruction or about none."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from gateway.domain.evidence import Evidence
from gateway.lifecycle.rows import Standing
from gateway.ports.runtime import Ids
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.journal import Record
from gateway.store.uow import Uow


def open_case(  # noqa: PLR0913 - the sixth is by keyword, for evidence that has a row
    uow: Uow,
    ids: Ids,
    subject: Standing,
    kind: str,
    evidence: Evidence,
    *,
    evidence_id: str = "",
) -> str:
    """Open a case for people about one instruction; returns its id.

    ``evidence_id`` names the stored evidence; '' where what called for the case is none.
    """
    case_id = ids.new("cas")
    at_us = to_us(evidence.at)
    uow.add(
        tables.case,
        {
            "tenant": subject.tenant,
            "id": case_id,
            "instruction": subject.id,
            "kind": kind,
            "detail": evidence.reason,
            "evidence": evidence_id,
            "opened_us": at_us,
            "closed_us": None,
            "closing": "",
        },
    )
    uow.journal(
        Record(
            tenant=subject.tenant,
            kind="case_opened",
            subject=subject.id,
            at_us=at_us,
            content={
                "case": case_id,
                "kind": kind,
                "evidence": evidence_id,
                "detail": evidence.reason,
            },
        )
    )
    return case_id


def open_loose_case(  # noqa: PLR0913 - keyword-only, one row's columns
    uow: Uow, ids: Ids, *, tenant: str, key: str, kind: str, detail: str, at: datetime
) -> None:
    """Open a case that belongs to no instruction; ``key`` opens at most one."""
    known = uow.first(
        select(tables.case.c.id).where(
            tables.case.c.tenant == tenant,
            tables.case.c.kind == kind,
            tables.case.c.evidence == key,
        )
    )
    if known is not None:
        return
    case_id, at_us = ids.new("cas"), to_us(at)
    uow.add(
        tables.case,
        {
            "tenant": tenant,
            "id": case_id,
            "instruction": "",
            "kind": kind,
            "detail": detail,
            "evidence": key,
            "opened_us": at_us,
            "closed_us": None,
            "closing": "",
        },
    )
    uow.journal(
        Record(
            tenant=tenant,
            kind="case_opened",
            subject=case_id,
            at_us=at_us,
            content={"case": case_id, "kind": kind, "evidence": key, "detail": detail},
        )
    )


def close_cases(uow: Uow, tenant: str, instruction: str, closing: str, at_us: int) -> int:
    """Close the open cases of an instruction; returns how many."""
    closed = uow.change(
        update(tables.case)
        .where(
            tables.case.c.tenant == tenant,
            tables.case.c.instruction == instruction,
            tables.case.c.closed_us.is_(None),
        )
        .values(closed_us=at_us, closing=closing)
    )
    if closed:
        uow.journal(
            Record(
                tenant=tenant,
                kind="cases_closed",
                subject=instruction,
                at_us=at_us,
                content={"closing": closing, "count": closed},
            )
        )
    return closed
