"""Applying evidence: the only writer of states.

Every change is one row of history per instruction and one journal record per piece of
evidence listing its instructions, in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, func, select, update

from gateway.domain.errors import Corrupt
from gateway.domain.evidence import Evidence, Ruling, judge
from gateway.domain.instruction import State
from gateway.domain.outcome import Stage, Verdict
from gateway.lifecycle.rows import NewInstruction, Standing, row_of
from gateway.ports.runtime import Ids
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.journal import Record
from gateway.store.uow import Uow

_i = tables.instruction
_ALTERED_EN: Final = "an instruction changed outside its lifecycle"
_ALTERED_ZH: Final = "指令在生命周期之外被改动"
_MOVE: Final = (
    update(_i)
    .where(
        _i.c.tenant == bindparam("of_tenant"),
        _i.c.id == bindparam("of_id"),
        _i.c.version == bindparam("of_version"),
    )
    .values(
        state=bindparam("to_state"),
        version=bindparam("to_version"),
        grade=bindparam("to_grade"),
        message=bindparam("to_message"),
        reason=bindparam("to_reason"),
        code=bindparam("to_code"),
        text=bindparam("to_text"),
        # What the bank once called it stays its name when later evidence does not repeat it.
        bank_reference=func.coalesce(
            func.nullif(bindparam("to_bank_reference"), ""), _i.c.bank_reference
        ),
        changed_us=bindparam("to_changed_us"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a piece of evidence did: the new standings of what moved, and what it contradicts."""

    moved: tuple[Standing, ...]
    contradicted: tuple[Standing, ...]
    evidence_id: str


def receive(uow: Uow, news: Sequence[NewInstruction], at_us: int) -> None:
    """Store accepted instructions in state RECEIVED (the caller journals the acceptance)."""
    uow.add_keyed(tables.instruction, {new.instruction.id: row_of(new, at_us) for new in news})
    uow.add(
        tables.history,
        *(
            {
                "tenant": new.instruction.tenant,
                "instruction": new.instruction.id,
                "seq": 0,
                "before": "",
                "after": State.RECEIVED.value,
                "cause": "erp",
                "actor": new.maker,
                "at_us": at_us,
                "evidence": "",
                "reason": "",
            }
            for new in news
        ),
    )


def apply(uow: Uow, ids: Ids, standings: Iterable[Standing], evidence: Evidence) -> Applied:
    """Judge ``evidence`` for each instruction (all of one tenant) and write what follows.

    Raises Corrupt when a row changed under us: with one writer per instruction that cannot
    happen, so somebody else wrote states.
    """
    return apply_all(uow, ids, [(tuple(standings), evidence)])[0]


def apply_all(
    uow: Uow, ids: Ids, items: Sequence[tuple[Sequence[Standing], Evidence]]
) -> list[Applied]:
    """The same for several pieces of evidence about different instructions, written together."""
    moves: list[tuple[Standing, Standing, Evidence, str]] = []
    confirms: list[tuple[Standing, Standing, Evidence, str]] = []
    results: list[Applied] = []
    for subjects, evidence in items:
        evidence_id = ids.new("evi")
        rulings = [(subject, judge(subject.state, subject.grade, evidence)) for subject in subjects]
        moved: list[Standing] = []
        contradicted: list[Standing] = []
        for subject, ruling in rulings:
            after = _after(subject, evidence)
            if ruling is Ruling.MOVE:
                moves.append((subject, after, evidence, evidence_id))
                moved.append(after)
            elif ruling is Ruling.CONFIRM:
                confirms.append((subject, after, evidence, evidence_id))
            elif ruling is Ruling.CONTRADICT:
                contradicted.append(subject)
                open_case(uow, ids, subject, "contradiction", evidence, evidence_id=evidence_id)
        if evidence.outcome is not None:
            _record_evidence(uow, subjects, evidence, evidence_id)
        if moved or contradicted or evidence.outcome is not None:
            _journal(uow, rulings, evidence, evidence_id)
        results.append(
            Applied(moved=tuple(moved), contradicted=tuple(contradicted), evidence_id=evidence_id)
        )
    _write(uow, [*moves, *confirms])
    _write_history(uow, moves)
    return results


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


_Change = tuple[Standing, Standing, Evidence, str]


def _write(uow: Uow, changes: Sequence[_Change]) -> None:
    """Write new standings, each guarded by the version it was judged on.

    A row this unit of work has gathered but not inserted yet is changed where it waits.
    """
    stored: list[dict[str, object]] = []
    for before, now, evidence, _ in changes:
        uow.touch(before.tenant, before.id)
        waiting = uow.waiting(tables.instruction, before.id)
        if waiting is None:
            stored.append(_move(before, now, evidence))
        elif waiting["version"] == before.version:
            waiting.update(_columns(now, evidence))
        else:
            raise Corrupt(_ALTERED_EN, _ALTERED_ZH)
    if stored and uow.change(_MOVE, stored) != len(stored):
        raise Corrupt(_ALTERED_EN, _ALTERED_ZH)


def _columns(now: Standing, evidence: Evidence) -> dict[str, object]:
    """The columns of a standing."""
    outcome = evidence.outcome
    return {
        "state": now.state.value,
        "version": now.version,
        "grade": int(now.grade),
        "message": now.message,
        "reason": evidence.reason or (outcome.reason if outcome else ""),
        "code": outcome.code if outcome else "",
        "text": outcome.text if outcome else "",
        "bank_reference": outcome.bank_reference if outcome else "",
        "changed_us": to_us(evidence.at),
    }


def _move(before: Standing, now: Standing, evidence: Evidence) -> dict[str, object]:
    """The values of one UPDATE."""
    key = {"of_tenant": before.tenant, "of_id": before.id, "of_version": before.version}
    return key | {f"to_{name}": value for name, value in _columns(now, evidence).items()}


def _write_history(uow: Uow, changes: Sequence[_Change]) -> None:
    uow.add(
        tables.history,
        *(
            {
                "tenant": now.tenant,
                "instruction": now.id,
                "seq": now.version,
                "before": before.state.value,
                "after": now.state.value,
                "cause": evidence.cause.value,
                "actor": evidence.actor,
                "at_us": to_us(evidence.at),
                "evidence": evidence_id if evidence.outcome else "",
                "reason": evidence.reason,
            }
            for before, now, evidence, evidence_id in changes
        ),
    )


def _after(subject: Standing, evidence: Evidence) -> Standing:
    target = evidence.target or subject.state
    return Standing(
        tenant=subject.tenant,
        id=subject.id,
        state=target,
        version=subject.version + 1,
        grade=evidence.grade,
        message=evidence.message or subject.message,
        maker=subject.maker,
        digest=subject.digest,
        batch=subject.batch,
    )


def _record_evidence(
    uow: Uow, subjects: Sequence[Standing], evidence: Evidence, evidence_id: str
) -> None:
    outcome = evidence.outcome
    if outcome is None or not subjects:
        return
    uow.add(
        tables.evidence,
        {
            "tenant": subjects[0].tenant,
            "id": evidence_id,
            "message": evidence.message,
            "wire": evidence.wire,
            "grade": int(evidence.grade),
            "cause": evidence.cause.value,
            "verdict": Verdict(outcome.verdict).value,
            "stage": Stage(outcome.stage).value,
            "code": outcome.code,
            "text": outcome.text,
            "reason": outcome.reason or evidence.reason,
            "bank_reference": outcome.bank_reference,
            "at_us": to_us(evidence.at),
        },
    )


def _journal(
    uow: Uow, rulings: Sequence[tuple[Standing, Ruling]], evidence: Evidence, evidence_id: str
) -> None:
    if not rulings:
        return
    first = rulings[0][0]
    outcome = evidence.outcome
    content: dict[str, object] = {
        "actor": evidence.actor,
        "cause": evidence.cause.value,
        "lines": [[subject.id, subject.state.value, ruling.value] for subject, ruling in rulings],
        "reason": evidence.reason,
        "target": evidence.target.value if evidence.target else "",
    }
    if outcome is not None:
        content |= {
            "evidence": evidence_id,
            "grade": int(evidence.grade),
            "verdict": outcome.verdict.value,
            "code": outcome.code,
            "bank_reference": outcome.bank_reference,
        }
    if evidence.wire:
        content |= {"wire": evidence.wire, "wire_digest": evidence.wire_digest}
    uow.journal(
        Record(
            tenant=first.tenant,
            kind="evidence" if outcome else "transition",
            subject=evidence.message or (first.id if len(rulings) == 1 else first.batch),
            at_us=to_us(evidence.at),
            content=content,
        )
    )
