"""Manual resolution (人工认定): people settle with evidence what the bank's answers do not.

Rules kept here: two different people, neither of whom made the payment, vote on one text that
names the content, what is said of it and the evidence; the last vote carries it out through the
table of transitions, in its own commit. Under a document there is evidence, always; what was paid
another way names the entry of the bank that shows it. A write-off closes cases and moves no money.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Row, select, update

from gateway.controls import ballots
from gateway.controls.attachments import digests
from gateway.controls.ballots import Given, Question
from gateway.controls.by_rules import facts_now
from gateway.controls.cancel import DECIDED_ON, Withdraw, forget_sending
from gateway.controls.decide import RESOLVED, candidate_of
from gateway.controls.in_force import InForce
from gateway.controls.release import Releaser
from gateway.controls.resolution_rows import (
    Content,
    Resolution,
    ResolutionState,
    StatementEntry,
    digest_of,
    resolution_of,
    resolutions,
)
from gateway.controls.rules.document import Right
from gateway.controls.rules.votes import Ballot
from gateway.controls.vote_rows import given_votes, store_vote
from gateway.domain.decision import Action, Actor, Decision, Vote
from gateway.domain.errors import Fault, NotFound, NotPermitted, Refused
from gateway.domain.evidence import Evidence
from gateway.domain.instruction import Cause, State, allowed
from gateway.domain.money import Money, MoneyFormatError, currency
from gateway.domain.outcome import Grade
from gateway.lifecycle.apply import apply, close_cases
from gateway.lifecycle.rows import standing
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import Tenant
from gateway.store import tables
from gateway.store.instants import to_us
from gateway.store.journal import Record
from gateway.store.store import Store
from gateway.store.uow import Uow

_r, _v, _k = tables.resolution, tables.vote, tables.case
_TARGETS: Final[Mapping[Action, State]] = {
    **RESOLVED,
    Action.RESOLVE_PAID_ELSEWHERE: State.PAID_ELSEWHERE,
}
_REFERENCE_MAX: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody proposes: over which content, on what evidence (ids of attachments)."""

    action: Action
    content_hash: str
    reason: str
    attachments: tuple[str, ...] = ()
    entry: StatementEntry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A resolution, how many people count for it and how many it takes, and the state now."""

    resolution: Resolution
    counted: int
    needed: int
    state: State


class Resolutions:
    """The use cases behind ``/v1/instructions/{id}/resolutions``."""

    def __init__(
        self, store: Store, runtime: Runtime, releaser: Releaser, withdraw: Withdraw
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._releaser = releaser
        self._withdraw = withdraw

    async def propose(self, tenant: Tenant, actor: Actor, instruction: str, wish: Wish) -> Resolved:
        """Say what became of an instruction; it is the proposer's vote as well.

        Saying the same as one that is open is a vote on that one. Raises NotFound, NotPermitted
        naming the rule, Refused for evidence that does not hold.
        """
        return await self._store.write(
            lambda uow: self._propose(uow, tenant, actor, instruction, wish), at_once=True
        )

    async def vote(  # noqa: PLR0913 - keyword-only, what makes a vote
        self,
        *,
        tenant: Tenant,
        actor: Actor,
        instruction: str,
        resolution: str,
        digest: str,
        reason: str,
    ) -> Resolved:
        """Take one person's yes; the one that completes it carries it out.

        The same person's yes again changes nothing. Raises NotFound, NotPermitted.
        """
        said = (digest, reason)
        return await self._store.write(
            lambda uow: self._vote(uow, tenant, actor, (instruction, resolution), said),
            at_once=True,
        )

    async def listed(self, tenant: Tenant, instruction: str) -> list[Resolution]:
        """Every resolution of an instruction, oldest first."""
        return await self._store.read(lambda db: resolutions(db, tenant.id, instruction))

    # ── inside a unit of work ───────────────────────────────────────────────────────────────

    def _propose(
        self, uow: Uow, tenant: Tenant, actor: Actor, instruction: str, wish: Wish
    ) -> Resolved:
        row = _instruction(uow, tenant, instruction)
        if wish.content_hash != row.digest:
            raise NotPermitted(
                "the content has changed since it was shown; read it again",
                "内容已变化，请重新查看后再决定",
            )
        found = self._releaser.in_force(uow, tenant)
        entry = self._entry(tenant, row, wish)
        files = tuple(digests(uow, tenant.id, instruction, wish.attachments))
        if found is not None and not files and entry is None:
            raise NotPermitted(
                "evidence is needed: attach a file or name the bank's entry",
                "须附凭证：请上传附件或写明银行明细",
            )
        text = Content(
            action=wish.action,
            attachments=files,
            content=row.digest,
            entry=entry,
            instruction=instruction,
        ).text()
        opened = _open(uow, tenant.id, instruction, digest_of(text))
        made = opened or self._store_new(uow, tenant.id, actor, (instruction, text))
        return self._cast(uow, tenant, row, made, self._yes(actor, made, wish.reason))

    def _store_new(self, uow: Uow, tenant: str, actor: Actor, said: tuple[str, str]) -> Resolution:
        """A new resolution; it is undone with the vote of whoever may not vote."""
        (instruction, text), at_us = said, self._now_us()
        made = {
            "tenant": tenant,
            "id": self._runtime.ids.new("res"),
            "instruction": instruction,
            "kind": "outcome",
            "content": text,
            "digest": digest_of(text),
            "state": ResolutionState.OPEN.value,
            "proposed_by": actor.label(),
            "proposed_us": at_us,
            "decided_us": None,
        }
        uow.add(_r, made)
        told = {"resolution": made["id"], "digest": made["digest"], "actor": actor.label()}
        uow.journal(_record(tenant, instruction, "resolution_proposed", at_us, told))
        return _one(uow, tenant, instruction, str(made["id"]))

    def _vote(
        self,
        uow: Uow,
        tenant: Tenant,
        actor: Actor,
        named: tuple[str, str],
        said: tuple[str, str],
    ) -> Resolved:
        row = _instruction(uow, tenant, named[0])
        one = _one(uow, tenant.id, *named)
        if said[0] != one.digest:
            raise NotPermitted(
                "the content has changed since it was shown; read it again",
                "内容已变化，请重新查看后再决定",
            )
        return self._cast(uow, tenant, row, one, self._yes(actor, one, said[1]))

    def _yes(self, actor: Actor, one: Resolution, reason: str) -> Vote:
        return Vote(actor=actor, action=one.content.action, content_hash=one.digest, reason=reason)

    def _cast(
        self, uow: Uow, tenant: Tenant, row: Row[Any], one: Resolution, vote: Vote
    ) -> Resolved:
        """Count one vote on a resolution, and carry out what has its people."""
        given = given_votes(uow, tenant.id, row.id)
        known = any(
            it.vote.content_hash == one.digest and it.vote.actor == vote.actor for it in given
        )
        if known:
            counted, needed = len(one.votes), self._needed(uow, tenant)
            return Resolved(resolution=one, counted=counted, needed=needed, state=State(row.state))
        if one.state is not ResolutionState.OPEN:
            raise NotPermitted("it has been decided already", "该认定已办结")
        if one.content.content != row.digest:
            raise NotPermitted(
                "the instruction is not what this was said of", "指令内容与认定时不符"
            )
        self._may_become(uow, tenant.id, row, one.content.action)
        if not vote.reason.strip():
            raise NotPermitted("a reason is required", "必须填写原因")
        counted, needed = self._counted(uow, tenant, row, vote, given)
        store_vote(uow, (tenant.id, row.id), vote, len(given) + 1, self._now_us())
        if counted >= needed:
            self._carry_out(uow, tenant, row, one, vote)
        now = _instruction(uow, tenant, row.id)
        return Resolved(
            resolution=_one(uow, tenant.id, row.id, one.id),
            counted=counted,
            needed=needed,
            state=State(now.state),
        )

    def _counted(
        self, uow: Uow, tenant: Tenant, row: Row[Any], vote: Vote, given: Sequence[Given]
    ) -> tuple[int, int]:
        """How many people count with this vote, and how many it takes. Raises NotPermitted."""
        found = self._releaser.in_force(uow, tenant)
        if found is not None:
            return self._by_rules(uow, tenant, row, vote, given, found)
        decision = Decision(
            action=vote.action,
            content_hash=vote.content_hash,
            needed=self._needed(uow, tenant),
            maker=row.maker,
            reason_required=True,
        )
        earlier = [it.vote for it in given]
        decision.check(vote, earlier)
        voted = [it for it in (*earlier, vote) if it.content_hash == vote.content_hash]
        return len({it.actor for it in voted}), decision.needed

    def _by_rules(  # noqa: PLR0913, PLR0917 - what is decided, and by which rules
        self,
        uow: Uow,
        tenant: Tenant,
        row: Row[Any],
        vote: Vote,
        given: Sequence[Given],
        found: InForce,
    ) -> tuple[int, int]:
        facts = facts_now(uow, tenant, candidate_of(row, standing(row)), found.rules)
        question = Question(
            ballot=Ballot(
                requirement=found.rules.quorum(Right.RESOLVE),
                makers=ballots.makers_of(row),
                place=facts.place(),
                digest=vote.content_hash,
            ),
            since_us=0,
        )
        polled = ballots.poll(found.rules, [question], vote, given, self._today())
        return polled.votes, polled.needed

    def _needed(self, uow: Uow, tenant: Tenant) -> int:
        found = self._releaser.in_force(uow, tenant)
        if found is None:
            return max(tenant.policy.resolve_people, 2)
        return found.rules.document.quorums.resolve

    def _may_become(self, uow: Uow, tenant: str, row: Row[Any], action: Action) -> None:
        """Raise NotPermitted unless the table of transitions, or an open case, allows it."""
        if action is Action.WRITE_OFF:
            cases = select(_k.c.id).where(
                _k.c.tenant == tenant, _k.c.instruction == row.id, _k.c.closed_us.is_(None)
            )
            if uow.first(cases.limit(1)) is None:
                raise NotPermitted("it has no open case", "该指令没有未结的事项")
        elif not allowed(State(row.state), _TARGETS[action], Cause.TWO_PEOPLE):
            raise NotPermitted("its outcome is not open", "该指令的结果并非未明")

    def _carry_out(
        self, uow: Uow, tenant: Tenant, row: Row[Any], one: Resolution, vote: Vote
    ) -> None:
        at_us, action = self._now_us(), one.content.action
        if action is not Action.WRITE_OFF:
            evidence = Evidence(
                cause=Cause.TWO_PEOPLE,
                target=_TARGETS[action],
                grade=Grade.NONE,
                actor=vote.actor.label(),
                at=self._runtime.clock.now(),
                reason=vote.reason,
            )
            if not apply(uow, self._runtime.ids, [standing(row)], evidence).moved:
                raise NotPermitted("it has moved on since", "该指令状态已变化")
            if State(row.state) is State.HELD:
                forget_sending(uow, tenant.id, row.id, self._withdraw)
        close_cases(uow, tenant.id, row.id, action.value, at_us)
        mine = (_r.c.tenant == tenant.id, _r.c.instruction == row.id)
        ended = {"state": ResolutionState.ENDED.value, "decided_us": at_us}
        done = {"state": ResolutionState.CARRIED_OUT.value, "decided_us": at_us}
        uow.change(
            update(_r).where(*mine, _r.c.state == ResolutionState.OPEN.value).values(**ended)
        )
        uow.change(update(_r).where(*mine, _r.c.id == one.id).values(**done))
        told = {"resolution": one.id, "digest": one.digest, "action": action.value}
        uow.journal(_record(tenant.id, row.id, "resolution_carried_out", at_us, told))

    def _entry(self, tenant: Tenant, row: Row[Any], wish: Wish) -> StatementEntry | None:
        """The entry that is named, found to fit. Raises Refused."""
        entry = wish.entry
        if entry is None:
            if wish.action is Action.RESOLVE_PAID_ELSEWHERE:
                raise _refused(
                    "", "须写明银行明细：账号、日期、流水号、金额", "name the bank's entry"
                )
            return None
        if entry.account not in tenant.accounts:
            raise _refused("account", "不是本租户的账户", "no account of this tenant")
        if not _day_by(entry.day, self._today()):
            raise _refused("day", "须为不晚于今天的日期", "a day, not later than today")
        if not 0 < len(entry.reference.strip()) <= _REFERENCE_MAX:
            raise _refused("reference", "须填写银行流水号", "the bank's reference is needed")
        try:
            minor = Money.parse(entry.amount, currency(row.currency)).minor
        except MoneyFormatError:
            minor = 0
        if minor != row.amount_minor:
            raise _refused("amount", "金额须与指令一致", "the amount must be the instruction's")
        return entry

    def _today(self) -> date:
        return self._runtime.clock.now().date()

    def _now_us(self) -> int:
        return to_us(self._runtime.clock.now())


def _instruction(uow: Uow, tenant: Tenant, instruction: str) -> Row[Any]:
    row: Row[Any] | None = uow.first(DECIDED_ON, {"of_tenant": tenant.id, "of_id": instruction})
    if row is None:
        raise NotFound
    return row


def _one(uow: Uow, tenant: str, instruction: str, resolution: str) -> Resolution:
    row = uow.first(
        select(_r).where(
            _r.c.tenant == tenant, _r.c.instruction == instruction, _r.c.id == resolution
        )
    )
    if row is None:
        raise NotFound
    votes = select(_v).where(_v.c.tenant == tenant, _v.c.instruction == instruction)
    return resolution_of(row, uow.rows(votes.order_by(_v.c.seq)))


def _open(uow: Uow, tenant: str, instruction: str, digest: str) -> Resolution | None:
    row = uow.first(
        select(_r.c.id).where(
            _r.c.tenant == tenant,
            _r.c.instruction == instruction,
            _r.c.digest == digest,
            _r.c.state == ResolutionState.OPEN.value,
        )
    )
    return None if row is None else _one(uow, tenant, instruction, row.id)


def _day_by(text: str, today: date) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text <= today.isoformat()
    except ValueError:
        return False


def _refused(member: str, zh: str, en: str) -> Refused:
    path = f"/entry/{member}" if member else "/entry"
    fault = Fault(path=path, code="entry", zh=zh, en=en)
    return Refused("nothing was proposed", "认定未受理", [fault])


def _record(
    tenant: str, instruction: str, kind: str, at_us: int, content: Mapping[str, object]
) -> Record:
    return Record(tenant=tenant, kind=kind, subject=instruction, at_us=at_us, content=content)
