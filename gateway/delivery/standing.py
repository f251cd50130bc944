"""Where instructions stand, as the ERP is told: state, evidence, history; nothing is guessed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from heapq import merge
from itertools import starmap
from operator import attrgetter
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select

from gateway.domain.errors import Fault, NotFound
from gateway.domain.instruction import FINAL, PENDING_REASON, State
from gateway.domain.merged import echoed_parts, merged_parts, read_source
from gateway.domain.money import Money, currency
from gateway.domain.outcome import Grade
from gateway.lifecycle import history
from gateway.lifecycle.carried import named
from gateway.lifecycle.staging import accepted
from gateway.ports.erp import LineStatus, StatusReport
from gateway.store import tables
from gateway.store.instants import from_us
from gateway.store.prepared import prepare

_i, _b = tables.instruction, tables.batch
Only = ColumnElement[bool] | None
"""Which instructions may be told of; None for every one."""
WORDS: Final[Mapping[State, tuple[str, str]]] = {
    State.RECEIVED: ("已受理", "received"),
    State.HELD: ("挂起，等待人工处理", "held for a person"),
    State.APPROVED: ("已批准", "approved"),
    State.SCHEDULED: ("等待执行日", "waiting for its day"),
    State.QUEUED: ("等待发送", "waiting to be sent"),
    State.SENDING: ("发送中", "being sent"),
    State.ACKNOWLEDGED: ("银行已接收", "taken by the bank"),
    State.BANK_APPROVAL: (
        "银行侧待审批，资金未动",
        "waiting for approval at the bank; no money moved",
    ),
    State.PROCESSING: ("银行处理中", "being processed by the bank"),
    State.UNCONFIRMED: ("结果未明，切勿重发", "outcome not known; do not send again"),
    State.SETTLED: ("支付成功", "paid"),
    State.REJECTED: ("支付失败", "refused by the bank"),
    State.RETURNED: ("已退汇", "returned"),
    State.CANCELLED: ("已取消", "cancelled"),
    State.EXPIRED: ("已过期", "expired"),
    State.PAID_ELSEWHERE: ("已由其他渠道支付", "paid another way"),
}


def instruction_view(
    db: Connection, tenant: str, instruction: str, only: Only = None
) -> dict[str, object]:
    """One instruction with its history. Raises NotFound, also for what may not be told of."""
    row = db.execute(
        _those(only).where(_i.c.tenant == tenant, _i.c.id == instruction, accepted())
    ).first()
    if row is None:
        raise NotFound
    return _view(row) | {"history": _history(db, row)}


def by_reference(
    db: Connection, tenant: str, erp: str | None, reference: str, only: Only = None
) -> list[dict[str, object]]:
    """All instructions with this ERP reference, and merged ones that carry a document with it."""
    statement = _those(only).where(
        _i.c.tenant == tenant, named(db, tenant, erp, reference), accepted()
    )
    if erp is not None:
        statement = statement.where(_i.c.erp == erp)
    return [_view(row) for row in db.execute(statement)]


def held_or_open(
    db: Connection, tenant: str, states: tuple[str, ...], only: Only = None
) -> list[dict[str, object]]:
    """Instructions in some states, oldest first: what people have to look at."""
    rows = db.execute(
        _those(only)
        .where(_i.c.tenant == tenant, _i.c.state.in_(states), accepted())
        .order_by(_i.c.created_us)
        .limit(1000)
    )
    return [_view(row) for row in rows]


def batch_view(db: Connection, tenant: str, batch: str) -> dict[str, object]:
    """An accepted batch: counts per state. Raises NotFound."""
    row = _batch(db, tenant, batch)
    counted = db.execute(
        select(_i.c.state, func.count())
        .where(_i.c.tenant == tenant, _i.c.batch == batch)
        .group_by(_i.c.state)
    )
    states: dict[str, int] = dict(counted.all())
    return {
        "id": row.id,
        "reference": row.reference,
        "format": row.format,
        "digest": row.digest,
        "lines": row.lines,
        "accepted": row.accepted,
        "refused": row.lines - row.accepted,
        "states": states,
        "links": {"self": f"/v1/batches/{row.id}", "report": f"/v1/batches/{row.id}/report"},
    }


class BatchLine(NamedTuple):
    """What became of one line of a batch: id and digest, or faults."""

    line: int
    id: str
    erp_reference: str
    digest: str
    faults: tuple[Fault, ...] = ()


_GOOD: Final = prepare(
    select(_i.c.line, _i.c.id, _i.c.erp_reference, _i.c.digest)
    .where(_i.c.tenant == bindparam("of_tenant"), _i.c.batch == bindparam("of_batch"))
    .order_by(_i.c.line)
)


def batch_lines(db: Connection, tenant: str, batch: str) -> Iterator[BatchLine]:
    """Per-line results in line order: accepted with id and digest, refused with faults."""
    refused = tables.refused_line
    bad = db.execute(
        select(refused)
        .where(refused.c.tenant == tenant, refused.c.batch == batch)
        .order_by(refused.c.line)
    ).all()
    good = starmap(BatchLine, _GOOD.tuples(db, {"of_tenant": tenant, "of_batch": batch}))
    if not bad:
        return good
    return merge(
        good,
        (BatchLine(it.line, "", it.erp_reference, "", faults_of(it.faults)) for it in bad),
        key=attrgetter("line"),
    )


def status_report(
    db: Connection, tenant: str, batch: str, report_id: str, created_us: int
) -> StatusReport:
    """Everything a reply file needs: a stable snapshot of the lines. Raises NotFound."""
    row = _batch(db, tenant, batch)
    lines = tuple(_line_statuses(db, tenant, batch))
    return StatusReport(
        report_id=report_id,
        created=from_us(created_us),
        original_format=row.format,
        original_message_id=row.reference,
        line_count=len(lines),
        lines=lambda: lines,
    )


def faults_of(text: str) -> tuple[Fault, ...]:
    """Faults as they were stored."""
    return tuple(
        Fault(path=it["path"], line=it["line"], code=it["code"], zh=it["zh"], en=it["en"])
        for it in json.loads(text)
    )


def _line_statuses(db: Connection, tenant: str, batch: str) -> Iterator[LineStatus]:
    for row in db.execute(
        select(_i).where(_i.c.tenant == tenant, _i.c.batch == batch).order_by(_i.c.line)
    ):
        state = State(row.state)
        amount = Money(row.amount_minor, currency(row.currency))
        source, parts = echoed_parts(row.merged, row.source)
        yield LineStatus(
            state=state.value,
            source=source,
            merged=parts,
            amount=amount.text(),
            currency=row.currency,
            reason_code=PENDING_REASON.get(state, row.code),
            text=row.text or row.reason,
            bank_reference=row.bank_reference,
            settled_at=from_us(row.changed_us) if state in FINAL else None,
            instruction=row.id,
            erp_reference=row.erp_reference,
            line=row.line,
        )
    refused = tables.refused_line
    for line in db.execute(
        select(refused)
        .where(refused.c.tenant == tenant, refused.c.batch == batch)
        .order_by(refused.c.line)
    ):
        source, parts = read_source(line.source)
        yield LineStatus(
            state="REFUSED",
            source=source,
            merged=parts,
            amount="",
            currency="",
            faults=faults_of(line.faults),
            erp_reference=line.erp_reference,
            line=line.line,
        )


def _those(only: Only) -> Select[Any]:
    return select(_i) if only is None else select(_i).where(only)


def _batch(db: Connection, tenant: str, batch: str) -> Row[Any]:
    row = db.execute(
        select(_b).where(_b.c.tenant == tenant, _b.c.id == batch, _b.c.accepted_us.is_not(None))
    ).first()
    if row is None:
        raise NotFound
    return row


def _view(row: Row[Any]) -> dict[str, object]:
    state = State(row.state)
    zh, en = WORDS[state]
    return {
        "id": row.id,
        "erp": row.erp,
        "erp_reference": row.erp_reference,
        "digest": row.digest,
        "batch": row.batch or None,
        "state": state.value,
        "state_zh": zh,
        "state_en": en,
        "final": state in FINAL,
        "reason": row.reason,
        "amount": Money(row.amount_minor, currency(row.currency)).text(),
        "currency": row.currency,
        "debtor_account": row.debtor_account,
        "creditor_name": row.creditor_name,
        "creditor_account": row.creditor_account,
        "purpose": row.purpose,
        "execution_date": row.execution_date or None,
        "end_to_end_id": row.end_to_end_id or None,
        "budget_item": row.budget_item or None,
        **({"merged": _sources(row.merged)} if row.merged else {}),
        "evidence": {
            "grade": Grade(row.grade).name.lower(),
            "code": row.code,
            "text": row.text,
            "bank_reference": row.bank_reference,
        },
        "created_at": from_us(row.created_us).isoformat(),
        "changed_at": from_us(row.changed_us).isoformat(),
        "links": {"self": f"/v1/instructions/{row.id}"},
    }


def _sources(merged: str) -> list[dict[str, str]]:
    """The source documents of a merged payment."""
    return [{"erp_reference": it.reference, "amount": it.amount} for it in merged_parts(merged)]


def _history(db: Connection, row: Row[Any]) -> list[dict[str, object]]:
    return [
        {
            "from": it.before,
            "to": it.after,
            "cause": it.cause,
            "actor": it.actor,
            "at": from_us(it.at_us).isoformat(),
            "evidence": it.evidence or None,
            "reason": it.reason,
        }
        for it in history.of(db, row.tenant, row.id)
    ]
