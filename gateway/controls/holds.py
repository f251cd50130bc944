"""Holds: each reason not to let a payment pass is a row, until people lift it.

Rule kept here: a row is never removed or changed, only marked as lifted, and by whom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Text, bindparam, func, select, update

from gateway.store import tables
from gateway.store.journal import Record
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_h = tables.hold
APPROVAL: Final = "approval"
"""The rule of a hold that the matrix asks for."""
_COLUMNS: Final = (_h.c.instruction, _h.c.seq, _h.c.rule, _h.c.zh, _h.c.en, _h.c.raised_us)
OPEN: Final = prepare(
    select(*_COLUMNS)
    .where(
        _h.c.tenant == bindparam("of_tenant"),
        among(_h.c.instruction, "of_ids"),
        _h.c.lifted_us.is_(None),
    )
    .order_by(_h.c.instruction, _h.c.seq)
)
_LIFTED_RULES: Final = prepare(
    select(_h.c.rule).where(
        _h.c.tenant == bindparam("of_tenant"),
        _h.c.instruction == bindparam("of_id"),
        _h.c.lifted_us.is_not(None),
        # What lifted itself nobody has decided on.
        _h.c.lifted_by.not_like("policy:%"),
    )
)
_LAST: Final = prepare(
    select(func.coalesce(func.max(_h.c.seq), 0).label("seq")).where(
        _h.c.tenant == bindparam("of_tenant"), _h.c.instruction == bindparam("of_id")
    )
)
_LIFT: Final = prepare(
    update(_h)
    .where(
        _h.c.tenant == bindparam("of_tenant"),
        _h.c.instruction == bindparam("of_id"),
        _h.c.seq == bindparam("of_seq"),
        _h.c.lifted_us.is_(None),
    )
    .values(
        lifted_us=bindparam("at_us", type_=BigInteger()),
        lifted_by=bindparam("by", type_=Text()),
    )
)


_LIFT_ALL: Final = prepare(
    update(_h)
    .where(
        _h.c.tenant == bindparam("of_tenant"),
        _h.c.instruction == bindparam("of_id"),
        _h.c.lifted_us.is_(None),
    )
    .values(
        lifted_us=bindparam("at_us", type_=BigInteger()),
        lifted_by=bindparam("by", type_=Text()),
    )
)


class Finding(msgspec.Struct, frozen=True, gc=False):
    """Why a payment does not pass: the rule, and what was found."""

    rule: str
    zh: str
    en: str


class Hold(msgspec.Struct, frozen=True, gc=False):
    """A finding that keeps an instruction back. ``seq`` 0 is one that has no row."""

    instruction: str
    seq: int
    rule: str
    zh: str
    en: str
    raised_us: int


def hold_at(row: Sequence[Any]) -> Hold:
    """The hold in a row of ``OPEN``."""
    return Hold(*row)


def open_holds(uow: Uow, tenant: str, instruction: str) -> list[Hold]:
    """What keeps an instruction back, in the order in which it was found."""
    values = {"of_tenant": tenant, "of_ids": [instruction]}
    return [hold_at(row) for row in uow.tuples(OPEN, values)]


def lifted_rules(uow: Uow, tenant: str, instruction: str) -> frozenset[str]:
    """Rules whose holds people have lifted for an instruction."""
    rows = uow.tuples(_LIFTED_RULES, {"of_tenant": tenant, "of_id": instruction})
    return frozenset(row[0] for row in rows)


def raise_first(uow: Uow, tenant: str, found: Mapping[str, Sequence[Finding]], at_us: int) -> None:
    """Store the first holds of instructions, by id."""
    uow.add(
        _h,
        *(
            _row(tenant, instruction, seq, finding, at_us)
            for instruction, findings in found.items()
            for seq, finding in enumerate(findings, start=1)
        ),
    )


def raise_more(
    uow: Uow, tenant: str, instruction: str, found: Sequence[Finding], at_us: int
) -> None:
    """Store further holds of one instruction that is held already, and journal them."""
    last: int = uow.tuples(_LAST, {"of_tenant": tenant, "of_id": instruction})[0][0]
    uow.add(
        _h,
        *(
            _row(tenant, instruction, seq, finding, at_us)
            for seq, finding in enumerate(found, start=last + 1)
        ),
    )
    for finding in found:
        _journal(uow, tenant, "hold_raised", Hold(instruction, 0, *_words(finding), at_us), "")


def lift(uow: Uow, tenant: str, hold: Hold, by: Sequence[str], at_us: int) -> None:
    """Mark a hold as lifted by these people (labels), and journal it."""
    people = ", ".join(by)
    if hold.seq:
        values = {"of_tenant": tenant, "of_id": hold.instruction, "of_seq": hold.seq}
        uow.change(_LIFT, values | {"at_us": at_us, "by": people})
    _journal(uow, tenant, "hold_lifted", msgspec.structs.replace(hold, raised_us=at_us), people)


def lift_all(uow: Uow, tenant: str, instruction: str, by: Sequence[str], at_us: int) -> None:
    """Mark every open hold of an instruction: one decision, journaled by the caller, lifts it."""
    values = {"of_tenant": tenant, "of_id": instruction, "at_us": at_us, "by": ", ".join(by)}
    uow.change(_LIFT_ALL, values)


def _words(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.zh, finding.en


def _journal(uow: Uow, tenant: str, kind: str, hold: Hold, by: str) -> None:
    content = {"rule": hold.rule, "finding": hold.en, **({"by": by} if by else {})}
    uow.journal(
        Record(
            tenant=tenant,
            kind=kind,
            subject=hold.instruction,
            at_us=hold.raised_us,
            content=content,
        )
    )


def _row(
    tenant: str, instruction: str, seq: int, finding: Finding, at_us: int
) -> dict[str, object]:
    return {
        "tenant": tenant,
        "instruction": instruction,
        "seq": seq,
        "rule": finding.rule,
        "zh": finding.zh,
        "en": finding.en,
        "raised_us": at_us,
        "lifted_us": None,
        "lifted_by": "",
    }
