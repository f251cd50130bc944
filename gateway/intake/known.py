"""What was accepted before, by reference, by idempotency key and by id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from unicodedata import normalize

from sqlalchemy import Connection, bindparam, select

from gateway.domain.decision import Actor
from gateway.domain.ids import InstructionId
from gateway.domain.instruction import FREED
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.prepared import among, prepare
from gateway.store.uow import Uow

_i, _a, _s = tables.instruction, tables.acceptance, tables.merged_source
_ACCEPTED: Final = select(_i.c.id, _i.c.erp_reference, _i.c.digest).where(
    _i.c.tenant == bindparam("of_tenant")
)
_EXISTING: Final = prepare(
    _ACCEPTED.where(_i.c.erp == bindparam("of_erp"), among(_i.c.erp_reference, "of_references"))
)
_STORED: Final = prepare(_ACCEPTED.where(among(_i.c.id, "of_ids")))
STILL: Final = _i.c.state.not_in([it.value for it in FREED])
"""A payment holds its documents: they may not be paid by another."""
CARRIED: Final = prepare(
    select(_s.c.erp_reference, _i.c.id, _i.c.erp_reference.label("number"))
    .join(_i, (_i.c.tenant == _s.c.tenant) & (_i.c.id == _s.c.instruction))
    .where(
        _s.c.tenant == bindparam("of_tenant"),
        _s.c.erp == bindparam("of_erp"),
        among(_s.c.erp_reference, "of_references"),
        STILL,
    )
)
"""The merged payments that hold documents of an ERP, by the documents' references."""
_REMEMBERED: Final = prepare(
    select(_a.c.key, _a.c.digest, _a.c.subject).where(
        _a.c.tenant == bindparam("of_tenant"),
        _a.c.scope == bindparam("of_scope"),
        among(_a.c.key, "of_keys"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, for which tenant and ERP."""

    tenant: Tenant
    actor: Actor
    erp: str
    maker: str = field(init=False)
    """The actor as it is written beside each of its instructions."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "maker", self.actor.label())


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """An accepted instruction, new or met again: what the acceptance body is made of."""

    id: InstructionId
    erp_reference: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What belongs to an idempotency key: the digest of the body, and what came of it."""

    digest: str
    subject: str


def remembered(uow: Uow, caller: Caller, scope: str, keys: Sequence[str]) -> dict[str, Remembered]:
    """What is remembered for those of the keys that were used before."""
    if not keys:
        return {}
    values = {"of_tenant": caller.tenant.id, "of_scope": scope, "of_keys": keys}
    return {
        row.key: Remembered(digest=row.digest, subject=row.subject)
        for row in uow.rows(_REMEMBERED, values)
    }


def existing(uow: Uow, caller: Caller, references: Sequence[str]) -> dict[str, Accepted]:
    """Instructions of this ERP that exist already (accepted or being staged), by reference."""
    values = {
        "of_tenant": caller.tenant.id,
        "of_erp": caller.erp,
        "of_references": references,
    }
    return {row.erp_reference: _accepted(row) for row in uow.rows(_EXISTING, values)}


def known_references(db: Connection, caller: Caller, references: Sequence[str]) -> frozenset[str]:
    """Those of these under which this ERP has something accepted, or is being read in.

    Also those that are source documents of a merged payment which was not refused in the end.
    Whoever refuses a document must leave these out: to its ERP, "refused" would be said of the
    payment that is under way.
    """
    asked = sorted({normalize("NFC", it) for it in references})
    values = {"of_tenant": caller.tenant.id, "of_erp": caller.erp, "of_references": asked}
    found = {row.erp_reference for it in (_EXISTING, CARRIED) for row in it.rows(db, values)}
    return frozenset(it for it in references if normalize("NFC", it) in found)


def known_instructions(
    db: Connection, caller: Caller, references: Sequence[str]
) -> dict[str, InstructionId]:
    """The same with what stands there, by reference as it was asked."""
    asked = {it: normalize("NFC", it) for it in references}
    values = {
        "of_tenant": caller.tenant.id,
        "of_erp": caller.erp,
        "of_references": sorted(set(asked.values())),
    }
    found = {
        row.erp_reference: InstructionId(row.id)
        for it in (CARRIED, _EXISTING)
        for row in it.rows(db, values)
    }
    return {it: found[plain] for it, plain in asked.items() if plain in found}


def stored(uow: Uow, caller: Caller, ids: Sequence[str]) -> dict[str, Accepted]:
    """Accepted instructions by id."""
    if not ids:
        return {}
    rows = uow.rows(_STORED, {"of_tenant": caller.tenant.id, "of_ids": ids})
    return {row.id: _accepted(row) for row in rows}


def _accepted(row: Any) -> Accepted:  # noqa: ANN401 - a row of _ACCEPTED
    return Accepted(id=InstructionId(row.id), erp_reference=row.erp_reference, digest=row.digest)
