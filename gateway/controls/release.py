"""Release: look-alikes are held for a person, the rest goes on by the tenant's controls.

Those are its document in force, or without one the policy of the settings. The same money to the
same payee on the same day under another reference may be a second payment of one debt: nobody can
tell but a person, so a person must.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from functools import lru_cache, partial
from typing import Any, Final

from sqlalchemy import Row

from gateway.controls import by_rules, holds
from gateway.controls.by_rules import Screening
from gateway.controls.holds import APPROVAL, Finding
from gateway.controls.in_force import InForce, RulesInForce
from gateway.controls.inspecting import Inspection, Inspector, inspected
from gateway.controls.likeness import discreet, look_alikes, references, resembles
from gateway.controls.rules.document import Right
from gateway.controls.rules.facts import Facts, Place
from gateway.controls.sending import approvals, approvers, short_of_votes
from gateway.domain.evidence import Evidence
from gateway.domain.ids import TenantId
from gateway.domain.instruction import Cause, State
from gateway.lifecycle import reservations
from gateway.lifecycle.apply import apply_all, apply_through
from gateway.lifecycle.release import Candidate, Made, Screened
from gateway.lifecycle.rows import NewInstruction, Standing
from gateway.lifecycle.sealing import Sealing
from gateway.ports.runtime import Runtime
from gateway.ports.tenancy import ApiKey, Tenant
from gateway.schedule import work
from gateway.schedule.work import Work, WorkKind
from gateway.signing.release_seal import ReleaseSeal
from gateway.store.instants import BEIJING, to_us
from gateway.store.uow import Uow

DUPLICATE: Final = "duplicate"
_SEND: Final = WorkKind.SEND
_AT_ONCE: Final = {None}
_ANEW: Final = partial(
    Finding,
    zh="规则在此前的决定之后已变更，须再次决定",
    en="the rules have changed since people decided on it: it needs their decision again",
)
_BY_HAND: Final = Finding(APPROVAL, "须经人工放行", "people have to release it")


class Releaser:
    """The release check of this deployment. Without ``controls`` no tenant has a document."""

    def __init__(
        self,
        runtime: Runtime,
        controls: RulesInForce | None = None,
        tenants: Mapping[TenantId, Tenant] | None = None,
        seals: ReleaseSeal | None = None,
        *,
        inspectors: Sequence[Inspector] = (),
    ) -> None:
        self._seals = seals
        self._inspectors = inspectors
        self._runtime = runtime
        self._controls = controls
        self._tenants: Mapping[TenantId, Tenant] = tenants or {}

    def in_force(self, uow: Uow, tenant: Tenant) -> InForce | None:
        """The document a tenant lives by in this unit of work; None for its settings."""
        if self._controls is None:
            return None
        found = self._controls.of(uow, tenant)
        return found if found.version else None

    def may_cancel(self, uow: Uow, key: ApiKey, row: Row[Any]) -> None:
        """Raise NotPermitted unless the document in force lets a caller cancel an instruction."""
        tenant = self._tenants.get(key.tenant)
        found = self.in_force(uow, tenant) if tenant is not None else None
        if found is None:
            return
        place = Place(company=row.company, account=row.debtor_account, business=row.business_type)
        found.rules.may(key.actor, Right.CANCEL, place, self._today()).require()

    def may_make(
        self, uow: Uow, tenant: Tenant, news: Sequence[NewInstruction]
    ) -> Sequence[Made] | None:
        """Whether each may be made by its maker; without a document whoever has a key may."""
        found = self.in_force(uow, tenant) if news else None
        if found is None:
            return None
        return by_rules.made_by_each(found, news, self._today())

    def screen(self, uow: Uow, tenant: Tenant, candidates: Sequence[Candidate]) -> Screened:
        """Which candidates look like another payment.

        From here to the commit no other process lets a payment of this tenant pass: of two
        alike that are released at the same time, one sees the other.
        """
        _alone(uow, tenant)
        found = self.in_force(uow, tenant)
        if found is None:
            return references(look_alikes(uow, tenant, candidates))
        days = found.rules.document.payees.duplicate_days
        alike = discreet(look_alikes(uow, tenant, candidates, days), candidates)
        judged, used = by_rules.screen(uow, tenant, candidates, found.rules, self._today())
        seen = self._inspected(uow, tenant, candidates, found)
        doubles = {name: resembles(rivals, days) for name, rivals in alike.items()}
        return Screening(
            references(alike), judged, used, doubles=doubles, found=seen, version=found.version
        )

    def release(
        self, uow: Uow, tenant: Tenant, candidates: Sequence[Candidate], screened: Screened
    ) -> None:
        """Hold or release what intake accepted, in intake's own transaction."""
        if isinstance(screened, Screening):
            self._release_by_rules(uow, tenant, candidates, screened)
            return
        if not screened and not tenant.policy.release_people:
            self._pass(uow, tenant, candidates)
            return
        held: list[tuple[Candidate, list[Finding]]] = []
        free: list[Candidate] = []
        for candidate in candidates:
            others = screened.get(candidate.standing.id)
            if others:
                held.append((candidate, [by_rules.looks_like(others)]))
            elif tenant.policy.release_people:
                held.append((candidate, [_BY_HAND]))
            else:
                free.append(candidate)
        self._hold(uow, tenant, held, screened)
        self._pass(uow, tenant, free)

    def _release_by_rules(
        self, uow: Uow, tenant: Tenant, candidates: Sequence[Candidate], screening: Screening
    ) -> None:
        found = by_rules.sort(candidates, screening)
        reservations.reserve(uow, tenant.id, found.taking, screening.used)
        self._hold(uow, tenant, found.held, screening)
        if found.free:
            self._pass(uow, tenant, found.free, screening.version)

    def _hold(
        self,
        uow: Uow,
        tenant: Tenant,
        held: Sequence[tuple[Candidate, Sequence[Finding]]],
        screened: Screened,
    ) -> None:
        """Hold candidates, those for the same reason together."""
        groups: dict[tuple[str, str], list[Standing]] = {}
        for candidate, findings in held:
            why = _why(findings, screened.get(candidate.standing.id, ()))
            groups.setdefault(why, []).append(candidate.standing)
        apply_all(
            uow,
            self._runtime.ids,
            [(some, self._evidence(State.HELD, *why)) for why, some in groups.items()],
        )
        at_us = to_us(self._runtime.clock.now())
        holds.raise_first(uow, tenant.id, {it.standing.id: found for it, found in held}, at_us)

    def last_look(
        self, uow: Uow, tenant: Tenant, candidate: Candidate, found: InForce, facts: Facts
    ) -> Sequence[Finding]:
        """What holds the payment that people are about to release; nothing: limits were reserved.

        What people have lifted already is not found again, unless what they decided under
        earlier rules does not suffice for those of now.
        """
        _alone(uow, tenant)
        name = candidate.standing.id
        lifted = holds.lifted_rules(uow, tenant.id, name)
        seen = self._inspected(uow, tenant, [candidate], found).get(name, ())
        anew = [it for it in seen if it.rule not in lifted]
        if anew:
            return anew
        today = self._today()
        short = short_of_votes(uow, tenant, found.rules, [name], today)
        if short:  # it is sealed under the rules of now, so its votes have to suffice for them
            return [_ANEW(rule) for rule in short[name]]
        judged = found.rules.judge(facts, today, max(candidate.pay_day, today))
        if not judged.counters:
            return ()
        lack = by_rules.take(uow, tenant, candidate, judged.counters, lifted)
        return () if lack is None else (lack,)

    def _inspected(
        self, uow: Uow, tenant: Tenant, candidates: Sequence[Candidate], found: InForce
    ) -> dict[str, list[Finding]]:
        inspection = Inspection(tenant, found.rules, self._runtime.clock.now())
        return inspected(self._inspectors, uow, inspection, candidates)

    def release_approved(self, uow: Uow, tenant: Tenant, candidate: Candidate) -> None:
        """Send on what people approved (it is APPROVED already)."""
        now, sealing = candidate.standing, None
        if self._seals is not None:
            found = self.in_force(uow, tenant)
            version = found.version if found is not None else 0
            votes = approvals(uow, tenant.id, [now.id]).get(now.id, [])
            people = approvers(votes, now.digest)
            made = self._seals.of(tenant.id, now.id, now.digest, version, people)
            sealing = Sealing(version, {now.id: made})
        self._send_on(uow, tenant, [candidate], [], sealing)

    def _pass(self, uow: Uow, tenant: Tenant, free: Sequence[Candidate], version: int = 0) -> None:
        """Straight through: approved by the policy, named as the actor."""
        sealing = None
        if self._seals is not None:
            of = self._seals.of
            made: dict[str, str] = {
                it.id: of(tenant.id, it.id, it.digest, version, ())
                for it in [candidate.standing for candidate in free]
            }
            sealing = Sealing(version, made)
        approved = [self._evidence(State.APPROVED, "stp")]
        self._send_on(uow, tenant, free, approved, sealing)

    def _send_on(
        self,
        uow: Uow,
        tenant: Tenant,
        released: Sequence[Candidate],
        course: Sequence[Evidence],
        sealing: Sealing | None,
    ) -> None:
        """Take payments through ``course`` to where they wait to be sent, sealed on the way."""
        for later, some in self._by_day(released).items():
            steps = [*course, self._planned(later=later)]
            apply_through(uow, self._runtime.ids, [it.standing for it in some], steps, sealing)
        self._plan_sending(uow, tenant, released)

    def _by_day(self, candidates: Sequence[Candidate]) -> dict[bool, list[Candidate]]:
        """Those whose day is yet to come (True) and those that may leave now (False)."""
        today = self._today()
        days = {candidate.execution_date for candidate in candidates}
        if days == _AT_ONCE:
            return {False: list(candidates)}
        groups: dict[bool, list[Candidate]] = {}
        for candidate in candidates:
            day = candidate.execution_date
            groups.setdefault(day is not None and day > today, []).append(candidate)
        return groups

    def _today(self) -> date:
        return self._runtime.clock.now().date()

    def _planned(self, *, later: bool) -> Evidence:
        return self._evidence(State.SCHEDULED if later else State.QUEUED, "stp")

    def _plan_sending(self, uow: Uow, tenant: Tenant, candidates: Sequence[Candidate]) -> None:
        now_us = to_us(self._runtime.clock.now())
        work.add(
            uow,
            *[
                Work(
                    tenant=tenant.id,
                    kind=_SEND,
                    subject=candidate.standing.id,
                    lane=candidate.connection,
                    due_us=max(now_us, _beginning_us(candidate.execution_date)),
                )
                for candidate in candidates
            ],
        )
        for connection in {candidate.connection for candidate in candidates}:
            uow.rouse(tenant.id, connection)

    def _evidence(self, target: State, policy: str, reason: str = "") -> Evidence:
        return Evidence(
            cause=Cause.POLICY,
            target=target,
            actor=f"policy:{policy}",
            at=self._runtime.clock.now(),
            reason=reason,
        )


def _alone(uow: Uow, tenant: Tenant) -> None:
    """No other process lets a payment of this tenant pass until the commit."""
    uow.guard(f"release/{tenant.id}")


def _why(findings: Sequence[Finding], others: Sequence[str]) -> tuple[str, str]:
    """The policy that holds a payment, and the reasons, as its history tells them."""
    reasons = [
        f"{DUPLICATE}: {', '.join(others)}" if it.rule == DUPLICATE else it.rule for it in findings
    ]
    first = findings[0].rule
    return "look_alike" if first == DUPLICATE else first, "; ".join(reasons)


@lru_cache(maxsize=512)
def _beginning_us(day: date | None) -> int:
    """The beginning of a day in Beijing; 0 for none."""
    return to_us(datetime.combine(day, time.min, BEIJING)) if day else 0
