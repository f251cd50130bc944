"""Applying evidence: the only writer of states.

Every change is one step, one journal record and one statement per piece of evidence, listing
its instructions, in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Final

import msgspec
from sqlalchemy import BigInteger, Integer, Text, bindparam, func, update

from gateway.domain.errors import Corrupt
from gateway.domain.evidence import Evidence
from gateway.domain.instruction import State
from gateway.lifecycle import history, reservations
from gateway.lifecycle.cases import close_cases, open_case, open_loose_case
from gateway.lifecycle.fact import STATE_WORDS, Fact, Group
from gateway.lifecycle.outbox import tell
from gateway.lifecycle.rows import NewInstruction, Standing, row_of, source_rows
from gateway.lifecycle.sealing import Sealing
from gateway.ports.runtime import Ids
from gateway.store import tables
from gateway.store.elements import elements, text_at
from gateway.store.journal import Record
from gateway.store.prepared import Prepared, among, prepare
from gateway.store.uow import Uow

__all__ = [
    "Applied",
    "apply",
    "apply_all",
    "apply_through",
    "close_cases",
    "open_case",
    "open_loose_case",
    "receive",
]

_i = tables.instruction
_PROVEN_UNPAID: Final = frozenset({State.REJECTED, State.CANCELLED, State.EXPIRED})
"""States that prove that no money moved. A return proves that it did."""
_ALTERED_EN: Final = "an instruction changed outside its lifecycle"
_ALTERED_ZH: Final = "指令在生命周期之外被改动"
_GUARD: Final = (_i.c.tenant == bindparam("of_tenant"), _i.c.version == bindparam("of_version"))
_ONE: Final = _i.c.id == bindparam("of_id")
_MANY: Final = among(_i.c.id, "of_ids")
_LEARNT: Final = {
    _i.c.version: bindparam("to_version", type_=Integer()),
    _i.c.grade: bindparam("to_grade", type_=Integer()),
    _i.c.reason: bindparam("to_reason", type_=Text()),
    _i.c.code: bindparam("to_code", type_=Text()),
    _i.c.text: bindparam("to_text", type_=Text()),
    # What the bank once called it stays its name when later evidence does not repeat it.
    _i.c.bank_reference: func.coalesce(
        func.nullif(bindparam("to_bank_reference", type_=Text()), ""), _i.c.bank_reference
    ),
    _i.c.changed_us: bindparam("to_changed_us", type_=BigInteger()),
    _i.c.message: bindparam("to_message", type_=Text()),
}
_MOVED: Final = {
    **_LEARNT,
    _i.c.state: bindparam("to_state", type_=Text()),
    _i.c.step: bindparam("to_step", type_=Text()),
}
_MOVE: Final = prepare(update(_i).where(*_GUARD, _ONE).values(_MOVED))
_MOVE_MANY: Final = prepare(update(_i).where(*_GUARD, _MANY).values(_MOVED))
_sealed: Final = elements(bindparam("sealed", type_=Text()), "sealed")
_MOVE_SEALED: Final = prepare(
    update(_i)
    # The tenant stands in the list as well: with a parameter SQLite would rather walk the list
    # for each row of the tenant than look up the rows of the list by their key.
    .where(
        _i.c.tenant == text_at(_sealed, 0),
        _i.c.id == text_at(_sealed, 1),
        _i.c.version == bindparam("of_version"),
    )
    .values(
        {
            **_MOVED,
            _i.c.seal: text_at(_sealed, 2),
            _i.c.control_version: bindparam("by_version", type_=Integer()),
        }
    )
)
_CONFIRM: Final = prepare(update(_i).where(*_GUARD, _ONE).values(_LEARNT))
_CONFIRM_MANY: Final = prepare(update(_i).where(*_GUARD, _MANY).values(_LEARNT))


class Applied(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a piece of evidence did: the new standings of what moved, and what it contradicts."""

    moved: tuple[Standing, ...]
    contradicted: tuple[Standing, ...]
    evidence_id: str


def receive(uow: Uow, news: Sequence[NewInstruction], at_us: int, step: str) -> None:
    """Store accepted instructions of one maker in state RECEIVED (the caller journals it).

    ``step`` is a fresh id: the record of their arrival.
    """
    uow.add_keyed(tables.instruction, {it.instruction.id: row_of(it, at_us, step) for it in news})
    for it in news:
        if it.instruction.merged:
            uow.add(tables.merged_source, *source_rows(it.instruction))
    about = {
        "tenant": news[0].instruction.tenant,
        "before": "",
        "after": State.RECEIVED.value,
        "cause": "erp",
        "actor": news[0].maker,
        "at_us": at_us,
        "evidence": "",
        "reason": "",
    }
    uow.add(tables.step, history.written(step, [(it.instruction.id, 0, "") for it in news], about))


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
    facts: list[Fact] = []
    results: list[Applied] = []
    for subjects, evidence in items:
        fact = Fact(evidence, ids.new("evi"))
        fact.judge(subjects, ids)
        for subject in fact.contradicted:
            open_case(uow, ids, subject, "contradiction", evidence, evidence_id=fact.id)
        if evidence.outcome is not None and subjects:
            uow.add(tables.evidence, fact.row(subjects[0].tenant))
        if fact.moved or fact.contradicted or evidence.outcome is not None:
            _journal(uow, subjects, fact)
        facts.append(fact)
        results.append(
            Applied(
                moved=tuple(fact.moved),
                contradicted=tuple(fact.contradicted),
                evidence_id=fact.id,
            )
        )
    _write(uow, [group for fact in facts for group in fact.groups.values()])
    _tell_steps(uow, facts)
    for fact in facts:
        if fact.moved and fact.moved[0].state in _PROVEN_UNPAID:
            names = [it.id for it in fact.moved]
            reservations.give_back(uow, fact.moved[0].tenant, names, fact.at_us)
    return results


def apply_through(
    uow: Uow,
    ids: Ids,
    standings: Sequence[Standing],
    course: Sequence[Evidence],
    sealing: Sealing | None = None,
) -> tuple[Standing, ...]:
    """Move instructions on by several steps, each recorded, with one change of their rows.

    ``sealing`` are seals to be stored with that change, one for each of them. Returns their new
    standings in the same order. Raises Corrupt when one of them cannot take every step, or
    changed under us.
    """
    facts: list[Fact] = []
    at = tuple(standings)
    for evidence in course:
        fact = Fact(evidence, ids.new("evi"))
        fact.judge(at, ids)
        if len(fact.moved) != len(at):
            raise Corrupt("an instruction cannot take this step", "指令不能进行该步骤")
        _journal(uow, at, fact)
        facts.append(fact)
        at = tuple(fact.moved)
    groups = list(facts[-1].groups.values())
    for group in groups:
        group.version -= len(course) - 1
    _write(uow, groups, sealing)
    _tell_steps(uow, facts)
    return at


def _tell_steps(uow: Uow, facts: Sequence[Fact]) -> None:
    """Record the steps, and tell of them whoever is to be told."""
    for fact in facts:
        uow.add(tables.step, *fact.steps())
    if uow.wanted:
        tell(uow, ((now, fact.evidence) for fact in facts for now in fact.moved))


def _write(uow: Uow, groups: Sequence[Group], sealing: Sealing | None = None) -> None:
    """Write new standings, each guarded by the version it was judged on, and seals with them.

    A row this unit of work has gathered but not inserted yet is changed where it waits.
    """
    alone: dict[Prepared, list[dict[str, object]]] = {}
    for group in groups:
        stored: Sequence[str] = group.ids
        if uow.has_waiting(tables.instruction):
            stored = [it for it in stored if not _changed_waiting(uow, group, it, sealing)]
        uow.touched += zip(repeat(group.tenant), group.ids, strict=False)
        if not stored:
            continue
        moves = group.moves
        values: dict[str, object] = {f"to_{name}": it for name, it in group.columns.items()}
        values |= {"of_tenant": group.tenant, "of_version": group.version}
        if sealing is not None:
            values |= {
                "by_version": sealing.version,
                "sealed": sealing.listed(group.tenant, stored),
            }
            _change(uow, _MOVE_SEALED, [values], len(stored))
        elif len(stored) == 1:
            values["of_id"] = stored[0]
            alone.setdefault(_MOVE if moves else _CONFIRM, []).append(values)
        else:
            values["of_ids"] = stored
            _change(uow, _MOVE_MANY if moves else _CONFIRM_MANY, [values], len(stored))
    for statement, rows in alone.items():
        _change(uow, statement, rows, len(rows))


def _changed_waiting(uow: Uow, group: Group, instruction: str, sealing: Sealing | None) -> bool:
    """Change a row that waits to be inserted; False when it is in the database already."""
    waiting = uow.waiting(tables.instruction, instruction)
    if waiting is None:
        return False
    if waiting["version"] != group.version:
        raise Corrupt(_ALTERED_EN, _ALTERED_ZH)
    known = waiting["bank_reference"]
    waiting.update(group.columns)
    waiting["bank_reference"] = group.columns["bank_reference"] or known
    if sealing is not None:
        waiting["seal"] = sealing.seals[instruction]
        waiting["control_version"] = sealing.version
    return True


def _change(uow: Uow, statement: Prepared, rows: list[dict[str, object]], expected: int) -> None:
    if uow.change(statement, rows) != expected:
        raise Corrupt(_ALTERED_EN, _ALTERED_ZH)


def _journal(uow: Uow, subjects: Sequence[Standing], fact: Fact) -> None:
    if not subjects:
        return
    first, evidence, outcome = subjects[0], fact.evidence, fact.evidence.outcome
    content: dict[str, object] = {
        "actor": evidence.actor,
        "cause": evidence.cause.value,
        "lines": fact.judged,
        "reason": evidence.reason,
        "target": STATE_WORDS[evidence.target] if evidence.target else "",
    }
    if outcome is not None:
        content |= {
            "evidence": fact.id,
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
            subject=evidence.message
            or (first.id if len(subjects) == 1 else first.batch or fact.first_step),
            at_us=fact.at_us,
            content=content,
        )
    )
