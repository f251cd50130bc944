"""The payee master (收款人主数据): who may be paid is proposed by one person, approved by another.

Rules kept here: the proposer never counts; a vote holds for the very content that was read; the
vote that completes a proposal changes the payees in its own commit, seals them, and from that
instant their cooling runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, BinaryIO, Final

import msgspec
from sqlalchemy import Connection

from gateway.controls import payee_rows as rows
from gateway.controls.in_force import Controls, InForce
from gateway.controls.payee_applying import Applying
from gateway.controls.payee_drafting import Drafting
from gateway.controls.payee_reading import Wish, read_file
from gateway.controls.payee_rows import Ask, Change, ChangeState, ChangeVote
from gateway.controls.payee_seal import PayeeSeal
from gateway.controls.payee_views import ShownChange, ShownItem, ShownPayee, asking
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.document import ANY, Right, Step
from gateway.controls.rules.facts import TENANT, actor_of, label_of
from gateway.controls.rules.matrix import Origin, Requirement
from gateway.controls.rules.votes import Ballot, Cast
from gateway.controls.version_rows import day_of
from gateway.domain.decision import Action, Actor, Vote
from gateway.domain.errors import NotFound, NotPermitted, Refused
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.instants import from_us, to_us
from gateway.store.journal import Record
from gateway.store.store import Store
from gateway.store.uow import Uow

_c, _x, _v = tables.payee_change, tables.payee_change_item, tables.payee_vote
OPEN_MAX: Final = 200
"""Most proposals of a tenant that may be open at once."""
ITEMS_SHOWN: Final = 500
HISTORY_SHOWN: Final = 200
_FORMAT: Final = "payee-change/1"
_APPROVAL: Final = Requirement(
    origin=Origin.QUORUM,
    rule=Right.PAYEES.value,
    steps=(Step(role=ANY, people=1, right=Right.PAYEES),),
)


class _Head(msgspec.Struct, frozen=True):
    format: str
    items: int
    source: str


class PayeeMaster:
    """The use cases behind ``/v1/payees``."""

    def __init__(
        self, store: Store, runtime: Runtime, controls: Controls, seals: PayeeSeal
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._controls = controls
        self._seals = seals

    async def propose(
        self,
        tenant: Tenant,
        actor: Actor,
        wishes: Sequence[Wish],
        comment: str,
        source: str = "",
    ) -> ShownChange:
        """Store a proposal for another person to vote on; ``source`` names the file it is from.

        The same content again by the same person, while it is open, is the same proposal. Raises
        Refused with every fault, or where nothing would change; NotPermitted.
        """
        await self._store.read(lambda db: self._permitted(self._controls.seen(db, tenant), actor))
        made = await self._store.write(
            lambda uow: self._propose(uow, tenant, actor, wishes, (comment, source)), at_once=True
        )
        return await self.show(tenant, made)

    async def import_file(
        self,
        tenant: Tenant,
        actor: Actor,
        opened: Callable[[], BinaryIO],
        comment: str,
        source: str,
    ) -> ShownChange:
        """One proposal for a whole file. Raises Refused with its faulty lines."""
        await self._store.read(lambda db: self._permitted(self._controls.seen(db, tenant), actor))

        def read() -> list[Wish]:
            with opened() as file:
                return read_file(file)

        wishes = await self._runtime.tasks.read(read)
        return await self.propose(tenant, actor, wishes, comment, source)

    async def vote(
        self, tenant: Tenant, actor: Actor, change: str, digest: str, reason: str
    ) -> ShownChange:
        """Take another person's yes, which approves the proposal and changes its payees.

        The same person's vote on the same content again changes nothing. Raises NotFound, or
        NotPermitted naming the rule.
        """
        await self._store.write(
            lambda uow: self._vote(uow, tenant, actor, change, (digest, reason)), at_once=True
        )
        return await self.show(tenant, change)

    async def withdraw(self, tenant: Tenant, actor: Actor, change: str, reason: str) -> ShownChange:
        """End a proposal: by anybody who may change payees. Repeated, it changes nothing."""
        await self._store.write(
            lambda uow: self._withdraw(uow, tenant, actor, change, reason), at_once=True
        )
        return await self.show(tenant, change)

    async def show(self, tenant: Tenant, change: str, after: int = 0) -> ShownChange:
        """A proposal with its items after one of them, at most ITEMS_SHOWN. Raises NotFound."""
        today = self._today()
        return await self._store.read(
            lambda db: self._shown(db, tenant, change, (after, ITEMS_SHOWN), today)
        )

    async def opened(self, tenant: Tenant, items: int = 0) -> list[ShownChange]:
        """The open proposals, oldest first, each with its first items."""
        today = self._today()

        def look(db: Connection) -> list[ShownChange]:
            ids = rows.open_ids(asking(db), tenant.id)
            return [self._shown(db, tenant, it, (0, items), today) for it in ids]

        return await self._store.read(look)

    async def listed(self, tenant: Tenant, wanted: rows.Wanted, most: int) -> list[ShownPayee]:
        """Payees by id, after one of them; at most ``most``."""

        def look(db: Connection) -> list[ShownPayee]:
            found = rows.payees_of(asking(db), tenant.id, wanted, most)
            return [
                ShownPayee(payee=it, sealed=it.is_sealed(self._seals, tenant.id)) for it in found
            ]

        return await self._store.read(look)

    async def payee(self, tenant: Tenant, payee: str) -> ShownPayee:
        """One payee with what was proposed of it. Raises NotFound."""

        def look(db: Connection) -> ShownPayee:
            found = rows.of_ids(asking(db), tenant.id, [payee]).get(payee)
            if found is None:
                raise NotFound
            history = rows.history_of(asking(db), tenant.id, payee, HISTORY_SHOWN)
            sealed = found.is_sealed(self._seals, tenant.id)
            return ShownPayee(payee=found, sealed=sealed, history=tuple(history))

        return await self._store.read(look)

    # ── inside a unit of work ───────────────────────────────────────────────────────────────

    def _propose(
        self,
        uow: Uow,
        tenant: Tenant,
        actor: Actor,
        wishes: Sequence[Wish],
        said: tuple[str, str],
    ) -> str:
        uow.guard(payee_guard(tenant.id))
        self._permitted(self._controls.of(uow, tenant), actor)
        items = Drafting(uow.tuples, tenant.id, self._seals).items(wishes)
        if not items:
            raise Refused("nothing would change", "与现有收款人完全相同，没有变化")
        comment, source = said
        head = msgspec.json.encode(
            _Head(format=_FORMAT, items=len(items), source=source), order="sorted"
        ).decode()
        texts = [rows.written(it) for it in items]
        digest = hashlib.sha256("".join(f"{it}\n" for it in (head, *texts)).encode()).hexdigest()
        same = rows.same_change(uow.tuples, tenant.id, digest, actor.label())
        if same:
            return same
        if rows.open_changes(uow.tuples, tenant.id) >= OPEN_MAX:
            raise Refused(
                f"{OPEN_MAX} proposals are open: withdraw some first",
                f"已有 {OPEN_MAX} 份待表决的收款人变更，请先撤回一部分",
            )
        made, at_us = self._runtime.ids.new("pch"), to_us(self._runtime.clock.now())
        uow.add(
            _c,
            {
                "tenant": tenant.id,
                "id": made,
                "payee": items[0].payee if len(items) == 1 else "",
                "content": head,
                "proposed_by": actor.label(),
                "proposed_us": at_us,
                "state": ChangeState.PROPOSED.value,
                "digest": digest,
                "comment": comment,
                "decided_us": None,
                "decided_by": "",
            },
        )
        for seq, (item, text) in enumerate(zip(items, texts, strict=True), start=1):
            row = {"tenant": tenant.id, "change": made, "seq": seq, "payee": item.payee}
            uow.add(_x, {**row, "content": text})
        told = {"digest": digest, "items": len(items), "actor": actor.label(), "comment": comment}
        uow.journal(_record(tenant.id, made, "payee_proposed", at_us, told))
        return made

    def _vote(
        self, uow: Uow, tenant: Tenant, actor: Actor, change: str, said: tuple[str, str]
    ) -> None:
        uow.guard(payee_guard(tenant.id))
        one = self._found(uow.tuples, tenant.id, change)
        in_force = self._controls.of(uow, tenant)
        self._permitted(in_force, actor)
        earlier = rows.votes_of(uow.tuples, tenant.id, change)
        if any((it.actor, it.digest) == (actor.label(), said[0]) for it in earlier):
            return
        _require_open(one)
        at_us = to_us(self._runtime.clock.now())
        vote = ChangeVote(actor=actor.label(), digest=said[0], reason=said[1], at_us=at_us)
        ballot = ballot_on(in_force.rules, one)
        in_force.rules.polls.check(ballot, _cast(vote), [_cast(it) for it in earlier])
        uow.add(
            _v,
            {
                "tenant": tenant.id,
                "change": change,
                "seq": len(earlier) + 1,
                "actor": vote.actor,
                "digest": vote.digest,
                "reason": vote.reason,
                "at_us": at_us,
            },
        )
        # One person beside the proposer is all it takes: a vote that counts completes it.
        applied = Applying(uow, tenant.id, self._seals, self._runtime.ids).carry_out(one, vote)
        self._end(uow, tenant.id, one, (ChangeState.APPROVED, vote.actor), applied)
        told = {
            "digest": vote.digest,
            "actor": vote.actor,
            "proposed_by": one.proposed_by,
            "reason": vote.reason,
            "payee": applied,
        }
        uow.journal(_record(tenant.id, change, "payee_approved", at_us, told))

    def _withdraw(self, uow: Uow, tenant: Tenant, actor: Actor, change: str, reason: str) -> None:
        uow.guard(payee_guard(tenant.id))
        one = self._found(uow.tuples, tenant.id, change)
        self._permitted(self._controls.of(uow, tenant), actor)
        if one.state == ChangeState.WITHDRAWN.value:
            return
        _require_open(one)
        self._end(uow, tenant.id, one, (ChangeState.WITHDRAWN, actor.label()), one.payee)
        at_us = to_us(self._runtime.clock.now())
        told = {"actor": actor.label(), "reason": reason}
        uow.journal(_record(tenant.id, change, "payee_withdrawn", at_us, told))

    def _end(
        self, uow: Uow, tenant: str, one: Change, to: tuple[ChangeState, str], payee: str
    ) -> None:
        values = {
            "of_tenant": tenant,
            "of_change": one.id,
            "to_state": to[0].value,
            "to_payee": payee,
            "at_us": to_us(self._runtime.clock.now()),
            "by": to[1],
        }
        uow.change(rows.END, values)

    def _found(self, ask: Ask, tenant: str, change: str) -> Change:
        found = rows.change_of(ask, tenant, change)
        if found is None:
            raise NotFound
        return found

    def _permitted(self, in_force: InForce, actor: Actor) -> None:
        """Raise NotPermitted for who may not change payees; a machine never may."""
        in_force.rules.may(actor, Right.PAYEES, TENANT, self._today()).require()

    def _shown(
        self,
        db: Connection,
        tenant: Tenant,
        change: str,
        window: tuple[int, int],
        today: date,
    ) -> ShownChange:
        ask = asking(db)
        one = self._found(ask, tenant.id, change)
        votes = rows.votes_of(ask, tenant.id, change)
        head = msgspec.json.decode(one.content, type=_Head)
        opened = one.state == ChangeState.PROPOSED.value
        rules = self._controls.seen(db, tenant).rules
        return ShownChange(
            change=one,
            items_count=head.items,
            source=head.source,
            votes=tuple(votes),
            items=self._items(ask, tenant.id, change, window),
            next_people=rules.polls.next_people(ballot_on(rules, one), [], today) if opened else (),
        )

    def _items(
        self, ask: Ask, tenant: str, change: str, window: tuple[int, int]
    ) -> tuple[ShownItem, ...]:
        after, most = window
        if not most:
            return ()
        found = [
            (seq, payee, rows.item_of(text))
            for seq, payee, text in rows.items_of(ask, tenant, change, after, most)
        ]
        standing = rows.of_ids(ask, tenant, [payee for _, payee, _ in found if payee])
        return tuple(
            ShownItem(seq=seq, payee=payee, item=item, now=standing.get(payee))
            for seq, payee, item in found
        )

    def _today(self) -> date:
        return day_of(self._runtime.clock.now())


def payee_guard(tenant: str) -> str:
    """The guard under which a tenant's payees change."""
    return f"payees/{tenant}"


def ballot_on(rules: Rules, one: Change) -> Ballot:
    """What is voted on. Neither the proposer counts nor whom the proposer stood in for."""
    proposer, day = actor_of(one.proposed_by), day_of(from_us(one.proposed_us))
    giver = rules.may(proposer, Right.PAYEES, TENANT, day).giver
    return Ballot(
        requirement=_APPROVAL,
        makers=frozenset({one.proposed_by, *([label_of(giver)] if giver else [])}),
        place=TENANT,
        digest=one.digest,
    )


def _cast(vote: ChangeVote) -> Cast:
    said = Vote(
        actor=actor_of(vote.actor),
        action=Action.APPROVE,
        content_hash=vote.digest,
        reason=vote.reason,
    )
    return Cast(vote=said, day=day_of(from_us(vote.at_us)))


def _require_open(one: Change) -> None:
    if one.state != ChangeState.PROPOSED.value:
        zh = {"approved": "已生效", "withdrawn": "已撤回"}[one.state]
        raise NotPermitted(
            f"this proposal is no longer open: it is {one.state}", f"该变更已不在表决中：{zh}"
        )


def _record(tenant: str, change: str, kind: str, at_us: int, content: dict[str, Any]) -> Record:
    return Record(
        tenant=tenant, kind=kind, subject=f"payees/{change}", at_us=at_us, content=content
    )
