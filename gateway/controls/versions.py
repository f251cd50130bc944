"""Changing the controls of a tenant: a whole next document is proposed, and people vote on it.

Rules kept here: a proposal is its proposer's yes, and it takes another person's at least; a vote
holds for the very content that was read; the vote that completes it puts the document in force in
its own commit, and every other open proposal ends, because it was written against rules that no
longer hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, func, select, update

from gateway.controls.in_force import SETTINGS, Controls, InForce, stored_document
from gateway.controls.rules.checks import check
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.differences import Change, differences
from gateway.controls.rules.document import ControlDocument, Right
from gateway.controls.rules.facts import TENANT, label_of
from gateway.controls.rules.reading import canonical, digest, read
from gateway.controls.rules.votes import Ballot, Tally
from gateway.controls.version_file import signed_export
from gateway.controls.version_rows import (
    Version,
    VersionState,
    VersionVote,
    day_of,
    version_of,
    versions_of,
)
from gateway.domain.decision import Actor
from gateway.domain.errors import NotFound, NotPermitted, Refused
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.instants import from_us, to_us
from gateway.store.journal import Record
from gateway.store.store import Store
from gateway.store.uow import Uow

_c, _v = tables.control_version, tables.control_vote
_OPEN_MAX: Final = 50
"""Most proposals of a tenant that may be open at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A version with its document, and how it differs from what is in force.

    ``needed`` and ``counted`` are people, the proposer among them, by the rules in force;
    ``next_people`` are the names of those whose vote would bring it forward.
    """

    version: Version
    document: ControlDocument
    in_force: int
    changes: tuple[Change, ...]
    needed: int
    counted: int
    next_people: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Proposal:
    """A document that was found to hold together."""

    document: ControlDocument
    digest: str
    comment: str


class ControlVersions:
    """The use cases behind ``/v1/controls``."""

    def __init__(
        self,
        store: Store,
        runtime: Runtime,
        controls: Controls,
        key: Ed25519PrivateKey,
    ) -> None:
        """``key`` signs exports."""
        self._store = store
        self._runtime = runtime
        self._controls = controls
        self._key = key

    async def propose(
        self, tenant: Tenant, actor: Actor, content: Mapping[str, object], comment: str
    ) -> Shown:
        """Store a whole next document for people to vote on.

        The same document again by the same person, while it is open, is the same proposal. Raises
        DocumentRefused with every fault, NotPermitted, or Refused where it changes nothing.
        """
        today = self._today()

        def examined() -> _Proposal:
            document = read(content)
            check(document, self._controls.grounds.of(tenant), today)
            return _Proposal(document=document, digest=digest(document), comment=comment)

        await self._store.read(lambda db: self._permitted(self._controls.seen(db, tenant), actor))
        proposal = await self._runtime.tasks.read(examined)
        version = await self._store.write(
            lambda uow: self._propose(uow, tenant, actor, proposal), at_once=True
        )
        return await self.show(tenant, version)

    async def vote(
        self, tenant: Tenant, actor: Actor, version: int, content_hash: str, reason: str
    ) -> Shown:
        """Take one person's yes to a version; the one that completes it puts it in force.

        The same person's vote on the same content again changes nothing. Raises NotFound,
        NotPermitted naming the rule, DocumentRefused when the document no longer holds together.
        """
        await self._store.write(
            lambda uow: self._vote(uow, tenant, actor, version, (content_hash, reason)),
            at_once=True,
        )
        return await self.show(tenant, version)

    async def withdraw(self, tenant: Tenant, actor: Actor, version: int, reason: str) -> Shown:
        """End a proposal: by anybody who may change the controls. Repeated, it changes nothing."""
        await self._store.write(
            lambda uow: self._withdraw(uow, tenant, actor, version, reason), at_once=True
        )
        return await self.show(tenant, version)

    async def in_force(self, tenant: Tenant) -> InForce:
        """What holds now."""
        return await self._store.read(lambda db: self._controls.seen(db, tenant))

    async def listed(self, tenant: Tenant) -> list[Version]:
        """All versions, newest first, without their content."""
        return await self._store.read(
            lambda db: versions_of(lambda query: db.execute(query).all(), tenant.id)
        )

    async def export(self, tenant: Tenant, version: int | None = None) -> dict[str, object]:
        """A version, or what is in force, as the JSON values of a signed file. Raises NotFound."""
        if version is None:
            now = await self.in_force(tenant)
            if not now.version:
                return signed_export(tenant.id, None, now.rules.document, self._key)
            version = now.version
        shown = await self.show(tenant, version)
        return signed_export(tenant.id, shown.version, shown.document, self._key)

    async def show(self, tenant: Tenant, version: int) -> Shown:
        """One version with its document and differences. Raises NotFound."""
        today = self._today()
        return await self._store.read(lambda db: self._shown(db, tenant, version, today))

    # ── inside a unit of work ───────────────────────────────────────────────────────────────

    def _propose(self, uow: Uow, tenant: Tenant, actor: Actor, proposal: _Proposal) -> int:
        uow.guard(control_guard(tenant.id))
        in_force = self._controls.of(uow, tenant)
        self._permitted(in_force, actor)
        if proposal.digest == in_force.rules.digest and in_force.version != SETTINGS:
            raise Refused(
                f"this is version {in_force.version}, which is in force: nothing would change",
                f"与现行第 {in_force.version} 版完全相同，没有变化",
            )
        opened = uow.rows(
            select(_c.c.version, _c.c.digest, _c.c.proposed_by).where(
                _c.c.tenant == tenant.id, _c.c.state == VersionState.PROPOSED.value
            )
        )
        for row in opened:
            if (row.digest, row.proposed_by) == (proposal.digest, actor.label()):
                return int(row.version)
        if len(opened) >= _OPEN_MAX:
            raise Refused(
                f"{_OPEN_MAX} proposals are open: withdraw some first",
                f"已有 {_OPEN_MAX} 份待表决的文件，请先撤回一部分",
            )
        last = uow.first(select(func.max(_c.c.version).label("n")).where(_c.c.tenant == tenant.id))
        version = (last.n if last is not None and last.n is not None else SETTINGS) + 1
        at_us = to_us(self._runtime.clock.now())
        uow.add(
            _c,
            {
                "tenant": tenant.id,
                "version": version,
                "state": VersionState.PROPOSED.value,
                "digest": proposal.digest,
                "content": canonical(proposal.document).decode(),
                "comment": proposal.comment,
                "proposed_by": actor.label(),
                "proposed_us": at_us,
                "in_force_us": None,
                "seal": "",
            },
        )
        told = {
            "digest": proposal.digest,
            "comment": proposal.comment,
            "actor": actor.label(),
            "against": in_force.version,
        }
        uow.journal(_record(tenant.id, version, "control_proposed", at_us, told))
        return version

    def _vote(
        self, uow: Uow, tenant: Tenant, actor: Actor, version: int, said: tuple[str, str]
    ) -> None:
        uow.guard(control_guard(tenant.id))
        found = version_of(uow.rows, tenant.id, version)
        if found is None:
            raise NotFound
        one, content = found
        in_force = self._controls.of(uow, tenant)
        self._permitted(in_force, actor)
        repeated = any((it.actor, it.digest) == (actor.label(), said[0]) for it in one.votes)
        if repeated and one.state is not VersionState.PROPOSED:
            return
        _require_open(one)
        at_us = to_us(self._runtime.clock.now())
        vote = VersionVote(actor=actor.label(), digest=said[0], reason=said[1], at=from_us(at_us))
        ballot, polls = ballot_on(in_force.rules, one), in_force.rules.polls
        tally = polls.count(ballot, one.casts(), day_of(vote.at))
        # It may have its people already, by rules that ask for fewer than those of their votes.
        if not repeated and not (tally.complete and said[0] == one.digest):
            tally = polls.check(ballot, vote.cast(), one.casts())
            self._store_vote(uow, tenant.id, one, vote)
        if tally.complete:
            document = stored_document(content, one.digest, tenant.id, version)
            check(document, self._controls.grounds.of(tenant), day_of(vote.at))
            self._put_in_force(uow, tenant.id, one, in_force.version, tally)

    def _store_vote(self, uow: Uow, tenant: str, one: Version, vote: VersionVote) -> None:
        at_us = to_us(vote.at)
        uow.add(
            _v,
            {
                "tenant": tenant,
                "version": one.version,
                "seq": len(one.votes) + 1,
                "actor": vote.actor,
                "digest": vote.digest,
                "reason": vote.reason,
                "at_us": at_us,
            },
        )
        told = {"digest": vote.digest, "actor": vote.actor, "reason": vote.reason}
        uow.journal(_record(tenant, one.version, "control_vote", at_us, told))

    def _put_in_force(
        self, uow: Uow, tenant: str, one: Version, replaced: int, tally: Tally
    ) -> None:
        at_us = to_us(self._runtime.clock.now())
        of_tenant = _c.c.tenant == tenant
        uow.change(
            update(_c)
            .where(of_tenant, _c.c.state == VersionState.IN_FORCE.value)
            .values(state=VersionState.REPLACED.value)
        )
        uow.change(
            update(_c)
            .where(of_tenant, _c.c.version == one.version)
            .values(
                state=VersionState.IN_FORCE.value,
                in_force_us=at_us,
                seal=self._controls.seal.of(tenant, one.version, one.digest),
            )
        )
        voters = [label_of(it.person) for step in tally.steps for it in step.counted]
        told = {"digest": one.digest, "replaced": replaced, "voters": voters}
        uow.journal(_record(tenant, one.version, "control_in_force", at_us, told))
        others = uow.rows(
            select(_c.c.version).where(of_tenant, _c.c.state == VersionState.PROPOSED.value)
        )
        for row in others:
            self._end(uow, tenant, row.version, {"actor": "", "reason": f"v{one.version}"})

    def _withdraw(self, uow: Uow, tenant: Tenant, actor: Actor, version: int, reason: str) -> None:
        uow.guard(control_guard(tenant.id))
        found = version_of(uow.rows, tenant.id, version)
        if found is None:
            raise NotFound
        self._permitted(self._controls.of(uow, tenant), actor)
        if found[0].state is VersionState.WITHDRAWN:
            return
        _require_open(found[0])
        self._end(uow, tenant.id, version, {"actor": actor.label(), "reason": reason})

    def _end(self, uow: Uow, tenant: str, version: int, told: Mapping[str, object]) -> None:
        at_us = to_us(self._runtime.clock.now())
        uow.change(
            update(_c)
            .where(_c.c.tenant == tenant, _c.c.version == version)
            .values(state=VersionState.WITHDRAWN.value)
        )
        uow.journal(_record(tenant, version, "control_withdrawn", at_us, told))

    def _permitted(self, in_force: InForce, actor: Actor) -> None:
        in_force.rules.may(actor, Right.CONTROLS, TENANT, self._today()).require()

    def _shown(self, db: Connection, tenant: Tenant, version: int, today: date) -> Shown:
        found = version_of(lambda query: db.execute(query).all(), tenant.id, version)
        if found is None:
            raise NotFound
        one, content = found
        in_force = self._controls.seen(db, tenant)
        document = stored_document(content, one.digest, tenant.id, version)
        ballot = ballot_on(in_force.rules, one)
        casts = one.casts()
        polls = in_force.rules.polls
        opened = one.state is VersionState.PROPOSED
        return Shown(
            version=one,
            document=document,
            in_force=in_force.version,
            changes=differences(in_force.rules.document, document),
            needed=sum(step.people for step in ballot.requirement.steps),
            counted=polls.count(ballot, casts, today).counted if opened else len(casts),
            next_people=polls.next_people(ballot, casts, today) if opened else (),
        )

    def _today(self) -> date:
        return day_of(self._runtime.clock.now())


def control_guard(tenant: str) -> str:
    """The guard under which a tenant's controls change."""
    return f"controls/{tenant}"


def ballot_on(rules: Rules, one: Version) -> Ballot:
    """What is voted on. The proposal is its proposer's vote, so nobody is left out as a maker."""
    return Ballot(
        requirement=rules.quorum(Right.CONTROLS),
        makers=frozenset(),
        place=TENANT,
        digest=one.digest,
    )


def _require_open(one: Version) -> None:
    if one.state is not VersionState.PROPOSED:
        raise NotPermitted(
            f"version {one.version} is no longer open: it is {one.state.value}",
            f"第 {one.version} 版已不在表决中：{_STATES_ZH[one.state]}",
        )


_STATES_ZH: Final = {
    VersionState.PROPOSED: "待表决",
    VersionState.IN_FORCE: "现行",
    VersionState.REPLACED: "已被替换",
    VersionState.WITHDRAWN: "已撤回",
}


def _record(tenant: str, version: int, kind: str, at_us: int, content: Mapping[str, Any]) -> Record:
    subject = f"controls/{version}"
    return Record(tenant=tenant, kind=kind, subject=subject, at_us=at_us, content=content)
