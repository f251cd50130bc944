"""What released payments have taken of limits and quotas.

Rule kept here: a counter grows in the commit that releases, by whoever is inside the tenant's
release guard alone; it shrinks in the commit that proves that no money moved, and only once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Table, Text, and_, bindparam, func, select, update

from gateway.store import tables
from gateway.store.elements import elements, text_at
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

Counter = tuple[str, str, str, str, str]
"""What is counted: of, subject, period, over, currency."""
NAMES: Final = ("of", "subject", "period", "over", "currency")
_u, _r = tables.limit_use, tables.reservation
_b = tables.limit_reservation
"""Those made before there were any in ``reservation``."""


def _unfreed(table: Table) -> tuple[ColumnElement[bool], ...]:
    """The condition that a row is one of these instructions' and was not given back."""
    return (
        table.c.tenant == bindparam("of_tenant"),
        among(table.c.instruction, "of_ids"),
        table.c.freed_us.is_(None),
    )


_used_key: Final = tuple(_u.c[name] for name in NAMES)
_wanted: Final = elements(bindparam("wanted", type_=Text()), "wanted")
_USED: Final = prepare(
    select(*_used_key, _u.c.used_minor)
    # An outer join, and what it adds left out again: so each counter is looked up by its key.
    .select_from(
        _wanted.outerjoin(
            _u,
            and_(
                _u.c.tenant == bindparam("of_tenant"),
                *(column == text_at(_wanted, place) for place, column in enumerate(_used_key)),
            ),
        )
    )
    .where(func.coalesce(_u.c.of, "") != "")
)
_GROW: Final = prepare(
    update(_u)
    .where(
        _u.c.tenant == bindparam("of_tenant"),
        *(_u.c[name] == bindparam(f"of_{name}") for name in NAMES),
    )
    .values(used_minor=_u.c.used_minor + bindparam("by_minor", type_=BigInteger()))
)
_TAKEN: Final = prepare(
    select(_r.c.instruction, _r.c.counters, _r.c.amount_minor)
    .where(*_unfreed(_r))
    .order_by(_r.c.instruction, _r.c.part)
    .with_for_update()
)
_TAKEN_BEFORE: Final = prepare(
    select(*(_b.c[name] for name in NAMES), _b.c.amount_minor, _b.c.instruction)
    .where(*_unfreed(_b))
    .order_by(_b.c.instruction, *(_b.c[name] for name in NAMES))
    .with_for_update()
)
_FREE, _FREE_BEFORE = (
    prepare(
        update(table)
        .where(*_unfreed(table))
        .values(freed_us=bindparam("at_us", type_=BigInteger()))
    )
    for table in (_r, _b)
)


_COUNTERS: Final = msgspec.json.Decoder(list[Counter])


class Taken(msgspec.Struct, frozen=True, gc=False):
    """What an instruction has taken of, and in how many parts."""

    counters: frozenset[Counter]
    parts: int


def used(uow: Uow, tenant: str, counters: Collection[Counter]) -> dict[Counter, int]:
    """What was taken of these counters (minor units); those never touched are left out."""
    if not counters:
        return {}
    values = {"of_tenant": tenant, "wanted": msgspec.json.encode(list(counters)).decode()}
    return {_key(row): row[5] for row in uow.tuples(_USED, values)}


def taken_by(uow: Uow, tenant: str, instruction: str) -> Taken:
    """What an instruction holds reservations of."""
    held = _held(uow, {"of_tenant": tenant, "of_ids": [instruction]})
    return Taken(frozenset(counter for counters, _ in held for counter in counters), len(held))


def reserve(
    uow: Uow,
    tenant: str,
    taking: Mapping[str, tuple[int, Sequence[Counter]]],
    known: Collection[Counter],
    part: int = 1,
) -> None:
    """Take of counters: by instruction the amount and each counter, once.

    The caller is inside the release guard and has read there which counters are ``known``.
    ``part`` counts what an instruction takes, one time after another.
    """
    # Payments of one kind share the very list of their counters.
    kinds: dict[int, tuple[str, Sequence[Counter]]] = {}
    totals: dict[int, int] = {}
    rows: list[dict[str, object]] = []
    for instruction, (amount, counters) in taking.items():
        if not counters:
            continue
        kind = id(counters)
        if kind not in kinds:
            kinds[kind] = msgspec.json.encode(counters).decode(), counters
        totals[kind] = totals.get(kind, 0) + amount
        rows.append(
            {
                "tenant": tenant,
                "instruction": instruction,
                "part": part,
                "counters": kinds[kind][0],
                "amount_minor": amount,
                "freed_us": None,
            }
        )
    sums: dict[Counter, int] = {}
    for kind, (_, counters) in kinds.items():
        for counter in counters:
            sums[counter] = sums.get(counter, 0) + totals[kind]
    uow.add(_r, *rows)
    uow.add(
        _u,
        *(
            {"tenant": tenant, **dict(zip(NAMES, counter, strict=True)), "used_minor": total}
            for counter, total in sums.items()
            if counter not in known
        ),
    )
    _grow(uow, tenant, {counter: it for counter, it in sums.items() if counter in known})


def give_back(uow: Uow, tenant: str, instructions: Sequence[str], at_us: int) -> None:
    """Give back what these instructions hold: it is proven that their money did not move."""
    values: dict[str, object] = {"of_tenant": tenant, "of_ids": list(instructions)}
    sums: dict[Counter, int] = {}
    for counters, amount in _held(uow, values):
        for counter in counters:
            sums[counter] = sums.get(counter, 0) - amount
    if not sums:
        return
    uow.change(_FREE, values | {"at_us": at_us})
    uow.change(_FREE_BEFORE, values | {"at_us": at_us})
    _grow(uow, tenant, sums)


def _grow(uow: Uow, tenant: str, sums: Mapping[Counter, int]) -> None:
    """Change counters, always in the same order: two who do so never wait for each other."""
    rows = [
        {
            "of_tenant": tenant,
            **{f"of_{name}": it for name, it in zip(NAMES, counter, strict=True)},
            "by_minor": by,
        }
        for counter, by in sorted(sums.items())
    ]
    if rows:
        uow.change(_GROW, rows)


def _held(uow: Uow, values: Mapping[str, object]) -> list[tuple[Sequence[Counter], int]]:
    """The reservations of instructions that were not given back: counters and amount of each."""
    found = [
        (_COUNTERS.decode(counters), amount) for _, counters, amount in uow.tuples(_TAKEN, values)
    ]
    before = [([_key(row)], row[5]) for row in uow.tuples(_TAKEN_BEFORE, values)]
    return [*found, *before]


def _key(row: Sequence[str]) -> Counter:
    of, subject, period, over, currency = row[:5]
    return of, subject, period, over, currency
