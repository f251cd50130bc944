"""History: how instructions came to where they stand, one record per fact, listing its lines.

Rule kept here: each instruction names its newest step, and each step names for every line the
step that line came from. So one instruction's history is read from its end to its beginning by
key, however many lines moved together, and nothing is written twice. Steps written before there
were such records stand in ``history``, one row per line; every reader here reads both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Subquery, bindparam, select, true, union_all

from gateway.domain.errors import Corrupt
from gateway.store import tables
from gateway.store.elements import elements, number_at, text_at
from gateway.store.prepared import Prepared, prepare
from gateway.store.uow import Uow

_i, _s, _h = tables.instruction, tables.step, tables.history
_ABOUT: Final = ("before", "after", "cause", "actor", "at_us", "evidence", "reason")
_NEWEST: Final = prepare(
    select(_i.c.step).where(
        _i.c.tenant == bindparam("of_tenant"), _i.c.id == bindparam("of_instruction")
    )
)
_STEP: Final = prepare(
    select(*(_s.c[name] for name in _ABOUT), _s.c.lines, _s.c.came).where(
        _s.c.tenant == bindparam("of_tenant"), _s.c.id == bindparam("of_step")
    )
)
_ROWS: Final = prepare(
    select(_h.c.seq, *(_h.c[name] for name in _ABOUT)).where(
        _h.c.tenant == bindparam("of_tenant"), _h.c.instruction == bindparam("of_instruction")
    )
)
Line = tuple[str, int, str]
"""An instruction, the version it has after a step, and the step it came from ('' for none)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of one instruction. ``seq`` is the version it reached."""

    seq: int
    before: str
    after: str
    cause: str
    actor: str
    at_us: int
    evidence: str
    reason: str


def of(db: Connection | Uow, tenant: str, instruction: str) -> tuple[Step, ...]:
    """The steps of an instruction in their order; none for one that does not exist.

    Raises Corrupt where a step names one that is not there or does not know the instruction.
    """

    def rows(statement: Prepared, values: Mapping[str, object]) -> Sequence[Any]:
        if isinstance(db, Uow):
            return db.rows(statement, values)
        return statement.rows(db, values)

    subject = {"of_tenant": tenant, "of_instruction": instruction}
    found = [_step(row.seq, row) for row in rows(_ROWS, subject)]
    newest = rows(_NEWEST, subject)
    at: str = newest[0].step if newest else ""
    while at:
        met = rows(_STEP, {"of_tenant": tenant, "of_step": at})
        line = _line(met[0].lines, instruction) if met else None
        if line is None:
            raise Corrupt(f"the history of {instruction} has a gap", f"{instruction} 的历史有缺口")
        seq, place = line
        found.append(_step(seq, met[0]))
        at = json.loads(met[0].came)[place]
    return tuple(sorted(found, key=lambda it: it.seq))


def all_steps(name: str = "steps") -> Subquery:
    """Every step of every instruction as a row, for those who look at all of them.

    Its columns are tenant, instruction and those of ``Step``.
    """
    line = elements(_s.c.lines, "line")
    listed = select(
        _s.c.tenant,
        text_at(line, 0).label("instruction"),
        number_at(line, 1).label("seq"),
        *(_s.c[it] for it in _ABOUT),
    ).select_from(_s.join(line, true()))
    alone = select(_h.c.tenant, _h.c.instruction, _h.c.seq, *(_h.c[it] for it in _ABOUT))
    return union_all(listed, alone).subquery(name)


def written(step: str, lines: Sequence[Line], about: Mapping[str, object]) -> dict[str, object]:
    """The row of a step; ``about`` holds its tenant and what is the same for all its lines."""
    names, versions, befores = zip(*lines, strict=True)
    came = {before: place for place, before in enumerate(dict.fromkeys(befores))}
    places = map(came.__getitem__, befores)
    return {
        **about,
        "id": step,
        "lines": msgspec.json.encode(list(zip(names, versions, places, strict=True))).decode(),
        "came": msgspec.json.encode(list(came)).decode(),
    }


def _step(seq: int, row: Any) -> Step:  # noqa: ANN401 - a row that has what a step has
    return Step(
        seq=seq,
        before=row.before,
        after=row.after,
        cause=row.cause,
        actor=row.actor,
        at_us=row.at_us,
        evidence=row.evidence,
        reason=row.reason,
    )


def _line(lines: str, instruction: str) -> tuple[int, int] | None:
    """Version and place in ``came`` of an instruction's line."""
    listed: list[tuple[str, int, int]] = json.loads(lines)
    for name, version, place in listed:
        if name == instruction:
            return version, place
    return None
