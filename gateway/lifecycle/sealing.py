"""Seals beside what was released: written in the commit that releases, read before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Integer, Text, bindparam, select, update

from gateway.domain.instruction import State
from gateway.store import tables
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

_i = tables.instruction
_SEAL: Final = prepare(
    update(_i)
    .where(_i.c.tenant == bindparam("of_tenant"), _i.c.id == bindparam("of_id"))
    .values(
        seal=bindparam("by_seal", type_=Text()),
        control_version=bindparam("by_version", type_=Integer()),
    )
)
_MAY_LEAVE: Final = (
    State.APPROVED.value,
    State.SCHEDULED.value,
    State.QUEUED.value,
    State.SENDING.value,  # back to QUEUED when no byte left
    State.UNCONFIRMED.value,  # back to QUEUED when its batch is taken apart
)
_UNSEALED: Final = (
    select(_i.c.tenant, _i.c.id, _i.c.digest)
    .where(_i.c.state.in_(_MAY_LEAVE), _i.c.seal == "")
    .with_for_update()
)


def seal(uow: Uow, tenant: str, version: int, seals: Mapping[str, str]) -> None:
    """Store seals by instruction, made under a version of the rules.

    A row that this unit of work has gathered but not inserted yet is changed where it waits.
    """
    stored: list[dict[str, object]] = []
    for instruction, made in seals.items():
        waiting = uow.waiting(_i, instruction)
        if waiting is None:
            stored.append(
                {
                    "of_tenant": tenant,
                    "of_id": instruction,
                    "by_seal": made,
                    "by_version": version,
                }
            )
        else:
            waiting["seal"], waiting["control_version"] = made, version
    if stored:
        # One by one: joined to a list of them, SQLite would walk the list for every row.
        uow.change(_SEAL, stored)


def unsealed(uow: Uow) -> list[tuple[str, str, str]]:
    """Tenant, id and digest of what may still leave and was released when there were no seals."""
    return [(row.tenant, row.id, row.digest) for row in uow.rows(_UNSEALED)]
