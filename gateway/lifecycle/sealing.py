"""Seals beside what was released: written in the commit that releases, read before it is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
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


_SEALED: Final = (
    select(_i.c.tenant, _i.c.id, _i.c.digest, _i.c.seal, _i.c.control_version)
    .where(_i.c.state.in_(_MAY_LEAVE), _i.c.seal != "")
    .with_for_update()
)


class Sealing(msgspec.Struct, frozen=True, gc=False):
    """Seals by instruction, made under a version of the rules."""

    version: int
    seals: Mapping[str, str]

    def listed(self, tenant: str, instructions: Sequence[str]) -> str:
        """Tenant, id and seal of each of these, as a JSON list."""
        seals = self.seals
        return msgspec.json.encode([(tenant, it, seals[it]) for it in instructions]).decode()


def seal(uow: Uow, tenant: str, sealing: Sealing) -> None:
    """Store seals beside instructions that stay where they stand."""
    rows: list[dict[str, object]] = [
        {"of_tenant": tenant, "of_id": it, "by_seal": made, "by_version": sealing.version}
        for it, made in sealing.seals.items()
    ]
    if rows:
        uow.change(_SEAL, rows)


def sealed(uow: Uow) -> list[tuple[str, str, str, str, int]]:
    """Tenant, id, digest, seal and version of the rules of all that may still leave."""
    return [tuple(row) for row in uow.rows(_SEALED)]


def unsealed(uow: Uow) -> list[tuple[str, str, str]]:
    """Tenant, id and digest of what may still leave and was released when there were no seals."""
    return [(row.tenant, row.id, row.digest) for row in uow.rows(_UNSEALED)]
