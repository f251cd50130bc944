"""The rows of a client's rule versions, and which of them is in force.

Rule kept here: whoever matches or decides asks in the same reading, so a version holds from the
commit that puts it in force; what was changed in the database past the gateway holds for nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Integer, String, Text, bindparam, func, select, update

from gateway.domain.errors import Corrupt, Refused
from gateway.reconciliation.floors import floor_faults
from gateway.reconciliation.rules import STANDARD, RuleSet, document_of, rules_of
from gateway.reconciliation.things import Ask
from gateway.store import tables
from gateway.store.prepared import prepare
from gateway.store.uow import Uow

STANDARD_VERSION: Final = 0
"""The number of the standard rules, which hold where no version is in force."""
LISTED_MAX: Final = 1000


class RuleState(StrEnum):
    """Where a version stands. Only a proposed one may become another."""

    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


_r = tables.reconciliation_rules
_TENANT: Final = bindparam("of_tenant", type_=String())
_VERSION: Final = bindparam("of_version", type_=Integer())
_IN_FORCE: Final = prepare(
    select(_r.c.version, _r.c.content, _r.c.digest).where(
        _r.c.tenant == _TENANT, _r.c.state == RuleState.IN_FORCE.value
    )
)
_NUMBER: Final = prepare(
    select(_r.c.version).where(_r.c.tenant == _TENANT, _r.c.state == RuleState.IN_FORCE.value)
)
_LISTED: Final = prepare(
    select(_r)
    .where(_r.c.tenant == _TENANT)
    .order_by(_r.c.version.desc())
    .limit(bindparam("at_most", type_=Integer()))
)
_OPEN: Final = prepare(
    select(_r)
    .where(_r.c.tenant == _TENANT, _r.c.state == RuleState.PROPOSED.value)
    .order_by(_r.c.version)
)
_ONE: Final = prepare(select(_r).where(_r.c.tenant == _TENANT, _r.c.version == _VERSION))
_LAST: Final = prepare(select(func.max(_r.c.version).label("last")).where(_r.c.tenant == _TENANT))
_REPLACE: Final = prepare(
    update(_r)
    .where(_r.c.tenant == _TENANT, _r.c.state == RuleState.IN_FORCE.value)
    .values(state=RuleState.REPLACED.value)
)
_CONFIRM: Final = prepare(
    update(_r)
    .where(_r.c.tenant == _TENANT, _r.c.version == _VERSION)
    .values(
        state=RuleState.IN_FORCE.value,
        confirmed_by=bindparam("by", type_=Text()),
        confirmed_us=bindparam("at_us", type_=BigInteger()),
        reason=bindparam("why", type_=Text()),
    )
)
_END: Final = prepare(
    update(_r)
    .where(_r.c.tenant == _TENANT, _r.c.version == _VERSION)
    .values(
        state=RuleState.WITHDRAWN.value,
        ended_by=bindparam("by", type_=Text()),
        ended_us=bindparam("at_us", type_=BigInteger()),
        ended_reason=bindparam("why", type_=Text()),
    )
)


class InForce(msgspec.Struct, frozen=True, gc=False):
    """The version in force (0: the standard), the digest of its document, and its rules."""

    version: int
    digest: str
    rules: RuleSet


def digest_of(document: bytes) -> str:
    """Hex SHA-256 of a document."""
    return hashlib.sha256(document).hexdigest()


STANDARD_RULES: Final = InForce(STANDARD_VERSION, digest_of(document_of(STANDARD)), STANDARD)


def in_force(ask: Ask, tenant: str) -> InForce:
    """The rules that hold for a tenant.

    Raises Corrupt when they are not what two people put in force, or lie below a floor.
    """
    found = ask(_IN_FORCE, {"of_tenant": tenant})
    if not found:
        return STANDARD_RULES
    (row,) = found
    return InForce(row.version, row.digest, _holding(row))


def usable_in_force(ask: Ask, tenant: str) -> InForce | None:
    """The same for who is about to change them: None where they can hold for nobody."""
    try:
        return in_force(ask, tenant)
    except Corrupt:
        return None


def version_in_force(ask: Ask, tenant: str) -> int:
    """Its number alone."""
    found = ask(_NUMBER, {"of_tenant": tenant})
    return int(found[0].version) if found else STANDARD_VERSION


def stored_rules(content: str, digest: str, version: int) -> RuleSet:
    """A rule set as it was stored. Raises Corrupt where it is not what its digest says."""
    if digest_of(content.encode()) != digest:
        raise Corrupt(
            f"version {version} of the reconciliation rules was changed in the database",
            f"对账规则第 {version} 版在数据库中被改动",
        )
    try:
        return rules_of(content.encode())
    except Refused as refused:
        raise Corrupt(
            f"version {version} of the reconciliation rules cannot be read by this gateway",
            f"本网关无法读取对账规则第 {version} 版",
        ) from refused


def _holding(row: Any) -> RuleSet:  # noqa: ANN401 - a row
    """The rules of the version in force: the floors are asked again wherever they are used."""
    rules = stored_rules(row.content, row.digest, row.version)
    if floor_faults(rules):
        raise Corrupt(
            f"version {row.version} of the reconciliation rules lies below a floor of this"
            " gateway: put another version in force",
            f"对账规则第 {row.version} 版低于本网关的底线，请另行生效一版",
        )
    return rules


def listed(ask: Ask, tenant: str) -> Sequence[Any]:
    """All versions, the newest first; at most LISTED_MAX."""
    return ask(_LISTED, {"of_tenant": tenant, "at_most": LISTED_MAX})


def proposals(ask: Ask, tenant: str) -> Sequence[Any]:
    """The versions that wait for a second person."""
    return ask(_OPEN, {"of_tenant": tenant})


def version_of(ask: Ask, tenant: str, version: int) -> Any | None:  # noqa: ANN401 - a row
    """One version."""
    rows = ask(_ONE, {"of_tenant": tenant, "of_version": version})
    return rows[0] if rows else None


def next_version(ask: Ask, tenant: str) -> int:
    """The number of the next proposal; asked under the guard."""
    (row,) = ask(_LAST, {"of_tenant": tenant})
    return int(row.last or STANDARD_VERSION) + 1


def put_proposal(uow: Uow, row: dict[str, object]) -> None:
    """Store a proposal."""
    uow.add(_r, row | {"state": RuleState.PROPOSED.value})


def put_in_force(uow: Uow, tenant: str, version: int, said: tuple[str, int, str]) -> None:
    """Let a version take the place of the one in force. ``said``: who, when, why."""
    uow.change(_REPLACE, {"of_tenant": tenant})
    uow.change(_CONFIRM, _said(tenant, version, said))


def end(uow: Uow, tenant: str, version: int, said: tuple[str, int, str]) -> None:
    """End a proposal."""
    uow.change(_END, _said(tenant, version, said))


def _said(tenant: str, version: int, said: tuple[str, int, str]) -> dict[str, object]:
    told = {"by": said[0], "at_us": said[1], "why": said[2]}
    return {"of_tenant": tenant, "of_version": version} | told
