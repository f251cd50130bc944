"""What released payments have taken of limits and quotas.

Rule kept here: a counter grows in the commit that releases, by whoever is inside the tenant's
release guard alone; it shrinks in the commit that proves that no money moved, and only once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import BigInteger, Text, and_, bindparam, func, select, update

from gateway.store import tables
from gateway.store.elements import elements, text_at
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

Counter = tuple[str, str, str, str, str]
"""What is counted: of, subject, period, over, currency."""
NAMES: Final = ("of", "subject", "period", "over", "currency")
_u, _r = tables.limit_use, tables.limit_reservation
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
    select(*(_r.c[name] for name in NAMES), _r.c.amount_minor, _r.c.instruction)
    .where(
        _r.c.tenant == bindparam("of_tenant"),
        among(_r.c.instruction, "of_ids"),
        _r.c.freed_us.is_(None),
    )
    .order_by(_r.c.instruction, *(_r.c[name] for name in NAMES))
    .with_for_update()
)
_FREE: Final = prepare(
    update(_r)
    .where(
        _r.c.tenant == bindparam("of_tenant"),
        among(_r.c.instruction, "of_ids"),
        _r.c.freed_us.is_(None),
    )
    .values(freed_us=bindparam("at_us", type_=BigInteger()))
)


def used(uow: Uow, tenant: str, counters: Collection[Counter]) -> dict[Counter, int]:
    """What was taken of these counters (minor units); those never touched are left out."""
    if not counters:
        return {}
    values = {"of_tenant": tenant, "wanted": msgspec.json.encode(list(counters)).decode()}
    return {_key(row): row[5] for row in uow.tuples(_USED, values)}


def taken_by(uow: Uow, tenant: str, instruction: str) -> frozenset[Counter]:
    """Which counters an instruction holds a reservation of."""
    rows = uow.tuples(_TAKEN, {"of_tenant": tenant, "of_ids": [instruction]})
    return frozenset(_key(row) for row in rows)


def reserve(
    uow: Uow,
    tenant: str,
    taking: Mapping[str, tuple[int, Sequence[Counter]]],
    known: Collection[Counter],
) -> None:
    """Take of counters: by instruction the amount and each counter, once.

    The caller is inside the release guard and has read there which counters are ``known``.
    """
    sums: dict[Counter, int] = {}
    for amount, counters in taking.values():
        for counter in counters:
            sums[counter] = sums.get(counter, 0) + amount
    if not sums:
        return
    uow.add(
        _r,
        *(
            {
                "tenant": tenant,
                "instruction": instruction,
                **dict(zip(NAMES, counter, strict=True)),
                "amount_minor": amount,
                "freed_us": None,
            }
            for instruction, (amount, counters) in taking.items()
            for counter in counters
        ),
    )
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
    rows = uow.tuples(_TAKEN, values)
    if not rows:
        return
    sums: dict[Counter, int] = {}
    for row in rows:
        key = _key(row)
        sums[key] = sums.get(key, 0) - row[5]
    uow.change(_FREE, values | {"at_us": at_us})
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


def _key(row: Sequence[str]) -> Counter:
    of, subject, period, over, currency = row[:5]
    return of, subject, period, over, currency
