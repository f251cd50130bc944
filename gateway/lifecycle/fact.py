"""One piece of evidence: what is the same for all its lines, and what it does to them.

Rule kept here: lines that stand alike are judged once and changed alike; the order in which
they came is the order in which they are recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby, repeat
from operator import attrgetter
from typing import Final

import msgspec

from gateway.domain.errors import Corrupt
from gateway.domain.evidence import Evidence, Ruling, judge
from gateway.domain.instruction import State
from gateway.domain.outcome import Grade
from gateway.lifecycle import history
from gateway.lifecycle.rows import Standing
from gateway.ports.runtime import Ids
from gateway.store.instants import to_us

_MOVE, _CONFIRM, _CONTRADICT = Ruling.MOVE, Ruling.CONFIRM, Ruling.CONTRADICT
# As keys of dictionaries: an enumeration's own ``value`` takes ten times as long.
STATE_WORDS: Final[Mapping[State, str]] = {it: it.value for it in State}
_RULING_WORDS: Final[Mapping[Ruling, str]] = {it: it.value for it in Ruling}
_alike: Final = attrgetter("state", "grade", "version", "message")

_Shape = tuple[State, int, str, bool]
"""Of lines that one piece of evidence changes alike: state, version, message, moved or not."""


class Group(msgspec.Struct):
    """Instructions that one statement changes."""

    tenant: str
    version: int
    columns: Mapping[str, object]
    moves: bool
    ids: list[str] = []


class _Passage(msgspec.Struct):
    """The lines that one piece of evidence moves out of one state."""

    step: str
    about: Mapping[str, object]
    lines: list[history.Line] = []


class Fact:
    """A piece of evidence that is being judged."""

    __slots__ = (
        *("_at_us", "_learnt", "_passages", "contradicted", "evidence", "groups", "id"),
        *("judged", "moved"),
    )

    def __init__(self, evidence: Evidence, evidence_id: str) -> None:
        outcome = evidence.outcome
        self.evidence = evidence
        self.id = evidence_id
        self.groups: dict[_Shape, Group] = {}
        self.judged: list[tuple[str, str, str]] = []
        """Of each line its instruction, the state it was in, and the ruling."""
        self.moved: list[Standing] = []
        self.contradicted: list[Standing] = []
        self._passages: dict[State, _Passage] = {}
        self._at_us = to_us(evidence.at)
        self._learnt: dict[str, object] = {
            "grade": int(evidence.grade),
            "reason": evidence.reason or (outcome.reason if outcome else ""),
            "code": outcome.code if outcome else "",
            "text": outcome.text if outcome else "",
            "bank_reference": outcome.bank_reference if outcome else "",
            "changed_us": self._at_us,
        }

    def judge(self, subjects: Sequence[Standing], ids: Ids) -> None:
        """Judge each instruction; neighbours that stand alike once."""
        known: dict[tuple[State, Grade], Ruling] = {}
        for (state, grade, _, _), alike in groupby(subjects, _alike):
            run = list(alike)
            ruling = known.get((state, grade))
            if ruling is None:
                ruling = known[state, grade] = judge(state, grade, self.evidence)
            names: list[str] = [it.id for it in run]
            self.judged += zip(
                names, repeat(STATE_WORDS[state]), repeat(_RULING_WORDS[ruling]), strict=False
            )
            if ruling is _MOVE:
                self._move(run, names, ids)
            elif ruling is _CONFIRM:
                self._group(run[0], None).ids += names
            elif ruling is _CONTRADICT:
                self.contradicted += run

    def steps(self) -> list[dict[str, object]]:
        """The rows of what moved."""
        return [history.written(it.step, it.lines, it.about) for it in self._passages.values()]

    @property
    def at_us(self) -> int:
        """When it was learnt."""
        return self._at_us

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
            "at_us": self._at_us,
        }

    def _move(self, run: Sequence[Standing], names: Sequence[str], ids: Ids) -> None:
        """Move instructions that stand alike."""
        first, evidence = run[0], self.evidence
        passage = self._passages.get(first.state)
        if passage is None:
            passage = self._passages[first.state] = _Passage(ids.new("his"), self._about(first))
        self._group(first, passage.step).ids += names
        version, step = first.version + 1, passage.step
        passage.lines += [(it.id, version, it.step) for it in run]
        target, grade = evidence.target or first.state, evidence.grade
        message = evidence.message or first.message
        self.moved += [
            Standing(
                it.tenant,
                it.id,
                target,
                version,
                grade,
                message,
                it.maker,
                it.digest,
                it.batch,
                step,
            )
            for it in run
        ]

    def _group(self, subject: Standing, step: str | None) -> Group:
        """Where an instruction is changed together with its like; ``step`` None: it stays."""
        moves = step is not None
        shape = (subject.state, subject.version, subject.message, moves)
        group = self.groups.get(shape)
        if group is None:
            columns = {
                "version": subject.version + 1,
                "message": self.evidence.message or subject.message,
                **self._learnt,
            }
            if moves:
                target = self.evidence.target or subject.state
                columns |= {"state": STATE_WORDS[target], "step": step}
            group = self.groups[shape] = Group(subject.tenant, subject.version, columns, moves)
        return group

    def _about(self, subject: Standing) -> dict[str, object]:
        """What a step tells of all its lines."""
        evidence = self.evidence
        return {
            "tenant": subject.tenant,
            "before": STATE_WORDS[subject.state],
            "after": STATE_WORDS[evidence.target or subject.state],
            "cause": evidence.cause.value,
            "actor": evidence.actor,
            "at_us": self._at_us,
            "evidence": self.id if evidence.outcome else "",
            "reason": evidence.reason,
        }
