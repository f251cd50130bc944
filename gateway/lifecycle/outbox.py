"""The outbox: which changes must be told to the world outside, in the commit that makes them.

Rule kept here: a tenant of whom nobody wants to hear costs nothing, any other one row per change
of a message, whatever the number of its lines. ``delivery`` reads the rows and makes of them what
it sends.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, delete, select

from gateway.domain.evidence import Evidence
from gateway.domain.instruction import State
from gateway.lifecycle.rows import Standing
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

LANE: Final = "webhooks"
"""The queue that is roused when there is something to tell."""
LINES_MAX: Final = 500
"""Most lines of one row: what makes events of it does so in one short transaction."""
_ROWS_MAX: Final = 100
_o = tables.outbox
_OLDEST: Final = prepare(
    select(_o.c.seq, _o.c.lines, _o.c.content)
    .where(_o.c.tenant == bindparam("of_tenant"))
    .order_by(_o.c.seq)
    .limit(_ROWS_MAX)
)
_FORGET: Final = prepare(
    delete(_o).where(_o.c.tenant == bindparam("of_tenant"), _o.c.seq == bindparam("of_seq"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One change that is to be told: an instruction reached a version, and why."""

    instruction: str
    version: int
    state: State
    at_us: int
    code: str
    text: str
    reason: str
    bank_reference: str


def tell(uow: Uow, changes: Iterable[tuple[Standing, Evidence]]) -> None:
    """Write down new standings, each with the evidence that brought it, for whoever wants them.

    All changes of one call go into one row per tenant (of at most ``LINES_MAX`` lines).
    """
    if not uow.wanted:
        return
    by_tenant: dict[str, list[tuple[Standing, Evidence]]] = {}
    for now, evidence in changes:
        wanted = uow.wanted.get(now.tenant)
        if wanted is not None and now.state.value in wanted:
            by_tenant.setdefault(now.tenant, []).append((now, evidence))
    for tenant, told in by_tenant.items():
        for start in range(0, len(told), LINES_MAX):
            part = told[start : start + LINES_MAX]
            uow.add(
                _o,
                {
                    "tenant": tenant,
                    "at_us": to_us(part[0][1].at),
                    "lines": len(part),
                    "content": _content(part),
                },
            )
        uow.rouse(tenant, LANE)


def _content(told: Sequence[tuple[Standing, Evidence]]) -> str:
    """Facts once, then each line with the number of its facts: lines of a message share them."""
    facts: dict[tuple[object, ...], int] = {}
    lines: list[list[object]] = []
    for now, evidence in told:
        number = facts.setdefault(_facts(evidence), len(facts))
        lines.append([now.id, now.version, now.state.value, number])
    return json.dumps(
        {"facts": list(facts), "lines": lines}, ensure_ascii=False, separators=(",", ":")
    )


def _facts(evidence: Evidence) -> tuple[object, ...]:
    """What the API shows of evidence: when, code, text, reason, the bank's reference."""
    it = evidence.outcome
    if it is None:
        return (to_us(evidence.at), "", "", evidence.reason, "")
    return (to_us(evidence.at), it.code, it.text, evidence.reason or it.reason, it.bank_reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class Oldest:
    """The oldest changes of a tenant, in the order in which each instruction went through them."""

    told: tuple[Told, ...]
    rows: tuple[int, ...]


def oldest(uow: Uow, tenant: str) -> Oldest:
    """The first rows of a tenant, about ``LINES_MAX`` changes; the caller is inside a guard.

    The database numbers rows as they are written, and whoever changes an instruction again has
    seen the commit before: so the rows of one instruction come in the order of its versions.
    """
    told: list[Told] = []
    rows: list[int] = []
    for row in uow.rows(_OLDEST, {"of_tenant": tenant}):
        if told and len(told) + row.lines > LINES_MAX:
            break
        told += _read(row.content)
        rows.append(row.seq)
    return Oldest(told=tuple(told), rows=tuple(rows))


def forget(uow: Uow, tenant: str, rows: Sequence[int]) -> None:
    """Remove the rows that ``oldest`` gave, in the transaction that made events of them.

    These and no others: a lower number may have become visible meanwhile.
    """
    if rows:
        uow.change(_FORGET, [{"of_tenant": tenant, "of_seq": seq} for seq in rows])


def _read(content: str) -> list[Told]:
    held: dict[str, Any] = json.loads(content)
    found: list[Told] = []
    for instruction, version, state, number in held["lines"]:
        at_us, code, text, reason, bank_reference = held["facts"][number]
        found.append(
            Told(
                instruction=instruction,
                version=version,
                state=State(state),
                at_us=at_us,
                code=code,
                text=text,
                reason=reason,
                bank_reference=bank_reference,
            )
        )
    return found
