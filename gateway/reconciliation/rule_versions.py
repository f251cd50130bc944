"""Changing the rules of a client: a whole rule set is proposed, and a second person confirms it.

Rules kept here: whoever proposed a version does not confirm it; what is confirmed is the very
content that was proposed; a version comes in force as a whole and every other proposal ends,
because it was compared with rules that no longer hold; no version is ever removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace
from sqlalchemy import Connection

from gateway.domain.decision import Actor, ActorKind
from gateway.domain.errors import NotFound, NotPermitted, Refused
from gateway.ports.runtime import Runtime
from gateway.reconciliation import rule_rows as rows
from gateway.reconciliation.floors import may_hold
from gateway.reconciliation.rule_rows import InForce, RuleState, digest_of, stored_rules
from gateway.reconciliation.rules import RuleSet, document_of
from gateway.reconciliation.things import asking
from gateway.store.instants import to_us
from gateway.store.journal import Record
from gateway.store.store import Store
from gateway.store.uow import Uow

OPEN_MAX: Final = 50
"""Most proposals of a tenant that may be open at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value that a version has otherwise than what is in force."""

    name: str
    before: object
    after: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version with its rules, and how it differs from what is in force and can be used."""

    row: Any
    rules: RuleSet
    in_force: int
    changes: tuple[Change, ...]


class RuleVersions:
    """The use cases behind ``/v1/reconciliation-rules``. Who may is asked before."""

    def __init__(self, store: Store, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime

    async def in_force(self, tenant: str) -> InForce:
        """What holds now. Raises Corrupt where nothing can."""
        return await self._store.read(lambda db: rows.in_force(asking(db), tenant))

    async def listed(self, tenant: str) -> tuple[InForce | None, Sequence[Any]]:
        """What holds now, if anything can, and all versions, the newest first."""

        def read(db: Connection) -> tuple[InForce | None, Sequence[Any]]:
            ask = asking(db)
            return rows.usable_in_force(ask, tenant), rows.listed(ask, tenant)

        return await self._store.read(read)

    async def show(self, tenant: str, version: int) -> Version:
        """One version with its rules and differences. Raises NotFound."""
        return await self._store.read(lambda db: _shown(db, tenant, version))

    async def propose(self, tenant: str, actor: Actor, rules: RuleSet, comment: str) -> Version:
        """Store a rule set for a second person to confirm; its version is the next number.

        The same rules again by the same person, while they are open, are the same proposal.
        Raises Refused naming every floor it lies below, or where it changes nothing.
        """
        _person(actor)
        may_hold(rules)
        version = await self._store.write(
            lambda uow: self._propose(uow, tenant, actor, (rules, comment)), at_once=True
        )
        return await self.show(tenant, version)

    async def confirm(
        self, tenant: str, actor: Actor, version: int, said: tuple[str, str]
    ) -> Version:
        """Put a version in force, as another person than its proposer; ``said``: digest, reason.

        The same person's word on what is in force changes nothing. Raises NotFound, NotPermitted,
        Refused where the digest is another.
        """
        _person(actor)
        await self._store.write(
            lambda uow: self._confirm(uow, tenant, actor, (version, *said)), at_once=True
        )
        return await self.show(tenant, version)

    async def withdraw(self, tenant: str, actor: Actor, version: int, reason: str) -> Version:
        """End a proposal. Repeated, it changes nothing. Raises NotFound, NotPermitted."""
        _person(actor)
        await self._store.write(
            lambda uow: self._withdraw(uow, tenant, actor, (version, reason)), at_once=True
        )
        return await self.show(tenant, version)

    # ── inside a unit of work ───────────────────────────────────────────────────────────────

    def _propose(self, uow: Uow, tenant: str, actor: Actor, what: tuple[RuleSet, str]) -> int:
        rules, comment = what
        uow.guard(rules_guard(tenant))
        now = rows.usable_in_force(uow.rows, tenant)
        if now is not None and not _changes(now.rules, rules):
            raise Refused(
                f"this is version {now.version}, which is in force: nothing would change",
                f"与现行第 {now.version} 版完全相同，没有变化",
            )
        opened = rows.proposals(uow.rows, tenant)
        for row in opened:
            known = stored_rules(row.content, row.digest, row.version)
            if row.proposed_by == actor.label() and not _changes(known, rules):
                return int(row.version)
        if len(opened) >= OPEN_MAX:
            raise Refused(
                f"{OPEN_MAX} proposals are open: withdraw some first",
                f"已有 {OPEN_MAX} 份待复核的规则，请先撤回一部分",
            )
        version = rows.next_version(uow.rows, tenant)
        document = document_of(replace(rules, version=version))
        at_us = to_us(self._runtime.clock.now())
        told = {"digest": digest_of(document), "comment": comment}
        row = {"tenant": tenant, "version": version, "content": document.decode(), **told}
        rows.put_proposal(uow, row | {"proposed_by": actor.label(), "proposed_us": at_us})
        against = rows.version_in_force(uow.rows, tenant)
        said = told | {"actor": actor.label(), "against": against}
        uow.journal(_record(tenant, version, ("match_rules_proposed", at_us), said))
        return version

    def _confirm(self, uow: Uow, tenant: str, actor: Actor, what: tuple[int, str, str]) -> None:
        version, digest, reason = what
        uow.guard(rules_guard(tenant))
        row = rows.version_of(uow.rows, tenant, version)
        if row is None:
            raise NotFound
        done = (row.state, row.confirmed_by, row.digest)
        if done == (RuleState.IN_FORCE.value, actor.label(), digest):
            return
        _require_open(row)
        if row.proposed_by == actor.label():
            raise NotPermitted("proposer and second person must differ", "提交人与复核人不能相同")
        if row.digest != digest:
            raise Refused("these are not the rules that were proposed", "内容与所提交的规则不符")
        may_hold(stored_rules(row.content, row.digest, version))
        before = rows.version_in_force(uow.rows, tenant)
        at_us = to_us(self._runtime.clock.now())
        rows.put_in_force(uow, tenant, version, (actor.label(), at_us, reason))
        told = {
            "digest": digest,
            "replaced": before,
            "actor": actor.label(),
            "proposed_by": row.proposed_by,
            "reason": reason,
        }
        uow.journal(_record(tenant, version, ("match_rules_in_force", at_us), told))
        for other in rows.proposals(uow.rows, tenant):
            self._end(uow, tenant, other.version, ("", f"v{version}"))

    def _withdraw(self, uow: Uow, tenant: str, actor: Actor, what: tuple[int, str]) -> None:
        version, reason = what
        uow.guard(rules_guard(tenant))
        row = rows.version_of(uow.rows, tenant, version)
        if row is None:
            raise NotFound
        if row.state == RuleState.WITHDRAWN.value:
            return
        _require_open(row)
        self._end(uow, tenant, version, (actor.label(), reason))

    def _end(self, uow: Uow, tenant: str, version: int, said: tuple[str, str]) -> None:
        at_us = to_us(self._runtime.clock.now())
        rows.end(uow, tenant, version, (said[0], at_us, said[1]))
        told = {"actor": said[0], "reason": said[1]}
        uow.journal(_record(tenant, version, ("match_rules_withdrawn", at_us), told))


def rules_guard(tenant: str) -> str:
    """The guard under which a tenant's rules change."""
    return f"reconciliation-rules/{tenant}"


def _shown(db: Connection, tenant: str, version: int) -> Version:
    ask = asking(db)
    row = rows.version_of(ask, tenant, version)
    if row is None:
        raise NotFound
    now = rows.usable_in_force(ask, tenant)
    rules = stored_rules(row.content, row.digest, version)
    return Version(
        row=row,
        rules=rules,
        in_force=rows.version_in_force(ask, tenant),
        changes=() if now is None else _changes(now.rules, rules),
    )


def _changes(before: RuleSet, after: RuleSet) -> tuple[Change, ...]:
    """What differs, the number of the version apart; points may not differ at all."""
    names = [it for it in after.__struct_fields__ if it != "version"]
    return tuple(
        Change(name=name, before=was, after=will)
        for name in names
        if (was := getattr(before, name)) != (will := getattr(after, name))
    )


def _require_open(row: Any) -> None:  # noqa: ANN401 - a row
    if row.state != RuleState.PROPOSED.value:
        raise NotPermitted(
            f"version {row.version} is no longer open: it is {row.state}",
            f"第 {row.version} 版已不在待复核状态：{_STATES_ZH[row.state]}",
        )


_STATES_ZH: Final = {
    RuleState.IN_FORCE.value: "现行",
    RuleState.REPLACED.value: "已被替换",
    RuleState.WITHDRAWN.value: "已撤回",
}


def _person(actor: Actor) -> None:
    if actor.kind is not ActorKind.PERSON:
        raise NotPermitted("only a named person may do this", "只有实名人员可以操作")


def _record(tenant: str, version: int, what: tuple[str, int], told: dict[str, Any]) -> Record:
    subject = f"reconciliation-rules/{version}"
    return Record(tenant=tenant, kind=what[0], subject=subject, at_us=what[1], content=told)
