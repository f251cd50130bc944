"""Which rules hold for a tenant now: those of its document in force, or of its settings.

Rule kept here: whoever releases or decides asks in the same unit of work, so a document holds from
the commit that puts it in force; per question only its number is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec
from sqlalchemy import Connection, bindparam, select

from gateway.controls.ground import Grounds
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.document import ControlDocument
from gateway.controls.rules.policy import from_policy
from gateway.controls.rules.reading import digest as digest_of
from gateway.controls.rules.reading import read
from gateway.controls.version_seal import VersionSeal
from gateway.domain.decision import ActorKind
from gateway.domain.errors import Corrupt
from gateway.ports.tenancy import ApiKey, Tenant
from gateway.store import tables
from gateway.store.prepared import Prepared, prepare
from gateway.store.uow import Uow

IN_FORCE: Final = "in_force"
SETTINGS: Final = 0
"""The number of what the settings say; documents are numbered from 1."""

_v = tables.control_version
_NEWEST: Final = prepare(
    select(_v.c.version, _v.c.digest, _v.c.seal).where(
        _v.c.tenant == bindparam("tenant"), _v.c.state == IN_FORCE
    )
)
_CONTENT: Final = prepare(
    select(_v.c.content).where(
        _v.c.tenant == bindparam("tenant"), _v.c.version == bindparam("version")
    )
)
_Rows = Callable[[Prepared, Mapping[str, object]], Sequence[Any]]


class InForce(msgspec.Struct, frozen=True, gc=False):
    """The number of the version in force (0: the settings) and its rules, compiled."""

    version: int
    rules: Rules


class RulesInForce(Protocol):
    """Tells which rules hold for a tenant, inside a unit of work and for those who only read."""

    def of(self, uow: Uow, tenant: Tenant) -> InForce:
        """The version in force, 0 for a tenant without a document."""
        ...

    def seen(self, db: Connection, tenant: Tenant) -> InForce:
        """The same."""
        ...


class Controls:
    """What is in force, by tenant. Threads may share it: two may compile the same at once."""

    def __init__(self, keys: Iterable[ApiKey], seal: VersionSeal) -> None:
        """``keys`` are those of the deployment: they name people, ERPs and machines."""
        keys = tuple(keys)
        self.seal = seal
        self.grounds = Grounds(keys)
        self._people: dict[str, list[str]] = {}
        for key in keys:
            names = self._people.setdefault(key.tenant, [])
            if key.actor.kind is ActorKind.PERSON and key.actor.name not in names:
                names.append(key.actor.name)
        self._kept: dict[str, InForce] = {}

    def of(self, uow: Uow, tenant: Tenant) -> InForce:
        """What holds for a tenant in this unit of work."""
        return self._found(uow.rows, tenant)

    def seen(self, db: Connection, tenant: Tenant) -> InForce:
        """What holds for a tenant, for those who only read."""
        return self._found(lambda statement, values: statement.rows(db, values), tenant)

    def _found(self, rows: _Rows, tenant: Tenant) -> InForce:
        found = rows(_NEWEST, {"tenant": tenant.id})
        version, digest = (found[0].version, found[0].digest) if found else (SETTINGS, "")
        kept = self._kept.get(tenant.id)
        if (
            kept is not None
            and kept.version == version
            and (kept.rules.digest == digest or not digest)
        ):
            return kept
        if found:
            content = rows(_CONTENT, {"tenant": tenant.id, "version": version})[0].content
            if not self.seal.holds(found[0].seal, tenant.id, version, digest):
                raise _not_voted_on(tenant.id, version)
            document = stored_document(content, digest, tenant.id, version)
        else:
            document = from_policy(tenant.policy, self._everybody(tenant))
        made = InForce(version, Rules(document))
        self._kept[tenant.id] = made
        return made

    def _everybody(self, tenant: Tenant) -> list[str]:
        """The people of a tenant: those with a key, then those who only log in."""
        people = (*self._people.get(tenant.id, ()), *(it.name for it in tenant.people))
        return list(dict.fromkeys(people))


def stored_document(content: str, digest: str, tenant: str, version: int) -> ControlDocument:
    """A document as it was stored. Raises Corrupt when it is not what its digest says."""
    document = read(json.loads(content))
    if digest_of(document) != digest:
        raise _not_voted_on(tenant, version)
    return document


def _not_voted_on(tenant: str, version: int) -> Corrupt:
    return Corrupt(
        f"control document {version} of tenant {tenant} is not what people voted on: it was "
        "changed in the database",
        f"租户 {tenant} 的第 {version} 版控制文件与表决内容不符：数据库中的内容被改动",
    )
