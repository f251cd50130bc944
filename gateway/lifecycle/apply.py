"""Applying evidence: the only writer of states.

Every change is one step, one journal record and one statement per piece of evidence, listing
its instructions, in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import BigInteger, Integer, Text, bindparam, func, update

from gateway.domain.errors import Corrupt
from gateway.domain.evidence import Evidence, Ruling, judge
from gateway.domain.instruction import State
from gateway.domain.outcome import Grade
from gateway.lifecycle import history
from gateway.lifecycle.cases import close_cases, open_case, open_loose_case
from gateway.lifecycle.outbox import tell
from gateway.lifecycle.rows import NewInstruction, Standing, row_of
from gateway.ports.runtime import Ids
from gateway.store import tables
from gateway.store.instants import to_us
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
_CONFIRM: Final = prepare(update(_i).where(*_GUARD, _ONE).values(_LEARNT))
_CONFIRM_MANY: Final = prepare(update(_i).where(*_GUARD, _MANY).values(_LEARNT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a piece of evidence did: the new standings of what moved, and what it contradicts."""

    moved: tuple[Standing, ...]
    contradicted: tuple[Standing, ...]
    evidence_id: str


def receive(uow: Uow, news: Sequence[NewInstruction], at_us: int, step: str) -> None:
    """Store accepted instructions of one maker in state RECEIVED (the caller journals it).

    ``step`` is a fresh id: the record of their arrival.
    """
    uow.add_keyed(tables.instruction, {it.instruction.id: row_of(it, at_us, step) for it in news})
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
    facts: list[_Fact] = []
    results: list[Applied] = []
    for subjects, evidence in items:
        fact = _Fact(evidence, ids.new("evi"))
        rulings = fact.judge(subjects, ids)
        contradicted = [it for it, ruling in rulings if ruling is Ruling.CONTRADICT]
        for subject in contradicted:
            open_case(uow, ids, subject, "contradiction", evidence, evidence_id=fact.id)
        if evidence.outcome is not None and subjects:
            uow.add(tables.evidence, fact.row(subjects[0].tenant))
        if fact.moved or contradicted or evidence.outcome is not None:
            _journal(uow, rulings, fact)
        facts.append(fact)
        results.append(
            Applied(moved=tuple(fact.moved), contradicted=tuple(contradicted), evidence_id=fact.id)
        )
    _write(uow, [group for fact in facts for group in fact.groups.values()])
    _tell_steps(uow, facts)
    return results


def apply_through(
    uow: Uow, ids: Ids, standings: Sequence[Standing], course: Sequence[Evidence]
) -> tuple[Standing, ...]:
    """Move instructions on by several steps, each recorded, with one change of their rows.

    Returns their new standings in the same order. Raises Corrupt when one of them cannot take
    every step, or changed under us.
    """
    facts: list[_Fact] = []
    at = tuple(standings)
    for evidence in course:
        fact = _Fact(evidence, ids.new("evi"))
        rulings = fact.judge(at, ids)
        if len(fact.moved) != len(at):
            raise Corrupt("an instruction cannot take this step", "指令不能进行该步骤")
        _journal(uow, rulings, fact)
        facts.append(fact)
        at = tuple(fact.moved)
    groups = list(facts[-1].groups.values())
    for group in groups:
        group.version -= len(course) - 1
    _write(uow, groups)
    _tell_steps(uow, facts)
    return at


def _tell_steps(uow: Uow, facts: Sequence[_Fact]) -> None:
    """Record the steps, and tell of them whoever is to be told."""
    for fact in facts:
        uow.add(tables.step, *fact.steps())
    if uow.wanted:
        tell(uow, ((now, fact.evidence) for fact in facts for now in fact.moved))


_Shape = tuple[State, int, str, bool]
"""Of lines that one piece of evidence changes alike: state, version, message, moved or not."""


@dataclass(slots=True)
class _Group:
    """Instructions that one statement changes."""

    tenant: str
    version: int
    columns: Mapping[str, object]
    ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Passage:
    """The lines that one piece of evidence moves out of one state."""

    step: str
    about: Mapping[str, object]
    lines: list[history.Line] = field(default_factory=list)


class _Fact:
    """One piece of evidence: what is the same for all its lines, and what it does to them."""

    __slots__ = ("_learnt", "_passages", "evidence", "groups", "id", "moved")

    def __init__(self, evidence: Evidence, evidence_id: str) -> None:
        outcome = evidence.outcome
        self.evidence = evidence
        self.id = evidence_id
        self.groups: dict[_Shape, _Group] = {}
        self.moved: list[Standing] = []
        self._passages: dict[State, _Passage] = {}
        self._learnt: dict[str, object] = {
            "grade": int(evidence.grade),
            "reason": evidence.reason or (outcome.reason if outcome else ""),
            "code": outcome.code if outcome else "",
            "text": outcome.text if outcome else "",
            "bank_reference": outcome.bank_reference if outcome else "",
            "changed_us": to_us(evidence.at),
        }

    def judge(self, subjects: Sequence[Standing], ids: Ids) -> list[tuple[Standing, Ruling]]:
        """Judge each instruction; equal standings once."""
        known: dict[tuple[State, Grade], Ruling] = {}
        rulings: list[tuple[Standing, Ruling]] = []
        for subject in subjects:
            key = (subject.state, subject.grade)
            ruling = known.get(key)
            if ruling is None:
                ruling = known[key] = judge(*key, self.evidence)
            rulings.append((subject, ruling))
            if ruling is Ruling.MOVE:
                self._move(subject, ids)
            elif ruling is Ruling.CONFIRM:
                self._group(subject, None).ids.append(subject.id)
        return rulings

    def steps(self) -> list[dict[str, object]]:
        """The rows of what moved."""
        return [history.written(it.step, it.lines, it.about) for it in self._passages.values()]

    @property
    def first_step(self) -> str:
        """A step that it made; '' when it moved nothing."""
        return next((it.step for it in self._passages.values()), "")

    def row(self, tenant: str) -> dict[str, object]:
        """The evidence's own row."""
        evidence, outcome = self.evidence, self.evidence.outcome
        if outcome is None:
            raise Corrupt("only an outcome is kept as evidence")
        return {
            "tenant": tenant,
            "id": self.id,
            "message": evidence.message,
            "wire": evidence.wire,
            "grade": int(evidence.grade),
            "cause": evidence.cause.value,
            "verdict": outcome.verdict.value,
            "stage": outcome.stage.value,
            "code": outcome.code,
            "text": outcome.text,
            "reason": outcome.reason or evidence.reason,
            "bank_reference": outcome.bank_reference,
            "at_us": self._learnt["changed_us"],
        }

    def _move(self, subject: Standing, ids: Ids) -> None:
        passage = self._passages.get(subject.state)
        if passage is None:
            passage = self._passages[subject.state] = _Passage(ids.new("his"), self._about(subject))
        group = self._group(subject, passage.step)
        group.ids.append(subject.id)
        version = subject.version + 1
        passage.lines.append((subject.id, version, subject.step))
        evidence = self.evidence
        self.moved.append(
            Standing(
                tenant=subject.tenant,
                id=subject.id,
                state=evidence.target or subject.state,
                version=version,
                grade=evidence.grade,
                message=evidence.message or subject.message,
                maker=subject.maker,
                digest=subject.digest,
                batch=subject.batch,
                step=passage.step,
            )
        )

    def _group(self, subject: Standing, step: str | None) -> _Group:
        """Where an instruction is changed together with its like; ``step`` None: it stays."""
        shape = (subject.state, subject.version, subject.message, step is not None)
        group = self.groups.get(shape)
        if group is None:
            columns = {
                "version": subject.version + 1,
                "message": self.evidence.message or subject.message,
                **self._learnt,
            }
            if step is not None:
                target = self.evidence.target or subject.state
                columns |= {"state": target.value, "step": step}
            group = self.groups[shape] = _Group(subject.tenant, subject.version, columns)
        return group

    def _about(self, subject: Standing) -> dict[str, object]:
        """What a step tells of all its lines."""
        evidence = self.evidence
        return {
            "tenant": subject.tenant,
            "before": subject.state.value,
            "after": (evidence.target or subject.state).value,
            "cause": evidence.cause.value,
            "actor": evidence.actor,
            "at_us": self._learnt["changed_us"],
            "evidence": self.id if evidence.outcome else "",
            "reason": evidence.reason,
        }


def _write(uow: Uow, groups: Sequence[_Group]) -> None:
    """Write new standings, each guarded by the version it was judged on.

    A row this unit of work has gathered but not inserted yet is changed where it waits.
    """
    alone: dict[Prepared, list[dict[str, object]]] = {}
    for group in groups:
        stored = [it for it in group.ids if not _changed_waiting(uow, group, it)]
        uow.touched += [(group.tenant, name) for name in group.ids]
        if not stored:
            continue
        moves = "step" in group.columns
        values: dict[str, object] = {f"to_{name}": it for name, it in group.columns.items()}
        values |= {"of_tenant": group.tenant, "of_version": group.version}
        if len(stored) == 1:
            values["of_id"] = stored[0]
            alone.setdefault(_MOVE if moves else _CONFIRM, []).append(values)
        else:
            values["of_ids"] = stored
            _change(uow, _MOVE_MANY if moves else _CONFIRM_MANY, [values], len(stored))
    for statement, rows in alone.items():
        _change(uow, statement, rows, len(rows))


def _changed_waiting(uow: Uow, group: _Group, instruction: str) -> bool:
    """Change a row that waits to be inserted; False when it is in the database already."""
    waiting = uow.waiting(tables.instruction, instruction)
    if waiting is None:
        return False
    if waiting["version"] != group.version:
        raise Corrupt(_ALTERED_EN, _ALTERED_ZH)
    known = waiting["bank_reference"]
    waiting.update(group.columns)
    waiting["bank_reference"] = group.columns["bank_reference"] or known
    return True


def _change(uow: Uow, statement: Prepared, rows: list[dict[str, object]], expected: int) -> None:
    if uow.change(statement, rows) != expected:
        raise Corrupt(_ALTERED_EN, _ALTERED_ZH)


def _journal(uow: Uow, rulings: Sequence[tuple[Standing, Ruling]], fact: _Fact) -> None:
    if not rulings:
        return
    first, evidence, outcome = rulings[0][0], fact.evidence, fact.evidence.outcome
    content: dict[str, object] = {
        "actor": evidence.actor,
        "cause": evidence.cause.value,
        "lines": [[subject.id, subject.state, ruling] for subject, ruling in rulings],
        "reason": evidence.reason,
        "target": evidence.target.value if evidence.target else "",
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
            or (first.id if len(rulings) == 1 else first.batch or fact.first_step),
            at_us=to_us(evidence.at),
            content=content,
        )
    )
