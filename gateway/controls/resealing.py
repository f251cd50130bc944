"""After a new vault key: what the old one sealed is sealed anew, and nothing else is.

Rule kept here: a seal is renewed only where the old key says that it holds, so what was altered
stays altered. One commit renews everything: there is no moment at which half of it counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update

from gateway.controls.payee_rows import COLUMNS, Payee
from gateway.controls.payee_seal import PayeeSeal
from gateway.controls.sending import approvals, approvers
from gateway.controls.version_seal import VersionSeal
from gateway.lifecycle import sealing
from gateway.lifecycle.sealing import Sealing
from gateway.signing.release_seal import ReleaseSeal
from gateway.store import tables
from gateway.store.journal import Record
from gateway.store.uow import Uow

_c, _p = tables.control_version, tables.payee


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed:
    """Of one table: seals made anew, those that were so already, and those that held for nobody."""

    table: str
    renewed: int = 0
    already: int = 0
    broken: int = 0


@dataclass(frozen=True, slots=True)
class _Keys:
    """A vault key as the seals know it."""

    versions: VersionSeal
    releases: ReleaseSeal
    payees: PayeeSeal


def reseal(uow: Uow, old: bytes, new: bytes, at_us: int) -> list[Renewed]:
    """Seal anew under ``new`` what holds under ``old``, table by table; repeated, it is harmless.

    Raises ValueError for keys of less than 32 bytes.
    """
    keys = [_Keys(VersionSeal(it), ReleaseSeal(it), PayeeSeal(it)) for it in (old, new)]
    done = [make(uow, *keys) for make in SEALED.values()]
    for tenant in sorted({row.tenant for row in uow.rows(select(_c.c.tenant).distinct())}):
        told = {it.table: it.renewed for it in done}
        record = Record(tenant=tenant, kind="resealed", subject=tenant, at_us=at_us, content=told)
        uow.journal(record)
    return done


def _versions(uow: Uow, old: _Keys, new: _Keys) -> Renewed:
    count = _Count(_c.name)
    columns = (_c.c.tenant, _c.c.version, _c.c.digest, _c.c.seal)
    for row in uow.rows(select(*columns).where(_c.c.seal != "")):
        of = (row.tenant, row.version, row.digest)
        if count.is_due(
            already=new.versions.holds(row.seal, *of), before=old.versions.holds(row.seal, *of)
        ):
            one = update(_c).where(_c.c.tenant == row.tenant, _c.c.version == row.version)
            uow.change(one.values(seal=new.versions.of(*of)))
    return count.told()


def _releases(uow: Uow, old: _Keys, new: _Keys) -> Renewed:
    count = _Count(tables.instruction.name)
    for tenant, name, digest, seal, version in sealing.sealed(uow):
        votes = approvals(uow, tenant, [name]).get(name, [])
        people = approvers(votes, digest)
        made = [
            (keys.releases.of(tenant, name, digest, version, by), by)
            for keys in (new, old)
            for by in ((), people)
        ]
        known = [it for it, _ in made[:2]]
        by_old = next((by for it, by in made[2:] if it == seal), None)
        if count.is_due(already=seal in known, before=by_old is not None):
            again = new.releases.of(tenant, name, digest, version, by_old or ())
            sealing.seal(uow, tenant, Sealing(version, {name: again}))
    return count.told()


def _payees(uow: Uow, old: _Keys, new: _Keys) -> Renewed:
    count = _Count(_p.name)
    for row in uow.rows(select(_p.c.tenant, *COLUMNS).where(_p.c.seal != "")):
        tenant, one = row[0], Payee(*row[1:])
        parts = one.sealed_parts()
        held = one.is_sealed(old.payees, tenant)
        if count.is_due(already=one.is_sealed(new.payees, tenant), before=held):
            this = update(_p).where(_p.c.tenant == tenant, _p.c.id == one.id)
            uow.change(this.values(seal=new.payees.of(tenant, parts)))
    return count.told()


class _Count:
    """Counts what is due, done and broken."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._renewed = self._already = self._broken = 0

    def is_due(self, *, already: bool, before: bool) -> bool:
        """Whether a row is to be sealed anew."""
        self._already += already
        self._renewed += before and not already
        self._broken += not before and not already
        return before and not already

    def told(self) -> Renewed:
        """All that was counted."""
        return Renewed(
            table=self._table,
            renewed=self._renewed,
            already=self._already,
            broken=self._broken,
        )


SEALED: Final = {
    _c.name: _versions,
    tables.instruction.name: _releases,
    _p.name: _payees,
}
"""Every table that holds seals under the vault key, with what renews them."""
